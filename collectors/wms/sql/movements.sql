-- Movements, one row for each location they touch: out of from_location, into to_location. A transfer has both, an
-- adjustment one of them, a change of status the same one twice. Both rows share the reference the ERP got, else the id.
-- A type that is none of ours, or a movement without any location, makes the record a reject; translate your types in a
-- copy of this mapping: CASE type WHEN '301' THEN 'transfer' WHEN '701' THEN 'adjust' END.
SELECT
    movement_id || '/out'                                AS source_key,
    instant(changed_at, 'UTC')                           AS revised_at,
    CASE WHEN lower(type) IN ('transfer', 'adjust', 'scrap', 'goods_issue', 'fg_receipt', 'receipt', 'ship_confirm', 'return', 'status_change')
        AND coalesce(from_location, to_location) IS NOT NULL THEN lower(type) END AS kind,
    type                                                 AS sub_kind,
    reverses IS NOT NULL                                 AS is_reversal,
    reverses || '/out'                                   AS reverses_key,
    instant("at", plant_zone)                            AS occurred_at,
    plant,
    from_location                                        AS location,
    to_location,
    item,
    lot,
    CASE WHEN reverses IS NULL THEN -exact(qty) ELSE exact(qty) END AS quantity_source,
    uom                                                  AS unit_source,
    lower(from_status)                                   AS stock_status,
    lower(to_status)                                     AS to_stock_status,
    order_no,
    document_no,
    reason,
    coalesce(reference, movement_id)                     AS correlation_id
FROM page
WHERE from_location IS NOT NULL OR to_location IS NULL
UNION ALL
SELECT
    movement_id || '/in'                                 AS source_key,
    instant(changed_at, 'UTC')                           AS revised_at,
    CASE WHEN lower(type) IN ('transfer', 'adjust', 'scrap', 'goods_issue', 'fg_receipt', 'receipt', 'ship_confirm', 'return', 'status_change')
        AND coalesce(from_location, to_location) IS NOT NULL THEN lower(type) END AS kind,
    type                                                 AS sub_kind,
    reverses IS NOT NULL                                 AS is_reversal,
    reverses || '/in'                                    AS reverses_key,
    instant("at", plant_zone)                            AS occurred_at,
    plant,
    to_location                                          AS location,
    CAST(NULL AS VARCHAR)                                AS to_location,
    item,
    lot,
    CASE WHEN reverses IS NULL THEN exact(qty) ELSE -exact(qty) END AS quantity_source,
    uom                                                  AS unit_source,
    coalesce(lower(to_status), lower(from_status))       AS stock_status,
    CAST(NULL AS VARCHAR)                                AS to_stock_status,
    order_no,
    document_no,
    reason,
    coalesce(reference, movement_id)                     AS correlation_id
FROM page
WHERE to_location IS NOT NULL
