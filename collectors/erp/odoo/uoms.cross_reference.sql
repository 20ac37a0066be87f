-- Every unit in the reference unit of its category. Odoo keeps the factor of a bigger unit the wrong way round
-- (a dozen is 0.0833...) and tells the inverse beside it; a smaller unit keeps all digits, so that thirds add up again.
SELECT
    'unit/' || id                                                        AS source_key,
    instant(write_date, 'UTC')                                           AS revised_at,
    'unit'                                                               AS object,
    source                                                               AS of_source,
    name                                                                 AS of_key,
    max(CASE WHEN uom_type = 'reference' THEN name END) OVER (PARTITION BY category_id_0) AS key,
    CASE uom_type
        WHEN 'reference' THEN 1
        WHEN 'bigger' THEN CAST(rounded(factor_inv, 9) AS DECIMAL(28, 15))
        ELSE CAST(factor_inv AS DECIMAL(28, 15))
    END                                                                  AS factor,
    'derived'                                                            AS confidence
FROM page
