"""The maintenance system of the group: work orders, downtimes and the spare parts they took.

Its habits: numbers without zeros, wall time of the plant without an offset but a UTC change stamp;
a machine that stands has at most one downtime, and work opened meanwhile is for that one.
"""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from app.demo.group import Group, Happening, Kind
from app.demo.systems.erp import event_id, reference
from app.demo.systems.rest import Listing
from app.demo.systems.shelf import Shelf

LISTS = (
    Listing(
        "work_orders",
        ("work_order_no",),
        (
            "work_order_no", "type", "asset", "description", "status", "plant", "opened_at",
            "completed_at", "changed_at",
        ),
    ),
    Listing(
        "downtimes",
        ("downtime_id",),
        (
            "downtime_id", "asset", "reason", "planned", "work_order_no", "plant", "started_at",
            "ended_at", "changed_at",
        ),
    ),
    Listing(
        "parts",
        ("issue_id",),
        (
            "issue_id", "work_order_no", "asset", "part", "qty", "uom", "store", "plant",
            "issued_at", "reverses", "changed_at",
        ),
    ),
)  # fmt: skip
_SERVICE = "service"  # the reason of a stop that was planned

Row = dict[str, Any]


class Cmms:
    """The maintenance of all plants, told as lists. Quantities are in the base unit, unsigned."""

    def __init__(self, group: Group, service: Shelf) -> None:
        self._service = service
        self._zones = {plant.code: ZoneInfo(plant.zone) for plant in group.sites}
        self._orders: dict[str, Row] = {}
        self._stops: dict[str, Row] = {}

    def hear(self, happening: Happening, at: datetime | None = None) -> None:
        """Enter something `at` an instant, by default when it happened. Other kinds are ignored,
        and so is the end of an order or a downtime nobody told it of.
        """
        h, entered = happening, at or happening.at
        match h.kind:
            case Kind.MAINTENANCE_OPENED:
                self._open(h, entered)
            case Kind.MAINTENANCE_COMPLETED if h.order_no in self._orders:
                done = {"status": "completed", "completed_at": self._wall(h)}
                self._put("work_orders", self._orders.pop(h.order_no) | done, entered)
            case Kind.DOWNTIME_STARTED:
                self._stops[h.equipment] = self._stop(h)
                self._put("downtimes", self._stops[h.equipment], entered)
            case Kind.DOWNTIME_ENDED if h.equipment in self._stops:
                ended = {"ended_at": self._wall(h)}
                self._put("downtimes", self._stops.pop(h.equipment) | ended, entered)
            case Kind.SPARE_ISSUED:
                self._put("parts", self._issue(h), entered)

    def _open(self, h: Happening, entered: datetime) -> None:
        self._orders[h.order_no] = {
            "work_order_no": h.order_no.lstrip("0"),
            "type": "preventive" if h.reason == _SERVICE else "breakdown",
            "asset": h.equipment,
            "description": h.reason,
            "status": "open",
            "plant": h.plant,
            "opened_at": self._wall(h),
        }
        self._put("work_orders", self._orders[h.order_no], entered)
        if stop := self._stops.get(h.equipment):
            stop["work_order_no"] = h.order_no.lstrip("0")
            self._put("downtimes", stop, entered)

    def _stop(self, h: Happening) -> Row:
        return {
            "downtime_id": event_id(h.no),
            "asset": h.equipment,
            "reason": h.reason,
            "planned": h.reason == _SERVICE,
            "plant": h.plant,
            "started_at": self._wall(h),
        }

    def _issue(self, h: Happening) -> Row:
        """The id of an issue is the reference that the ERP gets with it."""
        return {
            "issue_id": reference(h.no),
            "work_order_no": h.order_no.lstrip("0"),
            "asset": h.equipment,
            "part": h.item.lstrip("0"),
            "qty": abs(h.quantity),
            "uom": h.unit,
            "store": h.from_place,
            "plant": h.plant,
            "issued_at": self._wall(h),
            "reverses": reference(h.reverses) if h.reverses else None,
        }

    def _put(self, path: str, row: Row, entered: datetime) -> None:
        changed_at = f"{entered.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
        self._service.put(path, [{**row, "changed_at": changed_at}])

    def _wall(self, h: Happening) -> str:
        """When it happened by the clock on the wall of the plant."""
        return f"{h.at.astimezone(self._zones[h.plant]):%Y-%m-%dT%H:%M:%S}"
