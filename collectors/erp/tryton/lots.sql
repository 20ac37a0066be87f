-- Lots: number and product.
SELECT
    'lot/' || id                                                         AS source_key,
    coalesce(tryton_instant(write_date), tryton_instant(create_date))    AS revised_at,
    'lot'                                                                AS object,
    number                                                               AS key,
    coalesce(tryton_instant(write_date), tryton_instant(create_date))    AS changed_at,
    json_object('item', product_code)                                    AS attributes
FROM page
