-- Shipments: what left the warehouse, line by line, so the quantity counts out of its location.
SELECT
    shipment_id                                          AS source_key,
    instant(changed_at, 'UTC')                           AS revised_at,
    'ship_confirm'                                       AS kind,
    reverses IS NOT NULL                                 AS is_reversal,
    reverses                                             AS reverses_key,
    instant("at", plant_zone)                            AS occurred_at,
    plant,
    location,
    item,
    lot,
    CASE WHEN reverses IS NULL THEN -exact(qty) ELSE exact(qty) END AS quantity_source,
    uom                                                  AS unit_source,
    'delivery'                                           AS order_kind,
    order_no,
    partner,
    delivery_no                                          AS document_no,
    coalesce(reference, shipment_id)                     AS correlation_id
FROM page
