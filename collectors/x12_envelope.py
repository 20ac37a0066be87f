"""X12 interchanges: their segments, and the transaction sets in their envelopes."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from collectors.record import MAX_ROWS

SEGMENT = r"[A-Z][A-Z0-9]{1,2}"
MAX_SEGMENT = 10_000  # characters; where a segment is longer its end is missing

_TAG = re.compile(SEGMENT)
_BETWEEN = re.compile(r"[ \t\r\n\x1a]*")  # a mainframe ends its files with the latter
_LINE_END = re.compile(r"[\r\n]")
_ISA_WIDTHS = (3, 2, 10, 2, 10, 2, 15, 2, 15, 6, 4, 1, 5, 9, 1, 1, 1)
_OPENS = {"ISA": "IEA", "GS": "GE", "ST": "SE"}
_CLOSES = {closing: opening for opening, closing in _OPENS.items()}
_LEVEL = {tag: level for level, pair in enumerate(_OPENS.items()) for tag in pair}
_NUMBERED = {"ISA": 13, "GS": 6, "ST": 2}  # the element that holds the control number
_COUNTED = {"IEA": "groups", "GE": "transaction sets", "SE": "segments"}
_FREE = {"TA1", "ISB", "ISE"}  # what may stand between the parts of an interchange


class Signs(NamedTuple):
    """What parts segments, elements, components and repetitions, as the ISA declares it."""

    segment: str
    element: str
    component: str
    repetition: str


@dataclass(slots=True)
class Segment:
    """One segment; `number` counts from 1 in the file."""

    number: int
    text: str
    elements: list[str]
    signs: Signs

    @property
    def tag(self) -> str:
        """Its name: W12, N1."""
        return self.elements[0]

    def element(self, place: int) -> str:
        """The element at a place, the first after the tag is 1; empty where there is none."""
        return self.elements[place].strip() if place < len(self.elements) else ""


@dataclass
class Transaction:
    """A transaction set with its envelope; `problem` says why it cannot be trusted."""

    envelope: list[Segment]
    segments: list[Segment]
    problem: str | None = None

    @property
    def name(self) -> str:
        """Set, control number and where it begins."""
        opened = self.segments[0]
        return f"{opened.element(1)} {opened.element(2)} (segment {opened.number})"

    @property
    def text(self) -> str:
        """As it came, without ends of lines."""
        return "".join(segment.text for segment in self.segments)


def transactions(text: str) -> Iterator[Transaction]:
    """Every transaction set of a file, in its order; one that contradicts itself says so.

    Raises ValueError, with the number of the segment, where an interchange or a group cannot be
    trusted: then nobody knows what is missing.
    """
    envelope, number = _Envelope(), 0
    for segment in _segments(text):
        number = segment.number
        if ended := envelope.read(segment):
            yield ended
    envelope.end(number)


def _segments(text: str) -> Iterator[Segment]:
    number, place = 0, _after_blanks(text, 0)
    if place == len(text):
        raise ValueError("the file is empty: even with nothing to tell it has ISA and IEA")
    while place < len(text):
        signs, tag = _signs(text, place, number + 1), ""
        while tag != "IEA" and place < len(text):
            number += 1
            end = text.find(signs.segment, place, place + MAX_SEGMENT)
            if end < 0:
                raise ValueError(_endless(text, place, number, signs))
            raw = _LINE_END.sub("", text[place:end])
            elements = raw.split(signs.element)
            tag, place = elements[0], _after_blanks(text, end + 1)
            yield Segment(number, raw + signs.segment, elements, signs)


def _after_blanks(text: str, place: int) -> int:
    found = _BETWEEN.match(text, place)
    return found.end() if found else place


def _endless(text: str, place: int, number: int, signs: Signs) -> str:
    where = f"segment {number} ({text[place : place + 20]!a}) has no {signs.segment!a}"
    if len(text) - place < MAX_SEGMENT:
        return f"{where} at its end: the file was cut off"
    return f"{where} within {MAX_SEGMENT:,} characters"


def _signs(text: str, place: int, number: int) -> Signs:
    """What the ISA that begins here declares. Raises ValueError where it is none."""
    head = text[place : place + 106]
    if _LINE_END.search(head[:105]):  # lines of fixed length: an end of line means nothing
        head = _LINE_END.sub("", text[place : place + 120])[:106]
    if not head.startswith("ISA"):
        found = text[place : place + 20]
        raise ValueError(f"segment {number} is {found!a}: an interchange begins with ISA")
    elements = head[:105].split(head[3:4] or "*")
    for index, (element, width) in enumerate(zip(elements, _ISA_WIDTHS, strict=False)):
        if len(element) != width:
            what = f"ISA{index:02} has {len(element)} characters instead of {width}"
            raise ValueError(f"segment {number}: {what}: {element[:20]!a}")
    if len(elements) != len(_ISA_WIDTHS) or len(head) < 106:
        what = f"{len(elements) - 1} elements in {len(head)} characters instead of 16 in 106"
        raise ValueError(f"segment {number}: ISA has {what}")
    repetition = "" if elements[11].isalnum() else elements[11]
    signs = Signs(head[105], head[3], elements[16], repetition)
    given = "".join(signs)
    if len(set(given)) < len(given) or any(sign.isalnum() or sign == " " for sign in given):
        what = f"{given!a} must differ and be no letter, digit or blank"
        raise ValueError(f"segment {number}: the signs the ISA declares, {what}")
    if elements[15] not in ("P", "T", "I"):
        raise ValueError(f"segment {number}: ISA15 is {elements[15]!a}, not P, T or I")
    return signs


@dataclass
class _Part:
    """An interchange, a group or a transaction set that was opened; `count` is what it holds."""

    opened: Segment
    count: int = 0

    @property
    def name(self) -> str:
        number = self.opened.element(_NUMBERED[self.opened.tag])
        return f"{self.opened.tag} {number} of segment {self.opened.number}"


class _Envelope:
    """Follows the parts of interchanges as they open and close, and gives out transaction sets."""

    def __init__(self) -> None:
        self._parts: list[_Part] = []
        self._set: Transaction | None = None

    def read(self, segment: Segment) -> Transaction | None:
        """The transaction set that ends here, if one does. Raises ValueError."""
        ended = self._torn(segment)
        if segment.tag in _OPENS:
            self._open(segment)
        elif segment.tag in _CLOSES:
            return self._close(segment) or ended
        elif self._set:
            self._add(self._set, segment)
        elif segment.tag not in _FREE:
            what = f"{segment.text[:20]!a} stands outside of any transaction set"
            raise ValueError(f"segment {segment.number}: {what}")
        return ended

    def end(self, number: int) -> None:
        """Raises ValueError where a part is still open after the last segment."""
        if self._parts:
            closing = _OPENS[self._parts[-1].opened.tag]
            what = f"{self._parts[-1].name} has no {closing}: the file was cut off"
            raise ValueError(f"the file ends after segment {number}, and {what}")

    def _torn(self, segment: Segment) -> Transaction | None:
        """The transaction set that was open where another part opens or closes."""
        torn = self._set
        if torn is None or segment.tag not in _LEVEL or segment.tag == "SE":
            return None
        torn.problem = f"segment {segment.number}: {segment.tag} comes where SE should"
        self._parts.pop()
        self._set = None
        return torn

    def _open(self, segment: Segment) -> None:
        _check_place(self._parts, segment)
        if self._parts:
            self._parts[-1].count += 1
        if segment.tag == "ST":
            self._set = Transaction([part.opened for part in self._parts], [segment])
        self._parts.append(_Part(segment))

    def _close(self, segment: Segment) -> Transaction | None:
        _check_place(self._parts, segment)
        part, ended = self._parts.pop(), self._set
        if ended is None:
            if wrong := _disagreement(part, segment):
                raise ValueError(wrong)
            return None
        ended.segments.append(segment)
        part.count = len(ended.segments)
        ended.problem = ended.problem or _disagreement(part, segment)
        self._set = None
        return ended

    def _add(self, transaction: Transaction, segment: Segment) -> None:
        transaction.segments.append(segment)
        if len(transaction.segments) > MAX_ROWS:
            what = f"transaction set {transaction.name} has more than {MAX_ROWS:,} segments"
            raise ValueError(f"{what}: no set is so large, its SE is missing")
        if not _TAG.fullmatch(segment.tag):
            what = f"segment {segment.number} begins {segment.text[:20]!a}, which is no segment"
            transaction.problem = transaction.problem or what


def _check_place(parts: list[_Part], segment: Segment) -> None:
    """An opening stands in the part around it, a closing ends what was opened last."""
    tag, level = segment.tag, _LEVEL[segment.tag]
    expected = level + (tag in _CLOSES)
    if len(parts) > expected:
        missing = f"{parts[-1].name} has no {_OPENS[parts[-1].opened.tag]}"
        raise ValueError(f"segment {segment.number}: {tag} comes too early: {missing}")
    if len(parts) < expected:
        missing = list(_OPENS)[len(parts)]
        raise ValueError(f"segment {segment.number}: {tag} has no {missing} before it")


def _disagreement(part: _Part, closing: Segment) -> str | None:
    """How the closing segment contradicts what it closes."""
    opened, tag = part.opened, closing.tag
    place = _NUMBERED[opened.tag]
    number, told = opened.element(place), closing.element(2)
    if not number or number.lstrip("0") != told.lstrip("0"):
        what = f"{tag}02 is {told!a}, but {opened.tag}{place:02} of segment {opened.number}"
        return f"segment {closing.number}: {what} is {number!a}"
    if closing.element(1).lstrip("0") != str(part.count).lstrip("0"):
        what = f"{tag}01 says {closing.element(1)!a} {_COUNTED[tag]}, found {part.count}"
        return f"segment {closing.number}: {what}: something is missing or was put in"
    return None
