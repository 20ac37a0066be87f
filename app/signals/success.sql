-- signal:  transaction success rate, and agreement, per plant and flow
-- formula: success = effective / due; agreement = agreed / judged, both sides; not-due facts never count
SELECT CASE WHEN grouping(plant) = 1 THEN '*' ELSE coalesce(plant, '') END AS plant, CASE WHEN grouping(flow) = 1 THEN '*' ELSE flow END AS flow,
    count(*) FILTER (is_effective) AS effective, count(*) FILTER (is_due) AS due,
    count(*) FILTER (is_agreed) AS agreed, count(*) FILTER (is_judged) AS judged
FROM effect
WHERE event_at > $since
GROUP BY GROUPING SETS ((plant, flow), (plant), (flow), ())
