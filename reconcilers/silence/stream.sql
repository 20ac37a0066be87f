/*
stage:   stream
grain:   one row per source and plant it tells of, with the last it told
reads:   facts
*/
SELECT source, plant, arg_max(fact_no, (event_at, fact_no)) AS fact_no, max(event_at) AS last_at
FROM facts
WHERE plant IS NOT NULL AND event_at IS NOT NULL
GROUP BY source, plant
