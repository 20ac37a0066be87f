"""Faults of the general ledger: value that is not posted, invoices that do not come, or are dated
into a closed period.
"""

from collections.abc import Iterator
from random import Random

from app.demo.faults.accounts import CLEARED_WITHIN, last_closed, misdated
from app.demo.faults.mode import mode, shuffled
from app.demo.faults.past import Past, bare
from app.demo.faults.strike import (
    JUDGED,
    Row,
    Strike,
    account_claim,
    altered,
    lot_claims,
    unvalued,
    without,
)
from app.demo.group import Happening, Kind
from app.demo.group.happenings import ZERO
from app.demo.systems.ledger import BOUGHT, account_of, worth
from app.demo.wire import ERP

_MOVED = (
    Kind.FINISHED_RECEIVED, Kind.PURCHASE_RECEIVED, Kind.COMPONENT_ISSUED, Kind.DELIVERY_SHIPPED,
    Kind.SPARE_ISSUED, Kind.SCRAP_DECLARED,
)  # fmt: skip


def _invoices(past: Past) -> Iterator[Happening]:
    return filter(past.in_sap, past.by_kind[Kind.SUPPLIER_INVOICED])


def _claims(h: Happening) -> frozenset[str]:
    """The order line is for itself, and so is what is received of its order."""
    return frozenset({bare(h.order_no), h.document})


@mode("H4")
def _never_invoiced(past: Past, rng: Random, size: int) -> Iterator[Strike]:
    """The invoice of a supplier never comes: what was received of the line stays open."""
    received: dict[tuple[str, str], list[Happening]] = {}
    for h in past.plain(*BOUGHT):
        received.setdefault((h.order_no, h.position), []).append(h)
    for h in shuffled(rng, _invoices(past)):
        came = received.get((h.order_no, h.position), [])
        whole = sum((one.quantity for one in came), ZERO)
        if whole != h.quantity:
            continue  # in parts, of which one is invoiced and clears the older
        amount = sum((past.value(one, one.quantity) for one in came), ZERO)
        row = Row(
            "cutoff_balance",
            min(one.at for one in came) + CLEARED_WITHIN,
            h.plant,
            key=f"{bare(h.order_no)}/{bare(h.position)}",
            quantity=-amount,
            value=amount,
        )
        yield Strike([row], {h.no: without(ERP)}, claims=_claims(h))


@mode("H10")
def _closed_period(past: Past, rng: Random, size: int) -> Iterator[Strike]:
    """Somebody opens a closed period again, and dates an invoice into it."""
    for h in shuffled(rng, _invoices(past)):
        day = last_closed(past, h.plant, h.at)
        if day is None:
            continue
        dated = past.noon(h.plant, day)
        amount = worth(h.quantity, past.group.items[h.item].cost(past.day(h.plant, h.at)))
        row = misdated(h, amount, h.at)
        yield Strike([row], {h.no: altered(ERP, at=dated)}, claims=_claims(h))


@mode("H11")
def _not_valued(past: Past, rng: Random, size: int) -> Iterator[Strike]:
    """A movement is posted in stock, and the document of what it is worth is lost."""
    for h in shuffled(rng, past.plain(*_MOVED)):
        moved = h.quantity if h.to_place else -h.quantity
        if not past.in_sap(h) or (h.to_place and h.from_place):
            continue
        value = past.value(h, moved)
        row = Row(
            "cutoff_balance",
            h.at + JUDGED,
            h.plant,
            key=bare(account_of(past.group.items[h.item])),
            quantity=value.copy_sign(-moved),
            value=value,
        )
        claims = lot_claims(h) | account_claim(past, h)
        yield Strike([row], {h.no: unvalued(ERP)}, claims=claims)
