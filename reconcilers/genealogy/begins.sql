/*
stage:   begins
grain:   one row per plant: when the first origin of it happened
reads:   live_origins
*/
SELECT plant, min(event_at) AS begins_at FROM live_origins WHERE plant IS NOT NULL GROUP BY plant
