/*
stage:   measured
grain:   one row per business fact, with its variance and the tolerance it has
reads:   unit
*/
SELECT unit.*,
    coalesce(quantity_observed, 0) - coalesce(quantity_expected, 0) AS variance,
    CAST(greatest(
        {absolute},
        {percent} * greatest(abs(coalesce(quantity_expected, 0)), abs(coalesce(quantity_observed, 0))),
        coalesce(step, 0)
    ) AS DECIMAL(38, 9)) AS tolerance,
    CASE WHEN expected_count > 0 THEN expected_due_at ELSE observed_due_at END AS due_at
FROM unit
