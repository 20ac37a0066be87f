"""What happens in the group: one flat record for everything, and the closed list of kinds."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

ZERO = Decimal(0)


class Kind(StrEnum):
    """Every kind of happening. What `quantity` means is said where it is not plain."""

    STOCK_OPENED = "stock_opened"  # on hand when the history begins
    ORDER_RELEASED = "order_released"  # planned quantity; `due`, `revision` of the bill
    ORDER_CHANGED = "order_changed"  # the new planned quantity and the new `due`, both as they are
    ORDER_CANCELLED = "order_cancelled"
    OPERATION_STARTED = "operation_started"
    OPERATION_COMPLETED = "operation_completed"  # yield
    OPERATION_SCRAPPED = "operation_scrapped"  # lost at the operation, never in stock
    OPERATION_REWORKED = "operation_reworked"  # worked on twice; later part of a yield or scrap
    COMPONENT_ISSUED = "component_issued"
    COMPONENT_RETURNED = "component_returned"
    LABOUR_BOOKED = "labour_booked"  # only `minutes`
    FINISHED_RECEIVED = "finished_received"
    ORDER_COMPLETED = "order_completed"  # total yield
    ORDER_CLOSED = "order_closed"  # total yield; reason `short` if less than planned was wanted
    INSPECTION_OPENED = "inspection_opened"
    INSPECTION_DECIDED = "inspection_decided"  # one for each status decided; `to_status`
    HOLD_PLACED = "hold_placed"  # everything unrestricted of a lot in the plant
    HOLD_RELEASED = "hold_released"
    STOCK_STATUS_CHANGED = "stock_status_changed"
    TRANSFER_SHIPPED = "transfer_shipped"  # from a place into transit of the same plant
    TRANSFER_RECEIVED = "transfer_received"  # from transit, perhaps of `from_plant`, into a place
    PURCHASE_ORDERED = "purchase_ordered"
    ASN_SENT = "asn_sent"
    PURCHASE_RECEIVED = "purchase_received"
    SUPPLIER_INVOICED = "supplier_invoiced"
    SALES_ORDERED = "sales_ordered"
    DELIVERY_CREATED = "delivery_created"
    DELIVERY_PICKED = "delivery_picked"  # from the finished store to the dock
    DELIVERY_SHIPPED = "delivery_shipped"  # from the dock out of the plant
    CUSTOMER_INVOICED = "customer_invoiced"
    ADJUSTMENT_COUNTED = "adjustment_counted"  # found more than thought +, less −, as thought 0
    SCRAP_DECLARED = "scrap_declared"  # stock thrown away
    DOWNTIME_STARTED = "downtime_started"
    DOWNTIME_ENDED = "downtime_ended"
    MAINTENANCE_OPENED = "maintenance_opened"
    MAINTENANCE_COMPLETED = "maintenance_completed"
    SPARE_ISSUED = "spare_issued"
    SPARE_RECEIVED = "spare_received"
    MASTER_CHANGED = "master_changed"  # `reason` says what; the new cost, factor or `revision`
    PERIOD_CLOSED = "period_closed"  # `document` is the period
    DEPLOYMENT = "deployment"  # new software for the system named in `reason`


MOVES = frozenset(
    {
        Kind.STOCK_OPENED,
        Kind.COMPONENT_ISSUED,
        Kind.COMPONENT_RETURNED,
        Kind.FINISHED_RECEIVED,
        Kind.STOCK_STATUS_CHANGED,
        Kind.TRANSFER_SHIPPED,
        Kind.TRANSFER_RECEIVED,
        Kind.PURCHASE_RECEIVED,
        Kind.DELIVERY_PICKED,
        Kind.DELIVERY_SHIPPED,
        Kind.ADJUSTMENT_COUNTED,
        Kind.SCRAP_DECLARED,
        Kind.SPARE_ISSUED,
        Kind.SPARE_RECEIVED,
    }
)
ROUND_THE_CLOCK = frozenset(
    {
        Kind.STOCK_OPENED,
        Kind.PURCHASE_ORDERED,
        Kind.ASN_SENT,
        Kind.SUPPLIER_INVOICED,
        Kind.SALES_ORDERED,
        Kind.CUSTOMER_INVOICED,
        Kind.MASTER_CHANGED,
        Kind.PERIOD_CLOSED,
        Kind.DEPLOYMENT,
    }
)


@dataclass(frozen=True, slots=True)
class Happening:
    """One thing that truly happened. Fields that say nothing for a kind are empty.

    `no` counts from 1 in order of time; `at` is UTC, whole seconds. `quantity` is in the base
    `unit`. A kind in `MOVES` takes it from `from_place` (of `from_plant`, else of `plant`) in
    `from_status` and puts it to `to_place` of `plant` in `to_status`; an empty place is outside
    stock. It is positive but for counts and for reversals: one that `reverses` an earlier happening
    repeats it with quantity, minutes and amount negated, places as they were.

    A serial-numbered piece has its `serial` and no `lot`. `line` is the production line, `position`
    the line of a `document`; `reference` is the document that one follows from. `amount` is in
    `currency`. `since` opens an interval that ends `at`. `actor` is an employee's number, or names
    what ran by itself.
    """

    no: int
    at: datetime
    plant: str
    kind: Kind
    item: str = ""
    lot: str = ""
    serial: str = ""
    quantity: Decimal = ZERO
    unit: str = ""
    from_plant: str = ""
    from_place: str = ""
    to_place: str = ""
    from_status: str = ""
    to_status: str = ""
    order_no: str = ""
    operation: str = ""
    line: str = ""
    equipment: str = ""
    minutes: Decimal = ZERO
    partner: str = ""
    carrier: str = ""
    document: str = ""
    position: str = ""
    reference: str = ""
    amount: Decimal | None = None
    currency: str = ""
    revision: str = ""
    due: date | None = None
    since: datetime | None = None
    reason: str = ""
    reverses: int | None = None
    actor: str = ""
