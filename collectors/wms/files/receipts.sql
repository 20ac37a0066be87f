-- Receipts: what the warehouse took in from suppliers, line by line.
SELECT
    receipt_id                                           AS source_key,
    instant(coalesce(changed_at, file_changed_at), plant_zone) AS revised_at,
    'receipt'                                            AS kind,
    reverses IS NOT NULL                                 AS is_reversal,
    reverses                                             AS reverses_key,
    instant("at", plant_zone)                            AS occurred_at,
    plant,
    location,
    item,
    lot,
    CASE WHEN reverses IS NULL THEN exact(qty) ELSE -exact(qty) END AS quantity_source,
    uom                                                  AS unit_source,
    'purchase'                                           AS order_kind,
    order_no,
    partner,
    delivery_no                                          AS document_no,
    coalesce(reference, receipt_id)                      AS correlation_id
FROM page
