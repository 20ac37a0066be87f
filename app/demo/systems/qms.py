"""The quality system of the group: which lots nobody may use, from when to when, and what was found
of the goods it inspects.

Its habits: item numbers without zeros, wall time of the lot's plant without an offset but a UTC
change stamp, a code and a word for what is wrong. The hold on a lot that is thrown away never ends.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from app.demo.group import Group, Happening, Kind
from app.demo.group.masterdata import UNRESTRICTED
from app.demo.systems.rest import Listing
from app.demo.systems.shelf import Shelf

LISTS = (
    Listing(
        "holds",
        ("hold_id",),
        (
            "hold_id", "item", "lot", "qty", "uom", "code", "reason", "plant", "held_at",
            "released_at", "changed_at",
        ),
    ),
    Listing(
        "inspections",
        ("inspection_id",),
        (
            "inspection_id", "item", "lot", "qty", "uom", "accepted", "rejected", "reason", "plant",
            "decided_at", "changed_at",
        ),
    ),
)  # fmt: skip


class Qms:
    """The holds and inspections of all plants, served as lists."""

    def __init__(self, group: Group, service: Shelf) -> None:
        self._service = service
        self._zones = {plant.code: ZoneInfo(plant.zone) for plant in group.sites}
        self._holds: dict[str, dict[str, Any]] = {}
        self._inspections: dict[str, dict[str, Any]] = {}

    def hear(self, happening: Happening, at: datetime | None = None) -> None:
        """Enter something `at` an instant, by default when it happened. Other kinds are ignored,
        and so is the end of a hold, or what was found, that nobody told it the beginning of.
        """
        h, entered = happening, at or happening.at
        match h.kind:
            case Kind.HOLD_PLACED:
                row = {"hold_id": h.document, **self._what(h), "held_at": self._wall(h)}
                row["code"] = h.reason.upper().replace(" ", "-")
                self._tell("holds", self._holds, row | {"reason": h.reason}, entered)
            case Kind.HOLD_RELEASED if h.document in self._holds:
                row = {**self._holds[h.document], "released_at": self._wall(h)}
                self._tell("holds", self._holds, row, entered)
            case Kind.INSPECTION_OPENED:
                row = {"inspection_id": h.document, **self._what(h), "lot": h.lot or None}
                self._tell("inspections", self._inspections, row, entered)
            case Kind.INSPECTION_DECIDED if h.document in self._inspections:
                row = self._decided(self._inspections[h.document], h)
                self._tell("inspections", self._inspections, row, entered)

    def _decided(self, row: Mapping[str, Any], h: Happening) -> dict[str, Any]:
        """So much more was accepted or rejected; why it was rejected is the reason, if any was."""
        found = "accepted" if h.to_status == UNRESTRICTED else "rejected"
        counts = {name: row.get(name, Decimal(0)) for name in ("accepted", "rejected")}
        counts[found] += h.quantity
        reason = row.get("reason") if found == "accepted" else None
        return {**row, **counts, "reason": reason or h.reason, "decided_at": self._wall(h)}

    def _what(self, h: Happening) -> dict[str, Any]:
        return {
            "item": h.item.lstrip("0"),
            "lot": h.lot,
            "qty": h.quantity,
            "uom": h.unit,
            "plant": h.plant,
        }

    def _tell(
        self, name: str, known: dict[str, dict[str, Any]], row: dict[str, Any], entered: datetime
    ) -> None:
        known[row["hold_id" if name == "holds" else "inspection_id"]] = row
        changed_at = f"{entered.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
        self._service.put(name, [{**row, "changed_at": changed_at}])

    def _wall(self, h: Happening) -> str:
        return f"{h.at.astimezone(self._zones[h.plant]):%Y-%m-%dT%H:%M:%S}"
