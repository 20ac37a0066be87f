/*
stage:   standing
grain:   one row per fact that came with a key and was not taken back
reads:   facts
Of what is taken back in full, neither the fact nor its reversal stands: nobody can mend the key of a past posting otherwise.
*/
WITH undone AS (
    SELECT reversal.fact_no AS reversal_no, original.fact_no AS original_no
    FROM facts AS reversal
    JOIN facts AS original
        ON original.source = reversal.source AND original.source_key = reversal.reverses_key AND NOT original.is_reversal
    WHERE reversal.is_reversal AND reversal.state = 'posted' AND abs(coalesce(original.quantity, 0)) = abs(coalesce(reversal.quantity, 0))
),
taken_back AS (
    SELECT reversal_no AS fact_no FROM undone
    UNION
    SELECT original_no FROM undone
)
SELECT source, plant, {key} AS thing, event_at, fact_no
FROM facts
WHERE plant IS NOT NULL AND {key} IS NOT NULL AND event_at IS NOT NULL AND fact_no NOT IN (SELECT fact_no FROM taken_back)
