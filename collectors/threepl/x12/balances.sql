-- Balances: what is where, in which status. The instant is read here as well, so that a snapshot without one is refused.
SELECT
    concat_ws('/', coalesce(N104_WH, ''), x12_item(item_qualifier, [LIN02, LIN04, LIN06, LIN08], [LIN03, LIN05, LIN07, LIN09]),
        coalesce(x12_id(lot_qualifier, [LIN02, LIN04, LIN06, LIN08], [LIN03, LIN05, LIN07, LIN09]), ''), QTY01) AS source_key,
    x12_instant(coalesce(DTM02_007, BIA04), coalesce(DTM03_007, BIA05), DTM04_007, plant_zone) AS balance_at,
    N104_WH                                              AS location,
    x12_item(item_qualifier, [LIN02, LIN04, LIN06, LIN08], [LIN03, LIN05, LIN07, LIN09]) AS item,
    x12_id(lot_qualifier, [LIN02, LIN04, LIN06, LIN08], [LIN03, LIN05, LIN07, LIN09]) AS lot,
    CASE QTY01 WHEN free_qualifier THEN 'free' WHEN inspect_qualifier THEN 'inspect' WHEN blocked_qualifier THEN 'blocked' ELSE lower(QTY01) END AS stock_status,
    exact(QTY02)                                         AS quantity_source,
    QTY03_1                                              AS unit_source
FROM page
WHERE ISA15 <> 'T'
