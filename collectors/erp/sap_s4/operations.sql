-- Operations of production orders, with what was confirmed of each so far.
SELECT
    OrderInternalBillOfOperations || '/' || OrderIntBillOfOperationsItem AS source_key,
    compact_instant(LastChangeDateTime, server_zone)                     AS revised_at,
    'production'                                                         AS order_kind,
    CASE leading_zeros WHEN 'keep' THEN ManufacturingOrder ELSE unpadded(ManufacturingOrder) END AS order_no,
    'operation'                                                          AS line_kind,
    concat_ws('/', nullif(ManufacturingOrderSequence, ''), ManufacturingOrderOperation) AS line_no,
    ManufacturingOrderOperation                                          AS op_no,
    ProductionPlant                                                      AS plant,
    nullif(WorkCenter, '')                                               AS work_center,
    exact(OpPlannedTotalQuantity)                                        AS quantity_source,
    nullif(OperationUnit, '')                                            AS unit_source,
    exact(OpTotalConfirmedYieldQty)                                      AS quantity_done,
    compact_instant(LastChangeDateTime, server_zone)                     AS changed_at
FROM page
