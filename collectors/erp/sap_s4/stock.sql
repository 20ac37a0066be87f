-- Stock as the books have it, by storage location, batch and stock type. Lines of nothing are left out.
SELECT
    concat_ws('/', Plant, coalesce(StorageLocation, ''), Material, coalesce(Batch, ''), InventoryStockType,
        coalesce(InventorySpecialStockType, ''), coalesce(Supplier, ''), coalesce(Customer, '')) AS source_key,
    Plant                                                                AS plant,
    nullif(StorageLocation, '')                                          AS location,
    CASE leading_zeros WHEN 'keep' THEN Material ELSE unpadded(Material) END AS item,
    nullif(Batch, '')                                                    AS lot,
    CASE InventoryStockType
        WHEN '01' THEN 'free' WHEN '02' THEN 'inspect' WHEN '03' THEN 'returns' WHEN '04' THEN 'transit' WHEN '05' THEN 'transit'
        WHEN '06' THEN 'transit' WHEN '07' THEN 'blocked' WHEN '08' THEN 'restricted'
        ELSE InventoryStockType END                                      AS stock_status,
    CASE InventorySpecialStockType WHEN 'K' THEN 'consignment:' || unpadded(Supplier) WHEN 'W' THEN 'customer:' || unpadded(Customer) END AS stock_owner,
    exact(MatlWrhsStkQtyInMatlBaseUnit)                                  AS quantity_source,
    MaterialBaseUnit                                                     AS unit_source
FROM page
WHERE coalesce(exact(MatlWrhsStkQtyInMatlBaseUnit) <> 0, true)
