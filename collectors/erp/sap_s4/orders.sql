-- Production orders: one state out of many flags, the furthest one counts. All of them are kept.
SELECT
    ManufacturingOrder                                                   AS source_key,
    compact_instant(LastChangeDateTime, server_zone)                     AS revised_at,
    'production'                                                         AS order_kind,
    CASE leading_zeros WHEN 'keep' THEN ManufacturingOrder ELSE unpadded(ManufacturingOrder) END AS order_no,
    CASE
        WHEN OrderIsMarkedForDeletion = 'X' THEN 'cancelled'
        WHEN OrderIsClosed = 'X' THEN 'closed'
        WHEN OrderIsTechnicallyCompleted = 'X' THEN 'tech_complete'
        WHEN OrderIsLocked = 'X' THEN 'held'
        WHEN OrderIsConfirmed = 'X' AND OrderIsDelivered = 'X' THEN 'done'
        WHEN OrderIsPartiallyDelivered = 'X' OR OrderIsDelivered = 'X' THEN 'partially_done'
        WHEN OrderIsConfirmed = 'X' OR OrderIsPartiallyConfirmed = 'X' THEN 'in_progress'
        WHEN OrderIsReleased = 'X' OR OrderIsPartiallyReleased = 'X' THEN 'released'
        ELSE 'created'
    END                                                                  AS status,
    nullif(concat_ws(' ',
        CASE WHEN OrderIsMarkedForDeletion = 'X' THEN 'DLFL' END,
        CASE WHEN OrderIsClosed = 'X' THEN 'CLSD' END,
        CASE WHEN OrderIsTechnicallyCompleted = 'X' THEN 'TECO' END,
        CASE WHEN OrderIsLocked = 'X' THEN 'LKD' END,
        CASE WHEN OrderIsDelivered = 'X' THEN 'DLV' WHEN OrderIsPartiallyDelivered = 'X' THEN 'PDLV' END,
        CASE WHEN OrderIsConfirmed = 'X' THEN 'CNF' WHEN OrderIsPartiallyConfirmed = 'X' THEN 'PCNF' END,
        CASE WHEN OrderIsReleased = 'X' THEN 'REL' WHEN OrderIsPartiallyReleased = 'X' THEN 'PREL' END,
        CASE WHEN OrderIsCreated = 'X' THEN 'CRTD' END), '')             AS status_source,
    ProductionPlant                                                      AS plant,
    CASE leading_zeros WHEN 'keep' THEN Material ELSE unpadded(Material) END AS item,
    CASE WHEN production_version = 'routing' THEN nullif(ProductionVersion, '') END AS routing_ref,
    CASE WHEN production_version = 'revision' THEN nullif(ProductionVersion, '') END AS item_revision,
    exact(TotalQuantity)                                                 AS quantity_source,
    ProductionUnit                                                       AS unit_source,
    exact(MfgOrderConfirmedYieldQty)                                     AS quantity_good,
    odata_date(MfgOrderActualReleaseDate)                                AS effective_on,
    compact_instant(LastChangeDateTime, server_zone)                     AS changed_at
FROM page
