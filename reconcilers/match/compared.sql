/*
stage:   compared
grain:   one row per first-pass key of either side, and whether its facts plainly agree: one with one, and alike
reads:   expected, observed
*/
WITH e AS (
    SELECT {by}, count(*) AS facts, any_value(fact_no) AS fact_no, any_value({expected_due}) AS due_at{expected_marks}
    FROM expected {expected_joins} WHERE {plain} GROUP BY {by}
),
o AS (
    SELECT {by}, count(*) AS facts, any_value(fact_no) AS fact_no, any_value(coalesce({late_clock}, event_at)) AS posted_at{observed_marks}
    FROM observed WHERE {plain} GROUP BY {by}
)
SELECT {keys}, e.facts AS expected_facts, o.facts AS observed_facts, e.fact_no AS expected_no, o.fact_no AS observed_no,
    coalesce({agree}, false) AS agrees
FROM e FULL JOIN o ON {same}
