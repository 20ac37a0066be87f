/*
stage:   arrived
grain:   one row per message and an effective event of the target that carries the same key
reads:   messages, effect, undone, owed
What a stricter key gives to another business fact is not the effect of this message.
*/
SELECT messages.fact_no, effect.fact_no AS effect_no
FROM messages JOIN effect ON {same_effect}
WHERE {known} AND effect.state = 'posted' AND NOT effect.is_reversal
    AND effect.fact_no NOT IN (SELECT fact_no FROM undone)
    AND NOT EXISTS (SELECT 1 FROM owed WHERE owed.fact_no = effect.fact_no AND ({stricter}))
