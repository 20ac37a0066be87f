-- Lots and serial numbers: name, item and until when they are good.
SELECT
    'lot/' || id                                                         AS source_key,
    instant(write_date, 'UTC')                                           AS revised_at,
    'lot'                                                                AS object,
    name                                                                 AS key,
    instant(create_date, 'UTC')                                          AS valid_from,
    instant(expiration_date, 'UTC')                                      AS valid_to,
    instant(write_date, 'UTC')                                           AS changed_at,
    json_object('item', coalesce(nullif(regexp_extract(product_id_1, '^\[([^\]]+)\]', 1), ''), '#' || product_id_0), 'company', company_id_1) AS attributes
FROM page
