-- Downtime: one interval of one piece of equipment; without an end it still lasts.
SELECT
    event_id                                             AS source_key,
    instant(changed_at, 'UTC')                           AS revised_at,
    equipment,
    coalesce(lower(state), 'down')                       AS state,
    flag(trim(planned, '"'))                             AS is_planned,
    plant,
    instant(started_at, plant_zone)                      AS started_at,
    instant(ended_at, plant_zone)                        AS ended_at,
    reason,
    order_no,
    maintenance_order                                    AS maintenance_order_no
FROM page
