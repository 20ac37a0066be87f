-- Their lines: item, lot, quantity sent, and the order it was sent for.
SELECT
    coalesce(N104_SU, N104_SF, ISA06) || '/' || BSN02 || '/' || line_no AS source_key,
    instant(file_changed_at, 'UTC')                      AS revised_at,
    'asn'                                                AS order_kind,
    BSN02                                                AS order_no,
    'delivery_line'                                      AS line_kind,
    coalesce(LIN01, CAST(line_no AS VARCHAR))            AS line_no,
    x12_item(item_qualifier, [LIN02, LIN04, LIN06], [LIN03, LIN05, LIN07]) AS item,
    x12_id(lot_qualifier, [LIN02, LIN04, LIN06], [LIN03, LIN05, LIN07]) AS lot,
    exact(SN102)                                         AS quantity_source,
    SN103                                                AS unit_source,
    CASE WHEN BSN01 IN ('01', '03') THEN 'cancelled' ELSE 'released' END AS status,
    BSN01                                                AS status_source,
    PRF01                                                AS reference_no,
    x12_instant(BSN03, BSN04, NULL, plant_zone)          AS changed_at,
    CASE WHEN MAN02_GM IS NOT NULL THEN json_object('sscc', CAST(MAN02_GM AS JSON)) END AS attributes
FROM page
WHERE ISA15 <> 'T'
