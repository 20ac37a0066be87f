-- What is on its way, line by line: goods announced for the plant, by the number its papers carry.
SELECT
    coalesce(N104_SU, N104_SF, ISA06) || '/' || BSN02 || '/' || line_no AS source_key,
    instant(file_changed_at, 'UTC')                      AS revised_at,
    'asn'                                                AS kind,
    BSN01                                                AS sub_kind,
    CASE WHEN BSN01 IN ('01', '03') THEN 'cancelled' ELSE 'posted' END AS state,
    coalesce(x12_instant(DTM02_011, DTM03_011, DTM04_011, plant_zone), x12_instant(BSN03, BSN04, NULL, plant_zone)) AS occurred_at,
    x12_item(item_qualifier, [LIN02, LIN04, LIN06], [LIN03, LIN05, LIN07]) AS item,
    x12_id(lot_qualifier, [LIN02, LIN04, LIN06], [LIN03, LIN05, LIN07]) AS lot,
    exact(SN102)                                         AS quantity_source,
    SN103                                                AS unit_source,
    'purchase'                                           AS order_kind,
    PRF01                                                AS order_no,
    LIN01                                                AS order_line,
    coalesce(N104_SU, N104_SF, ISA06)                    AS partner,
    BSN02                                                AS document_no
FROM page
WHERE ISA15 <> 'T'
