"""The records of X12 files: one for each business line, with what stands above it."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Self

import pyarrow as pa

from collectors.contract import Contract, Field
from collectors.record import (
    MAX_RECORD,
    MAX_ROWS,
    MAX_UNPACKED,
    NUL,
    Dialect,
    Page,
    Records,
    Reject,
    X12Layout,
)
from collectors.x12_envelope import SEGMENT, Segment, Transaction, transactions

LINE_NO = "line_no"

_NAME = re.compile(rf"(?P<tag>{SEGMENT})((?P<element>\d\d)(-(?P<component>\d))?(_(?P<of>\w+))?)?")
_SURROGATE = re.compile("[\udc80-\udcff]")


def is_name(name: str, kind: str) -> bool:
    """Whether a contract may ask for this field: W1203, N104_WH, QTY03-1, N9 as json, line_no."""
    found = _NAME.fullmatch(name)
    return name == LINE_NO or bool(found and (found["element"] or kind.startswith("json")))


def x12_records(page: Page, path: str, contract: Contract, dialect: Dialect) -> Records:
    """The lines of one transaction set; what is broken inside of a set rejects the set alone.

    Raises ValueError, with the number of the segment, where the envelope cannot be trusted: then
    nobody knows what is missing.
    """
    layout = dialect.x12
    if layout is None:
        raise ValueError("the feed does not say which transaction set it takes: x12: {set: ...}")
    text = page.body.decode(layout.encoding, "surrogateescape").removeprefix("\ufeff")
    found = _Found(contract, layout)
    for transaction in transactions(text):
        found.take(transaction)
    return found.records()


@dataclass(frozen=True)
class _Wanted:
    """A field of the contract: which element of which segment, `of` which qualifier."""

    name: str
    tag: str
    element: int | None
    component: int | None
    of: str | None
    is_list: bool
    is_optional: bool

    @classmethod
    def of_field(cls, declared: Field) -> Self:
        found = _NAME.fullmatch(declared.path)
        if found is None:
            raise ValueError(f"{declared.path} is no element of a segment, such as W1203")
        element, component = (int(x) if x else None for x in found.group("element", "component"))
        is_list = declared.type == "json"
        optional = declared.optional
        return cls(declared.path, found["tag"], element, component, found["of"], is_list, optional)

    def values(self, segments: Iterable[Segment]) -> list[str]:
        """What each of the segments of one loop says; empty where one says nothing."""
        if self.element is None:
            raise ValueError(f"{self.name} has no element")
        told = []
        for segment in segments:
            if self.of and segment.element(1) != self.of:
                continue
            # the separator of repetitions is itself an element of the ISA
            repetition = segment.signs.repetition if self.tag != "ISA" else ""
            element = segment.element(self.element)
            for value in element.split(repetition) if repetition else (element,):
                parts = value.split(segment.signs.component) if self.component else [value]
                part = (self.component or 1) - 1
                told.append(parts[part].strip() if part < len(parts) else "")
        return told if any(told) else []


@dataclass
class _Loop:
    """A segment and what belongs to it, under the loop it stands in."""

    above: "_Loop | None"
    segments: list[Segment] = field(default_factory=list)
    is_record: bool = False
    has_record: bool = False
    is_within: bool = False
    by_tag: dict[str, list[Segment]] = field(default_factory=dict)
    told: dict[str, list[str]] = field(default_factory=dict)
    named: dict[str, dict[str, list[str]]] = field(default_factory=dict)

    @property
    def is_astray(self) -> bool:
        """Whether no record has to do with it, though with the loop above."""
        return bool(
            self.above and self.above.has_record and not (self.has_record or self.is_within)
        )

    def add(self, segment: Segment) -> None:
        self.segments.append(segment)
        self.by_tag.setdefault(segment.tag, []).append(segment)

    def values(self, wanted: _Wanted) -> list[str]:
        """What the nearest loop that says something says."""
        if wanted.name not in self.told:
            own = wanted.values(self.by_tag.get(wanted.tag, ()))
            self.told[wanted.name] = own or (self.above.values(wanted) if self.above else [])
        return self.told[wanted.name]

    def by_qualifier(self, tag: str) -> dict[str, list[str]]:
        """Second elements by the first, of this loop and the loops above; the nearest counts."""
        if tag not in self.named:
            own: dict[str, list[str]] = {}
            for segment in self.by_tag.get(tag, ()):
                if segment.element(2):
                    own.setdefault(segment.element(1), []).append(segment.element(2))
            self.named[tag] = {**(self.above.by_qualifier(tag) if self.above else {}), **own}
        return self.named[tag]

    def text(self) -> str:
        """Its segments, after the first ones of the loops above."""
        above, loop = [], self.above
        while loop and loop.above:
            above.append("".join(segment.text for segment in loop.segments[:2]))
            loop = loop.above
        return "".join([*reversed(above), *(segment.text for segment in self.segments)])


class _Found:
    """Collects records and rejects in the order of the file."""

    def __init__(self, contract: Contract, layout: X12Layout) -> None:
        self._contract, self._layout = contract, layout
        fields = [declared for declared in contract.fields if declared.path != LINE_NO]
        self._wanted = {declared.path: _Wanted.of_field(declared) for declared in fields}
        self._numbers: list[int] = []
        self._texts: list[str] = []
        self._rows: list[list[str | None]] = []
        self._rejects: list[Reject] = []
        self._count = self._size = 0

    def records(self) -> Records:
        columns = zip(*self._rows, strict=True) if self._rows else [()] * len(self._contract.tops)
        table = pa.table(
            [pa.array(self._numbers, pa.int64()), *(pa.array(x, pa.string()) for x in columns)],
            names=["#", *self._contract.tops],
        )
        return Records(table, self._texts, frozenset(), self._rejects, self._count)

    def take(self, transaction: Transaction) -> None:
        """One transaction set: its lines, or one reject for all of it."""
        layout, opened = self._layout, transaction.segments[0]
        if opened.element(1) != layout.set:
            if opened.element(1) not in layout.beside:
                self._reject(
                    f"transaction set {transaction.name} is not read here, only {layout.set}; "
                    "give it a feed of its own, or pass it over: x12: {beside: ...}",
                    transaction.text,
                )
            return
        record = f"{layout.record} {layout.level or ''}".strip()
        loops = _loops(transaction, layout) if transaction.problem is None else []
        if transaction.problem:
            self._reject(f"{transaction.name}: {transaction.problem}", transaction.text)
        elif not loops:
            what = f"{transaction.name} has no {record}, so it tells nothing"
            self._reject(what, transaction.text)
        line = 0
        for loop in loops:
            if loop.is_record:
                line += 1
                self._keep(loop, line)
            elif loop.is_astray:
                what = f"{loop.segments[0].tag} of segment {loop.segments[0].number}"
                self._reject(f"{transaction.name}: {what} has no {record} in it", loop.text())

    def _reject(self, reason: str, text: str) -> None:
        self._count += 1
        self._weigh(len(text))
        received = text[:MAX_RECORD].encode("utf-8", "backslashreplace").decode()
        self._rejects.append(Reject(reason, received, str(self._count)))

    def _weigh(self, size: int) -> None:
        """Headers are repeated in every record: a file may grow, but not without end."""
        self._size += size
        if self._count > MAX_ROWS:
            raise ValueError(f"more than {MAX_ROWS:,} lines, the limit of a file")
        if self._size > MAX_UNPACKED:
            what = "its lines, each with its header, are over the limit of"
            raise ValueError(f"{what} {MAX_UNPACKED:,} characters")

    def _keep(self, loop: _Loop, line: int) -> None:
        text = loop.text()
        if len(text) > MAX_RECORD:
            what = f"record of {len(text):,} characters is over the limit of {MAX_RECORD:,}"
            return self._reject(what, text)
        row: list[str | None] = []
        for name in self._contract.tops:
            try:
                row.append(str(line) if name == LINE_NO else _value(loop, self._wanted[name]))
            except ValueError as error:
                return self._reject(f"segment {loop.segments[0].number}: {error}", text)
        joined = "".join(value or "" for value in row)
        if NUL in joined or (not joined.isascii() and _SURROGATE.search(joined)):
            what = f"a NUL character or what is not {self._layout.encoding}"
            return self._reject(f"segment {loop.segments[0].number}: record holds {what}", text)
        self._count += 1
        self._weigh(len(joined) + len(text))
        self._numbers.append(self._count)
        self._texts.append(text.encode("utf-8", "backslashreplace").decode())
        self._rows.append(row)
        return None


def _value(loop: _Loop, wanted: _Wanted) -> str | None:
    """The text of a field, None where there is none. Raises ValueError where it breaks its word."""
    if wanted.element is None:
        named = loop.by_qualifier(wanted.tag)
        single = {key: told[0] if len(told) == 1 else told for key, told in named.items()}
        value = json.dumps(single, ensure_ascii=False) if single else None
    elif wanted.is_list:
        told = loop.values(wanted)
        value = json.dumps([one or None for one in told], ensure_ascii=False) if told else None
    else:
        found = list(dict.fromkeys(filter(None, loop.values(wanted))))
        if len(found) > 1:
            what = f"{wanted.name} has {len(found)} values, {found[0]!a} and {found[1]!a}"
            raise ValueError(f"{what}; name its qualifier ({wanted.name}_XX) or take it as json")
        value = found[0] if found else None
    if value is None and not wanted.is_optional:
        raise ValueError(f"{wanted.name} is missing")
    return value


def _loops(transaction: Transaction, layout: X12Layout) -> list[_Loop]:
    """Every loop of a transaction set, parents first; a problem is noted there."""
    envelope = _Loop(None)
    for segment in transaction.envelope:
        envelope.add(segment)
    header = loop = _Loop(envelope, has_record=True)
    place = _Hierarchy(header, layout) if layout.level else _Nest(header, layout)
    loops = []
    for segment in transaction.segments[:-1]:
        if segment.tag in place.tags:
            try:
                loop = place.loop(segment)
            except ValueError as error:
                transaction.problem = str(error)
                return []
            loops.append(loop)
        loop.add(segment)
    for loop in loops:
        _mark(loop)
    return loops


def _mark(loop: _Loop) -> None:
    """What is around a record has one, what is within one is a part of it."""
    above = loop.above
    loop.is_within = above is not None and (above.is_record or above.is_within)
    around: _Loop | None = loop if loop.is_record else None
    while around and not around.has_record:
        around.has_record = True
        around = around.above


class _Nest:
    """Loops by the segment that begins them, from the outermost to the record."""

    def __init__(self, header: _Loop, layout: X12Layout) -> None:
        self.tags = (*layout.within, layout.record)
        self._open = [(-1, header)]

    def loop(self, segment: Segment) -> _Loop:
        depth = self.tags.index(segment.tag)
        while self._open[-1][0] >= depth:
            self._open.pop()
        loop = _Loop(self._open[-1][1], is_record=depth == len(self.tags) - 1)
        self._open.append((depth, loop))
        return loop


class _Hierarchy:
    """Loops of HL segments: HL01 their number, HL02 the one above, HL03 the level."""

    def __init__(self, header: _Loop, layout: X12Layout) -> None:
        self.tags, self._level = (layout.record,), layout.level
        self._by_number = {"": header}

    def loop(self, segment: Segment) -> _Loop:
        number, above = segment.element(1), segment.element(2)
        if not number or number in self._by_number:
            what = f"HL01 is {number!a}, which is " + ("taken" if number else "no number")
            raise ValueError(f"segment {segment.number}: {what}")
        if above not in self._by_number:
            what = f"HL02 is {above!a}, and no HL before it has that number"
            raise ValueError(f"segment {segment.number}: {what}")
        loop = _Loop(self._by_number[above], is_record=segment.element(3) == self._level)
        self._by_number[number] = loop
        return loop
