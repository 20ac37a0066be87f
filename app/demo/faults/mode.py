"""What a mode of drift is here, and what planters share.

A mode yields plantings in random order, as many as its history has room for.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from random import Random
from typing import TypeVar

from app.demo.faults.past import Past
from app.demo.faults.strike import Change, Row, Strike, lot_claims
from app.demo.group import Happening, Kind

Planter = Callable[[Past, Random, int], Iterator[Strike]]
Thing = TypeVar("Thing")
# Numbers of what never happened.
AGAIN, GHOSTS, COUNTED = 60_000_000, 80_000_000, 90_000_000
STOPS, NOTICES, INVOICES, ITEMS = 82_000_000, 84_000_000, 86_000_000, 88_000_000
FOUND = 95_000_000


ENTERED: dict[str, Planter] = {}


def mode(number: str) -> Callable[[Planter], Planter]:
    """Enter a planter under its number in the catalogue."""

    def enter(planter: Planter) -> Planter:
        ENTERED[number] = planter
        return planter

    return enter


def shuffled(rng: Random, things: Iterable[Thing]) -> list[Thing]:
    """The same things, by chance in another order."""
    chosen = list(things)
    rng.shuffle(chosen)
    return chosen


def after(rng: Random, least: int, most: int) -> timedelta:
    """So many seconds, between two bounds."""
    return timedelta(seconds=rng.randint(least, most))


def inner(past: Past, rng: Random) -> Iterator[Happening]:
    """Yields of operations after which the order goes on: nothing else hangs on them. Only those
    that the books have one by one.
    """
    for h in shuffled(rng, past.plain(Kind.OPERATION_COMPLETED)):
        if not past.is_last_operation(h) and past.in_sap(h):
            yield h


def one_at(h: Happening, rows: list[Row], change: Change) -> Strike:
    """A planting at one happening alone."""
    return Strike(rows, {h.no: change}, claims=lot_claims(h))
