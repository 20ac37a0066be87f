-- Adjustments, signed; and changes of status: out of the status before and into the one after, where a line names both.
SELECT
    coalesce(W1502, W1503) || '/' || line_no || CASE WHEN x12_said(N9, from_status_qualifier) <> x12_said(N9, to_status_qualifier) THEN '/out' ELSE '' END AS source_key,
    instant(file_changed_at, 'UTC')                      AS revised_at,
    CASE WHEN x12_said(N9, from_status_qualifier) <> x12_said(N9, to_status_qualifier) THEN 'status_change' ELSE 'adjust' END AS kind,
    W1901                                                AS sub_kind,
    x12_instant(coalesce(G6202_07, W1501), G6204_07, G6205_07, plant_zone) AS occurred_at,
    compact_date(coalesce(G6202_07, W1501))              AS posting_on,
    N104_WH                                              AS location,
    x12_item(item_qualifier, [W1905, W1907], [W1906, W1908]) AS item,
    W1909                                                AS lot,
    CASE WHEN x12_said(N9, from_status_qualifier) <> x12_said(N9, to_status_qualifier) THEN -exact(W1902) ELSE exact(W1902) END AS quantity_source,
    W1903                                                AS unit_source,
    lower(coalesce(x12_said(N9, from_status_qualifier), x12_said(N9, to_status_qualifier))) AS stock_status,
    CASE WHEN x12_said(N9, from_status_qualifier) <> x12_said(N9, to_status_qualifier) THEN lower(x12_said(N9, to_status_qualifier)) END AS to_stock_status,
    coalesce(W1503, W1502)                               AS document_no,
    W1901                                                AS reason,
    x12_said(N9, reference_qualifier)                                     AS correlation_id
FROM page
WHERE ISA15 <> 'T'
UNION ALL
SELECT
    coalesce(W1502, W1503) || '/' || line_no || '/in'    AS source_key,
    instant(file_changed_at, 'UTC')                      AS revised_at,
    'status_change'                                      AS kind,
    W1901                                                AS sub_kind,
    x12_instant(coalesce(G6202_07, W1501), G6204_07, G6205_07, plant_zone) AS occurred_at,
    compact_date(coalesce(G6202_07, W1501))              AS posting_on,
    N104_WH                                              AS location,
    x12_item(item_qualifier, [W1905, W1907], [W1906, W1908]) AS item,
    W1909                                                AS lot,
    exact(W1902)                                         AS quantity_source,
    W1903                                                AS unit_source,
    lower(x12_said(N9, to_status_qualifier))                              AS stock_status,
    CAST(NULL AS VARCHAR)                                AS to_stock_status,
    coalesce(W1503, W1502)                               AS document_no,
    W1901                                                AS reason,
    x12_said(N9, reference_qualifier)                                     AS correlation_id
FROM page
WHERE ISA15 <> 'T' AND x12_said(N9, from_status_qualifier) <> x12_said(N9, to_status_qualifier)
