-- Inspection lots: a hold until the usage decision, then what was decided. What is decided and not posted yet is only decided.
SELECT
    InspectionLot                                                        AS source_key,
    odata_instant(ChangedDateTime)                                       AS revised_at,
    'usage_decision'                                                     AS kind,
    CASE
        WHEN coalesce(InspectionLotHasUsageDecision, '') <> 'X' THEN 'open'
        WHEN InspLotIsStockPostingCompleted = 'X' THEN 'stock_posted'
        ELSE 'decided'
    END                                                                  AS status,
    nullif(concat_ws(' ', CASE WHEN InspectionLotHasUsageDecision = 'X' THEN 'UD' END, CASE WHEN InspLotIsStockPostingCompleted = 'X' THEN 'SPCO' END), '') AS status_source,
    Plant                                                                AS plant,
    CASE leading_zeros WHEN 'keep' THEN Material ELSE unpadded(Material) END AS item,
    nullif(Batch, '')                                                    AS lot,
    CASE leading_zeros WHEN 'keep' THEN InspectionLot ELSE unpadded(InspectionLot) END AS event_key,
    CASE leading_zeros WHEN 'keep' THEN nullif(ManufacturingOrder, '') ELSE unpadded(ManufacturingOrder) END AS order_no,
    exact(InspectionLotQuantity)                                         AS quantity_source,
    nullif(InspectionLotQuantityUnit, '')                                AS unit_source,
    exact(InspLotQtyToFree)                                              AS quantity_free,
    exact(InspLotQtyToBlocked)                                           AS quantity_blocked,
    exact(InspLotQtyToScrap)                                             AS quantity_scrap,
    odata_instant(ChangedDateTime)                                       AS changed_at
FROM page
