-- Labour: minutes somebody worked on an operation. A record with `reverses` takes back the booking named there; its minutes
-- are given as they were and count the other way.
SELECT
    event_id                                             AS source_key,
    instant(changed_at, 'UTC')                           AS revised_at,
    'labor'                                              AS kind,
    reverses IS NOT NULL                                 AS is_reversal,
    reverses                                             AS reverses_key,
    instant("at", plant_zone)                            AS occurred_at,
    plant,
    CASE WHEN reverses IS NULL THEN exact(minutes) ELSE -exact(minutes) END AS labor_minutes,
    'production'                                         AS order_kind,
    order_no,
    op                                                   AS op_no,
    equipment,
    event_id                                             AS correlation_id,
    event_id                                             AS idempotency_key
FROM page
