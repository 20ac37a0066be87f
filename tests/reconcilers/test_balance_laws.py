"""What holds of balance whatever was booked, against a ledger kept by hand."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import duckdb
from hypothesis import given
from hypothesis import strategies as st

from app.store import rulings
from app.store.state import MatchState
from reconcilers.balance.spec import BalanceSpec
from reconcilers.family import Bind
from reconcilers.run import Outcome, evaluate
from tests.reconcilers import plant, stock
from tests.reconcilers.test_match_laws import LOOKUPS

START = datetime(2026, 11, 2, tzinfo=UTC)
SIDES = {"expected": "erp", "observed": "wms"}
PLACE = ("plant", "item", "lot", "location", "stock_status")
NOTHING = Decimal(0)
END = 600  # everything is booked and known by then
Row = dict[str, Any]


def _at(minute: int) -> datetime:
    return START + timedelta(minutes=minute)


@dataclass(frozen=True)
class World:
    """Stock at the beginning, everything booked since, and when each system was listed."""

    opening: dict[str, list[Row]]
    moves: list[Row]
    listed: dict[str, int]

    @property
    def common(self) -> datetime:
        """The instant both are compared at."""
        return _at(max(self.listed.values()))

    def booked(self, source: str, after: datetime | None, until: datetime) -> list[Row]:
        """What took effect in a system in between."""
        return [
            row
            for row in self.moves
            if row["source"] == source
            and row["state"] == "posted"
            and (after is None or row["recorded_at"] > after)
            and row["recorded_at"] <= until
        ]

    def lines(self, source: str) -> list[Row]:
        """What a system shows when it is listed, each place in two bins; empty places are not."""
        held: dict[tuple[Any, ...], Decimal] = {}
        booked = self.booked(source, None, _at(self.listed[source]))
        for row in [*self.opening[source], *booked]:
            place = tuple(row.get(name) for name in PLACE)
            held[place] = held.get(place, NOTHING) + row["quantity"]
        halves = {"B1": Decimal("0.25"), "B2": Decimal("0.75")}
        return [
            stock.line(source, total * share, bin=name, **dict(zip(PLACE, place, strict=True)))
            for place, total in held.items()
            for name, share in halves.items()
            if total
        ]

    def at_common(self, source: str, grain: Iterable[str], known: datetime) -> dict[Any, Decimal]:
        """What a system held at the common instant, as far as its movements were known."""
        listed = _at(self.listed[source])
        later = self.booked(source, listed, self.common)
        told = [row for row in later if row["observed_at"] <= known]
        held: dict[Any, Decimal] = {}
        for row in [*self.opening[source], *self.booked(source, None, listed), *told]:
            key = tuple(row.get(name) for name in grain)
            held[key] = held.get(key, NOTHING) + row["quantity"]
        return held


QUANTITIES = [Decimal(text) for text in ("1", "2", "5", "-2", "0.3", "1000", "0.000000004")]
MINUTES = st.sampled_from([61, 120, 60, 90, 121, 10, 150])
PLACES = st.fixed_dictionaries(
    {
        "plant": st.just("P1"),
        "item": st.sampled_from(["A", "A", "B"]),
        "lot": st.sampled_from([None, "L/1", "L2", "L2"]),
        "location": st.sampled_from(["W1", "W2"]),
        "stock_status": st.sampled_from(["free", "free", "blocked"]),
    }
)
FACTS = st.fixed_dictionaries(
    {
        "place": PLACES,
        "kind": st.sampled_from(["receipt", "receipt", "receipt", "adjust"]),
        "quantity": st.sampled_from(QUANTITIES),
        "erp": MINUTES | MINUTES | st.none(),
        "wms": MINUTES | MINUTES | st.none(),
        "copies": st.sampled_from([1, 1, 2]),
        "other": st.sampled_from(
            [{}] * 3 + [{"lot": "L2"}, {"lot": "L/1"}, {"quantity": Decimal(7)}]
        ),
        "state": st.sampled_from(["posted"] * 5 + ["failed", "pending"]),
        "back": st.sampled_from([None, None, None, ("erp", 5), ("wms", 5), ("erp", 150)]),
        "late": st.sampled_from([0, 0, 0, 45]),
        "has_id": st.sampled_from([True, True, True, False]),
    }
)


def _records(number: int, fact: Row) -> list[Row]:
    """A drawn business fact as both systems book it."""
    told = []
    for source in ("erp", "wms"):
        if fact[source] is None:
            continue
        for copy in range(fact["copies"] if source == "erp" else 1):
            own = fact["other"] if source == "erp" else {}
            state = fact["state"] if source == "erp" else "posted"
            row = _booking(source, f"{number}.{copy}", fact, fact[source]) | own | {"state": state}
            told.append(row)
            back = fact["back"]
            if back and back[0] == source:
                key = row["source_key"]
                undone = _booking(source, f"{key}-", fact, fact[source] + back[1]) | own
                told.append(
                    undone
                    | {"is_reversal": True, "reverses_key": key, "quantity": -row["quantity"]}
                )
    return told


def _booking(source: str, key: str, fact: Row, minute: int) -> Row:
    id_ = key.split(".")[0] if fact["has_id"] else None
    booked = _at(minute)
    seen = _at(minute + fact["late"])
    names = {"kind": fact["kind"], "correlation_id": id_, "observed_at": seen, "state": "posted"}
    return stock.moved(source, key, fact["quantity"], booked, **fact["place"], **names)


def _world(facts: list[Row], opening: list[Row], off: list[Row], listed: tuple[int, int]) -> World:
    moves = [row for number, fact in enumerate(facts) for row in _records(number, fact)]
    held = {"erp": opening, "wms": [*opening, *off]}
    return World(held, moves, dict(zip(("erp", "wms"), listed, strict=True)))


HELD = st.builds(
    lambda place, quantity: {**place, "quantity": quantity}, PLACES, st.sampled_from(QUANTITIES)
)
TIMES = st.sampled_from([(60, 120), (120, 60), (60, 60), (120, 150)])
WORLDS = st.builds(
    _world,
    st.lists(FACTS, min_size=2, max_size=9),
    st.lists(HELD, max_size=4),
    st.lists(HELD, max_size=2),
    TIMES,
)
GRAINS = (
    ("item",),
    ("item", "lot"),
    ("plant", "item", "lot"),
    ("item", "location"),
    ("plant", "item", "lot", "location", "stock_status"),
)
PASSES = {**stock.RECEIPTS, "keys": [["correlation_id"], ["item", "lot"]]}
SPECS = st.builds(
    lambda grain, more: stock.spec(grain, **more),
    st.sampled_from(GRAINS),
    st.sampled_from(
        [
            {},
            {"tolerance": Decimal("0.5")},
            {"percent": Decimal(10)},
            {"movements": [PASSES]},
            {"movements": [stock.RECEIPTS, PASSES]},
        ]
    ),
)
INSTANTS = st.sampled_from([200, 230, END])


def _hold(con: duckdb.DuckDBPyConnection, world: World, moves: list[Row] | None = None) -> None:
    """Movements, both snapshots, older ones that no longer count, lines never accepted."""
    plant.add(con, "business_event", world.moves if moves is None else moves)
    for source in ("erp", "wms"):
        stock.snapshot(con, source, _at(1), [stock.line(source, 999)])
        stock.snapshot(con, source, _at(world.listed[source]), world.lines(source))
    stray = {"snapshot_id": "stray", "balance_at": _at(130), "balance_basis": "consistent"}
    plant.add(con, "stock_balance", [{**stock.line("wms", 999), **stray}])


def _judged(world: World, spec: BalanceSpec, minute: int) -> duckdb.DuckDBPyConnection:
    con = plant.ledger()
    _hold(con, world)
    stock.judge(con, spec, _bind(minute))
    return con


def _bind(minute: int) -> Bind:
    return Bind(as_of=_at(minute), horizon=_at(minute - 10))


@given(WORLDS, SPECS, INSTANTS)
def test_every_run_keeps_the_laws_of_one_run(world: World, spec: BalanceSpec, minute: int) -> None:
    con = plant.ledger()
    _hold(con, world)
    outcome = stock.judge(con, spec, _bind(minute))
    _each_side_is_what_its_ledger_says_at_one_instant(con, world, spec, _at(minute))
    _off_are_the_keys_whose_ledgers_are_apart_by_more_than_the_tolerance(con, spec)
    _parts_and_the_unexplained_are_the_variance_to_the_last_digit(con)
    _what_siblings_make_good_nets_to_nothing(con)
    _every_line_of_both_snapshots_has_one_verdict(outcome, world)
    _a_finding_is_about_its_key_and_led_by_one_of_its_facts(con)


def _each_side_is_what_its_ledger_says_at_one_instant(
    con: duckdb.DuckDBPyConnection, world: World, spec: BalanceSpec, known: datetime
) -> None:
    levels = stock.rows(con, "SELECT * FROM level")
    keys = [tuple(row[name] for name in spec.grain) for row in levels]
    assert len(set(keys)) == len(keys)
    for side, source in SIDES.items():
        kept = world.at_common(source, spec.grain, known)
        for key, row in zip(keys, levels, strict=True):
            assert row[f"quantity_{side}"] == kept.get(key, NOTHING)
        assert {key for key, quantity in kept.items() if quantity} <= set(keys)


def _off_are_the_keys_whose_ledgers_are_apart_by_more_than_the_tolerance(
    con: duckdb.DuckDBPyConnection, spec: BalanceSpec
) -> None:
    off = {row["key_no"] for row in stock.rows(con, "SELECT key_no FROM judged")}
    for row in stock.rows(con, "SELECT * FROM level"):
        expected, observed = row["quantity_expected"], row["quantity_observed"]
        share = spec.percent / 100 * max(abs(expected), abs(observed))
        allowed = max(spec.tolerance, share.quantize(Decimal("1e-9"), ROUND_HALF_UP))
        assert (row["key_no"] in off) == (abs(observed - expected) > allowed)


def _parts_and_the_unexplained_are_the_variance_to_the_last_digit(
    con: duckdb.DuckDBPyConnection,
) -> None:
    parts = stock.rows(con, "SELECT subject, quantity FROM part WHERE role = 'explains'")
    for row in stock.rows(con, "SELECT * FROM finding"):
        mine = [part["quantity"] for part in parts if part["subject"] == row["subject"]]
        assert sum(mine, row["unexplained"]) == row["variance"]
        assert row["variance"] == row["quantity_observed"] - row["quantity_expected"]
    added = "SELECT item, sum(variance) AS net, sum(abs(variance)) AS gross FROM level GROUP BY ALL"
    measured = "SELECT item, sum(net) AS net, sum(gross) AS gross FROM measure GROUP BY ALL"
    assert stock.rows(con, f"{measured} ORDER BY ALL") == stock.rows(con, f"{added} ORDER BY ALL")


def _what_siblings_make_good_nets_to_nothing(con: duckdb.DuckDBPyConnection) -> None:
    assert stock.rows(con, "SELECT key_no FROM leftover GROUP BY ALL HAVING count(*) > 1") == []
    offset = (
        "SELECT item, cause FROM leftover JOIN level USING (key_no) WHERE cause <> 'rounding' "
        "GROUP BY ALL HAVING sum(quantity) <> 0"
    )
    assert stock.rows(con, offset) == []


def _every_line_of_both_snapshots_has_one_verdict(outcome: Outcome, world: World) -> None:
    for side, source in SIDES.items():
        assert outcome.accounts[side].in_scope == len(world.lines(source))
        assert outcome.accounts[side].adds_up


def _a_finding_is_about_its_key_and_led_by_one_of_its_facts(
    con: duckdb.DuckDBPyConnection,
) -> None:
    """Readers are shown the business key of the fact that leads it."""
    findings = stock.rows(con, "SELECT * FROM finding")
    assert len({row["subject"] for row in findings}) == len(findings)
    parts = {(row["subject"], row["fact_no"]) for row in stock.rows(con, "SELECT * FROM part")}
    for row in findings:
        assert (row["subject"], row["lead_no"]) in parts


@given(WORLDS, SPECS)
def test_movements_explain_what_the_ledgers_carry_differently_and_no_more(
    world: World, spec: BalanceSpec
) -> None:
    """What both began with differently is the rest, wherever it is put down to."""
    con = _judged(world, spec, END)
    began: dict[Any, Decimal] = {}
    for source, sign in (("erp", -1), ("wms", 1)):
        for row in world.opening[source]:
            key = tuple(row.get(name) for name in spec.grain)
            began[key] = began.get(key, NOTHING) + sign * row["quantity"]
    same = " AND ".join(f"share.{name} IS NOT DISTINCT FROM level.{name}" for name in spec.grain)
    rest = (
        f"SELECT level.*, variance - coalesce((SELECT sum(quantity) FROM share WHERE {same}), 0) "
        "AS rest FROM level WHERE item IN (SELECT item FROM off_item)"
    )
    for row in stock.rows(con, rest):
        assert row["rest"] == began.get(tuple(row[name] for name in spec.grain), NOTHING)


@given(WORLDS, SPECS, INSTANTS, st.randoms(use_true_random=False))
def test_the_order_of_facts_changes_nothing(
    world: World, spec: BalanceSpec, minute: int, random: Any
) -> None:
    answers = []
    for shuffle in (False, True):
        con = plant.ledger()
        moves = random.sample(world.moves, len(world.moves)) if shuffle else world.moves
        _hold(con, world, moves)
        stock.judge(con, spec, _bind(minute))
        answers.append(stock.rows(con, stock.TOLD))
    assert answers[0] == answers[1]


def _reconcile(state: MatchState, spec: BalanceSpec, bind: Bind) -> dict[str, Any]:
    pairing = stock.pairing(spec)
    outcome = rulings.reconcile(state, "r", "1", stock.FAMILY, spec, pairing, bind, LOOKUPS)
    return dict(outcome.accounts)


def _differing(state: MatchState, spec: BalanceSpec, bind: Bind) -> list[str]:
    con = state.cursor()
    try:
        rulings.provide(con, LOOKUPS)
        evaluate(con, stock.FAMILY, spec, stock.pairing(spec), bind)
        return rulings.differing(con, 1)
    finally:
        con.close()


@given(WORLDS, SPECS, INSTANTS)
def test_a_second_run_changes_nothing(world: World, spec: BalanceSpec, minute: int) -> None:
    held = "SELECT * FROM r1_finding ORDER BY ALL"
    state = MatchState()
    try:
        with state.transaction() as con:
            _hold(con, world)
        first, found = _reconcile(state, spec, _bind(minute)), state.rows(held)
        assert first == _reconcile(state, spec, _bind(minute))
        assert found == state.rows(held)
    finally:
        state.close()


@given(WORLDS, SPECS)
def test_a_key_stays_the_same_finding_while_bookings_come_in(
    world: World, spec: BalanceSpec
) -> None:
    """And in the end there is what there would be had all come at once."""
    state = MatchState()
    try:
        with state.transaction() as con:
            _hold(con, world)
        for minute in (230, END):
            _reconcile(state, spec, _bind(minute))
            held = state.rows("SELECT subject FROM r1_finding")
            assert len({row["subject"] for row in held}) == len(held)
        assert _differing(state, spec, _bind(END)) == []
    finally:
        state.close()
