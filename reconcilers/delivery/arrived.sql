/*
stage:   arrived
grain:   one row per message and an effective event of the target that carries the same key
reads:   messages, effect
*/
SELECT messages.fact_no, effect.fact_no AS effect_no
FROM messages JOIN effect ON {same}
WHERE {known} AND effect.state = 'posted' AND NOT effect.is_reversal
    AND effect.source_key NOT IN (SELECT reverses_key FROM effect WHERE is_reversal AND reverses_key IS NOT NULL)
