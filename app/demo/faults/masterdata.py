"""Faults of master data: systems know different things of one item, or call it otherwise."""

from collections.abc import Iterator
from datetime import timedelta
from random import Random

from app.demo.faults.mode import ITEMS, inner, mode, shuffled
from app.demo.faults.past import Past, bare
from app.demo.faults.strike import DAY, HOUR, Row, Strike, altered, lot_claims
from app.demo.group import Happening, Kind
from app.demo.systems.items import Change
from app.demo.wire import ERP, MES, WMS, Delivery

_AGREED, _KNOWN = DAY, 4 * HOUR  # until then the other systems have followed, or know a key
_UNITS = {"EA": "KG", "KG": "EA", "L": "KG", "M": "EA"}
# Who changes what, and which code says so. An item blocked or made in the ERP concerns all others.
_DRIFTS = (
    (MES, Change.UNIT, "master_data_drift"),
    (WMS, Change.UNIT, "master_data_drift"),
    (MES, Change.LOT_CONTROL, "master_data_drift"),
    (WMS, Change.LOT_CONTROL, "master_data_drift"),
    (ERP, Change.BLOCKED, "master_data_drift"),
    (ERP, Change.CREATED, "missing_counterpart"),
)


def _used(past: Past, rng: Random) -> Iterator[Happening]:
    """Items that are made, each where it is."""
    yield from shuffled(rng, past.by_kind[Kind.ORDER_RELEASED])


def _edit(number: int, system: str, what: Change, h: Happening, key: str) -> Delivery:
    """Somebody edits the item of an order in a system, an hour after its release."""
    made = Happening(
        ITEMS + number,
        h.at + HOUR,
        h.plant,
        Kind.MASTER_CHANGED,
        item=h.item,
        unit=_UNITS[h.unit],
        document=key,
        reason=what,
    )
    return Delivery(system, made.at, made)


def _edited(
    number: int, system: str, what: Change, code: str, h: Happening, grace: timedelta
) -> Strike:
    key = f"96{number:05}"
    edit = _edit(number, system, what, h, key)
    is_new = what in (Change.CREATED, Change.COPIED)
    row = Row(code, edit.at + grace, h.plant, key=key if is_new else bare(h.item))
    return Strike([row], extra=[edit], claims=frozenset({f"item/{h.plant}/{h.item}"}))


@mode("E6")
def _not_alike(past: Past, rng: Random, size: int) -> Iterator[Strike]:
    """An item is edited in one system, or entered there, and the others never hear of it."""
    for number, h in enumerate(_used(past, rng)):
        system, what, code = rng.choice(_DRIFTS)
        if system != ERP or past.in_sap(h):
            yield _edited(number, system, what, code, h, _AGREED)


@mode("E7")
def _other_key(past: Past, rng: Random, size: int) -> Iterator[Strike]:
    """The shop floor enters an item again under a key of its own, or reports under one."""
    edits, reports = enumerate(_used(past, rng), 50_000), enumerate(inner(past, rng))
    for (number, order), (count, h) in zip(edits, reports, strict=False):
        if rng.random() < 0.5:
            system = rng.choice((MES, WMS))
            yield _edited(number, system, Change.COPIED, "unmapped_key", order, _AGREED)
        else:
            key = f"97{count:05}"
            row = Row("unmapped_key", h.at + _KNOWN, h.plant, key=key)
            yield Strike([row], {h.no: altered(MES, item=key)}, claims=lot_claims(h))
