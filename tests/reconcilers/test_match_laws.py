"""What holds of match whatever the facts are, in whatever order, however often one looks."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import duckdb
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from app.store import rulings
from app.store.schema import tables
from app.store.state import MatchState
from reconcilers.family import Bind
from reconcilers.match import Match
from reconcilers.match.spec import MatchSpec
from reconcilers.run import Pairing, evaluate, show
from tests.reconcilers import plant

START = datetime(2026, 10, 31, 22, tzinfo=UTC)  # a month ends two hours later
PAIRING = Pairing({"expected": ("mes",), "observed": ("erp",)}, ("P1", "P2"))
GRACE = timedelta(minutes=30)
FAMILY = Match()


def _spec(group: str, **more: Any) -> MatchSpec:
    return MatchSpec.model_validate(
        {
            "expected": {"kind": "op_complete", "role": "mes"},
            "observed": {"kind": "op_complete", "role": "erp"},
            "keys": [["correlation_id"], ["order_no", "lot"], {"by": ["order_no"]}],
            "group": group,
            "compare": {"quantity": {"tolerance": "0.5"}, "lot": "same", "period": "same"},
            "due": GRACE,
            **more,
        }
    )


SPECS = st.sampled_from(
    [
        *(_spec(group) for group in ("1:1", "1:n", "n:1", "n:m")),
        _spec("1:n", late={"after": timedelta(minutes=10), "clock": "recorded_at"}),
        _spec("n:m", compare={"quantity": {"percent": 25}}, at_most=2),
        _spec("1:n", keys=[["order_no"]], compare={}),
        _spec("1:n", keys=[{"by": ["order_no"], "within": GRACE}, ["correlation_id"]]),
        _spec("n:m", keys=[["correlation_id"], {"by": ["lot"], "within": GRACE}]),
        *(
            _spec(
                group,
                keys=[["document_no", "lot"], ["order_no"]],
                compare={"quantity": {}, "document_no": "same"},
            )
            for group in ("1:n", "n:m")
        ),
    ]
)
QUANTITIES = ("0", "1", "1.4", "2", "5", "-2", "1000")
FACTS = st.fixed_dictionaries(
    {
        "side": st.sampled_from(["mes", "erp"]),
        "source_key": st.sampled_from("abcdefgh"),
        "correlation_id": st.sampled_from([None, "k1", "k2", "k3"]),
        "document_no": st.sampled_from([None, "d1", "d2"]),
        "order_no": st.sampled_from([None, "o1", "o2"]),
        "lot": st.sampled_from([None, "l1", "l2"]),
        "plant": st.sampled_from(["P1", "P1", "P2", None]),
        "item": st.sampled_from(["i1", "i1", "i2"]),
        "unit": st.sampled_from(["EA", "EA", "KG"]),
        "quantity": st.sampled_from([None, *map(Decimal, QUANTITIES)]),
        "state": st.sampled_from(["posted"] * 5 + ["cancelled", "failed", "planned"]),
        "is_reversal": st.sampled_from([False] * 5 + [True]),
        "reverses_key": st.sampled_from([None, *"abcd"]),
        "minute": st.sampled_from([0, 1, 29, 30, 31, 90, 130, 300]),
        "posted_after": st.sampled_from([None, 0, 5, 45, 200]),
        "posting_on": st.sampled_from([None, date(2026, 10, 31), date(2026, 11, 1)]),
        "is_deleted": st.sampled_from([False] * 7 + [True]),
    }
)  # fmt: skip
Facts = list[dict[str, Any]]
STEP = timedelta(minutes=47)


def _columns(fact: dict[str, Any]) -> dict[str, Any]:
    """A drawn fact as a row of business_event."""
    row = {
        name: value
        for name, value in fact.items()
        if name not in ("side", "minute", "posted_after")
    }
    occurred = START + timedelta(minutes=fact["minute"])
    after = fact["posted_after"]
    return row | {
        "kind": "op_complete",
        "occurred_at": occurred,
        "event_at": occurred,
        "occurred_on": occurred.date(),
        "recorded_at": None if after is None else occurred + timedelta(minutes=after),
        "quantity_source": fact["quantity"],
        "unit_source": fact["unit"],
        "reverses_key": fact["reverses_key"] if fact["is_reversal"] else None,
    }


def _once(facts: Iterable[dict[str, Any]]) -> Facts:
    """The facts without a record of a side told twice."""
    return list({(fact["side"], fact["source_key"]): fact for fact in facts}.values())


def _ledger(facts: Facts) -> duckdb.DuckDBPyConnection:
    con = plant.ledger()
    plant.add(con, "business_event", [{"source": fact["side"], **_columns(fact)} for fact in facts])
    return con


_TOLD = """
SELECT subject, code, also, plant, item, quantity_expected, quantity_observed, variance, unit,
    at_risk, due_at, settled_at,
    is_ambiguous, pass, tolerance, factor, unexplained, note,
    (SELECT list_sort(list((part.role, part.cause, fact.source, fact.source_key)))
     FROM part JOIN business_event AS fact USING (fact_no)
     WHERE part.subject = finding.subject) AS parts
