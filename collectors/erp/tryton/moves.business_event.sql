-- Stock moves, signed for the stock location they touch: + into it, - out of it. A move between two stock locations is a
-- transfer of two legs. Moves not done yet are planned: they have no effect.
SELECT
    id || CASE WHEN from_location_code IS NOT NULL AND to_location_code IS NOT NULL
            AND from_location_code NOT IN (supplier_location, customer_location, production_location)
            AND to_location_code NOT IN (supplier_location, customer_location, production_location) THEN '/in' ELSE '' END AS source_key,
    coalesce(tryton_instant(write_date), tryton_instant(create_date))    AS revised_at,
    CASE
        WHEN production_output IS NOT NULL THEN 'fg_receipt'
        WHEN from_location_code = supplier_location THEN 'receipt'
        WHEN from_location_code = customer_location THEN 'return'
        WHEN from_location_code IS NULL THEN 'adjust'
        ELSE 'transfer'
    END                                                                  AS kind,
    split_part(origin, ',', 1)                                           AS sub_kind,
    CASE state WHEN 'done' THEN 'posted' WHEN 'cancelled' THEN 'cancelled' ELSE 'planned' END AS state,
    tryton_date(effective_date)                                          AS posting_on,
    coalesce(tryton_instant(write_date), tryton_instant(create_date))    AS recorded_at,
    'day'                                                                AS time_precision,
    to_location_code                                                     AS location,
    product_code                                                         AS item,
    lot_number                                                           AS lot,
    rounded(quantity, 9)                                                 AS quantity_source,
    unit_symbol                                                          AS unit_source,
    CASE WHEN to_location_code = quarantine_location THEN 'blocked' ELSE 'free' END AS stock_status,
    CASE WHEN production_output IS NOT NULL THEN 'production' END        AS order_kind,
    CAST(production_output AS VARCHAR)                                   AS order_no,
    CASE WHEN cost_price IS NOT NULL THEN CAST(tryton_exact(cost_price) * rounded(quantity, 9) AS DECIMAL(38, 9)) END AS amount,
    currency,
    origin                                                               AS document_no
FROM page
WHERE coalesce(to_location_code, '') NOT IN ('', supplier_location, customer_location, production_location)
UNION ALL
SELECT
    id || CASE WHEN from_location_code IS NOT NULL AND to_location_code IS NOT NULL
            AND from_location_code NOT IN (supplier_location, customer_location, production_location)
            AND to_location_code NOT IN (supplier_location, customer_location, production_location) THEN '/out' ELSE '' END,
    coalesce(tryton_instant(write_date), tryton_instant(create_date)),
    CASE
        WHEN production_input IS NOT NULL THEN 'goods_issue'
        WHEN to_location_code = customer_location THEN 'ship_confirm'
        WHEN to_location_code = supplier_location THEN 'return'
        WHEN to_location_code IS NULL THEN 'adjust'
        ELSE 'transfer'
    END,
    split_part(origin, ',', 1),
    CASE state WHEN 'done' THEN 'posted' WHEN 'cancelled' THEN 'cancelled' ELSE 'planned' END,
    tryton_date(effective_date),
    coalesce(tryton_instant(write_date), tryton_instant(create_date)),
    'day',
    from_location_code,
    product_code,
    lot_number,
    -rounded(quantity, 9),
    unit_symbol,
    CASE WHEN from_location_code = quarantine_location THEN 'blocked' ELSE 'free' END,
    CASE WHEN production_input IS NOT NULL THEN 'production' END,
    CAST(production_input AS VARCHAR),
    CASE WHEN cost_price IS NOT NULL THEN CAST(-tryton_exact(cost_price) * rounded(quantity, 9) AS DECIMAL(38, 9)) END,
    currency,
    origin
FROM page
WHERE coalesce(from_location_code, '') NOT IN ('', supplier_location, customer_location, production_location)
