-- Holds: a lot that must not be used, from when to when; without an end it still binds.
SELECT
    hold_id                                              AS source_key,
    instant(changed_at, 'UTC')                           AS revised_at,
    'hold'                                               AS kind,
    CASE WHEN released_at IS NULL THEN 'decided' ELSE 'closed' END AS status,
    plant,
    item,
    lot,
    order_no,
    exact(qty)                                           AS quantity_source,
    uom                                                  AS unit_source,
    code,
    reason,
    instant(held_at, coalesce(zone_of(plant), plant_zone))     AS effective_at,
    instant(released_at, coalesce(zone_of(plant), plant_zone)) AS ended_at,
    instant(changed_at, 'UTC')                           AS changed_at
FROM page
