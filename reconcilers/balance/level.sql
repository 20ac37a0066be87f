/*
stage:   level
grain:   one row per key of the declared grain: what each side holds at the one instant both are rolled to
reads:   line, rolled
*/
WITH held AS (
    SELECT side, {grain}, quantity, unit, fact_no, fact_no AS line_no FROM line
    UNION ALL
    SELECT side, {grain}, quantity, unit, fact_no, CAST(NULL AS BIGINT) AS line_no FROM rolled
),
added AS (
    SELECT {grain},
        CAST(sum(CASE WHEN side = 'expected' THEN quantity ELSE 0 END) AS DECIMAL(38, 9)) AS quantity_expected,
        CAST(sum(CASE WHEN side = 'observed' THEN quantity ELSE 0 END) AS DECIMAL(38, 9)) AS quantity_observed,
        max(unit) AS unit,
        coalesce(min(CASE WHEN quantity <> 0 THEN unit END) <> max(CASE WHEN quantity <> 0 THEN unit END), false) AS is_mixed,
        coalesce(min(line_no), min(fact_no)) AS lead_no, min(line_no) IS NULL AS is_only_rolled
    FROM held GROUP BY {grain}
)
SELECT row_number() OVER (ORDER BY {order}) AS key_no, added.*,
    quantity_observed - quantity_expected AS variance,
    CAST(greatest({absolute}, {percent} * greatest(abs(quantity_expected), abs(quantity_observed))) AS DECIMAL(38, 9)) AS tolerance
FROM added
