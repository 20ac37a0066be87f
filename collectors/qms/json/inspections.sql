-- Inspections: how much of what was looked at was accepted and rejected; without a decision it is open.
SELECT
    inspection_id                                        AS source_key,
    instant(changed_at, 'UTC')                           AS revised_at,
    'usage_decision'                                     AS kind,
    CASE WHEN decided_at IS NULL THEN 'open' ELSE 'decided' END AS status,
    coalesce(inspection_lot, inspection_id)              AS event_key,
    plant,
    item,
    lot,
    order_no,
    exact(qty)                                           AS quantity_source,
    uom                                                  AS unit_source,
    exact(accepted)                                      AS quantity_free,
    exact(rejected)                                      AS quantity_blocked,
    code,
    reason,
    instant(decided_at, coalesce(zone_of(plant), plant_zone)) AS effective_at,
    instant(changed_at, 'UTC')                           AS changed_at
FROM page
