/*
stage:   booked
grain:   one row per movement that changed a balance of its side
reads:   booked_expected, booked_observed, else all movements and instant
*/
SELECT '{side}' AS side, fact_no, source, source_key, {grain_of_event}, quantity, unit, coalesce(recorded_at, event_at) AS booked_at, event_at
FROM {movements}
WHERE state = 'posted' AND quantity <> 0{of_side}