FROM finding ORDER BY ALL
"""


def _rows(con: duckdb.DuckDBPyConnection, sql: str) -> list[dict[str, Any]]:
    return con.sql(sql).to_arrow_table().to_pylist()


def _bind(minute: int) -> Bind:
    moment = START + timedelta(minutes=minute)
    return Bind(as_of=moment, horizon=moment - timedelta(minutes=10))


@given(st.lists(FACTS, max_size=9), SPECS, st.randoms(use_true_random=False))
def test_the_order_of_facts_changes_nothing(facts: Facts, spec: MatchSpec, random: Any) -> None:
    facts = _once(facts)
    shuffled = random.sample(facts, len(facts))
    answers = []
    for order in (facts, shuffled):
        con = _ledger(order)
        evaluate(con, FAMILY, spec, PAIRING, _bind(150))
        answers.append(_rows(con, _TOLD))
    assert answers[0] == answers[1]


@given(st.lists(FACTS, max_size=9), SPECS)
def test_every_fact_in_scope_has_one_verdict(facts: Facts, spec: MatchSpec) -> None:
    facts = _once(facts)
    con = _ledger(facts)
    outcome = evaluate(con, FAMILY, spec, PAIRING, _bind(150))
    in_time = [fact for fact in facts if not fact["is_deleted"] and fact["minute"] <= 150]
    for side, source in (("expected", "mes"), ("observed", "erp")):
        line = outcome.accounts[side]
        assert line.in_scope == sum(fact["side"] == source for fact in in_time)
        told = line.matched + line.not_due + line.excepted + line.excluded + line.unknown
        assert told == line.in_scope


@given(st.lists(FACTS, max_size=9), SPECS)
def test_what_is_excepted_is_in_a_finding(facts: Facts, spec: MatchSpec) -> None:
    con = _ledger(_once(facts))
    evaluate(con, FAMILY, spec, PAIRING, _bind(150))
    told = {row["subject"] for row in _rows(con, "SELECT subject FROM finding")}
    excepted = _rows(con, "SELECT subject FROM verdict WHERE verdict = 'excepted'")
    assert None not in told
    assert {row["subject"] for row in excepted} <= told


@given(st.lists(FACTS, max_size=10), SPECS)
def test_what_is_settled_in_bulk_is_what_a_close_look_finds(facts: Facts, spec: MatchSpec) -> None:
    con = _ledger(_once(facts))
    bulk = evaluate(con, FAMILY, spec, PAIRING, _bind(150))
    found = _rows(con, _TOLD)
    for name, use in FAMILY.sides(spec).items():
        show(con, name, use, PAIRING, _bind(150))
    FAMILY.evaluate(con, spec, _bind(150))
    assert found == _rows(con, _TOLD)
    matched = con.execute("SELECT count(*) FROM verdict WHERE verdict = 'matched'").fetchall()
    assert matched == [(sum(line.matched for line in bulk.accounts.values()),)]


@given(st.lists(FACTS, max_size=9), SPECS)
def test_a_variance_is_what_its_facts_add_up_to(facts: Facts, spec: MatchSpec) -> None:
    facts = _once(facts)
    con = _ledger(facts)
    evaluate(con, FAMILY, spec, PAIRING, _bind(150))
    for finding in _rows(con, "SELECT * FROM finding"):
        members = con.execute(
            "SELECT part.role, sum(fact.quantity), list(DISTINCT fact.unit) "
            "FROM part JOIN business_event AS fact USING (fact_no) WHERE part.subject = ? "
            "AND part.role IN ('expected', 'observed') AND part.cause IS NULL "
            "AND fact.state = 'posted' GROUP BY ALL",
            [finding["subject"]],
        ).fetchall()
        sums = {role: total for role, total, _ in members}
        expected, observed = finding["quantity_expected"], finding["quantity_observed"]
        if finding["variance"] is None:
            assert len({unit for _, _, units in members for unit in units}) > 1
            assert {expected, observed, finding["at_risk"], finding["unit"]} == {None}
            continue
        assert finding["variance"] == (observed or 0) - (expected or 0)
        assert finding["at_risk"] is None or finding["at_risk"] >= 0
        assert (sums.get("expected") or 0) == (expected or 0)
        assert (sums.get("observed") or 0) == (observed or 0)


def _land(state: MatchState, facts: Facts, turn: int) -> None:
    """Take facts in as landing does: what is held already is no news, a change is a revision."""
    table = tables()["business_event"]
    for side in ("mes", "erp"):
        mine = [fact for fact in facts if fact["side"] == side]
        rows = [
            _columns(fact)
            | {
                "source_revision": None,
                "revised_at": None,
                "raw_ref": "",
                "record_hash": repr(fact),
            }
            | {"time_precision": "second", "time_basis": "utc"}
            for fact in mine
        ]
        if not rows:
            continue
        types = {column.name: column.type for column in table.arrow} | {
            "revised_at": pa.timestamp("us", "UTC")
        }
        incoming = pa.table(
            {name: pa.array([row[name] for row in rows], types[name]) for name in rows[0]}
        )
        news = state.sift(table, side, "f", incoming, START, f"{turn}")
        if news.rows.num_rows:
            with state.transaction() as con:
                state.take_in(con, table, news, turn)


LOOKUPS = {
    "unit_factor": pa.table({"item": pa.array([None], pa.string()), "factor": [1000.0]}),
    "period_day": pa.schema([("day", pa.date32()), ("starts_on", pa.date32())]).empty_table(),
    "working": pa.schema(
        [
            ("plant_code", pa.string()),
            ("opens_at", pa.timestamp("us", "UTC")),
            ("next_opens_at", pa.timestamp("us", "UTC")),
            ("worked", pa.float64()),
            ("seconds", pa.float64()),
        ]
    ).empty_table(),
}


def _reconcile(state: MatchState, spec: MatchSpec, bind: Bind) -> dict[str, Any]:
    outcome = rulings.reconcile(state, "r", "1", FAMILY, spec, PAIRING, bind, LOOKUPS)
    return dict(outcome.accounts)


def _held(state: MatchState) -> list[dict[str, Any]]:
    return state.rows("SELECT * FROM r1_finding ORDER BY ALL")


def _differing(state: MatchState, spec: MatchSpec, bind: Bind) -> tuple[dict[str, Any], list[str]]:
    """The full answer's accounts, and the findings in which it differs from what is held."""
    con = state.cursor()
    try:
        rulings.provide(con, LOOKUPS)
        outcome = evaluate(con, FAMILY, spec, PAIRING, bind)
        return dict(outcome.accounts), rulings.differing(con, 1)
    finally:
        con.close()


