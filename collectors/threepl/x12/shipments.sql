-- Shipments: what left the partner's warehouse, line by line, so the quantity counts out of its location.
SELECT
    concat_ws('/', W0602, W0604, line_no)                AS source_key,
    instant(file_changed_at, 'UTC')                      AS revised_at,
    'ship_confirm'                                       AS kind,
    exact(W1203) < 0                                     AS is_reversal,
    x12_instant(coalesce(G6202_11, W0603), G6204_11, G6205_11, plant_zone) AS occurred_at,
    compact_date(coalesce(G6202_11, W0603))              AS posting_on,
    coalesce(N104_WH, N104_SF)                           AS location,
    x12_item(item_qualifier, [W1207, W1217], [W1208, W1218]) AS item,
    W1209                                                AS lot,
    -exact(W1203)                                        AS quantity_source,
    W1205                                                AS unit_source,
    'delivery'                                           AS order_kind,
    W0602                                                AS order_no,
    N104_ST                                              AS partner,
    W0602                                                AS document_no,
    x12_said(N9, reference_qualifier)                                     AS correlation_id,
    json_object('shipment', W0604, 'purchase_order', W0606, 'carrier', W2702, 'sscc', CAST(MAN02_GM AS JSON)) AS attributes
FROM page
WHERE ISA15 <> 'T'
