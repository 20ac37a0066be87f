-- signal:  retry volume, per plant
-- formula: sum (attempts - 1) over messages known; exhausted = dead letters; amplification = attempts / messages
SELECT CASE WHEN grouping(plant) = 1 THEN '*' ELSE coalesce(plant, '') END AS plant,
    coalesce(sum(retries), 0) AS retries, count(*) AS messages, count(*) FILTER (status = 'dead_lettered') AS exhausted
FROM message_hop
WHERE superseded_at IS NULL AND NOT is_deleted AND coalesce(occurred_at, observed_at) > $since
GROUP BY GROUPING SETS ((plant), ())
