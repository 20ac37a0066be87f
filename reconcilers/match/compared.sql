/*
stage:   compared
grain:   one row per first-pass key of either side, and whether its facts plainly agree: one with one, and alike
reads:   expected, observed, twin_expected, twin_observed
Keys with twins never agree plainly; they are few, and are set apart so that all the others need no aggregate.
*/
WITH e AS (
    SELECT {by}, fact_no, {expected_due} AS due_at{expected_marks}
    FROM expected {expected_joins} WHERE {plain} AND fact_no NOT IN (SELECT fact_no FROM twin_expected)
),
o AS (
    SELECT {by}, fact_no, coalesce({late_clock}, event_at) AS posted_at{observed_marks}
    FROM observed WHERE {plain} AND fact_no NOT IN (SELECT fact_no FROM twin_observed)
)
SELECT e.fact_no AS expected_no, o.fact_no AS observed_no, coalesce({agree}, false) AS agrees
FROM e FULL JOIN o ON {meets}
