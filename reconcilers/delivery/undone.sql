/*
stage:   undone
grain:   one row per event of the target that a full reversal takes back
reads:   effect
*/
SELECT DISTINCT effect.fact_no
FROM effect
JOIN effect AS reversal ON reversal.source = effect.source AND reversal.reverses_key = effect.source_key
WHERE reversal.is_reversal AND reversal.state = 'posted'
    AND abs(coalesce(reversal.quantity, 0)) = abs(coalesce(effect.quantity, 0))
