"""What two systems must know the same of a thing, and the keys by which they name it.

Semantics in README.md.
"""

from collections.abc import Iterable, Mapping
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
        named = {name: getattr(spec, name) for name in ("expected", "observed", "facts", "records")}
        return {name: _use(side, spec) for name, side in named.items() if side}

    def key_columns(self, spec: AgreementSpec) -> tuple[str, ...]:
        """Columns that make the business key."""
        return ("source", spec.key) if spec.facts else (spec.key,)

    def evaluate(self, con: duckdb.DuckDBPyConnection, spec: AgreementSpec, bind: Bind) -> None:
        """Leave `verdict`, `finding` and `part`; of keys there is no verdict."""
        binds = {"horizon": bind.horizon}
        if spec.facts:
            run(con, "record_records", _record(spec, "records"))
            run(con, "stray", _stray(spec), binds)
            con.execute(f"CREATE OR REPLACE TEMP TABLE verdict ({VERDICT})")
        else:
            for side in ("expected", "observed"):
                run(con, f"record_{side}", _record(spec, side))
            run(con, "pair", _pair(spec), binds)
            run(con, "verdict", _sql("verdict", key=spec.key))
        run(con, "finding", _sql(f"finding_{spec.question}"))
        run(con, "part", _sql(f"part_{spec.question}", key=spec.key))


def _use(side: Side, spec: AgreementSpec) -> SideUse:
    """A record holds until it is told anew, so none is too old to be looked at."""
    if side is spec.facts:
        return SideUse(side, counted=False, is_needed=True, keys_only=True)
    is_counted = side is not spec.records
    return SideUse(
        side, ((spec.key,),), counted=is_counted, is_needed=True, time="changed_at", lasts=True
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
    differing = [f"coalesce(e.told_{name} <> o.told_{name}, false)" for name in spec.compare]
    saying = [_differs(name) for name in spec.compare]
    return _sql(
        "pair",
        subject=subject("'record'", "asked.source", "asked.plant", "asked.thing"),
        differs=" OR ".join(differing) or "false",
        difference=f"concat_ws('; ', {', '.join(saying)})" if saying else _NO_TEXT,
        expected_twin=_twin("e", spec.carries),
        observed_twin=_twin("o", spec.carries),
        due=interval(spec.due),
        must_be_known=str(spec.missing is not None).lower(),
        missing_due=interval(spec.due if spec.missing is None else spec.missing),
        must_not_be_unknown=str(spec.unknown is not None).lower(),
        unknown_due=interval(spec.due if spec.unknown is None else spec.unknown),
    )


def _differs(name: str) -> str:
    said = name.removeprefix("is_").replace("_", " ")
    return (
        f"CASE WHEN e.told_{name} <> o.told_{name} "
        f"THEN '{said} ' || e.told_{name} || ' against ' || o.told_{name} END"
    )


def _twin(alias: str, carries: Iterable[str]) -> str:
    """Whether a record, `twin`, carries what another one does."""
    alike = (f"twin.told_{name} = {alias}.told_{name}" for name in carries)
    return " OR ".join(alike) or "false"


def _stray(spec: AgreementSpec) -> str:
    """Keys that came and are no key of a record."""
    named = subject("'key'", "came.source", "came.plant", "came.thing")
    return _sql("stray", key=spec.key, due=interval(spec.due), subject=named)
