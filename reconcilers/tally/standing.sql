/*
stage:   standing
grain:   one row per fact of a side, and why it is left out, if it is
reads:   reports or used
*/
WITH undone AS (
    SELECT reversal.fact_no AS reversal_no, original.fact_no AS original_no
    FROM {side} AS reversal
    JOIN {side} AS original
        ON original.source = reversal.source AND original.source_key = reversal.reverses_key AND NOT original.is_reversal
    WHERE reversal.is_reversal AND reversal.state = 'posted' AND abs(original.quantity) = abs(reversal.quantity)
),
taken_back AS (
    SELECT reversal_no AS fact_no FROM undone
    UNION
    SELECT original_no FROM undone
)
SELECT {side}.*,
    CASE
        WHEN taken_back.fact_no IS NOT NULL THEN 'reversed'
        WHEN state <> 'posted' THEN state
        WHEN order_no IS NULL OR quantity IS NULL OR ('{side}' = 'reports' AND op_no IS NULL) THEN 'names no order, operation or quantity'
    END AS left_out,
    row_number() OVER (ORDER BY event_at, source, feed, source_key) AS turn
FROM {side}
LEFT JOIN taken_back ON taken_back.fact_no = {side}.fact_no
