"""What the books of ERP and warehouse say of the same goods, and since when it is not the same."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from app.demo.faults.past import Past, bare
from app.demo.faults.strike import GRACE, Row
from app.demo.group import MOVES, Happening
from app.demo.group.masterdata import WIP
from app.demo.systems.erp import store
from app.demo.wire import ERP, WMS, Delivery, Fate

BELOW_ZERO = timedelta(minutes=30)  # as long as the rules give what is under way
_ON_THE_WAY = timedelta(minutes=20)  # a difference this short is only a message under way

Key = tuple[str, str, str]  # plant, item, lot
Line = tuple[str, str, str, str, str, str]  # system, plant, place, item, lot, status


@dataclass
class _Spell:
    """What one happening leaves different: since when, by how much, until when if it went away."""

    first: Happening
    since: datetime
    difference: Decimal  # warehouse less ERP
    until: datetime | None = None


class Books:
    """Follows what both enter. The warehouse does not manage the line side, so that is left out."""

    def __init__(self, past: Past) -> None:
        self._past, self.now = past, past.group.starts_at
        self._open: dict[Key, dict[int, _Spell]] = defaultdict(dict)
        self._lasting: dict[Key, list[_Spell]] = defaultdict(list)
        self._lines: dict[Line, Decimal] = defaultdict(Decimal)
        self._below: dict[Line, list[_Spell]] = defaultdict(list)

    def enter(self, delivery: Delivery, at: datetime) -> None:
        """One of the two was told something `at` an instant."""
        h, self.now = delivery.happening, at
        if delivery.system not in (ERP, WMS) or h.kind not in MOVES:
            return
        if delivery.fate is not Fate.UNCOUNTED:
            self._count(delivery.system, h, at)
        sign = 1 if delivery.system == WMS else -1
        # What a partner does not tell shows with its next balance.
        since = self._past.counted(h, at) if delivery.fate is Fate.UNTOLD else at
        for key, quantity in _legs(h):
            spell = self._open[key].setdefault(h.no, _Spell(h, since, Decimal(0)))
            spell.difference += sign * quantity
            if not spell.difference:
                del self._open[key][h.no]
                if at - spell.since > _ON_THE_WAY:
                    spell.until = at
                    self._lasting[key].append(spell)

    def _count(self, system: str, h: Happening, at: datetime) -> None:
        """Follow the lines a system has below zero. A partner's are told once a day."""
        ends = (
            ((h.from_plant or h.plant, h.from_place), h.from_status, -h.quantity),
            ((h.plant, h.to_place), h.to_status, h.quantity),
        )
        for (plant, place), status, quantity in ends:
            if not place or (system == WMS and place == WIP):
                continue
            line = system, plant, store(place), h.item, h.lot, status
            self._lines[line] += quantity
            spells = self._below[line]
            is_open = bool(spells) and spells[-1].until is None
            if self._lines[line] >= 0:
                if is_open:
                    spells[-1].until = at
            elif is_open:
                spells[-1].difference = self._lines[line]
            else:
                since = self._past.counted(h, at) if system == WMS else at
                spells.append(_Spell(h, since, self._lines[line]))

    def below(self) -> Iterator[tuple[Row, Happening]]:
        """Every time a line was below zero, and the happening that took it there."""
        for line, spells in sorted(self._below.items()):
            _, plant, place, item, lot, _ = line
            for spell in spells:
                row = Row(
                    "negative_stock",
                    spell.since + BELOW_ZERO,
                    plant,
                    key="/".join(filter(None, (bare(item), lot, place))),
                    until=spell.until,
                    quantity=None if spell.until else spell.difference,
                    stock=None if spell.until else spell.first,
                )
                yield row, spell.first

    def rows(self) -> Iterator[tuple[Row, Happening]]:
        """Every difference that lasted, and the happening that began it."""
        for key in sorted({*self._open, *self._lasting}):
            stays = [
                spell for spell in self._open[key].values() if self.now - spell.since > _ON_THE_WAY
            ]
            for spells in _together([*self._lasting[key], *stays]):
                yield self._row(key, spells), spells[0].first

    def _row(self, key: Key, spells: list[_Spell]) -> Row:
        plant, item, lot = key
        left = [spell for spell in spells if spell.until is None]
        total = sum((spell.difference for spell in left), Decimal(0))
        return Row(
            "balance_variance",
            min(spell.since + GRACE.get(spell.first.kind, timedelta(0)) for spell in spells),
            plant,
            key="/".join(filter(None, (bare(item), lot))),
            until=None if left else max(filter(None, (spell.until for spell in spells))),
            quantity=total if left else None,
            stock=left[0].first if left else None,
        )


def _together(spells: list[_Spell]) -> Iterator[list[_Spell]]:
    """Spells that overlap are one difference."""
    group: list[_Spell] = []
    for spell in sorted(spells, key=lambda spell: (spell.since, spell.first.no)):
        if group and all(other.until and other.until < spell.since for other in group):
            yield group
            group = []
        group.append(spell)
    if group:
        yield group


def _legs(h: Happening) -> Iterator[tuple[Key, Decimal]]:
    """What a movement adds to the stock of a lot in a plant, outside the line side."""
    if h.from_place not in ("", WIP):
        yield (h.from_plant or h.plant, h.item, h.lot), -h.quantity
    if h.to_place not in ("", WIP):
        yield (h.plant, h.item, h.lot), h.quantity
