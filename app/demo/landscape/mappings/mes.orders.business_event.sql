-- What an order brought: good parts as a completion, scrap beside it.
SELECT
    event_id                                   AS source_key,
    'op_complete'                              AS kind,
    CASE status WHEN 'cancelled' THEN 'cancelled' ELSE 'posted' END AS state,
    instant(completed_at, plant_zone)          AS occurred_at,
    page.plant,
    page."order"                               AS order_no,
    product                                    AS item,
    lot,
    exact(qty)                                 AS quantity_source,
    page.unit                                  AS unit_source,
    event_id                                   AS correlation_id
FROM page
UNION ALL
SELECT
    event_id || '/scrap',
    'scrap',
    'posted',
    instant(completed_at, plant_zone),
    page.plant,
    page."order",
    product,
    lot,
    exact(scrap),
    page.unit,
    event_id
FROM page WHERE exact(scrap) > 0
