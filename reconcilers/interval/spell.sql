/*
stage:   spell
grain:   one row per decision about a lot and the time it binds: until its own end, or the next decision about the lot
reads:   holds
*/
SELECT fact_no, {by}, plant, item AS decided_item, kind, status, effective_at AS starts_at,
    coalesce(ended_at, lead(effective_at) OVER (PARTITION BY {by} ORDER BY effective_at, source, feed, source_key)) AS ends_at,
    CASE WHEN kind IN ({hold_kinds}) THEN 'hold' WHEN kind IN ({release_kinds}) THEN 'release' END AS bearing
FROM holds
WHERE effective_at IS NOT NULL AND {known} AND (kind IN ({hold_kinds}) OR kind IN ({release_kinds}))
