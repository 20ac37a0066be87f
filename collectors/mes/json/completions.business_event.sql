-- Completions: good, scrap and rework are rows of their own, each with the id of the event they were sent with. A record
-- with `reverses` takes back the event named there; its quantities are given as they were and count the other way.
-- The conditions keep what cannot be read, so that it becomes a reject and not nothing.
SELECT
    event_id || '/good'                                  AS source_key,
    instant(changed_at, 'UTC')                           AS revised_at,
    'op_complete'                                        AS kind,
    reverses IS NOT NULL                                 AS is_reversal,
    reverses || '/good'                                  AS reverses_key,
    instant(ended_at, plant_zone)                        AS occurred_at,
    plant,
    item,
    lot,
    CASE WHEN reverses IS NULL THEN exact(qty_good) ELSE -exact(qty_good) END AS quantity_source,
    uom                                                  AS unit_source,
    'production'                                         AS order_kind,
    order_no,
    op                                                   AS op_no,
    equipment,
    erp_doc                                              AS document_no,
    event_id                                             AS correlation_id,
    event_id                                             AS idempotency_key,
    CASE WHEN started_at IS NOT NULL THEN json_object('started_at', started_at) END AS attributes
FROM page
WHERE coalesce(exact(qty_good) <> 0, true) OR (coalesce(exact(qty_scrap), 0) = 0 AND coalesce(exact(qty_rework), 0) = 0)
UNION ALL
SELECT
    event_id || '/scrap'                                 AS source_key,
    instant(changed_at, 'UTC')                           AS revised_at,
    'scrap'                                              AS kind,
    reverses IS NOT NULL                                 AS is_reversal,
    reverses || '/scrap'                                 AS reverses_key,
    instant(ended_at, plant_zone)                        AS occurred_at,
    plant,
    item,
    lot,
    CASE WHEN reverses IS NULL THEN exact(qty_scrap) ELSE -exact(qty_scrap) END AS quantity_source,
    uom                                                  AS unit_source,
    'production'                                         AS order_kind,
    order_no,
    op                                                   AS op_no,
    equipment,
    erp_doc                                              AS document_no,
    event_id                                             AS correlation_id,
    event_id                                             AS idempotency_key,
    CASE WHEN started_at IS NOT NULL THEN json_object('started_at', started_at) END AS attributes
FROM page
WHERE qty_scrap IS NOT NULL AND coalesce(exact(qty_scrap) <> 0, true)
UNION ALL
SELECT
    event_id || '/rework'                                AS source_key,
    instant(changed_at, 'UTC')                           AS revised_at,
    'rework'                                             AS kind,
    reverses IS NOT NULL                                 AS is_reversal,
    reverses || '/rework'                                AS reverses_key,
    instant(ended_at, plant_zone)                        AS occurred_at,
    plant,
    item,
    lot,
    CASE WHEN reverses IS NULL THEN exact(qty_rework) ELSE -exact(qty_rework) END AS quantity_source,
    uom                                                  AS unit_source,
    'production'                                         AS order_kind,
    order_no,
    op                                                   AS op_no,
    equipment,
    erp_doc                                              AS document_no,
    event_id                                             AS correlation_id,
    event_id                                             AS idempotency_key,
    CASE WHEN started_at IS NOT NULL THEN json_object('started_at', started_at) END AS attributes
FROM page
WHERE qty_rework IS NOT NULL AND coalesce(exact(qty_rework) <> 0, true)
