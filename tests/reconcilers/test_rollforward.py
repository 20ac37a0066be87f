"""What rollforward says of one system's stock, sentence by sentence of its README."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from reconcilers.family import Bind
from reconcilers.rollforward import Rollforward
from reconcilers.rollforward.spec import RollforwardSpec
from reconcilers.run import Outcome, Pairing, evaluate
from tests.reconcilers import plant
from tests.reconcilers.plant import at, minutes
from tests.reconcilers.stock import line, moved, rows, snapshot

Row = dict[str, Any]
FAMILY = Rollforward()
NOON = at("12:00")
OPENED, CLOSED = at("08:00"), at("10:00")
L1 = "rolled/erp/A/L1"
STOCK = {"from": "stock_balance", "role": "erp"}
PLACE = ("plant", "location", "item", "lot", "stock_status")


def spec(**more: Any) -> RollforwardSpec:
    """The stock of an ERP and its own movements, by item and lot."""
    own = {"stock": STOCK, "movements": {"role": "erp"}, "grain": ["item", "lot"], **more}
    return RollforwardSpec.model_validate(own)


def judge(
    con: duckdb.DuckDBPyConnection, of: RollforwardSpec | None = None, bind: Bind | None = None
) -> Outcome:
    """One full run over two sources, each with the stock and movements of its own."""
    used = of or spec()
    pairing = Pairing(dict.fromkeys(FAMILY.sides(used), ("erp", "other")), ("P1",))
    return evaluate(con, FAMILY, used, pairing, bind or Bind(as_of=NOON, horizon=NOON))


def off(
    con: duckdb.DuckDBPyConnection, of: RollforwardSpec | None = None, bind: Bind | None = None
) -> dict[str, Decimal]:
    """What is off, and by how much."""
    judge(con, of, bind)
    return {row["subject"]: row["variance"] for row in rows(con, "SELECT * FROM finding")}


def held(con: duckdb.DuckDBPyConnection, opening: object, closing: object) -> None:
    """So much of lot L1 at both ends of the roll."""
    snapshot(con, "erp", OPENED, [line("erp", opening)])
    snapshot(con, "erp", CLOSED, [line("erp", closing)])


def moves(con: duckdb.DuckDBPyConnection, *movements: Row) -> None:
    """What was booked; one of long ago, so that the system is one that tells movements."""
    old = moved("erp", "old", 10, at("2026-10-01 08:00"))
    plant.add(con, "business_event", [old, *movements])


def verdicts(con: duckdb.DuckDBPyConnection) -> list[tuple[str, str | None]]:
    """What became of the lines."""
    return [
        (row["verdict"], row["reason"])
        for row in rows(con, "SELECT * FROM verdict ORDER BY fact_no")
    ]


# The roll


def test_what_was_there_and_moved_is_what_is_there(con):
    held(con, 10, 12)
    moves(con, moved("erp", "m1", 5, at("08:30")), moved("erp", "m2", -3, at("09:30")))
    assert off(con) == {}
    assert verdicts(con) == [("matched", None)]


def test_a_list_that_missed_a_movement_names_it(con):
    held(con, 10, 15)
    moves(con, moved("erp", "m1", 5, at("08:30")), moved("erp", "m2", -3, at("09:30")))
    assert off(con) == {L1: Decimal(3)}
    (finding,) = rows(con, "SELECT * FROM finding")
    wanted = {
        "code": "ledger_mismatch", "quantity_expected": 12, "quantity_observed": 15,
        "unexplained": 3, "at_risk": 3, "unit": "EA", "occurred_at": at("09:30"), "due_at": None,
        "note": "As if m2 were not in the stock",
    }  # fmt: skip
    assert {name: finding[name] for name in wanted} == wanted


def test_a_movement_counted_twice_is_named_as_well(con):
    held(con, 10, 20)
    moves(con, moved("erp", "m1", 5, at("08:30")))
    assert off(con) == {L1: Decimal(5)}
    assert rows(con, "SELECT note FROM finding") == [{"note": "As if m1 were in the stock twice"}]


def test_a_difference_lists_what_it_is_made_of(con):
    held(con, 10, 15)
    moves(con, moved("erp", "m1", 5, at("08:30")), moved("erp", "m2", -3, at("09:30")))
    judge(con)
    made_of = rows(
        con,
        "SELECT role, of_table, coalesce(line.quantity, move.quantity) AS quantity FROM part "
        "LEFT JOIN stock_balance AS line "
        "ON of_table = 'stock_balance' AND line.fact_no = part.fact_no "
        "LEFT JOIN business_event AS move "
        "ON of_table = 'business_event' AND move.fact_no = part.fact_no ORDER BY ALL",
    )
    assert [(row["role"], row["of_table"], int(row["quantity"])) for row in made_of] == [
        ("expected", "business_event", -3), ("expected", "business_event", 5),
        ("expected", "stock_balance", 10), ("observed", "stock_balance", 15),
    ]  # fmt: skip


def test_a_reversal_that_is_booked_rolls_back(con):
    held(con, 10, 10)
    back = moved("erp", "m2", -5, at("09:30"), is_reversal=True, reverses_key="m1")
    moves(con, moved("erp", "m1", 5, at("08:30")), back)
    assert off(con) == {}


def test_what_is_not_posted_moves_nothing(con):
    held(con, 10, 10)
    moves(con, moved("erp", "m1", 5, at("08:30"), state="failed"))
    assert off(con) == {}


@pytest.mark.parametrize(("tolerance", "told"), [("2.999", True), ("3", False)])
def test_what_is_within_tolerance_agrees(con, tolerance, told):
    held(con, 10, 13)
    moves(con)
    assert bool(off(con, spec(tolerance=tolerance))) is told


def test_what_is_gone_from_the_list_and_was_not_taken_is_missing(con):
    snapshot(con, "erp", OPENED, [line("erp", 10)])
    snapshot(con, "erp", CLOSED, [])
    moves(con)
    assert off(con) == {L1: Decimal(-10)}


def test_systems_are_never_added(con):
    held(con, 10, 15)
    snapshot(con, "other", OPENED, [line("other", 10)])
    snapshot(con, "other", CLOSED, [line("other", 5)])
    moves(con, moved("other", "m", 0, at("08:30")))
    assert off(con) == {L1: Decimal(5), "rolled/other/A/L1": Decimal(-5)}


def test_what_is_held_in_two_units_is_not_compared(con):
    held(con, 10, 15)
    moves(con, moved("erp", "m1", 5, at("08:30"), unit="BOX"))
    judge(con)
    (finding,) = rows(con, "SELECT code, variance, note FROM finding")
    assert (finding["code"], finding["variance"]) == ("unit_mismatch", None)
    assert finding["note"].startswith("BOX and EA: not compared")


# Ends


def test_one_snapshot_is_no_roll(con):
    snapshot(con, "erp", CLOSED, [line("erp", 10)])
    moves(con)
    assert off(con) == {}
    assert verdicts(con) == [("not_due", None)]


def test_the_first_snapshot_opens_so_that_a_difference_stays_until_it_is_mended(con):
    held(con, 10, 15)
    moves(con)
    snapshot(con, "erp", at("11:00"), [line("erp", 15)])
    assert off(con) == {L1: Decimal(5)}
    snapshot(con, "erp", at("11:30"), [line("erp", 10)])
    assert off(con) == {}


def test_a_snapshot_closes_once_all_movements_until_it_are_told(con):
    held(con, 10, 15)
    moves(con)
    assert off(con, bind=Bind(as_of=NOON, horizon=CLOSED - minutes(1))) == {}
    assert verdicts(con) == [("not_due", None)]
    assert off(con, bind=Bind(as_of=NOON, horizon=CLOSED)) == {L1: Decimal(5)}


@pytest.mark.parametrize("when", ["09:55", "10:00", "10:05"])
@pytest.mark.parametrize("closing", [10, 15])
def test_what_is_booked_near_the_end_may_be_in_it_or_not(con, when, closing):
    held(con, 10, closing)
    moves(con, moved("erp", "m1", 5, at(when)))
    assert off(con) == {}


@pytest.mark.parametrize("when", ["07:55", "08:00", "08:05"])
@pytest.mark.parametrize("closing", [10, 15])
def test_so_may_what_is_booked_near_the_beginning(con, when, closing):
    held(con, 10, closing)
    moves(con, moved("erp", "m1", 5, at(when)))
    assert off(con) == {}


@pytest.mark.parametrize(("when", "closing"), [("09:54", 10), ("10:06", 15)])
def test_further_away_it_is_in_it_or_not(con, when, closing):
    held(con, 10, closing)
    moves(con, moved("erp", "m1", 5, at(when)))
    assert off(con) == {L1: Decimal(closing - 10 - (5 if when < "10:00" else 0))}


def test_no_reading_of_what_is_near_hides_another_difference(con):
    held(con, 10, 17)
    moves(con, moved("erp", "m1", 5, at("09:58")))
    assert off(con) == {L1: Decimal(2)}


def test_what_is_dated_before_and_told_after_the_list_may_be_in_it_or_not(con):
    held(con, 10, 10)
    late = moved("erp", "m1", 5, at("09:30"), recorded_at=None, observed_at=at("10:30"))
    moves(con, late)
    assert off(con) == {}


def test_with_a_time_of_entry_it_is_in_it(con):
    held(con, 10, 10)
    moves(con, moved("erp", "m1", 5, at("09:30"), observed_at=at("10:30")))
    assert off(con) == {L1: Decimal(-5)}


# Corrections in place


def corrected(
    con: duckdb.DuckDBPyConnection, quantity: object, when: datetime, **more: Any
) -> None:
    """The line m1, booked at 8:30 with 5, is changed at an instant."""
    stamp = int(when.timestamp() * 1_000_000)
    first = int(at("08:30").timestamp() * 1_000_000)
    old = moved("erp", "m1", 5, at("08:30"), revision_rank=first, superseded_at=when, **more)
    new = moved("erp", "m1", quantity, at("08:30"), revision_rank=stamp, observed_at=when, **more)
    moves(con, old, new)


@pytest.mark.parametrize("quantity", [0, 2])
def test_a_movement_corrected_after_the_list_is_in_it_as_it_was(con, quantity):
    held(con, 10, 15)
    corrected(con, quantity, at("11:00"))
    assert off(con) == {}


def test_one_corrected_before_it_is_in_it_as_it_is(con):
    held(con, 10, 12)
    corrected(con, 2, at("09:00"))
    assert off(con) == {}


def test_one_of_before_the_beginning_counts_with_what_it_was_changed_by(con):
    snapshot(con, "erp", at("08:45"), [line("erp", 15)])
    snapshot(con, "erp", CLOSED, [line("erp", 12)])
    corrected(con, 2, at("09:30"))
    assert off(con) == {}


def test_a_list_that_missed_a_correction_is_off_by_it(con):
    held(con, 10, 15)
    corrected(con, 2, at("09:00"))
    assert off(con) == {L1: Decimal(3)}


def test_what_was_entered_after_the_list_may_be_dated_before_it(con):
    held(con, 10, 10)
    stamp = int(at("10:30").timestamp() * 1_000_000)
    moves(con, moved("erp", "m1", 5, at("09:30"), recorded_at=None, revision_rank=stamp))
    assert off(con) == {}


# Nothing to begin with


def test_a_system_that_was_empty_once_needs_no_first_snapshot(con):
    snapshot(con, "erp", CLOSED, [line("erp", 12)])
    moves(con, moved("erp", "m1", 5, at("08:30")))
    assert off(con, spec(opening="nothing")) == {L1: Decimal(-3)}


def test_who_does_not_tell_from_the_beginning_is_unknown(con):
    snapshot(con, "erp", CLOSED, [line("erp", 12)])
    moves(con, moved("erp", "m1", 5, at("08:30")))
    bind = Bind(as_of=NOON, horizon=NOON, since=at("07:00"))
    assert off(con, spec(opening="nothing"), bind) == {}
    assert verdicts(con) == [("unknown", "movements are not told from the beginning")]


def test_who_tells_no_movements_is_left_out(con):
    held(con, 10, 15)
    assert off(con) == {}
    assert verdicts(con) == [("excluded", "its system tells no movements")]


# Lines of one list


def test_a_line_below_zero_is_told_though_all_agrees_in_sum(con):
    lines = [line("erp", -4, lot=None), line("erp", 14)]
    snapshot(con, "erp", CLOSED, lines)
    moves(con, moved("erp", "m1", -4, at("08:30"), lot=None))
    assert off(con, spec(due=timedelta(minutes=30))) == {"below/erp/A/": Decimal(-4)}
    (finding,) = rows(con, "SELECT * FROM finding")
    wanted = {
        "code": "negative_stock", "quantity_expected": 0, "at_risk": 4,
        "occurred_at": at("08:30"), "due_at": at("09:00"),
        "note": "Beside 14 EA of the item elsewhere in the same stock",
    }  # fmt: skip
    assert {name: finding[name] for name in wanted} == wanted
    assert verdicts(con) == [("excepted", None), ("not_due", None)]


@pytest.mark.parametrize(("horizon", "told"), [("08:59", False), ("09:00", True)])
def test_what_is_under_way_may_take_a_while(con, horizon, told):
    snapshot(con, "erp", CLOSED, [line("erp", -4)])
    plant.add(con, "business_event", [moved("erp", "m1", -4, at("08:30"))])
    bind = Bind(as_of=NOON, horizon=at(horizon))
    assert bool(off(con, spec(due=timedelta(minutes=30)), bind)) is told
    assert [verdict for verdict, _ in verdicts(con)] == ["excepted" if told else "not_due"]


def test_it_is_below_zero_since_it_never_came_back(con):
    snapshot(con, "erp", CLOSED, [line("erp", -1)])
    booked = [("07:00", -5), ("07:30", 10), ("08:30", -6), ("09:00", -1), ("09:30", 1)]
    moves_ = [moved("erp", when, quantity, at(when)) for when, quantity in booked]
    plant.add(con, "business_event", moves_)
    judge(con)
    assert rows(con, "SELECT occurred_at FROM finding") == [{"occurred_at": at("08:30")}]


def test_two_lines_of_one_place_lot_and_status_are_one_too_many(con):
    lines = [line("erp", 4), line("erp", 6) | {"source_key": "again"}, line("erp", 1, lot="L2")]
    snapshot(con, "erp", CLOSED, lines)
    moves(con)
    judge(con, spec(rows=PLACE))
    found = rows(con, "SELECT subject, code, at_risk, note FROM finding")
    assert found == [
        {
            "subject": "twice/erp/P1//A/L1/free", "code": "ledger_mismatch", "at_risk": 4,
            "note": "2 lines of one place, lot and status",
        }
    ]  # fmt: skip
    assert [verdict for verdict, _ in verdicts(con)] == ["excepted", "excepted", "not_due"]


def test_lines_that_tell_another_attribute_are_not_the_same(con):
    lines = [
        line("erp", 4, attributes='{"package": 1}'),
        line("erp", 6, attributes='{"package": 2}') | {"source_key": "other"},
    ]
    snapshot(con, "erp", CLOSED, lines)
    moves(con)
    assert off(con, spec(rows=PLACE)) == {}


# A rule's mistakes


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"grain": ["plant", "lot"]}, "grain needs 'item'"),
        ({"rows": ["location"]}, "rows needs 'item'"),
        ({"stock": {"role": "erp"}}, "say 'from: stock_balance' on 'stock'"),
        ({"opening": "zero"}, "'snapshot' or 'nothing'"),
    ],
)
def test_a_mistake_is_told_in_words(wrong, says):
    with pytest.raises(ValidationError, match=says):
        spec(**wrong)


# Laws


@given(
    booked=st.lists(
        st.tuples(
            st.integers(0, 1000), st.integers(-50, 50).filter(bool), st.sampled_from(["L1", "L2"])
        ),
        max_size=20,
    ),
    ends=st.tuples(st.integers(0, 400), st.integers(500, 1000)),
    wrong=st.integers(-5, 5),
)
def test_a_system_that_lists_what_it_books_agrees_and_an_error_is_told_to_the_digit(
    booked: list[tuple[int, int, str]], ends: tuple[int, int], wrong: int
) -> None:
    start = at("00:00")

    def listed(until: int, extra: int) -> Iterable[Row]:
        for lot in ("L1", "L2"):
            total = sum(q for minute, q, of in booked if of == lot and minute <= until)
            if total + extra:
                yield line("erp", Decimal(100 + total + extra), lot=lot)

    with plant.ledger() as con:
        snapshot(con, "erp", start + minutes(ends[0]), listed(ends[0], 100))
        snapshot(con, "erp", start + minutes(ends[1]), listed(ends[1], 100 + wrong))
        events = [
            moved("erp", str(no), q, start + minutes(minute), lot=lot)
            for no, (minute, q, lot) in enumerate(booked)
        ]
        moves(con, *events)
        bind = Bind(as_of=start + minutes(1200), horizon=start + minutes(1200))
        told = off(con, spec(blur=timedelta(0)), bind)
        opened = {lot: Decimal(wrong) for lot in ("L1", "L2")}
        assert told == {f"rolled/erp/A/{lot}": by for lot, by in opened.items() if wrong}
