-- Orders as the shop floor has them. A status that is none of ours makes the record a reject, so that nobody has to guess;
-- translate yours in a copy of this mapping: CASE status WHEN 'RUN' THEN 'in_progress' WHEN 'FIN' THEN 'done' END.
SELECT
    concat_ws('/', plant, order_no)                      AS source_key,
    instant(changed_at, 'UTC')                           AS revised_at,
    'production'                                         AS order_kind,
    order_no,
    order_no                                             AS order_family,
    CASE WHEN lower(status) IN ('created', 'released', 'in_progress', 'held', 'partially_done', 'done', 'tech_complete', 'closed', 'cancelled')
        THEN lower(status) END                           AS status,
    status                                               AS status_source,
    plant,
    item,
    rev                                                  AS item_revision,
    exact(qty)                                           AS quantity_source,
    uom                                                  AS unit_source,
    lot,
    instant(planned_start, plant_zone)                   AS planned_start_at,
    instant(planned_end, plant_zone)                     AS planned_end_at,
    instant(started_at, plant_zone)                      AS actual_start_at,
    instant(ended_at, plant_zone)                        AS actual_end_at,
    instant(changed_at, 'UTC')                           AS changed_at
FROM page
