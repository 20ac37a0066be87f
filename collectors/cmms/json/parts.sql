-- Spare parts: what a work order took out of a store, so the quantity counts out of it. The ERP got the reference, else the id.
SELECT
    issue_id                                             AS source_key,
    instant(changed_at, 'UTC')                           AS revised_at,
    'spare_issue'                                        AS kind,
    reverses IS NOT NULL                                 AS is_reversal,
    reverses                                             AS reverses_key,
    instant(issued_at, coalesce(zone_of(plant), plant_zone)) AS occurred_at,
    plant,
    store                                                AS location,
    part                                                 AS item,
    lot,
    CASE WHEN reverses IS NULL THEN -exact(qty) ELSE exact(qty) END AS quantity_source,
    uom                                                  AS unit_source,
    'maintenance'                                        AS order_kind,
    work_order_no                                        AS order_no,
    asset                                                AS equipment,
    coalesce(reference, issue_id)                        AS correlation_id,
    coalesce(reference, issue_id)                        AS idempotency_key
FROM page
