/*
stage:   live
grain:   one row per posting of a side, with whether it stands: posted, no reversal, and not taken back in full
reads:   used or origins
*/
SELECT {side}.fact_no, {side}.source, {side}.source_key, {side}.plant, {side}.item, {side}.lot, {side}.serial,
    {side}.quantity, {side}.unit, {side}.event_at,
    coalesce({side}.state = 'posted' AND NOT {side}.is_reversal, false) AND NOT EXISTS (
        SELECT 1 FROM {side} AS reversal
        WHERE reversal.source = {side}.source AND reversal.reverses_key = {side}.source_key
            AND reversal.is_reversal AND reversal.state = 'posted'
            AND abs(coalesce(reversal.quantity, 0)) = abs(coalesce({side}.quantity, 0))
    ) AS stands
FROM {side}
