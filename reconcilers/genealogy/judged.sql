/*
stage:   judged
grain:   one row per use, with the origin of its lot, and whether it may be said that there is none
reads:   live_used, origin, begins
*/
WITH due AS (
    SELECT live_used.*, {due} AS due_at FROM live_used {due_joins}
),
known AS (
    SELECT due.*, {subject} AS subject, origin.origin_no,
        CASE
            WHEN NOT stands THEN 'not in force'
            WHEN coalesce(quantity >= 0, false) THEN 'uses nothing'
            WHEN NOT ({known_used}) THEN 'of no lot'
            WHEN origin.origin_no IS NULL AND coalesce(event_at < begins.begins_at + {lasts}, true) THEN 'may be older than what is told'
        END AS aside
    FROM due
    LEFT JOIN origin ON {same}
    LEFT JOIN begins ON begins.plant = due.plant
)
SELECT fact_no, plant, item, quantity, unit, event_at, due_at, origin_no, subject, aside,
    aside IS NULL AND origin_no IS NULL AS is_gap, due_at <= $horizon AS is_due
FROM known
