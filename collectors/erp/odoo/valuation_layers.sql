-- Valuation layers: what a movement, or a change of cost, did to the value of stock. They carry money and no quantity,
-- so that nothing moves twice; the quantity they were made for is beside.
SELECT
    'layer/' || id                                                       AS source_key,
    instant(write_date, 'UTC')                                           AS revised_at,
    'valuation'                                                          AS kind,
    'posted'                                                             AS state,
    instant(create_date, 'UTC')                                          AS occurred_at,
    instant(create_date, 'UTC')                                          AS recorded_at,
    company_id_1                                                         AS company,
    warehouse_id_1                                                       AS plant,
    coalesce(nullif(regexp_extract(product_id_1, '^\[([^\]]+)\]', 1), ''), '#' || product_id_0) AS item,
    regexp_replace(reference, ' \(.*\)$', '')                            AS document_no,
    rounded(value, 6)                                                    AS amount,
    coalesce(currency_id_1, currency)                                    AS currency,
    json_object('quantity', CAST(rounded(quantity, 6) AS DOUBLE), 'unit', uom_id_1, 'unit_cost', CAST(rounded(unit_cost, 9) AS DOUBLE),
        'move', 'stock.move,' || stock_move_id_0)                        AS attributes
FROM page
