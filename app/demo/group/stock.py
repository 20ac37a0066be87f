"""The true ledger: what lies where. A movement that would leave less than nothing is refused."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from app.demo.group.happenings import MOVES, ZERO, Happening
from app.demo.group.masterdata import UNRESTRICTED


class StockError(Exception):
    """A movement takes more than there is."""


@dataclass(frozen=True, slots=True)
class Balance:
    """What lies in a place; `lot` is the serial number of a serial-numbered piece. Base unit."""

    plant: str
    place: str
    item: str
    lot: str
    status: str
    quantity: Decimal


Shelf = tuple[str, str, str, str]  # plant, place, item, status


class Stock:
    """Balances by plant, place, item, lot and status; never zero, never negative."""

    def __init__(self) -> None:
        self._lots: dict[Shelf, dict[str, Decimal]] = {}
        self._totals: dict[Shelf, Decimal] = {}

    def post(self, happening: Happening) -> None:
        """Move what a happening moves, or nothing and `StockError`."""
        if happening.kind not in MOVES or not happening.quantity:
            return
        h, lot = happening, happening.lot or happening.serial
        source = (h.from_plant or h.plant, h.from_place, h.item, h.from_status)
        target = (h.plant, h.to_place, h.item, h.to_status)
        if h.quantity < 0:
            source, target = target, source
        if source[1]:
            self._take(source, lot, abs(h.quantity), h)
        if target[1]:
            self._put(target, lot, abs(h.quantity))

    def on_hand(self, plant: str, place: str, item: str, status: str = UNRESTRICTED) -> Decimal:
        """How much there is over all lots."""
        return self._totals.get((plant, place, item, status), ZERO)

    def of_lot(
        self, plant: str, place: str, item: str, lot: str, status: str = UNRESTRICTED
    ) -> Decimal:
        """How much there is of one lot."""
        return self._lots.get((plant, place, item, status), {}).get(lot, ZERO)

    def pick(self, plant: str, place: str, item: str, quantity: Decimal) -> list[Balance]:
        """What to take for a quantity, oldest lot first; nothing is moved.

        Raises `StockError` if there is not enough unrestricted.
        """
        taken = []
        for lot, held in self._lots.get((plant, place, item, UNRESTRICTED), {}).items():
            part = min(held, quantity)
            taken.append(Balance(plant, place, item, lot, UNRESTRICTED, part))
            quantity -= part
            if not quantity:
                return taken
        raise StockError(f"{plant}/{place}: {quantity} of {item} missing")

    def balances(self, of_plant: str = "") -> Iterator[Balance]:
        """Everything there is, or in a plant, in the order it came."""
        for (plant, place, item, status), lots in self._lots.items():
            if of_plant not in ("", plant):
                continue
            for lot, quantity in lots.items():
                yield Balance(plant, place, item, lot, status, quantity)

    def everywhere(self, item: str, lot: str) -> list[Balance]:
        """Every balance of a lot, or of a piece with its serial, in all plants."""
        return [
            Balance(plant, place, item, lot, status, lots[lot])
            for (plant, place, of_item, status), lots in self._lots.items()
            if of_item == item and lot in lots
        ]

    def _take(self, shelf: Shelf, lot: str, quantity: Decimal, why: Happening) -> None:
        lots = self._lots.get(shelf, {})
        left = lots.get(lot, ZERO) - quantity
        if left < 0:
            raise StockError(f"{why.kind} {why.no}: {'/'.join(shelf)} lot {lot!r} lacks {-left}")
        if left:
            lots[lot] = left
            self._totals[shelf] -= quantity
            return
        del lots[lot]
        self._totals[shelf] -= quantity
        if not lots:
            del self._lots[shelf], self._totals[shelf]

    def _put(self, shelf: Shelf, lot: str, quantity: Decimal) -> None:
        lots = self._lots.setdefault(shelf, {})
        lots[lot] = lots.get(lot, ZERO) + quantity
        self._totals[shelf] = self._totals.get(shelf, ZERO) + quantity
