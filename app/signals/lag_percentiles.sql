-- signal:  event lag, p50 and p95, per plant and flow
-- formula: exact percentiles; unknown where more than half of the posted facts know only dates
SELECT CASE WHEN grouping(plant) = 1 THEN '*' ELSE coalesce(plant, '') END AS plant, CASE WHEN grouping(flow) = 1 THEN '*' ELSE flow END AS flow, count(*) AS facts,
    CASE WHEN 2 * count(*) FILTER (is_posted AND lag_seconds IS NOT NULL) >= count(*) FILTER (is_posted) THEN quantile_cont(lag_seconds, 0.5) END AS p50,
    CASE WHEN 2 * count(*) FILTER (is_posted AND lag_seconds IS NOT NULL) >= count(*) FILTER (is_posted) THEN quantile_cont(lag_seconds, 0.95) END AS p95
FROM lag
WHERE event_at > $since
GROUP BY GROUPING SETS ((plant, flow), (plant), (flow), ())