@given(st.lists(st.lists(FACTS, max_size=5), min_size=1, max_size=6), SPECS)
def test_a_run_over_what_changed_gives_the_full_answer(
    batches: list[Facts], spec: MatchSpec
) -> None:
    state = MatchState()
    try:
        for turn, facts in enumerate(batches, 1):
            _land(state, _once(facts), turn)
            bind = _bind(turn * 60)
            accounts = _reconcile(state, spec, bind)
            assert (accounts, []) == _differing(state, spec, bind)
    finally:
        state.close()


@given(st.lists(FACTS, max_size=9), SPECS)
def test_a_second_run_changes_nothing(facts: Facts, spec: MatchSpec) -> None:
    state = MatchState()
    try:
        _land(state, _once(facts), 1)
        first = _reconcile(state, spec, _bind(150))
        held = _held(state)
        assert first == _reconcile(state, spec, _bind(150))
        assert held == _held(state)
    finally:
        state.close()


@given(st.lists(FACTS, min_size=2, max_size=9), st.integers(1, 8), SPECS)
def test_identity_is_stable_while_facts_come_in_parts(
    facts: Facts, cut: int, spec: MatchSpec
) -> None:
    """The same facts end in the same findings, whether they came at once or in two parts."""
    facts = _once(facts)
    answers = []
    for parts in ([facts], [facts[:cut], facts[cut:]]):
        state = MatchState()
        try:
            for turn, part in enumerate(parts, 1):
                _land(state, part, turn)
                _reconcile(state, spec, _bind(150))
            standing = "SELECT subject, code, also, variance FROM r1_finding WHERE is_standing"
            answers.append(state.rows(f"{standing} ORDER BY ALL"))
        finally:
            state.close()
    assert answers[0] == answers[1]
