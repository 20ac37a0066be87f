"""Faults of stock that no total shows: a list that missed a movement, status, lines below zero."""

from collections.abc import Iterator
from decimal import Decimal
from random import Random

from app.demo.faults.logistics import holds, restated
from app.demo.faults.mode import mode, one_at, shuffled
from app.demo.faults.past import Past, bare
from app.demo.faults.strike import (
    GRACE,
    HOUR,
    JUDGED,
    Row,
    Strike,
    account_claim,
    altered,
    lot_claims,
    uncounted,
    without,
)
from app.demo.group import Kind
from app.demo.group.masterdata import BLOCKED, INSPECTION, UNRESTRICTED, WIP
from app.demo.wire import ERP

WORDS = {  # as a landscape calls them
    UNRESTRICTED: "free",
    INSPECTION: "inspect",
    BLOCKED: "blocked",
}


@mode("C1")
def _not_counted(past: Past, rng: Random, size: int) -> Iterator[Strike]:
    """The books post an issue, and their list of stock still has what was used: the update of it
    was lost. The warehouse does not keep the line side, so the books contradict themselves alone.
    """
    for h in shuffled(rng, past.plain(Kind.COMPONENT_ISSUED)):
        if not h.lot or h.from_place != WIP or not past.in_sap(h):
            continue
        row = Row(
            "ledger_mismatch",
            h.at + JUDGED,
            h.plant,
            key=f"{bare(h.item)}/{h.lot}/{h.from_place}",
            quantity=h.quantity,
            stock=h,
        )
        strike = one_at(h, [row], uncounted(ERP))
        strike.claims |= account_claim(past, h)  # which has what the list lacks
        yield strike


@mode("C5")
def _status_differs(past: Past, rng: Random, size: int) -> Iterator[Strike]:
    """The books never hear that stock was blocked: it is as much there as here, and free there."""
    for hold in shuffled(rng, holds(past)):
        blocked, freed = (restated(past, hold, status) for status in (BLOCKED, UNRESTRICTED))
        scrapped = [h for h in past.by_kind[Kind.SCRAP_DECLARED] if h.reference == hold.document]
        returned = [
            h
            for h in past.by_kind[Kind.COMPONENT_RETURNED]
            if h.lot == hold.lot and h.to_status == BLOCKED
        ]
        # The warehouse does not keep the line side.
        total = sum((h.quantity for h in blocked if h.to_place != WIP), Decimal(0))
        if returned or not total:
            continue
        changes = {h.no: without(ERP) for h in (*blocked, *freed)}
        changes |= {h.no: altered(ERP, from_status=UNRESTRICTED) for h in scrapped}
        ends = [*freed, *scrapped]
        rows = [
            Row(
                "balance_variance",
                hold.at + HOUR,
                hold.plant,
                key=f"{bare(hold.item)}/{hold.lot}/{WORDS[status]}",
                until=ends[0].at if ends else None,
                quantity=difference,
                stock=hold,
            )
            for status, difference in ((BLOCKED, total), (UNRESTRICTED, -total))
        ]
        yield Strike(rows, changes, claims=lot_claims(hold))


@mode("C10")
def _below_zero(past: Past, rng: Random, size: int) -> Iterator[Strike]:
    """The books take goods of no lot: a line below zero stands beside that of the lot."""
    for h in shuffled(rng, past.plain(Kind.COMPONENT_ISSUED)):
        if not h.lot or h.reason != "backflush":
            continue
        row = Row(
            "negative_stock",
            h.at + GRACE[h.kind],
            h.plant,
            key=f"{bare(h.item)}/{h.from_place}",
            quantity=-h.quantity,
            stock=h,
        )
        strike = one_at(h, [row], altered(ERP, lot=""))
        strike.claims |= {f"{h.plant}/{h.item}/"}  # there is but one such line
        yield strike
