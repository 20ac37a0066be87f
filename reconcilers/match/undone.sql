/*
stage:   undone
grain:   one row per fact that a full reversal takes out of the comparison: the reversal and what it reverses
reads:   fact
A reversal that names nobody takes back a posting of its source under the same strictest key with the opposite quantity.
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
),
nameless AS (
    SELECT fact_no, side, source, {by}, -quantity AS quantity,
        row_number() OVER (PARTITION BY side, source, {by}, quantity ORDER BY event_at, feed, source_key) AS place
    FROM fact WHERE is_reversal AND state = 'posted' AND reverses_key IS NULL AND quantity <> 0 AND {known}
),
open_to_it AS (
    SELECT fact_no, side, source, {by}, quantity,
        row_number() OVER (PARTITION BY side, source, {by}, quantity ORDER BY event_at, feed, source_key) AS place
    FROM fact WHERE NOT is_reversal AND state = 'posted' AND {known} AND fact_no NOT IN (SELECT original_no FROM pair)
),
met AS (
    SELECT nameless.fact_no AS reversal_no, open_to_it.fact_no AS original_no
    FROM nameless JOIN open_to_it USING (side, source, {by}, quantity, place)
),
all_pairs AS (FROM pair UNION ALL FROM met)
SELECT original_no AS fact_no, original_no AS match_no FROM all_pairs
UNION
SELECT reversal_no AS fact_no, original_no AS match_no FROM all_pairs
