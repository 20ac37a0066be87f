"""What every family offers, and the tables its results come in.

A family is a folder: `spec.py` (what a rule may set), its stages as `.sql`, a README with the
semantics. Its `evaluate` reads the relations of its sides and leaves three temp tables: `verdict`
(one row per fact in scope), `finding` (one row per disagreement) and `part` (the facts of each
finding). SQL reads no clock: instants are bound.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from importlib import resources
from typing import Annotated, Any, ClassVar, Literal, Protocol

import duckdb
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

CODES = (  # what an exception may be
    "missing_posting", "orphan_posting", "duplicate_posting", "quantity_variance", "unit_mismatch",
    "late_posting", "wrong_period", "attribute_mismatch", "posting_failed", "reversal_lost",
    "balance_variance", "ledger_mismatch", "status_drift", "revision_drift", "missing_counterpart",
    "hold_not_propagated", "hold_violated", "release_not_propagated", "genealogy_gap",
    "stuck_message", "dead_letter", "silent_failure", "duplicate_message", "retry_storm",
    "sequence_gap", "count_mismatch", "contract_drift", "silent_source", "unmapped_key",
    "master_data_drift", "downtime_unreflected", "spare_part_unposted", "negative_stock",
    "transit_open", "cutoff_balance",
)  # fmt: skip

VERDICT = """
    side VARCHAR,            -- name of the side the fact is on
    fact_no BIGINT,
    verdict VARCHAR,         -- matched, not_due, excepted, excluded or unknown
    reason VARCHAR,          -- why excluded or unknown; 'late' or 'ambiguous' on a match
    pass INTEGER,            -- pass that settled it, counted from 1; NULL where nothing was found
    match_no BIGINT,         -- facts with the same number belong together
    check_at TIMESTAMPTZ,    -- when the verdict may change by time alone; NULL: never
    subject VARCHAR          -- finding it belongs to
"""

FINDING = """
    subject VARCHAR,         -- the business fact, as text: identity of the exception for life
    code VARCHAR,
    also VARCHAR,            -- further codes that are true of it, comma-separated
    lead_no BIGINT,          -- the fact it is about: its business keys are the finding's
    plant VARCHAR,
    item VARCHAR,
    quantity_expected DECIMAL(38,9),
    quantity_observed DECIMAL(38,9),
    variance DECIMAL(38,9),  -- observed - expected, in unit
    unit VARCHAR,
    at_risk DECIMAL(38,9),   -- quantity the value is computed from, >= 0
    occurred_at TIMESTAMPTZ,
    due_at TIMESTAMPTZ,
    settled_at TIMESTAMPTZ,  -- when the facts closed it, for what was only late
    is_ambiguous BOOLEAN,    -- the facts allow more than one reading; the candidates are parts
    pass INTEGER,
    tolerance DECIMAL(38,9),
    factor DECIMAL(38,9),    -- unit factor that explains the difference
    unexplained DECIMAL(38,9),
    note VARCHAR             -- what else helps to understand it
"""

PART = """
    subject VARCHAR,
    role VARCHAR,            -- expected, observed, carried, candidate or explains
    of_table VARCHAR,        -- canonical table of the fact
    fact_no BIGINT,
    cause VARCHAR,           -- of a part that explains
    quantity DECIMAL(38,9)   -- of a part that explains: its share of the variance, signed
"""

MEASURE = """
    plant VARCHAR,
    item VARCHAR,
    unit VARCHAR,
    compared DECIMAL(38,9),  -- sum of the larger side per key, in unit
    gross DECIMAL(38,9),     -- sum of absolute variances
    net DECIMAL(38,9),       -- sum of variances, observed - expected
    unexplained DECIMAL(38,9) -- sum of absolute unexplained rests
"""

Texts = Annotated[
    tuple[str, ...], BeforeValidator(lambda value: [value] if isinstance(value, str) else value)
]


class ReconcilerError(Exception):
    """A rule could not be evaluated."""


class Strict(BaseModel):
    """Frozen, and unknown keys are mistakes."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, hide_input_in_errors=True, populate_by_name=True
    )


class Excluding(Strict):
    """Values a column must not have."""

    not_: Texts = Field(alias="not")


class Known(Strict):
    """Whether a column has a value."""

    known: bool


Condition = Texts | Excluding | Known


def wanted_values(condition: Condition) -> Texts:
    """The values a condition names."""
    if isinstance(condition, Known):
        return ()
    return condition.not_ if isinstance(condition, Excluding) else condition


class Side(BaseModel):
    """Facts of one side: their table, the role or sources that tell them, values of columns."""

    model_config = ConfigDict(extra="allow", frozen=True, populate_by_name=True)
    __pydantic_extra__: dict[str, Condition] = Field(init=False)

    table: str = Field(default="business_event", alias="from")
    role: Texts = ()
    source: Texts = ()

    @property
    def filters(self) -> dict[str, Condition]:
        """Column conditions."""
        return dict(self.__pydantic_extra__ or {})


class Working(Strict):
    """A duration counted only while the plant works."""

    working: timedelta


Due = timedelta | Working


@dataclass(frozen=True)
class Bind:
    """What a run is a pure function of, beside the facts.

    `as_of`: business time of the question. `horizon`: until when both sides are complete; nothing
    later is judged. `known_at`: knowledge time, None for everything known. `since`: before it at
    least one side tells nothing.
    """

    as_of: datetime
    horizon: datetime
    known_at: datetime | None = None
    since: datetime | None = None


