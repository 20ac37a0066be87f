-- Receipts: what the partner took in, line by line. Exceptions of a line are kept beside it: whether what is damaged is among
-- the quantity received is agreed with the partner. What nobody sent (no ship-from) is of one's own production.
SELECT
    W1703 || '/' || line_no                              AS source_key,
    instant(file_changed_at, 'UTC')                      AS revised_at,
    'receipt'                                            AS kind,
    exact(W0701) < 0                                     AS is_reversal,
    x12_instant(W1702, W1707, NULL, plant_zone)          AS occurred_at,
    compact_date(W1702)                                  AS posting_on,
    N104_WH                                              AS location,
    x12_item(item_qualifier, [W0704, W0706], [W0705, W0707]) AS item,
    W0708                                                AS lot,
    exact(W0701)                                         AS quantity_source,
    W0702                                                AS unit_source,
    CASE WHEN N104_SF IS NOT NULL THEN 'purchase' END    AS order_kind,
    W1704                                                AS order_no,
    N104_SF                                              AS partner,
    W1705                                                AS document_no,
    x12_said(N9, reference_qualifier)                                     AS correlation_id,
    CASE WHEN W1303 IS NOT NULL THEN json_object('conditions', CAST(W1303 AS JSON), 'quantities', CAST(W1301 AS JSON)) END AS attributes
FROM page
WHERE ISA15 <> 'T'
