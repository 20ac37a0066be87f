-- Work orders as orders. A status that is none of ours makes the record a reject, so that nobody has to guess; translate
-- yours in a copy of this mapping.
SELECT
    concat_ws('/', plant, work_order_no)                 AS source_key,
    instant(changed_at, 'UTC')                           AS revised_at,
    'maintenance'                                        AS order_kind,
    work_order_no                                        AS order_no,
    CASE WHEN lower(status) = 'open' THEN 'released'
        WHEN lower(status) = 'completed' THEN 'done'
        WHEN lower(status) IN ('created', 'released', 'in_progress', 'held', 'partially_done', 'done', 'tech_complete', 'closed', 'cancelled')
        THEN lower(status) END                           AS status,
    status                                               AS status_source,
    plant,
    description                                          AS reference_no,
    instant(planned_start, coalesce(zone_of(plant), plant_zone)) AS planned_start_at,
    instant(planned_end, coalesce(zone_of(plant), plant_zone)) AS planned_end_at,
    instant(opened_at, coalesce(zone_of(plant), plant_zone)) AS released_at,
    instant(started_at, coalesce(zone_of(plant), plant_zone)) AS actual_start_at,
    instant(completed_at, coalesce(zone_of(plant), plant_zone)) AS actual_end_at,
    instant(changed_at, 'UTC')                           AS changed_at,
    json_object('asset', asset, 'type', type)            AS attributes
FROM page
