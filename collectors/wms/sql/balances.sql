-- Balances: what is where, in which status. Our words for a status are free, inspect, blocked, restricted, returns, transit
-- and wip; cross_reference/stock_status.csv translates others. Without a status stock is free.
SELECT
    concat_ws('/', coalesce(plant, ''), coalesce(location, ''), item, coalesce(lot, ''), coalesce(status, ''), coalesce(owner, '')) AS source_key,
    plant,
    location,
    item,
    lot,
    coalesce(lower(status), 'free')                      AS stock_status,
    owner                                                AS stock_owner,
    exact(qty)                                           AS quantity_source,
    uom                                                  AS unit_source,
    exact(qty_reserved)                                  AS quantity_reserved
FROM page
