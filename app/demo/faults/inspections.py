"""Faults of inspections: what was decided is posted otherwise, or not all of it."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from random import Random

from app.demo.faults.mode import mode, shuffled
from app.demo.faults.past import Past, bare
from app.demo.faults.stock import WORDS
from app.demo.faults.strike import HOUR, MINUTE, Row, Strike, altered, lot_claims, without
from app.demo.group import Happening, Kind
from app.demo.group.masterdata import BLOCKED, INSPECTION, UNRESTRICTED
from app.demo.wire import ERP

_POSTED = 4 * HOUR + 10 * MINUTE  # until then the books have followed, whatever carried it


def _postings(past: Past, status: str) -> Iterator[Happening]:
    """Stock of a lot that left inspection for a status, where an SAP has inspection lots."""
    for h in past.by_kind[Kind.STOCK_STATUS_CHANGED]:
        if past.in_sap(h) and h.lot and (h.from_status, h.to_status) == (INSPECTION, status):
            yield h


def _claims(h: Happening) -> frozenset[str]:
    return lot_claims(h) | {h.reference}


def _split(h: Happening, more: Decimal, statuses: tuple[str, str]) -> list[Row]:
    """The warehouse has more of a lot in one status and less in another than the books."""
    return [
        Row(
            "balance_variance",
            h.at + HOUR,
            h.plant,
            key=f"{bare(h.item)}/{h.lot}/{WORDS[status]}",
            quantity=quantity,
            stock=h,
        )
        for status, quantity in zip(statuses, (more, -more), strict=True)
    ]


@mode("C16")
def _rejected_looks_good(past: Past, rng: Random, size: int) -> Iterator[Strike]:
    """What quality rejected is free in the books, until it is thrown away or used after all."""
    for h in shuffled(rng, _postings(past, BLOCKED)):
        changes = {h.no: altered(ERP, to_status=UNRESTRICTED)}
        ends = [
            x
            for kind in (Kind.SCRAP_DECLARED, Kind.STOCK_STATUS_CHANGED)
            for x in past.by_kind[kind]
            if (x.reference, x.from_status) == (h.reference, BLOCKED)
        ]
        for x in ends:
            is_scrap = x.kind is Kind.SCRAP_DECLARED
            changes[x.no] = altered(ERP, from_status=UNRESTRICTED) if is_scrap else without(ERP)
        row = Row(
            "attribute_mismatch",
            h.at + _POSTED,
            h.plant,
            key=h.reference,
            quantity=Decimal(0),  # all of it is posted
            value=past.value(h, h.quantity),
        )
        until = ends[0].at if ends else None
        split = _split(h, h.quantity, (BLOCKED, UNRESTRICTED))
        rows = [row, *(replace(one, until=until) for one in split)]
        yield Strike(rows, changes, claims=_claims(h))


@mode("F4")
def _posted_in_part(past: Past, rng: Random, size: int) -> Iterator[Strike]:
    """Not all that was accepted is posted: a rest stays in inspection for ever."""
    opened = {h.document: h for h in past.by_kind[Kind.INSPECTION_OPENED]}
    for h in shuffled(rng, _postings(past, UNRESTRICTED)):
        less = past.group.items[h.item].step * size
        if h.quantity <= less:
            continue
        whole = opened[h.reference].quantity
        row = Row(
            "status_drift",
            h.at + _POSTED,
            h.plant,
            key=h.reference,
            quantity=Decimal(0),  # both know how much was inspected
            value=past.value(h, whole),
        )
        rows = [row, *_split(h, less, (UNRESTRICTED, INSPECTION))]
        change = altered(ERP, quantity=h.quantity - less)
        yield Strike(rows, {h.no: change}, claims=_claims(h))
