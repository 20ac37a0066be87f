"""What match calls what is wrong, and when it says so, sentence by sentence of its README."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from reconcilers.family import Bind
from reconcilers.match import Match
from reconcilers.run import evaluate
from tests.reconcilers import plant
from tests.reconcilers.events import (
    PAIRING,
    back,
    erp,
    findings,
    found,
    mes,
    run,
    spec,
    verdicts,
)
from tests.reconcilers.plant import at

HOUR = timedelta(hours=1)


def codes(con, of, *facts, **when):
    """Codes of what disagrees, `also` after a plus."""
    run(con, of, *facts, **when)
    return [row["code"] + (f"+{row['also']}" if row["also"] else "") for row in findings(con)]


# When it is said


@pytest.mark.parametrize(("as_of", "said"), [("08:29", []), ("08:30", ["missing_posting"])])
def test_nothing_is_said_before_it_is_due(con, as_of, said):
    assert codes(con, spec(), mes("m"), as_of=at(as_of)) == said
    assert verdicts(con) == {"m": "excepted" if said else "not_due"}


def test_when_it_may_be_said_is_known_before(con):
    run(con, spec(), mes("m"), as_of=at("08:10"))
    assert verdicts(con, "check_at") == {"m": at("08:30")}


def test_nothing_is_said_before_both_sides_are_complete(con):
    """What is due by now and not complete is unknown, which is not the same as waiting."""
    plant.add(con, "business_event", [mes("m")])
    bind = Bind(as_of=at("09:00"), horizon=at("08:29"))
    outcome = evaluate(con, Match(), spec(), PAIRING, bind)
    assert (outcome.findings, outcome.accounts["expected"].unknown) == (0, 1)


@pytest.mark.parametrize(("as_of", "said"), [("09:04", []), ("09:05", ["orphan_posting"])])
def test_a_posting_without_origin_may_have_its_own_grace(con, as_of, said):
    assert codes(con, spec(orphan_due=HOUR), erp("e"), as_of=at(as_of)) == said


@pytest.mark.parametrize(
    ("made", "as_of", "said"),
    [
        ("10:00", "11:59", False),
        ("10:00", "12:00", True),
        ("15:00", "2026-11-03 08:59", False),  # an hour is left when the shift ends
        ("15:00", "2026-11-03 09:00", True),
        ("20:00", "2026-11-03 09:59", False),  # made while the plant is closed
        ("20:00", "2026-11-03 10:00", True),
    ],
)
def test_working_time_is_counted_on_the_calendar_of_the_plant(con, made, as_of, said):
    """The plant works from 08:00 to 16:00."""
    shift = 8 * 3600
    for day in (0, 1):
        opens = at("08:00") + timedelta(days=day)
        row = ["P1", opens, opens + timedelta(days=1), day * shift, shift]
        con.execute("INSERT INTO working VALUES (?, ?, ?, ?, ?)", row)
    of = spec(due={"working": 2 * HOUR})
    assert (codes(con, of, mes("m", when=made), as_of=at(as_of)) != []) == said


def test_without_a_calendar_working_time_is_all_time(con):
    of = spec(due={"working": HOUR})
    assert codes(con, of, mes("m"), as_of=at("09:00")) == ["missing_posting"]


def test_what_takes_place_after_the_question_is_not_in_scope(con):
    outcome = run(con, spec(), mes("m", when="12:01"), erp("e", when="12:01"))
    assert [line.in_scope for line in outcome.accounts.values()] == [0, 0]


# What it is called

ALIKE = {"quantity": {}, "lot": "same", "period": "same"}
CASES = [
    ("missing_posting", [mes("m")]),
    ("orphan_posting", [erp("e")]),
    ("posting_failed", [mes("m"), erp("e", state="failed")]),
    ("posting_failed", [mes("m"), erp("e", state="pending")]),
    ("posting_failed", [mes("m"), erp("e", state="draft")]),
    ("missing_posting", [mes("m"), erp("e", state="planned")]),
    ("reversal_lost", [mes("m"), erp("e"), back(erp("e"), "e-")]),
    ("reversal_lost", [mes("m"), back(mes("m"), "m-"), erp("e")]),
    ("reversal_lost", [mes("m"), erp("e", state="cancelled")]),
    ("reversal_lost", [mes("m", state="cancelled"), erp("e")]),
    ("duplicate_posting+quantity_variance", [mes("m"), erp("e"), erp("e2")]),
    ("quantity_variance", [mes("m"), erp("e", 9)]),
    ("quantity_variance", [mes("m"), erp("e"), erp("e2", 3)]),
    ("unit_mismatch", [mes("m"), erp("e", unit="KG")]),
    ("unit_mismatch", [mes("m"), erp("e", 120)]),
    ("attribute_mismatch", [mes("m", lot="L1"), erp("e", lot="L2")]),
    ("wrong_period", [mes("m"), erp("e", posting_on=date(2026, 12, 1))]),
    (
        "quantity_variance+attribute_mismatch,wrong_period",
        [mes("m", lot="L1"), erp("e", 9, lot="L2", posting_on=date(2026, 12, 1))],
    ),
    (
        "attribute_mismatch+wrong_period",
        [mes("m", lot="L1"), erp("e", lot="L2", posting_on=date(2026, 12, 1))],
    ),
]


@pytest.mark.parametrize(("code", "facts"), CASES)
def test_the_first_that_is_true_is_the_code(con, code, facts):
    assert codes(con, spec(compare=ALIKE), *facts) == [code]


def test_with_one_to_one_a_second_effect_is_a_duplicate_whatever_it_adds_up_to(con):
    facts = mes("m"), erp("e1", 6), erp("e2", 4)
    assert codes(con, spec(group="1:1"), *facts) == ["duplicate_posting"]


@pytest.mark.parametrize(
    ("observed", "code"),
    [
        ((10, 10), "duplicate_posting+quantity_variance"),
        ((10, 10, 10), "duplicate_posting+quantity_variance"),
        ((4, 6, 6), "duplicate_posting+quantity_variance"),
        ((4, 6, 5), "quantity_variance"),
    ],
)
def test_a_surplus_of_whole_copies_is_a_duplicate(con, observed, code):
    facts = [erp(f"e{no}", quantity) for no, quantity in enumerate(observed)]
    assert codes(con, spec(), mes("m"), *facts) == [code]


def test_what_failed_tells_of_a_missing_partner_and_is_shown_with_it(con):
    assert found(con, spec(), mes("m"), erp("e", state="failed")) == [("posting_failed", "e m")]
    assert verdicts(con) == {"m": "excepted", "e": "excepted"}


def test_where_there_is_a_partner_what_failed_tells_nothing(con):
    """Else a run over what changed could not know of it."""
    facts = mes("m"), erp("e1", 6), erp("e2", 4, state="failed")
    assert found(con, spec(), *facts) == [("quantity_variance", "e1 m")]
    assert verdicts(con)["e2"] == "excluded"


@pytest.mark.parametrize(("observed", "code"), [(119, "unit_mismatch"), (118, "quantity_variance")])
def test_a_factor_explains_within_one_percent(con, observed, code):
    assert codes(con, spec(), mes("m"), erp("e", observed)) == [code]


@pytest.mark.parametrize("quantity", [50, 970])
@pytest.mark.parametrize("compare", [{"quantity": {}}, {"quantity": {"percent": 99}}])
def test_quantities_in_different_units_have_no_variance_and_nothing_to_value(
    con, quantity, compare
):
    of = spec(compare=compare)
    assert codes(con, of, mes("m", 970), erp("e", quantity, unit="CS")) == ["unit_mismatch"]
    told = ("quantity_expected", "quantity_observed", "variance", "unit", "at_risk")
    assert {findings(con)[0][name] for name in told} == {None}


def test_nor_are_copies_looked_for_among_them(con):
    facts = mes("m", 5), erp("e1", 5, unit="CS"), erp("e2", 5, unit="CS")
    assert codes(con, spec(), *facts) == ["unit_mismatch"]


def test_where_quantities_are_not_asked_for_other_units_still_have_no_value(con):
    of = spec(compare={"lot": "same"})
    facts = mes("m", 970, lot="L1"), erp("e", 50, lot="L2", unit="CS")
    assert codes(con, of, *facts) == ["attribute_mismatch"]
    assert findings(con)[0]["at_risk"] is None


def test_a_factor_is_told_with_the_finding(con):
    run(con, spec(), mes("m"), erp("e", 120))
    assert findings(con)[0]["factor"] == 12


def test_a_factor_may_be_of_one_item_only(con):
    con.execute("DELETE FROM unit_factor")
    con.execute("INSERT INTO unit_factor VALUES ('B', 12)")
    of = spec(["order_no", "item"])
    other = mes("m2", item="B"), erp("e2", 120, item="B")
    assert codes(con, of, mes("m"), erp("e", 120), *other) == [
        "quantity_variance", "unit_mismatch",
    ]  # fmt: skip


@pytest.mark.parametrize(("mine", "other"), [("L1", None), (None, "L1"), ("L1", "L1")])
def test_an_attribute_one_side_does_not_know_is_no_difference(con, mine, other):
    assert codes(con, spec(compare=ALIKE), mes("m", lot=mine), erp("e", lot=other)) == []


# How much difference is none


@pytest.mark.parametrize(
    ("quantity", "observed", "is_off"),
    [
        ({}, "9.999999999", True),
        ({"tolerance": 1}, 9, False),
        ({"tolerance": 1}, "8.999999999", True),
        ({"percent": 10}, 9, False),
        ({"percent": 10}, "11.11", False),  # of the larger side
        ({"percent": 10}, "11.12", True),
        ({"tolerance": 1, "percent": 20}, 8, False),
        ({"tolerance": 2, "percent": 10}, 8, False),
    ],
)
def test_the_tolerance_is_the_larger_of_an_amount_and_a_share(con, quantity, observed, is_off):
    of = spec(compare={"quantity": quantity})
    assert (codes(con, of, mes("m"), erp("e", observed)) != []) == is_off


@pytest.mark.parametrize(("observed", "is_off"), [(9_500, False), (8_999, True)])
def test_one_rounding_step_of_the_coarser_unit_is_none(con, observed, is_off):
    """Ten pallets of a thousand were told in whole pallets; the other side counts pieces."""
    of = spec(compare={"quantity": {"round_to": {"PAL": 1, "EA": 1}}})
    pallets = mes("m", 10_000, unit_source="PAL", quantity_source=Decimal(10))
    assert (codes(con, of, pallets, erp("e", observed)) != []) == is_off


# Periods and lateness


@pytest.mark.parametrize(
    ("posted", "said"), [(date(2026, 11, 28), []), (date(2026, 11, 29), ["wrong_period"])]
)
def test_a_period_is_the_declared_one(con, posted, said):
    """Period eleven ends early, on the 28th."""
    starts = {date(2026, 11, 1): range(1, 29), date(2026, 11, 29): range(29, 31)}
    for begin, days in starts.items():
        for day in days:
            con.execute("INSERT INTO period_day VALUES (?, ?)", [date(2026, 11, day), begin])
    of = spec(compare={"period": "same"})
    assert codes(con, of, mes("m"), erp("e", posting_on=posted)) == said


LATE = spec(late={"after": timedelta(minutes=15)})


@pytest.mark.parametrize(("posted", "said"), [("08:45", []), ("08:46", ["late_posting"])])
def test_what_agrees_and_came_late_is_counted_and_closed_at_once(con, posted, said):
    outcome = run(con, LATE, mes("m"), erp("e", recorded_at=at(posted)))
    assert [row["code"] for row in findings(con)] == said
    assert outcome.findings == 0
    assert [row["settled_at"] for row in findings(con)] == [at(posted) for _ in said]
    assert set(verdicts(con).values()) <= {"matched"}


def test_late_may_go_by_the_event_itself(con):
    of = spec(late={"after": timedelta(0), "clock": "event_at"})
    late = erp("e", when="08:31", recorded_at=at("08:00"))
    assert codes(con, of, mes("m"), late) == ["late_posting"]


def test_what_is_wrong_and_late_is_wrong_and_late_also(con):
    late = erp("e", 9, recorded_at=at("11:00"))
    assert codes(con, LATE, mes("m"), late) == ["quantity_variance+late_posting"]


# Conservation


def test_every_fact_in_scope_is_accounted_for_once(con):
    """Agreed, missing, taken back, not due, beyond the horizon."""
    orders = [{"order_no": f"O{no}"} for no in range(5)]
    facts = [
        mes("m0", **orders[0]), erp("e0", **orders[0]), mes("m1", **orders[1]),
        mes("m2", **orders[2]), back(mes("m2", **orders[2]), "m2-"),
        mes("m3", when="11:45", **orders[3]), mes("m4", when="11:20", **orders[4]),
    ]  # fmt: skip
    plant.add(con, "business_event", facts)
    bind = Bind(as_of=at("12:00"), horizon=at("11:40"))
    expected, observed = evaluate(con, Match(), spec(), PAIRING, bind).accounts.values()
    assert vars(expected) == {
        "in_scope": 6, "matched": 1, "excepted": 1, "excluded": 2, "not_due": 1, "unknown": 1,
    }  # fmt: skip
    assert vars(observed) == {
        "in_scope": 1, "matched": 1, "excepted": 0, "excluded": 0, "not_due": 0, "unknown": 0,
    }  # fmt: skip


# As of, as known at


def _seen(fact, when, until=None):
    """A fact, from when on we held it and until when it was its newest revision."""
    return {**fact, "observed_at": at(when), "superseded_at": at(until) if until else None}


HISTORY = [
    _seen(mes("m"), "08:01"),
    _seen(erp("e", 6), "08:10", "10:00"),
    _seen(erp("e", 10, source_revision="2"), "10:00"),
    _seen(mes("m2", order_no="P", when="09:00"), "09:01"),
    _seen(erp("e2", order_no="P", when="09:10"), "11:00"),
]


@pytest.mark.parametrize(
    ("as_of", "known_at", "said"),
    [
        ("08:20", "08:20", []),
        ("08:30", "08:05", ["missing_posting"]),
        ("08:30", "08:30", ["quantity_variance"]),
        ("08:30", "09:59", ["quantity_variance"]),
        ("08:30", "10:00", []),  # what was put right later, about the same moment
        ("09:30", "09:30", ["quantity_variance", "missing_posting"]),
        ("09:30", "10:59", ["missing_posting"]),
        ("09:30", "11:00", []),
        ("12:00", None, []),
        ("08:59", None, []),
    ],
)
def test_an_answer_is_of_a_moment_and_of_what_was_known(con, as_of, known_at, said):
    plant.add(con, "business_event", HISTORY)
    known = at(known_at) if known_at else None
    bind = Bind(as_of=at(as_of), horizon=at(as_of), known_at=known)
    evaluate(con, Match(), spec(), PAIRING, bind)
    assert [row["code"] for row in findings(con)] == said


def test_a_deletion_is_known_from_when_it_was_seen(con):
    gone = _seen({**mes("m"), "is_deleted": True, "source_revision": "2"}, "09:00")
    plant.add(con, "business_event", [_seen(mes("m"), "08:01", "09:00"), gone])
    told = {}
    for known in ("08:59", "09:00"):
        bind = Bind(as_of=at("12:00"), horizon=at("12:00"), known_at=at(known))
        told[known] = evaluate(con, Match(), spec(), PAIRING, bind).findings
    assert told == {"08:59": 1, "09:00": 0}


def test_nothing_before_a_side_begins_to_tell_is_in_scope(con):
    plant.add(con, "business_event", [mes("m", when="07:59"), mes("n", when="08:00")])
    noon = datetime(2026, 11, 2, 12, tzinfo=UTC)
    bind = Bind(as_of=noon, horizon=noon, since=at("08:00"))
    evaluate(con, Match(), spec(group="1:n"), PAIRING, bind)
    assert verdicts(con) == {"n": "excepted"}
