-- Warehouses: code, name and company.
SELECT
    'warehouse/' || id                                                   AS source_key,
    instant(write_date, 'UTC')                                           AS revised_at,
    'warehouse'                                                          AS object,
    code                                                                 AS key,
    name,
    coalesce(active, true)                                               AS is_active,
    instant(write_date, 'UTC')                                           AS changed_at,
    json_object('company', company_id_1, 'stock', lot_stock_id_1)        AS attributes
FROM page
