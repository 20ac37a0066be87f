"""Exceptions held against the truth: what counts as found, missed, false, early and late."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.score.report import as_markdown, lasting, percent
from app.score.score import Run, scored
from app.score.truth import Fault

NOON = datetime(2026, 11, 3, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
RUNS = [Run("r", NOON + n * HOUR, NOON + n * HOUR) for n in range(-2, 6)]


def fault(key="O1", code="missing_posting", since=NOON, **more):
    return Fault(line=more.pop("line", 2), code=code, since=since, key=key, **more)


def told(number=1, key="O1", code="missing_posting", seen=NOON + HOUR, **more):
    return {
        "no": number,
        "id": f"EX-{number}",
        "code": code,
        "also": None,
        "rule": "r",
        "plant": "P1",
        "key": {"order_no": key},
        "search": key,
        "title": "A title",
        "expected": [],
        "observed": [],
        "variance": None,
        "value": None,
        "due_at": NOON,
        "first_seen_at": seen,
        "resolved_at": None,
        **more,
    }


def side(key):
    return {"source": "mes", "source_key": key}


def test_found_missed_and_false():
    faults = [fault("O1"), fault("O2", line=3)]
    result = scored(faults, [told(1, "O1"), told(2, "O9")], RUNS)
    assert [one.fault.key for one in result.found] == ["O1"]
    assert [one.key for one in result.missed] == ["O2"]
    assert [one.row["id"] for one in result.false] == ["EX-2"]
    overall = result.overall
    assert (overall.recall, overall.precision, overall.code_right) == (0.5, 0.5, 1.0)


def test_of_two_with_the_right_code_the_one_about_the_record_itself_tells_it():
    stop = fault("M-1", code="duplicate_posting", source_key="S-1")
    other = told(1, "M-1", code="duplicate_posting", seen=NOON)
    own = told(2, "M-1", code="duplicate_posting", observed=[side("S-1")])
    [found] = scored([stop], [other, own], RUNS).found
    assert [row["id"] for row in found.told_by] == ["EX-2"]
    assert scored([stop], [other], RUNS).found[0].told_by[0]["id"] == "EX-1"


def test_an_exception_that_lived_on_has_told_what_it_told_before():
    """A queue stands, moves again, and is tried for ever two days later: it is one exception."""
    day = 24 * HOUR
    stood = fault("Q1", code="stuck_message", until=NOON + 4 * HOUR)
    storm = fault("Q1", code="retry_storm", since=NOON + 2 * day, line=3)
    row = told(key="Q1", code="retry_storm", due_at=NOON + 2 * day)
    runs = [*RUNS, Run("r", NOON + 2 * day + HOUR, NOON + 2 * day + HOUR)]
    course = [
        (row["first_seen_at"], frozenset({"stuck_message"})),
        (NOON + 2 * day + HOUR, frozenset({"retry_storm"})),
    ]
    result = scored([stood, storm], [row], runs, {"EX-1": course})
    assert [one.has_code for one in result.found] == [True, True]
    assert [one.fault for one in scored([stood, storm], [row], runs).found] == [storm]


@pytest.mark.parametrize(
    ("row", "is_found"),
    [
        (told(plant="P2"), False),
        (told(plant=None), True),
        (told(resolved_at=NOON - HOUR, due_at=NOON - HOUR, seen=NOON - HOUR), False),
        (told(resolved_at=NOON + HOUR), True),
        (told(due_at=NOON + 5 * HOUR, seen=NOON + 5 * HOUR), False),
        (told(due_at=NOON + 5 * HOUR), True),  # a promise broken later has moved it
        (told(key="O11"), False),
        (told(key="O2", expected=[side("M-1")]), True),
        (told(key="O2", search="O2 M-1"), True),
    ],
)
def test_an_exception_tells_a_fault_of_its_plant_its_key_and_its_time(row, is_found):
    one = fault(plant="P1", source_key="M-1", until=NOON + 4 * HOUR)
    result = scored([one], [row], RUNS)
    assert bool(result.found) is is_found
    assert bool(result.false) is not is_found


def test_a_key_of_several_parts_names_what_has_all_of_them():
    rows = [told(1, "O1", search="O1 10"), told(2, "O1", search="O1 20")]
    result = scored([fault("O1/20")], rows, RUNS)
    assert [row["id"] for row in result.found[0].told_by] == ["EX-2"]
    assert [one.row["id"] for one in result.false] == ["EX-1"]


def test_an_exception_is_not_spent_on_another_fault_of_the_same_key():
    faults = [fault(code="missing_posting"), fault(code="hold_violated", line=3)]
    result = scored(faults, [told(code="missing_posting")], RUNS)
    assert [one.fault.code for one in result.found] == ["missing_posting"]
    assert [one.code for one in result.missed] == ["hold_violated"]
    assert not result.false


def test_a_fault_told_with_another_code_is_found_and_the_code_is_wrong():
    result = scored([fault(code="unit_mismatch")], [told(code="quantity_variance")], RUNS)
    assert (result.overall.recall, result.overall.code_right) == (1.0, 0.0)


def test_what_an_exception_also_says_is_a_right_code():
    row = told(code="quantity_variance", also="wrong_period,late_posting")
    assert scored([fault(code="late_posting")], [row], RUNS).overall.code_right == 1.0


def test_who_reports_a_decoy_is_wrong_and_is_told_what_it_fell_for():
    decoy = fault("O2", code="none", mode="reversal pair", line=3)
    result = scored([decoy], [told(1, "O2")], RUNS)
    assert [(one.row["id"], one.decoy) for one in result.false] == [("EX-1", decoy)]
    assert result.overall.faults == 0


def test_a_decoy_of_what_is_also_wrong_makes_nothing_false():
    result = scored([fault(), fault(code="none", line=3)], [told()], RUNS)
    assert not result.false


def test_what_no_run_could_have_seen_counts_nowhere():
    later = fault("O2", since=NOON + 9 * HOUR)
    between = fault("O3", since=NOON + timedelta(minutes=10), until=NOON + timedelta(minutes=20))
    result = scored([later, between], [], RUNS)
    assert result.unseen == [later, between]
    assert result.overall.recall is None
    blind = [Run("r", NOON + HOUR, NOON - HOUR)]
    assert scored([fault()], [], blind).unseen == [fault()]


def test_telling_it_before_it_was_so_is_early_and_later_than_possible_is_late():
    early = scored([fault()], [told(seen=NOON - HOUR)], RUNS)
    assert (early.overall.early, early.overall.late) == (1, 0)
    in_time = scored([fault()], [told(seen=NOON)], RUNS)
    assert (in_time.overall.early, in_time.overall.late) == (0, 0)
    late = scored([fault()], [told(seen=NOON + 2 * HOUR)], RUNS)
    assert (late.found[0].runs_late, late.overall.late) == (2, 1)
    assert late.overall.took_median == 2 * HOUR


def test_quantity_and_value_are_judged_where_the_truth_tells_them():
    faults = [fault(quantity=Decimal("-5.0"), value=Decimal(10)), fault("O2", line=3)]
    rows = [told(variance=Decimal(-5), value=Decimal(11)), told(2, "O2", variance=Decimal(3))]
    figures = scored(faults, rows, RUNS).overall
    assert (figures.quantities, figures.right_quantity) == (1, 1)
    assert (figures.values, figures.right_value) == (1, 0)


KEYS = st.sampled_from("ABC")
CODES = st.sampled_from(["missing_posting", "unit_mismatch", "none"])


@given(
    st.lists(st.tuples(KEYS, CODES), max_size=6),
    st.lists(st.tuples(KEYS, CODES.filter(lambda code: code != "none")), max_size=6),
)
def test_every_fault_and_every_exception_is_accounted_for_once(faults, rows):
    truth = [fault(key, code, line=line) for line, (key, code) in enumerate(faults, 2)]
    exceptions = [told(number, key, code) for number, (key, code) in enumerate(rows, 1)]
    result = scored(truth, exceptions, RUNS)
    judged = [one.fault.line for one in result.found] + [one.line for one in result.missed]
    assert sorted(judged) == [one.line for one in truth if not one.is_decoy]
    true_keys = {one.key for one in truth if not one.is_decoy}
    false = {one.row["id"] for one in result.false}
    assert false == {row["id"] for row in exceptions if row["search"] not in true_keys}
    by_code = result.by_code.values()
    assert sum(one.faults for one in by_code) == result.overall.faults
    assert sum(one.false for one in by_code) == sum(one.false for one in result.by_rule.values())


def test_a_hundred_percent_is_only_what_is_whole():
    assert percent(0.99999) == "< 100.0 %"
    assert percent(1.0) == "100.0 %"
    assert percent(None) == "—"
    assert lasting(timedelta(days=1, hours=2, minutes=40)) == "1 d 2 h"
    assert lasting(-timedelta(minutes=5)) == "-0 h 5 m"


def test_a_report_cannot_be_broken_by_what_it_tells():
    rows = [told(1, "O|1\n<b>", search="x")]
    page = as_markdown(scored([], rows, RUNS), lambda _: "", {"Truth": "t.csv"})
    assert "O\\|1 &lt;b>" in page
