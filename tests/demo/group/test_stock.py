"""The true ledger: conserved, never negative, refusing what there is not."""

from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.demo.group import MOVES, Group, Happening, Kind, Stock, StockError, simulate
from app.demo.group.masterdata import UNRESTRICTED

NOON = datetime(2026, 10, 1, 12, tzinfo=UTC)
Key = tuple[str, str, str, str, str]


def legs(h: Happening) -> list[tuple[Key, Decimal]]:
    """What a movement adds to which balance, worked out without the ledger."""
    lot = h.lot or h.serial
    out = (h.from_plant or h.plant, h.from_place, h.item, lot, h.from_status)
    into = (h.plant, h.to_place, h.item, lot, h.to_status)
    moved = [(out, -h.quantity), (into, h.quantity)] if h.kind in MOVES else []
    return [(key, quantity) for key, quantity in moved if key[1]]


def held(stock: Stock) -> dict[Key, Decimal]:
    return {(b.plant, b.place, b.item, b.lot, b.status): b.quantity for b in stock.balances()}


def assert_conserved(happenings: list[Happening]) -> None:
    sums: dict[Key, Decimal] = {}
    stock = Stock()
    for happening in happenings:
        for key, quantity in legs(happening):
            sums[key] = sums.get(key, Decimal(0)) + quantity
            assert sums[key] >= 0, happening
        stock.post(happening)
    assert held(stock) == {key: total for key, total in sums.items() if total}


def test_balances_are_the_sum_of_movements_and_never_negative(told: list[Happening]) -> None:
    assert_conserved(told)


@given(st.integers(0, 10**6), st.integers(1, 3), st.sampled_from([Decimal("0.25"), Decimal("1.5")]))
def test_so_it_is_for_any_group(seed: int, plants: int, scale: Decimal) -> None:
    assert_conserved(list(simulate(Group(seed, days=3, plants=plants, scale=scale))))


def test_the_total_of_a_place_is_the_sum_of_its_lots(told: list[Happening]) -> None:
    stock = Stock()
    for happening in told:
        stock.post(happening)
    totals: Counter[tuple[str, str, str, str]] = Counter()
    for b in stock.balances():
        totals[b.plant, b.place, b.item, b.status] += b.quantity  # type: ignore[assignment]
    assert len(totals) > 300
    assert all(stock.on_hand(*shelf) == total for shelf, total in totals.items())


def moved(quantity: str, lot: str, *, back: bool = False) -> Happening:
    kind = Kind.COMPONENT_ISSUED if back else Kind.PURCHASE_RECEIVED
    place = {"from_place": "RAW1", "from_status": UNRESTRICTED}
    if not back:
        place = {"to_place": "RAW1", "to_status": UNRESTRICTED}
    return Happening(1, NOON, "1000", kind, "A", lot, quantity=Decimal(quantity), **place)


def test_more_than_there_is_cannot_be_taken_and_nothing_is_moved() -> None:
    stock = Stock()
    stock.post(moved("5", "L1"))
    with pytest.raises(StockError, match="'L1' lacks 2"):
        stock.post(moved("7", "L1", back=True))
    assert held(stock) == {("1000", "RAW1", "A", "L1", UNRESTRICTED): Decimal(5)}


def test_a_reversal_goes_the_way_back() -> None:
    stock = Stock()
    stock.post(moved("5", "L1"))
    stock.post(moved("-5", "L1"))
    assert held(stock) == {}
    with pytest.raises(StockError):
        stock.post(moved("-1", "L1"))


def test_the_oldest_lot_is_picked_first() -> None:
    stock = Stock()
    for lot in ("L2", "L1", "L3"):
        stock.post(moved("5", lot))
    picked = stock.pick("1000", "RAW1", "A", Decimal(8))
    assert [(b.lot, b.quantity) for b in picked] == [("L2", 5), ("L1", 3)]
    with pytest.raises(StockError, match="1 of A missing"):
        stock.pick("1000", "RAW1", "A", Decimal(16))


def test_nobody_touches_a_lot_on_hold(told: list[Happening]) -> None:
    on_hold: dict[tuple[str, str, str], str] = {}
    settled = Counter[str]()
    for h in told:
        key = (h.plant, h.item, h.lot or h.serial)
        if h.kind is Kind.HOLD_PLACED:
            assert key not in on_hold
            on_hold[key] = h.document
        elif h.kind is Kind.HOLD_RELEASED:
            assert on_hold.pop(key) == h.document
            settled["released"] += 1
        elif h.kind in MOVES and h.quantity and key in on_hold:
            is_blocked = "blocked" in (h.from_status, h.to_status)
            assert is_blocked, h
            settled[h.kind] += 1
    assert settled["released"] > 50
    assert settled[Kind.SCRAP_DECLARED] > 0


def test_a_lot_on_hold_is_blocked_wherever_it_lies(told: list[Happening]) -> None:
    stock, on_hold = Stock(), {}
    for h in told:
        stock.post(h)
        if h.kind is Kind.HOLD_PLACED:
            on_hold[h.plant, h.item, h.lot or h.serial] = (h.no, h.quantity)
        elif h.kind is Kind.HOLD_RELEASED:
            del on_hold[h.plant, h.item, h.lot or h.serial]
        elif h.no % 50 == 0:
            for (_, item, lot), (no, _) in on_hold.items():
                # The status changes follow the hold within the same second.
                if h.no - no > 20:
                    assert {b.status for b in stock.everywhere(item, lot)} <= {"blocked"}