@dataclass(frozen=True)
class SideUse:
    """One side of a rule as the runner needs it: which facts, linked to others by which key passes.

    Facts of a side that is not `counted` are not accounted for; where it is `is_needed` all the
    same, the rule says nothing without somebody who tells them, and where it is `is_awaited`,
    nothing while those who tell them are silent. `time` is the column the question's instant
    applies to. A side that only `meets` another shares its links with that one alone. Where it
    `is_gone`, its facts are those a complete listing of their source no longer has. Of stock the
    `snapshot` says which accepted one of each feed is meant: the newest, the first, or the newest
    of an instant until which, and for `margin` beyond, all sides are complete. What a side tells
    that `lasts` holds until it is told anew: nothing of it is too old or too new, and only when it
    was known counts. Where `keys_only` are looked at, nobody watches what the facts of the side
    say.
    """

    side: Side
    links: tuple[tuple[str, ...], ...] = ()
    counted: bool = True
    is_needed: bool = False
    is_awaited: bool = False
    time: str = "event_at"
    meets: str = ""
    is_gone: bool = False
    snapshot: Literal["newest", "first", "settled"] = "newest"
    margin: timedelta = timedelta(0)
    lasts: bool = False
    keys_only: bool = False


class Family(Protocol):
    """A comparison.

    `spec` is validated by `Spec`; relations named like the sides exist when `evaluate` is called.
    """

    name: ClassVar[str]
    is_incremental: ClassVar[bool]  # facts that share no key cannot influence each other
    is_valued: ClassVar[bool]  # quantities of its findings are money already

    @property
    def Spec(self) -> type[BaseModel]:  # noqa: N802 - a class, as every family has it
        """What a rule of this family may set."""

    def sides(self, spec: Any) -> Mapping[str, SideUse]:
        """Which facts each side of the rule is about."""

    def key_columns(self, spec: Any) -> tuple[str, ...]:
        """Columns that make the business key of a finding, as people read it."""

    def evaluate(self, con: duckdb.DuckDBPyConnection, spec: Any, bind: Bind) -> None:
        """Leave `verdict`, `finding` and `part` for the facts of the sides."""


@cache
def stage(package: str, name: str) -> str:
    """The text of `<package>/<name>.sql`."""
    return resources.files(package).joinpath(f"{name}.sql").read_text("utf-8")


def render(text: str, **parts: str) -> str:
    """A stage with its `{parts}` filled in.

    Parts are SQL made of our own words: column names, literals, fragments.
    """
    return re.sub(r"\{(\w+)\}", lambda hole: parts[hole[1]], text)


def staged(package: str, name: str, **parts: str) -> str:
    """The stage `<package>/<name>.sql` with its `{parts}` filled in."""
    return render(stage(package, name), **parts)


def run(
    con: duckdb.DuckDBPyConnection, target: str, sql: str, binds: Mapping[str, Any] | None = None
) -> None:
    """Leave the rows of a stage in the temp table `target`.

    Only the `$names` a stage mentions are bound.
    """
    con.execute(f"CREATE OR REPLACE TEMP TABLE {target} AS {sql}", _mentioned(sql, binds or {}))


def _mentioned(sql: str, binds: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in binds.items() if re.search(rf"\${name}\b", sql)}


def interval(duration: timedelta) -> str:
    """An SQL interval literal, exact to the second."""
    return f"INTERVAL '{int(duration.total_seconds())}' SECOND"


def due_after(since: str, due: Due) -> tuple[str, str]:
    """The instant `due` after the expression `since`, and the joins it needs.

    Working time is counted on the calendar of the column `plant`; where none is known it is time.
    """
    if not isinstance(due, Working):
        return f"{since} + {interval(due)}", ""
    parts = {"since": since, "grace": str(int(due.working.total_seconds()))}
    parts["worked"] = render(_WORKED, **parts)
    return render(_WORKING_DUE, **parts), render(_WORKING_JOINS, **parts)


_WORKED = """
began.worked + least(epoch({since}) - epoch(began.opens_at), began.seconds) + {grace}
"""
_WORKING_DUE = """
coalesce(
    ends.opens_at + to_seconds(CAST({worked} - ends.worked AS BIGINT)),
    {since} + INTERVAL '{grace}' SECOND
)
"""
_WORKING_JOINS = """
LEFT JOIN working AS began
    ON began.plant_code = plant
    AND {since} >= began.opens_at AND {since} < began.next_opens_at
LEFT JOIN working AS ends
    ON ends.plant_code = plant
    AND {worked} >= ends.worked AND {worked} < ends.worked + ends.seconds
"""


def literals(values: Iterable[str]) -> str:
    """Texts as a list of SQL literals; NULL, which nothing equals, where there are none."""
    return ", ".join("'" + value.replace("'", "''") + "'" for value in values) or "NULL"


def subject(*parts: str) -> str:
    """The identity of a business fact: expressions joined by '/', which is escaped inside them."""
    escaped = (f"replace(replace({part}, '~', '~0'), '/', '~1')" for part in parts)
    return " || '/' || ".join(escaped)


def same(left: str, right: str, columns: Iterable[str]) -> str:
    """`left.a = right.a AND ...` for key columns."""
    return " AND ".join(f"{left}.{column} = {right}.{column}" for column in columns)


def known(alias: str, columns: Iterable[str]) -> str:
    """All key columns have a value."""
    return " AND ".join(f"{alias}.{column} IS NOT NULL" for column in columns)
