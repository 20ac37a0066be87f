/*
stage:   factor
grain:   one row per business fact whose two quantities differ by a known unit factor, within one percent
reads:   measured, unit_factor
*/
SELECT measured.unit_no, CAST(max(unit_factor.factor) AS DECIMAL(38, 9)) AS factor
FROM measured
JOIN unit_factor ON unit_factor.item IS NULL OR unit_factor.item = measured.item
WHERE measured.expected_count > 0 AND measured.observed_count > 0
    AND measured.quantity_expected <> 0
    AND sign(measured.quantity_expected) = sign(measured.quantity_observed)
    AND abs(
        ln(abs(CAST(measured.quantity_observed AS DOUBLE) / nullif(CAST(measured.quantity_expected AS DOUBLE), 0)))
        - ln(CAST(unit_factor.factor AS DOUBLE))
    ) < 0.01
GROUP BY measured.unit_no
