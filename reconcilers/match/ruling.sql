/*
stage:   ruling
grain:   one row per business fact: what is true of it, and whether it may be judged yet
reads:   measured, copies, factor, hint
What was corrected after the horizon is not judged yet: the other side may not have told what for.
*/
SELECT
    measured.*,
    due_at <= $horizon AND coalesce(revised_at <= $horizon, true) AS is_due,
    expected_count > 0 AND observed_count = 0 AS is_missing,
    expected_count = 0 AS is_orphan,
    expected_count > 0 AND observed_count > 0 AS is_paired,
    {quantity_differs} AS quantity_differs,
    measured.unit_differs AND {quantity_differs} AS unit_mixed,
    expected_count > 0 AND (copies.unit_no IS NOT NULL OR {too_many}) AS is_copied,
    factor.factor AS factor,
    {attribute_differs} AS attribute_differs,
    {period_differs} AS period_differs,
    {is_late} AS is_late,
    coalesce(hints.failed, 0) AS failed_count,
    coalesce(hints.withdrawn_expected, 0) AS withdrawn_expected,
    coalesce(hints.withdrawn_observed, 0) AS withdrawn_observed
FROM measured
LEFT JOIN copies ON copies.unit_no = measured.unit_no
LEFT JOIN factor ON factor.unit_no = measured.unit_no
LEFT JOIN (
    SELECT unit_no,
        sum(CASE WHEN side = 'observed' AND standing = 'failed' THEN 1 ELSE 0 END) AS failed,
        sum(CASE WHEN side = 'expected' AND standing IN ('reversed', 'cancelled') THEN 1 ELSE 0 END) AS withdrawn_expected,
        sum(CASE WHEN side = 'observed' AND standing IN ('reversed', 'cancelled') THEN 1 ELSE 0 END) AS withdrawn_observed
    FROM hint GROUP BY unit_no
) AS hints ON hints.unit_no = measured.unit_no
