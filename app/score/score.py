"""Exceptions held against the truth: what was found, what was missed, what was invented, and when.

An exception tells a fault when it stands at the fault's plant under one of its keys, at a time the
fault was there. Where several would do, the one that had the right code then is taken: an exception
lives on and may tell of another fault later. One that tells a fault rightly is not spent on another
it tells wrongly.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import zip_longest
from statistics import median
from typing import Any

from app.score.truth import Fault
from app.store.reading import Reader, Wanted, codes_of

Row = Mapping[str, Any]  # an exception as the store reads it
Courses = Mapping[str, Sequence[tuple[datetime, frozenset[str]]]]  # the codes of each, since when
NONE = timedelta(0)


@dataclass(frozen=True)
class Run:
    """One run of a rule: it was asked for `as_of`, and could judge what is until `horizon`."""

    rule: str
    as_of: datetime
    horizon: datetime


@dataclass(frozen=True)
class Found:
    """A fault and the exceptions that tell it, the first seen first."""

    fault: Fault
    told_by: tuple[Row, ...]
    has_code: bool
    runs_late: int

    @property
    def took(self) -> timedelta:
        """From when it could be seen until it was; negative where it was told too early."""
        seen: datetime = self.told_by[0]["first_seen_at"]
        return seen - self.fault.since

    @property
    def has_quantity(self) -> bool | None:
        """Whether an exception has the true variance; None where the truth does not tell it."""
        return _has(self.fault.quantity, self.told_by, "variance")

    @property
    def has_value(self) -> bool | None:
        """Whether an exception has the true value; None where the truth does not tell it."""
        return _has(self.fault.value, self.told_by, "value")


@dataclass(frozen=True)
class Invented:
    """An exception that tells no fault; `decoy` is what it fell for, if that is known."""

    row: Row
    decoy: Fault | None


@dataclass(frozen=True)
class Figures:
    """How good something is: a rule, a code, a mode, or everything.

    Ratios are between 0 and 1, None where there is nothing to divide by.
    """

    faults: int = 0
    found: int = 0
    exceptions: int = 0
    false: int = 0
    right_code: int = 0
    quantities: int = 0
    right_quantity: int = 0
    values: int = 0
    right_value: int = 0
    early: int = 0
    late: int = 0
    took_median: timedelta | None = None
    took_longest: timedelta | None = None

    @property
    def recall(self) -> float | None:
        """Share of the faults that were found."""
        return _share(self.found, self.faults)

    @property
    def precision(self) -> float | None:
        """Share of the exceptions that tell a fault."""
        return _share(self.exceptions - self.false, self.exceptions)

    @property
    def code_right(self) -> float | None:
        """Share of the faults found that were given their code."""
        return _share(self.right_code, self.found)


@dataclass
class Score:
    """What came out. `unseen` are faults that no run could have seen: they count nowhere."""

    found: list[Found] = field(default_factory=list)
    missed: list[Fault] = field(default_factory=list)
    unseen: list[Fault] = field(default_factory=list)
    false: list[Invented] = field(default_factory=list)
    exceptions: Sequence[Row] = ()

    @property
    def overall(self) -> Figures:
        """Everything together."""
        return _figures(self.found, len(self.missed), self.exceptions, self.false)

    @property
    def by_code(self) -> dict[str, Figures]:
        """By the code a fault has; false alarms by the code they were given."""
        codes = {*(one.fault.code for one in self.found), *(fault.code for fault in self.missed)}
        codes |= {row["code"] for row in self.exceptions}
        return {
            code: _figures(
                [one for one in self.found if one.fault.code == code],
                sum(fault.code == code for fault in self.missed),
                [row for row in self.exceptions if row["code"] == code],
                [one for one in self.false if one.row["code"] == code],
            )
            for code in sorted(codes)
        }

    @property
    def by_rule(self) -> dict[str, Figures]:
        """By the rule that spoke. A fault belongs to no rule, so there is no recall."""
        rules = {row["rule"] for row in self.exceptions}
        return {
            rule: _figures(
                [one for one in self.found if one.told_by[0]["rule"] == rule],
                None,
                [row for row in self.exceptions if row["rule"] == rule],
                [one for one in self.false if one.row["rule"] == rule],
            )
            for rule in sorted(rules)
        }

    @property
    def by_mode(self) -> dict[str, Figures]:
        """By the mode the truth gives a fault. An exception has none, so there is no precision."""
        modes = {one.fault.mode for one in self.found} | {fault.mode for fault in self.missed}
        return {
            mode: _figures(
                [one for one in self.found if one.fault.mode == mode],
                sum(fault.mode == mode for fault in self.missed),
                (),
                (),
            )
            for mode in sorted(filter(None, modes))
        }


def scored(
    faults: Iterable[Fault],
    exceptions: Sequence[Row],
    runs: Sequence[Run],
    courses: Courses | None = None,
) -> Score:
    """Hold all exceptions there ever were against the truth."""
    result, known = Score(exceptions=exceptions), _Keys(exceptions)
    judged, decoys = [], []
    for fault in faults:
        if fault.is_decoy:
            decoys.append(fault)
        elif any(_could_see(run, fault) for run in runs):
            judged.append(fault)
        else:
            result.unseen.append(fault)
    told = {fault: known.telling(fault) for fault in judged}
    rightly = {
        fault: known.closest(
            fault,
            [row for row in rows if _is_coded(row, fault, (courses or {}).get(row["id"], ()))],
        )
        for fault, rows in told.items()
    }
    spent = {row["id"] for rows in rightly.values() for row in rows}
    for fault in judged:
        rows = rightly[fault] or [row for row in told[fault] if row["id"] not in spent]
        if not rows:
            result.missed.append(fault)
            continue
        first = tuple(sorted(rows, key=lambda row: (row["first_seen_at"], row["no"])))
        late = _runs_late(runs, fault, first[0])
        result.found.append(Found(fault, first, bool(rightly[fault]), late))
    true = {row["id"] for fault in (*judged, *result.unseen) for row in known.telling(fault)}
    fallen = {row["id"]: decoy for decoy in decoys for row in known.telling(decoy)}
    result.false = [
        Invented(row, fallen.get(row["id"])) for row in exceptions if row["id"] not in true
    ]
    return result


def score_of(reader: Reader, faults: Iterable[Fault]) -> Score:
    """Hold all exceptions of a store against the truth."""
    runs = [Run(**row) for row in reader.judged()]
    return scored(faults, reader.exceptions(Wanted(states=())), runs, reader.courses())


class _Keys:
    """Exceptions by every key they stand under."""

    def __init__(self, exceptions: Iterable[Row]) -> None:
        self._by_record: dict[str, list[Row]] = defaultdict(list)
        self._by_name: dict[str, list[Row]] = defaultdict(list)
        self._names: dict[str, set[str]] = {}
        for row in exceptions:
            for record in {side["source_key"] for side in (*row["expected"], *row["observed"])}:
                self._by_record[record].append(row)
            names = {str(name) for name in row["key"].values()} | set(row["search"].split(" "))
            self._names[row["id"]] = names
            for name in names:
                self._by_name[name].append(row)

    def telling(self, fault: Fault) -> list[Row]:
        """The exceptions that may be about a fault."""
        rows = {row["id"]: row for row in self._named(fault)}
        return [row for row in rows.values() if _is_there(row, fault) and _is_then(row, fault)]

    def closest(self, fault: Fault, rows: Sequence[Row]) -> Sequence[Row]:
        """Those about the record of the fault, where there are any: a machine has many faults."""
        own = {row["id"] for row in self._of_record(fault)}
        return [row for row in rows if row["id"] in own] or rows

    def _of_record(self, fault: Fault) -> list[Row]:
        key = fault.source_key
        return [*self._by_record.get(key, ()), *self._by_name.get(key, ())] if key else []

    def _named(self, fault: Fault) -> list[Row]:
        found = self._of_record(fault)
        if fault.key:
            first, *others = fault.key.split("/")
            names = self._names
            found += [row for row in self._by_name[first] if names[row["id"]].issuperset(others)]
        return found


def _is_there(row: Row, fault: Fault) -> bool:
    return fault.plant is None or row["plant"] in (None, fault.plant)


def _is_then(row: Row, fault: Fault) -> bool:
    """Whether the exception stood while the fault did, by the time its promise was broken.

    One that was seen before is about it too, though a promise broken later has moved its due time.
    """
    ended = row["resolved_at"] is not None and row["resolved_at"] < fault.since
    began: datetime = min(row["due_at"] or row["first_seen_at"], row["first_seen_at"])
    return not ended and (fault.until is None or began <= fault.until)


def _is_coded(row: Row, fault: Fault, course: Sequence[tuple[datetime, frozenset[str]]]) -> bool:
    """Whether an exception has the code of a fault, or had it while the fault was there."""
    until = [at for at, _ in course[1:]]
    had = [
        codes
        for (at, codes), ends in zip_longest(course, until)
        if (fault.until is None or at <= fault.until) and (ends is None or ends > fault.since)
    ]
    return any(fault.code in codes for codes in (codes_of(row), *had))


def _could_see(run: Run, fault: Fault) -> bool:
    return run.horizon >= fault.since and (fault.until is None or run.as_of <= fault.until)


def _runs_late(runs: Iterable[Run], fault: Fault, row: Row) -> int:
    """How many runs of the rule could have seen the fault before the one that did."""
    seen: datetime = row["first_seen_at"]
    own = (run for run in runs if run.rule == row["rule"])
    able = [run for run in own if run.horizon >= fault.since and run.as_of <= seen]
    return max(len(able) - 1, 0)


def _has(true: Decimal | None, rows: Iterable[Row], name: str) -> bool | None:
    return None if true is None else any(row[name] == true for row in rows)


def _figures(
    found: Sequence[Found], missed: int | None, exceptions: Sequence[Row], false: Sequence[Invented]
) -> Figures:
    took = [one.took for one in found]
    quantities = [one.has_quantity for one in found if one.has_quantity is not None]
    values = [one.has_value for one in found if one.has_value is not None]
    return Figures(
        faults=0 if missed is None else len(found) + missed,
        found=len(found),
        exceptions=len(exceptions),
        false=len(false),
        right_code=sum(one.has_code for one in found),
        quantities=len(quantities),
        right_quantity=sum(quantities),
        values=len(values),
        right_value=sum(values),
        early=sum(time < NONE for time in took),
        late=sum(one.runs_late > 0 for one in found),
        took_median=_median(took),
        took_longest=max(took, default=None),
    )


def _median(times: Sequence[timedelta]) -> timedelta | None:
    return timedelta(seconds=median(time.total_seconds() for time in times)) if times else None


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
