/*
stage:   disagreeing
grain:   one row per first-pass key whose facts do not plainly agree; one more row counts those that do
reads:   expected, observed
The only stage that sees every fact of a full run: one aggregate a side and one join, nothing kept of what agrees. Plain
agreement is one fact with one fact; everything else is looked at one by one.
*/
WITH e AS (
    SELECT {by}, count(*) AS facts, any_value(fact_no) AS fact_no, any_value({expected_due}) AS due_at{expected_marks}
    FROM expected {expected_joins} WHERE {plain} GROUP BY {by}
),
o AS (
    SELECT {by}, count(*) AS facts, any_value(fact_no) AS fact_no, any_value(coalesce({late_clock}, event_at)) AS posted_at{observed_marks}
    FROM observed WHERE {plain} GROUP BY {by}
),
compared AS (
    SELECT {keys}, e.facts AS expected_facts, o.facts AS observed_facts, e.fact_no AS expected_no, o.fact_no AS observed_no,
        coalesce({agree}, false) AS agrees
    FROM e FULL JOIN o ON {same}
)
SELECT
    CASE WHEN agrees THEN 0 ELSE coalesce(expected_no, -observed_no) END AS place,
    sum(expected_facts) AS expected_facts, sum(observed_facts) AS observed_facts,
    any_value(expected_no) AS expected_no, any_value(observed_no) AS observed_no, {first_keys}
FROM compared
GROUP BY place
