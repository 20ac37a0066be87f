-- What one product costs, by its unit. A price of 0 means nobody set one: unknown, not free.
SELECT
    'cost/' || id                                                        AS source_key,
    instant(write_date, 'UTC')                                           AS revised_at,
    coalesce(default_code, '#' || id)                                    AS item,
    rounded(standard_price, 9)                                           AS unit_cost,
    uom_id_1                                                             AS unit,
    coalesce(cost_currency_id_1, currency)                               AS currency,
    'standard_price'                                                     AS method
FROM page
WHERE rounded(standard_price, 9) > 0
