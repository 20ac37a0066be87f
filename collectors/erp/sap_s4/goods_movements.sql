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
        WHEN ordered.order_kind IS NOT NULL THEN ordered.order_kind
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
    SELECT CASE leading_zeros WHEN 'keep' THEN nullif(ManufacturingOrder, '') ELSE unpadded(ManufacturingOrder) END AS order_no
) AS made,
LATERAL (SELECT sap_order(made.order_no, maintenance_orders) AS order_kind) AS ordered,
LATERAL (
    SELECT
        sap_movement(GoodsMovementType, ordered.order_kind) AS kind,
        CASE WHEN DebitCreditCode = 'S' OR (coalesce(DebitCreditCode, '') <> 'H' AND sap_comes(GoodsMovementType)) THEN 1 ELSE -1 END AS sign
) AS movement
