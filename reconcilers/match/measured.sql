/*
stage:   measured
grain:   one row per business fact, with its variance and the tolerance it has
reads:   unit
Where a group has more than is expected of it, what it has too much may be ahead of its fact: that is waited for as long.
*/
SELECT unit.*,
    coalesce(quantity_observed, 0) - coalesce(quantity_expected, 0) AS variance,
    CAST(greatest(
        {absolute},
        {percent} * greatest(abs(coalesce(quantity_expected, 0)), abs(coalesce(quantity_observed, 0))),
        coalesce(step, 0)
    ) AS DECIMAL(38, 9)) AS tolerance,
    CASE
        WHEN expected_count = 0 THEN observed_due_at
        WHEN {may_grow} AND abs(quantity_observed) > abs(quantity_expected) THEN greatest(expected_due_at, observed_due_at)
        ELSE expected_due_at
    END AS due_at
FROM unit
