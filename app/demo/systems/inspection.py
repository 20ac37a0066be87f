"""The inspection lots in the books of the group: what was decided of each, and what was posted.

What is decided takes effect with the posting that moves the goods out of inspection stock; both are
told by systems of their own. A lot is through when all of it is posted.
"""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from app.demo.group import Happening, Kind
from app.demo.group.masterdata import BLOCKED, INSPECTION, UNRESTRICTED
from app.demo.systems.shelf import Shelf

_POSTED_TO = {UNRESTRICTED: "InspLotQtyToFree", BLOCKED: "InspLotQtyToBlocked"}


class InspectionLots:
    """The lots of all plants, by number."""

    def __init__(self, service: Shelf) -> None:
        self._service = service
        self._lots: dict[str, dict[str, Any]] = {}

    def hear(self, h: Happening, entered: datetime) -> None:
        """Enter the beginning of an inspection, a decision or a posting; others are ignored."""
        if h.kind is Kind.INSPECTION_OPENED:
            self._lots[h.document] = {
                "InspectionLot": h.document.zfill(12),
                "Material": h.item.zfill(18),
                "Plant": h.plant,
                "Batch": h.lot,
                "InspectionLotQuantity": h.quantity,
                "InspectionLotQuantityUnit": h.unit,
                **dict.fromkeys(_POSTED_TO.values(), Decimal(0)),
            }
            self._tell(h.document, entered)
        elif h.kind is Kind.INSPECTION_DECIDED and h.document in self._lots:
            self._lots[h.document]["InspectionLotHasUsageDecision"] = "X"
            self._tell(h.document, entered)
        elif h.from_status == INSPECTION and h.reference in self._lots:
            lot = self._lots[h.reference]
            lot[_POSTED_TO[h.to_status]] += h.quantity
            posted = sum((lot[name] for name in _POSTED_TO.values()), Decimal(0))
            is_through = posted == lot["InspectionLotQuantity"]
            lot["InspLotIsStockPostingCompleted"] = "X" if is_through else ""
            self._tell(h.reference, entered)

    def _tell(self, number: str, entered: datetime) -> None:
        changed = {"ChangedDateTime": entered.astimezone(UTC)}
        self._service.put("A_InspectionLot", [self._lots[number] | changed])
