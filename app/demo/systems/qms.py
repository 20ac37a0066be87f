"""The quality system of the group: which lots nobody may use, from when to when.

Its habits: item numbers without zeros, wall time of the lot's plant without an offset but a UTC
change stamp, a code and a word for what is wrong. The hold on a lot that is thrown away never ends.
"""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from app.demo.group import Group, Happening, Kind
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
)  # fmt: skip


class Qms:
    """The holds of all plants, served as a list."""

    def __init__(self, group: Group, service: Shelf) -> None:
        self._service = service
        self._zones = {plant.code: ZoneInfo(plant.zone) for plant in group.sites}
        self._holds: dict[str, dict[str, Any]] = {}

    def hear(self, happening: Happening, at: datetime | None = None) -> None:
        """Enter something `at` an instant, by default when it happened. Other kinds are ignored,
        and so is the end of a hold nobody told it of.
        """
        h, entered = happening, at or happening.at
        if h.kind is Kind.HOLD_PLACED:
            row = {
                "hold_id": h.document,
                "item": h.item.lstrip("0"),
                "lot": h.lot,
                "qty": h.quantity,
                "uom": h.unit,
                "code": h.reason.upper().replace(" ", "-"),
                "reason": h.reason,
                "plant": h.plant,
                "held_at": self._wall(h),
            }
        elif h.kind is Kind.HOLD_RELEASED and h.document in self._holds:
            row = {**self._holds[h.document], "released_at": self._wall(h)}
        else:
            return
        self._holds[h.document] = row
        changed_at = f"{entered.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
        self._service.put("holds", [{**row, "changed_at": changed_at}])

    def _wall(self, h: Happening) -> str:
        return f"{h.at.astimezone(self._zones[h.plant]):%Y-%m-%dT%H:%M:%S}"
