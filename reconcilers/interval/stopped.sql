/*
stage:   stopped
grain:   one row per stop of a machine that maintenance does not know of, or that overlaps another one of the same source
reads:   stops, maintenance
What maintenance began or ended at the same instant touches the stop.
*/
WITH due AS (
    SELECT stops.*, {due} AS due_at FROM stops {due_joins}
),
stop AS (
    SELECT *, 'stop/' || {by_record} AS record FROM due WHERE ended_at IS NULL OR ended_at >= due_at
)
SELECT stop.fact_no AS decision_no, CAST(NULL AS BIGINT) AS other_no, 'asset_state' AS of_table, 'downtime_unreflected' AS wrong,
    stop.record AS subject, stop.plant, CAST(NULL AS VARCHAR) AS item, CAST(NULL AS DECIMAL(38, 9)) AS quantity, CAST(NULL AS VARCHAR) AS unit,
    stop.started_at AS occurred_at, stop.due_at, stop.due_at AS seen_at,
    concat_ws(', ', stop.reason, CASE WHEN stop.ended_at IS NULL THEN 'still stands' END) AS note
FROM stop
WHERE NOT EXISTS (
    SELECT 1 FROM maintenance
    WHERE maintenance.equipment = stop.equipment AND coalesce(maintenance.plant = stop.plant, true)
        AND (stop.ended_at IS NULL OR maintenance.started_at <= stop.ended_at)
        AND (maintenance.ended_at IS NULL OR maintenance.ended_at >= stop.started_at)
)
UNION ALL
SELECT due.fact_no, min(other.fact_no), 'asset_state', 'duplicate_posting', 'overlap/' || min({by_record_due}), min(due.plant), NULL, NULL, NULL,
    min(due.started_at), min(due.due_at), min(due.due_at), 'within another stop of the machine'
FROM due
JOIN stops AS other ON other.source = due.source AND other.equipment = due.equipment AND coalesce(other.plant = due.plant, true)
    AND (other.started_at, other.fact_no) < (due.started_at, due.fact_no)
    AND (other.ended_at IS NULL OR other.ended_at > due.started_at + {overlap})
WHERE due.ended_at IS NULL OR due.ended_at > due.started_at + {overlap}
GROUP BY due.fact_no
