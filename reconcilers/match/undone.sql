/*
stage:   undone
grain:   one row per fact that a full reversal takes out of the comparison: the reversal and what it reverses
reads:   fact
*/
WITH reversal AS (
    SELECT side, source, reverses_key, quantity, fact_no FROM fact
    WHERE is_reversal AND state = 'posted' AND reverses_key IS NOT NULL
),
pair AS (
    SELECT reversal.fact_no AS reversal_no, original.fact_no AS original_no
    FROM reversal
    JOIN fact AS original
        ON original.side = reversal.side AND original.source = reversal.source
        AND original.source_key = reversal.reverses_key AND NOT original.is_reversal
    WHERE abs(coalesce(original.quantity, 0)) = abs(coalesce(reversal.quantity, 0))
)
SELECT original_no AS fact_no, original_no AS match_no FROM pair
UNION
SELECT reversal_no AS fact_no, original_no AS match_no FROM pair
