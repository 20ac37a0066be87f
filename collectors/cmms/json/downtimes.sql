-- Downtime: one interval of one asset; without an end it still lasts.
SELECT
    downtime_id                                          AS source_key,
    instant(changed_at, 'UTC')                           AS revised_at,
    asset                                                AS equipment,
    coalesce(lower(state), 'down')                       AS state,
    flag(trim(planned, '"'))                             AS is_planned,
    plant,
    instant(started_at, coalesce(zone_of(plant), plant_zone)) AS started_at,
    instant(ended_at, coalesce(zone_of(plant), plant_zone)) AS ended_at,
    reason,
    work_order_no                                        AS maintenance_order_no
FROM page
