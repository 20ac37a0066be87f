-- Consumption: material an order took out of a location, so the quantity counts out of it.
SELECT
    event_id                                             AS source_key,
    instant(coalesce(changed_at, file_changed_at), plant_zone) AS revised_at,
    'goods_issue'                                        AS kind,
    reverses IS NOT NULL                                 AS is_reversal,
    reverses                                             AS reverses_key,
    instant("at", plant_zone)                            AS occurred_at,
    plant,
    location,
    item,
    lot,
    CASE WHEN reverses IS NULL THEN -exact(qty) ELSE exact(qty) END AS quantity_source,
    uom                                                  AS unit_source,
    'production'                                         AS order_kind,
    order_no,
    op                                                   AS op_no,
    event_id                                             AS correlation_id,
    event_id                                             AS idempotency_key
FROM page
