"""What a run of match over news finds again, though only a detour leads from the news to it."""

from collections.abc import Callable, Iterator

import pyarrow as pa
import pytest

from app.store import rulings
from app.store.state import MatchState
from reconcilers.family import Bind
from reconcilers.match import Match
from reconcilers.match.spec import MatchSpec
from reconcilers.run import evaluate, show
from tests.reconcilers import plant
from tests.reconcilers.events import NOON, PAIRING, Row, back, erp, findings, mes, run, spec

Told = list[tuple[str, str]]
BIND = Bind(as_of=NOON, horizon=NOON)
BY_ID_OR_ORDER = spec(["correlation_id"], ["order_no"])
_INSTANT = pa.timestamp("us", "UTC")
LOOKUPS = {
    name: pa.schema(columns).empty_table()
    for name, columns in {
        "unit_factor": {"item": pa.string(), "factor": pa.float64()},
        "period_day": {"day": pa.date32(), "starts_on": pa.date32()},
        "working": {
            "plant_code": pa.string(), "opens_at": _INSTANT, "next_opens_at": _INSTANT,
            "worked": pa.float64(), "seconds": pa.float64(),
        },
    }.items()
}  # fmt: skip


@pytest.fixture
def told() -> Iterator[Callable[..., Told]]:
    """(code, fact) of what stands after a run over these facts; a full run says the same."""
    state = MatchState()

    def run_over(*facts: Row, of: MatchSpec = BY_ID_OR_ORDER) -> Told:
        with state.transaction() as con:
            plant.add(con, "business_event", facts)
        held = rulings.reconcile(state, "r", "1", Match(), of, PAIRING, BIND, LOOKUPS)
        with state.cursor() as con:
            rulings.provide(con, LOOKUPS)
            full = evaluate(con, Match(), of, PAIRING, BIND)
            assert (held.accounts, []) == (full.accounts, rulings.differing(con, 1))
        standing = "SELECT code, subject FROM r1_finding WHERE is_standing ORDER BY subject"
        return [(row["code"], row["subject"].split("/")[-1]) for row in state.rows(standing)]

    yield run_over
    state.close()


def elsewhere(made: Row, key: str) -> Row:
    """What takes a posting back under keys of its own."""
    return back(made, key) | {"correlation_id": "z", "order_no": "9"}


MADE = mes("m", correlation_id="x", order_no="1")
BOOKED = erp("e", correlation_id="x", order_no="1")
SETTLED = (mes("m2", correlation_id="y", order_no="2"), erp("e2", correlation_id="y", order_no="2"))


def test_a_reversal_waits_for_its_original(told):
    assert told(*SETTLED, elsewhere(BOOKED, "e-")) == [("orphan_posting", "e-")]
    assert told(BOOKED) == []


def test_an_original_that_was_waited_for_is_no_effect(told):
    assert told(*SETTLED, MADE, elsewhere(BOOKED, "e-")) == [
        ("missing_posting", "m"),
        ("orphan_posting", "e-"),
    ]
    assert told(BOOKED) == [("reversal_lost", "m")]


def test_a_reversal_finds_an_original_that_agreed(told):
    assert told(*SETTLED, MADE, BOOKED) == []
    assert told(elsewhere(BOOKED, "e-")) == [("reversal_lost", "m")]


def test_both_sides_take_it_back_one_after_the_other(told):
    assert told(*SETTLED, MADE, BOOKED) == []
    assert told(elsewhere(MADE, "m-")) == [("reversal_lost", "e")]
    assert told(elsewhere(BOOKED, "e-")) == []


def test_a_reversal_and_its_original_come_together(told):
    assert told(*SETTLED) == []
    assert told(BOOKED, elsewhere(BOOKED, "e-")) == []


def test_what_a_reversal_sets_free_goes_to_the_next_of_its_order(told):
    other = mes("m3", correlation_id="w", order_no="1")
    assert told(MADE, BOOKED, other) == [("missing_posting", "m3")]
    assert told(elsewhere(MADE, "m-")) == []


def test_what_is_met_by_two_keys_is_followed_by_the_stronger(told):
    of = spec(["correlation_id"], ["lot"], ["order_no"])
    made = [
        mes("m1", correlation_id="x", order_no="1", lot="L"),
        mes("m2", correlation_id="y", lot="L"),
    ]
    booked = [
        erp("e1", correlation_id="x", order_no=None),
        erp("e2", correlation_id="y", order_no=None),
    ]
    of_the_lot = erp("e3", order_no=None, lot="L")
    assert told(*made, *booked, of_the_lot, of=of) == [("orphan_posting", "e3")]
    assert told(mes("m0", 10, "07:00", correlation_id="x", order_no="1"), of=of) == []


@pytest.mark.parametrize("booked", [10, 9])
def test_what_loses_its_partner_to_a_reversal_joins_another_in_bulk_too(con, booked):
    taken, partner = (
        mes("m", correlation_id="x", order_no="7"),
        erp("e", booked, correlation_id="x", order_no="1"),
    )
    home = [
        mes("m2", 10, correlation_id="y", order_no="1"),
        erp("e2", correlation_id="y", order_no="2"),
    ]
    run(con, BY_ID_OR_ORDER, taken, partner, *home, elsewhere(taken, "m-"))
    in_bulk = findings(con)
    for name, use in Match().sides(BY_ID_OR_ORDER).items():
        show(con, name, use, PAIRING, BIND)
    Match().evaluate(con, BY_ID_OR_ORDER, BIND)
    assert in_bulk == findings(con)
    assert [row["facts"] for row in in_bulk] == [["e", "e2", "m2"]]
