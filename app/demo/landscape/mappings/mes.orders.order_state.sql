-- Where the shop floor says an order stands.
SELECT
    page."order"                               AS source_key,
    'production'                               AS order_kind,
    page."order"                               AS order_no,
    CASE status WHEN 'completed' THEN 'done' WHEN 'cancelled' THEN 'cancelled' WHEN 'running' THEN 'in_progress' ELSE 'released' END AS status,
    status                                     AS status_source,
    page.plant,
    product                                    AS item,
    lot,
    exact(qty)                                 AS quantity_good,
    page.unit                                  AS unit_source,
    instant(started_at, plant_zone)            AS actual_start_at,
    instant(completed_at, plant_zone)          AS actual_end_at,
    instant(completed_at, plant_zone)          AS changed_at
FROM page
