/*
stage:   obeyed
grain:   one row per movement of a lot while it was held
reads:   spell, movements
A movement known only to the day counts where the whole of that day was within the hold.
*/
SELECT spell.fact_no AS decision_no, movements.fact_no AS other_no, 'business_event' AS of_table, 'hold_violated' AS wrong,
    'movement/' || replace(replace(movements.source, '~', '~0'), '/', '~1') || '/' || replace(replace(movements.source_key, '~', '~0'), '/', '~1') AS subject,
    coalesce(movements.plant, spell.plant) AS plant, movements.item, movements.quantity, movements.unit,
    movements.event_at AS occurred_at, movements.event_at AS due_at, movements.event_at AS seen_at,
    movements.kind || coalesce(' from ' || movements.location, '') AS note
FROM spell
JOIN movements ON {same_movement} AND coalesce(movements.item = spell.decided_item, true)
WHERE spell.bearing = 'hold' AND movements.state = 'posted' AND NOT movements.is_reversal
    AND NOT EXISTS (
        SELECT 1 FROM movements AS reversal
        WHERE reversal.is_reversal AND reversal.state = 'posted' AND reversal.source = movements.source
            AND reversal.reverses_key = movements.source_key AND abs(coalesce(reversal.quantity, 0)) = abs(coalesce(movements.quantity, 0))
    )
    AND CASE
        WHEN movements.time_precision = 'day' OR (movements.occurred_at IS NULL AND movements.posting_on IS NOT NULL)
            THEN movements.event_at > spell.starts_at AND (spell.ends_at IS NULL OR movements.event_at + INTERVAL 1 DAY <= spell.ends_at)
        ELSE movements.event_at >= spell.starts_at AND (spell.ends_at IS NULL OR movements.event_at < spell.ends_at)
    END
