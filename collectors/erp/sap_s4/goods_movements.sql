-- Material documents, item by item, signed for the storage location: S (debit) into it, H (credit) out of it; where the service
-- does not tell, the movement type does. A transfer is two items, one for each place. A movement type of one's own is what
-- its number begins with. Quantities are SAP's own in the base unit; what was entered in another is kept beside.
SELECT
    MaterialDocumentYear || '/' || MaterialDocument || '/' || MaterialDocumentItem AS source_key,
    movement.kind,
    GoodsMovementType                                                    AS sub_kind,
    coalesce(ReversedMaterialDocument, '') <> ''                         AS is_reversal,
    CASE WHEN coalesce(ReversedMaterialDocument, '') <> ''
        THEN ReversedMaterialDocumentYear || '/' || ReversedMaterialDocument || '/' || ReversedMaterialDocumentItem END AS reverses_key,
    odata_date(to_MaterialDocumentHeader_PostingDate)                    AS posting_on,
    seconds_instant(odata_date(to_MaterialDocumentHeader_CreationDate), coalesce(clock_seconds(to_MaterialDocumentHeader_CreationTime), 0), server_zone) AS recorded_at,
    'day'                                                                AS time_precision,
    Plant                                                                AS plant,
    nullif(StorageLocation, '')                                          AS location,
    nullif(IssuingOrReceivingPlant, '')                                  AS to_plant,
    nullif(IssuingOrReceivingStorageLoc, '')                             AS to_location,
    CASE leading_zeros WHEN 'keep' THEN Material ELSE unpadded(Material) END AS item,
    nullif(Batch, '')                                                    AS lot,
    movement.sign * exact(QuantityInBaseUnit)                            AS quantity_source,
    MaterialBaseUnit                                                     AS unit_source,
    CASE coalesce(InventoryStockType, '')
        WHEN '' THEN 'free' WHEN '01' THEN 'free' WHEN '02' THEN 'inspect' WHEN '03' THEN 'returns' WHEN '04' THEN 'transit'
        WHEN '05' THEN 'transit' WHEN '06' THEN 'transit' WHEN '07' THEN 'blocked' WHEN '08' THEN 'restricted'
        ELSE InventoryStockType END                                      AS stock_status,
    CASE InventorySpecialStockType WHEN 'K' THEN 'consignment:' || unpadded(Supplier) WHEN 'W' THEN 'customer:' || unpadded(Customer) END AS stock_owner,
    CASE
        WHEN coalesce(ManufacturingOrder, '') <> '' THEN 'production'
        WHEN coalesce(Delivery, '') <> '' THEN 'delivery'
        WHEN coalesce(PurchaseOrder, '') <> '' THEN 'purchase'
    END                                                                  AS order_kind,
    CASE leading_zeros
        WHEN 'keep' THEN coalesce(nullif(ManufacturingOrder, ''), nullif(Delivery, ''), nullif(PurchaseOrder, ''))
        ELSE coalesce(unpadded(ManufacturingOrder), unpadded(Delivery), unpadded(PurchaseOrder))
    END                                                                  AS order_no,
    nullif(PurchaseOrderItem, '')                                        AS order_line,
    CASE WHEN coalesce(unpadded(Reservation), '') <> '' THEN Reservation END AS reservation_no,
    coalesce(unpadded(Supplier), unpadded(Customer))                     AS partner,
    CASE leading_zeros WHEN 'keep' THEN coalesce(nullif(Delivery, ''), MaterialDocument)
        ELSE coalesce(unpadded(Delivery), MaterialDocument) END          AS document_no,
    nullif(GoodsMovementReasonCode, '')                                  AS reason,
    movement.sign * exact(GdsMvtExtAmtInCoCodeCrcy)                      AS amount,
    nullif(CompanyCodeCurrency, '')                                      AS currency,
    CASE WHEN external_id = 'header' THEN lower(nullif(to_MaterialDocumentHeader_ReferenceDocument, '')) END AS correlation_id,
    CASE WHEN EntryUnit <> MaterialBaseUnit THEN json_object('entered', QuantityInEntryUnit || ' ' || EntryUnit) END AS attributes
FROM page,
LATERAL (
    SELECT
        CASE
            WHEN GoodsMovementType IN ('101', '102') AND coalesce(ManufacturingOrder, '') <> '' THEN 'fg_receipt'
            WHEN GoodsMovementType IN ('101', '102', '103', '104', '105', '106') THEN 'receipt'
            WHEN GoodsMovementType IN ('531', '532') THEN 'fg_receipt'
            WHEN GoodsMovementType IN ('122', '123', '161', '162', '651', '652', '653', '654') THEN 'return'
            WHEN GoodsMovementType IN ('551', '552', '553', '554', '555', '556') THEN 'scrap'
            WHEN GoodsMovementType IN ('601', '602') THEN 'ship_confirm'
            WHEN GoodsMovementType IN ('321', '322', '343', '344', '349', '350') THEN 'status_change'
            WHEN left(GoodsMovementType, 1) = '2' THEN 'goods_issue'
            WHEN GoodsMovementType IN ('641', '642', '541', '542') OR left(GoodsMovementType, 1) = '3' THEN 'transfer'
            WHEN left(GoodsMovementType, 1) = '7' THEN 'adjust'
            ELSE 'adjust'
        END AS kind,
        CASE
            WHEN DebitCreditCode = 'S' THEN 1 WHEN DebitCreditCode = 'H' THEN -1
            WHEN GoodsMovementType IN ('101', '105', '123', '262', '531', '552', '602', '651', '653', '701', '711') THEN 1
            ELSE -1
        END AS sign
) AS movement
