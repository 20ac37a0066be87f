/*
stage:   level
grain:   one row per key of the declared grain: what each side holds at the one instant both are rolled to
reads:   line, rolled
What is held in more than one unit is not compared: it has neither quantities nor a variance. A line of nothing has no unit.
*/
WITH moved AS (
    SELECT side, {grain}, quantity, unit, fact_no, fact_no AS line_no FROM line
    UNION ALL
    SELECT side, {grain}, quantity, unit, fact_no, CAST(NULL AS BIGINT) AS line_no FROM rolled
),
held AS (
    SELECT moved.*,
        CASE WHEN side = 'expected' THEN quantity ELSE 0 END AS of_expected, CASE WHEN side = 'observed' THEN quantity ELSE 0 END AS of_observed,
        CASE WHEN side = 'expected' AND quantity <> 0 THEN unit END AS unit_expected, CASE WHEN side = 'observed' AND quantity <> 0 THEN unit END AS unit_observed
    FROM moved
),
added AS (
    SELECT {grain},
        CAST(sum(of_expected) AS DECIMAL(38, 9)) AS sum_expected, CAST(sum(of_observed) AS DECIMAL(38, 9)) AS sum_observed,
        min(unit_expected) AS least_expected, max(unit_expected) AS most_expected, min(unit_observed) AS least_observed, max(unit_observed) AS most_observed,
        max(unit) AS any_unit, coalesce(min(line_no), min(fact_no)) AS lead_no, min(line_no) IS NULL AS is_only_rolled
    FROM held GROUP BY {grain}
),
told AS (
    SELECT added.*,
        coalesce(least_expected <> most_expected OR least_observed <> most_observed OR least_expected <> least_observed, false) AS is_mixed,
        concat_ws(' and ', least_expected, nullif(most_expected, least_expected)) AS units_expected,
        concat_ws(' and ', least_observed, nullif(most_observed, least_observed)) AS units_observed
    FROM added
),
compared AS (
    SELECT told.*,
        CASE WHEN NOT is_mixed THEN sum_expected END AS quantity_expected,
        CASE WHEN NOT is_mixed THEN sum_observed END AS quantity_observed,
        CASE WHEN NOT is_mixed THEN coalesce(least_expected, least_observed, any_unit) END AS unit
    FROM told
)
SELECT row_number() OVER (ORDER BY {order}) AS key_no, {grain}, is_mixed, units_expected, units_observed, lead_no, is_only_rolled,
    quantity_expected, quantity_observed, unit, quantity_observed - quantity_expected AS variance,
    CAST(greatest({absolute}, {percent} * greatest(abs(quantity_expected), abs(quantity_observed))) AS DECIMAL(38, 9)) AS tolerance
FROM compared
