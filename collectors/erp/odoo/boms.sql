-- Bills of material: what one makes, how much of it, and how strictly the quantities bind.
SELECT
    'bom/' || id                                                         AS source_key,
    instant(write_date, 'UTC')                                           AS revised_at,
    'bom'                                                                AS object,
    CAST(id AS VARCHAR)                                                  AS key,
    concat_ws(': ', code, product_tmpl_id_1)                             AS name,
    coalesce(active, true)                                               AS is_active,
    instant(write_date, 'UTC')                                           AS changed_at,
    json_object('item', nullif(regexp_extract(product_tmpl_id_1, '^\[([^\]]+)\]', 1), ''), 'quantity', CAST(rounded(product_qty, 6) AS DOUBLE),
        'unit', product_uom_id_1, 'type', type, 'consumption', consumption) AS attributes
FROM page
