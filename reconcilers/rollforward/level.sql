/*
stage:   level
grain:   one row per key of a source that is rolled: what it had, what came and went, and what it has
reads:   opening, closing, moved, ends
A line of nothing has no unit.
*/
WITH told AS (
    SELECT source, {grain}, quantity, 0 AS of_moved, 0 AS of_held, unit, fact_no, 2 AS place FROM {opened}
    UNION ALL
    SELECT source, {grain}, 0, quantity, 0, unit, fact_no, 3 FROM moved WHERE is_within
    UNION ALL
    SELECT source, {grain}, 0, 0, quantity, unit, fact_no, 1 FROM closing
)
SELECT row_number() OVER (ORDER BY {order}) AS key_no, {key},
    CAST(sum(quantity) AS DECIMAL(38, 9)) AS had, CAST(sum(of_moved) AS DECIMAL(38, 9)) AS came, CAST(sum(of_held) AS DECIMAL(38, 9)) AS held,
    CAST(sum(of_held) - sum(quantity) - sum(of_moved) AS DECIMAL(38, 9)) AS variance,
    min(CASE WHEN quantity <> 0 OR of_moved <> 0 OR of_held <> 0 THEN unit END) AS unit,
    max(CASE WHEN quantity <> 0 OR of_moved <> 0 OR of_held <> 0 THEN unit END) AS other_unit,
    arg_min(fact_no, (place, fact_no)) AS lead_no
FROM told
WHERE source IN (SELECT source FROM ends)
GROUP BY {key}
