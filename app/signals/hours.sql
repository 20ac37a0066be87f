-- signal:  success and agreement by hour of the business event, per plant, flow and rule
SELECT coalesce(plant, '') AS plant, flow, rule, date_trunc('hour', event_at) AS hour_at,
    count(*) FILTER (is_due) AS due, count(*) FILTER (is_effective) AS effective,
    count(*) FILTER (is_judged) AS judged, count(*) FILTER (is_agreed) AS agreed
FROM effect
GROUP BY ALL
