"""What two systems must know the same of a thing, and the keys by which they name it.

Semantics in README.md.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import ClassVar

import duckdb

from reconcilers.agreement.spec import COLUMNS, AgreementSpec
from reconcilers.family import VERDICT, Bind, Side, SideUse, interval, run, staged, subject

_sql = partial(staged, __package__)
_NO_TEXT = "CAST(NULL AS VARCHAR)"


class Agreement:
    """Records of one thing say the same, and every key that comes is the key of a record."""

    name: ClassVar[str] = "agreement"
    Spec: ClassVar[type[AgreementSpec]] = AgreementSpec
    is_incremental: ClassVar[bool] = False
    is_valued: ClassVar[bool] = False

    def sides(self, spec: AgreementSpec) -> Mapping[str, SideUse]:
        """The records of both sides; or facts, of which keys are judged, and the records."""
        if spec.facts and spec.records:
            return {
                "facts": SideUse(spec.facts, counted=False, is_needed=True, keys_only=True),
                "records": _records(spec.records, is_needed=True),
                "withdrawn": _records(spec.records, is_gone=True),
            }
        sides = {"expected": spec.expected, "observed": spec.observed}
        uses = {
            name: replace(_records(side, is_needed=True), links=((spec.key,),), counted=True)
            for name, side in sides.items()
            if side
        }
        return uses | ({"complete": _records(spec.complete)} if spec.complete else {})

    def key_columns(self, spec: AgreementSpec) -> tuple[str, ...]:
        """Columns that make the business key."""
        return ("source", spec.key) if spec.facts else (spec.key,)

    def evaluate(self, con: duckdb.DuckDBPyConnection, spec: AgreementSpec, bind: Bind) -> None:
        """Leave `verdict`, `finding` and `part`; of keys there is no verdict."""
        binds = {"horizon": bind.horizon}
        if spec.facts:
            for side in ("records", "withdrawn"):
                run(con, f"record_{side}", _record(spec, side))
            run(con, "standing", _sql("standing", key=spec.key))
            run(con, "stray", _stray(spec), binds)
            con.execute(f"CREATE OR REPLACE TEMP TABLE verdict ({VERDICT})")
        else:
            for side in ("expected", "observed"):
                run(con, f"record_{side}", _record(spec, side))
            run(con, "pair", _pair(spec), binds)
            run(con, "verdict", _sql("verdict", key=spec.key))
        run(con, "finding", _sql(f"finding_{spec.question}"))
        run(con, "part", _sql(f"part_{spec.question}"))


def _records(side: Side, *, is_needed: bool = False, is_gone: bool = False) -> SideUse:
    """A record holds until it is told anew, whenever it was changed."""
    return SideUse(
        side, counted=False, is_needed=is_needed, time="changed_at", is_gone=is_gone, lasts=True
    )


def _record(spec: AgreementSpec, side: str) -> str:
    """What a side knows of each thing in each plant."""
    names = () if spec.facts else spec.attributes
    told = [f"{_told(name)} AS told_{name}" for name in names]
    own = [f"coalesce(own.told_{name}, general.told_{name}) AS told_{name}" for name in names]
    return _sql(
        "record",
        side=side,
        key=spec.key,
        told="".join(f", {column}" for column in told),
        own="".join(f", {column}" for column in own),
        general="".join(f", general.told_{name}" for name in names),
    )


def _told(name: str) -> str:
    """What a record says of an attribute, as text."""
    if name in COLUMNS:
        return f"CAST({name} AS VARCHAR)"
    return f"json_extract_string(attributes, '$.{name}')"


def _pair(spec: AgreementSpec) -> str:
    """Both records of every thing, what is wrong with them, and from when that may be said."""
    differing = [f"coalesce({_apart(name)}, false)" for name in spec.compare]
    saying = [_differs(name) for name in spec.compare]
    return _sql(
        "pair",
        subject=subject("'record'", "named.source", "named.plant", "named.thing"),
        differs=f"({' OR '.join(differing) or 'false'})",
        difference=f"concat_ws('; ', {', '.join(saying)})" if saying else _NO_TEXT,
        marks=_marks(spec.carries),
        both_carry=_carried("e", "o", spec.carries),
        one_carries=_carried("one", "twin", spec.carries),
        due=interval(spec.due),
        must_be_known=_must_be_known(spec),
        missing_due=interval(spec.due if spec.missing is None else spec.missing),
        must_not_be_unknown=str(spec.unknown is not None).lower(),
        unknown_due=interval(spec.due if spec.unknown is None else spec.unknown),
    )


def _differs(name: str) -> str:
    return (
        f"CASE WHEN {_apart(name)} "
        f"THEN '{_said(name)} ' || e.told_{name} || ' against ' || o.told_{name} END"
    )


def _said(name: str) -> str:
    return name.removeprefix("is_").replace("_", " ")


def _apart(name: str) -> str:
    """Whether an attribute differs: numbers by what they are, all else by how it is written."""
    sides = [f"{alias}.told_{name}" for alias in ("e", "o")]
    left, right = (f"TRY_CAST({side} AS DECIMAL(38, 9))" for side in sides)
    return f"coalesce({left} <> {right}, {' <> '.join(sides)})"


def _must_be_known(spec: AgreementSpec) -> str:
    """Whether the source `named` has to know what the expected side has."""
    if spec.missing is None:
        return "false"
    return "named.source IN (SELECT source FROM complete)" if spec.complete else "true"


def _marks(carries: Iterable[str]) -> str:
    """What a record may be told by, as a list of texts to join by."""
    marks = (f"'{name} ' || nullif(told_{name}, '')" for name in carries)
    return f"CAST([{', '.join(marks)}] AS VARCHAR[])"


def _carried(left: str, right: str, carries: Sequence[str]) -> str:
    """By which attribute two records are of one thing: the first both tell decides."""
    whens = (
        f"WHEN {left}.told_{name} <> '' AND {right}.told_{name} <> '' "
        f"THEN CASE WHEN {left}.told_{name} = {right}.told_{name} THEN '{_said(name)}' END"
        for name in carries
    )
    return f"CASE {' '.join(whens)} END" if carries else _NO_TEXT


def _stray(spec: AgreementSpec) -> str:
    """Keys that came and are no key of a record."""
    named = subject("'key'", "came.source", "came.plant", "came.thing")
    return _sql("stray", key=spec.key, due=interval(spec.due), subject=named)
