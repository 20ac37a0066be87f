"""The services of an SAP S/4HANA that the simulated ERP offers, with the fields it fills."""

from app.demo.systems.odata import Edm, EntitySet, Link

ROOT = "/sap/opu/odata/sap"
FAILED, PERIODS = "ZTOWER_AFFW", "ZTOWER_PERIODS"
FLAGS = (
    "OrderIsCreated", "OrderIsReleased", "OrderIsPartiallyReleased", "OrderIsConfirmed",
    "OrderIsPartiallyConfirmed", "OrderIsDelivered", "OrderIsPartiallyDelivered",
    "OrderIsTechnicallyCompleted", "OrderIsClosed", "OrderIsLocked", "OrderIsMarkedForDeletion",
)  # fmt: skip


def _fields(text: str, **others: str) -> dict[str, Edm]:
    """Fields by type: the text ones as words, the others named by their type."""
    found: dict[str, Edm] = dict.fromkeys(text.split(), "String")
    types: dict[str, Edm] = {
        "decimals": "Decimal",
        "dates": "DateTime",
        "instants": "DateTimeOffset",
        "times": "Time",
        "booleans": "Boolean",
    }
    for kind, names in others.items():
        found |= dict.fromkeys(names.split(), types[kind])
    return found


SETS = (
    EntitySet(
        "API_PRODUCTION_ORDER_2_SRV",
        "A_ProductionOrder_2",
        ("ManufacturingOrder",),
        _fields(
            f"ManufacturingOrder ManufacturingOrderType Material ProductionPlant ProductionVersion "
            f"ProductionUnit LastChangeDateTime {' '.join(FLAGS)}",
            decimals="TotalQuantity MfgOrderConfirmedYieldQty MfgOrderPlannedScrapQty",
            dates="MfgOrderActualReleaseDate",
        ),
    ),
    EntitySet(
        "API_PRODUCTION_ORDER_2_SRV",
        "A_ProductionOrderOperation_2",
        ("OrderInternalBillOfOperations", "OrderIntBillOfOperationsItem"),
        _fields(
            "OrderInternalBillOfOperations OrderIntBillOfOperationsItem ManufacturingOrder "
            "ManufacturingOrderSequence ManufacturingOrderOperation ProductionPlant WorkCenter "
            "OperationUnit LastChangeDateTime",
            decimals="OpPlannedTotalQuantity OpTotalConfirmedYieldQty",
        ),
    ),
    EntitySet(
        "API_PROD_ORDER_CONFIRMATION_2_SRV",
        "ProdnOrdConf2",
        ("ConfirmationGroup", "ConfirmationCount"),
        _fields(
            "ConfirmationGroup ConfirmationCount OrderID OrderOperation Sequence Material "
            "ProductionPlant WorkCenter ConfirmationUnit FinalConfirmationType "
            "EnteredByExternalUser ExternalSystemConfirmation VarianceReasonCode",
            decimals="ConfirmationYieldQuantity ConfirmationScrapQuantity "
            "ConfirmationReworkQuantity OpConfirmedWorkQuantity1 OpConfirmedWorkQuantity2 "
            "OpConfirmedWorkQuantity3 OpConfirmedWorkQuantity4 OpConfirmedWorkQuantity5 "
            "OpConfirmedWorkQuantity6",
            dates="PostingDate ConfirmedExecutionEndDate ConfirmationEntryDate LastChangeDate",
            times="ConfirmedExecutionEndTime ConfirmationEntryTime",
            booleans="IsFinalConfirmation IsReversed IsReversal APIConfHasNoGoodsMovements",
        ),
    ),
    EntitySet(
        "API_MATERIAL_DOCUMENT_SRV",
        "A_MaterialDocumentHeader",
        ("MaterialDocumentYear", "MaterialDocument"),
        _fields(
            "MaterialDocumentYear MaterialDocument ReferenceDocument MaterialDocumentHeaderText",
            dates="PostingDate DocumentDate CreationDate",
            times="CreationTime",
        ),
    ),
    EntitySet(
        "API_MATERIAL_DOCUMENT_SRV",
        "A_MaterialDocumentItem",
        ("MaterialDocumentYear", "MaterialDocument", "MaterialDocumentItem"),
        _fields(
            "MaterialDocumentYear MaterialDocument MaterialDocumentItem Material Plant "
            "StorageLocation Batch GoodsMovementType DebitCreditCode InventoryStockType "
            "InventorySpecialStockType Supplier Customer PurchaseOrder PurchaseOrderItem "
            "ManufacturingOrder Delivery Reservation GoodsMovementReasonCode MaterialBaseUnit "
            "EntryUnit CompanyCodeCurrency IssuingOrReceivingPlant IssuingOrReceivingStorageLoc "
            "ReversedMaterialDocumentYear ReversedMaterialDocument ReversedMaterialDocumentItem",
            decimals="QuantityInBaseUnit QuantityInEntryUnit GdsMvtExtAmtInCoCodeCrcy",
            booleans="GoodsMovementIsCancelled",
        ),
        {
            "to_MaterialDocumentHeader": Link(
                "A_MaterialDocumentHeader", ("MaterialDocumentYear", "MaterialDocument")
            )
        },
    ),
    EntitySet(  # the table of failed goods movements, as a view of it is published
        "ZTOWER_AFFW_CDS",
        FAILED,
        ("WEBLNR", "WEBLPOS"),
        _fields(
            "WEBLNR WEBLPOS MATNR WERKS LGORT CHARG BWART ERFME AUFNR XBLNR MSGID MSGNO MSGV1 "
            "MSGV2 MSGV3 MSGV4",
            decimals="ERFMG",
            dates="ERSDA BUDAT",
        ),
    ),
    EntitySet(
        "API_MATERIAL_STOCK_SRV",
        "A_MatlStkInAcctMod",
        (
            "Material", "Plant", "StorageLocation", "Batch", "Supplier", "Customer",
            "InventoryStockType", "InventorySpecialStockType",
        ),
        _fields(
            "Material Plant StorageLocation Batch Supplier Customer InventoryStockType "
            "InventorySpecialStockType MaterialBaseUnit",
            decimals="MatlWrhsStkQtyInMatlBaseUnit",
        ),
    ),
    EntitySet(
        "API_INSPECTIONLOT_SRV",
        "A_InspectionLot",
        ("InspectionLot",),
        _fields(
            "InspectionLot Material Plant Batch ManufacturingOrder InspectionLotQuantityUnit "
            "InspectionLotHasUsageDecision InspLotIsStockPostingCompleted",
            decimals="InspectionLotQuantity InspLotQtyToFree InspLotQtyToBlocked "
            "InspLotQtyToScrap",
            instants="ChangedDateTime",
        ),
    ),
    EntitySet(
        "API_BILLING_DOCUMENT_SRV",
        "A_BillingDocument",
        ("BillingDocument",),
        _fields(
            "BillingDocument SDDocumentCategory BillingDocumentType CancelledBillingDocument "
            "SoldToParty",
            dates="BillingDocumentDate",
        ),
    ),
    EntitySet(
        "API_BILLING_DOCUMENT_SRV",
        "A_BillingDocumentItem",
        ("BillingDocument", "BillingDocumentItem"),
        _fields(
            "BillingDocument BillingDocumentItem Material Plant Batch BaseUnit ReferenceSDDocument "
            "ReferenceSDDocumentItem TransactionCurrency",
            decimals="BillingQuantityInBaseUnit NetAmount",
            dates="CreationDate",
            times="CreationTime",
        ),
        {"to_BillingDocument": Link("A_BillingDocument", ("BillingDocument",))},
    ),
    EntitySet(
        "API_PRODUCT_SRV",
        "A_Product",
        ("Product",),
        _fields(
            "Product ProductType BaseUnit ProductStandardID",
            instants="LastChangeDateTime",
            booleans="IsBatchManagementRequired IsMarkedForDeletion",
        ),
    ),
    EntitySet(
        "API_PRODUCT_SRV",
        "A_ProductPlant",
        ("Product", "Plant"),
        _fields(
            "Product Plant ProfileCode", booleans="IsBatchManagementRequired IsMarkedForDeletion"
        ),
    ),
    EntitySet(
        "API_GLACCOUNTLINEITEM",
        "GLAccountLineItem",
        (
            "CompanyCode", "FiscalYear", "AccountingDocument", "LedgerGLLineItem", "SourceLedger",
            "Ledger",
        ),
        _fields(
            "CompanyCode FiscalYear AccountingDocument LedgerGLLineItem SourceLedger Ledger "
            "GLAccount Plant Material FiscalYearPeriod BaseUnit CompanyCodeCurrency GlobalCurrency "
            "PurchasingDocument PurchasingDocumentItem Supplier AccountingDocumentType "
            "ReferenceDocument",
            decimals="AmountInCompanyCodeCurrency AmountInGlobalCurrency Quantity",
            dates="PostingDate",
            instants="CreationDateTime",
            booleans="IsReversal",
        ),
    ),
    EntitySet(  # which periods are open, as a view of that is published
        "ZTOWER_PERIODS_CDS",
        PERIODS,
        ("CompanyCode", "FiscalYearPeriod"),
        _fields(
            "CompanyCode FiscalYearPeriod",
            dates="PeriodStartDate PeriodEndDate",
            instants="ClosedAt ReopenedAt",
        ),
    ),
)  # fmt: skip
