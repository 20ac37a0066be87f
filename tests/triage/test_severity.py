"""How bad an exception is, and whose: by its age, its value and its content."""

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from rules.model import LEVELS, Owner, Step, level_at, owner_of

HOUR = timedelta(hours=1)
INSTANT = timedelta(microseconds=1)
CENT = Decimal("0.01")
STEPS = {
    "warning": Step(timedelta(0)),
    "major": Step(4 * HOUR),
    "critical": Step(24 * HOUR, Decimal(10_000), "EUR"),
}
OVERDUE = st.timedeltas(timedelta(days=-400), timedelta(days=400))
MONEY = st.decimals(0, 10**12, places=2)
STEP = st.builds(
    Step,
    st.none() | st.timedeltas(timedelta(0), timedelta(days=30)),
    st.none() | MONEY,
    st.sampled_from(["EUR", "USD"]),
)
SEVERITY = st.dictionaries(st.sampled_from(LEVELS), STEP, min_size=1)


@pytest.mark.parametrize(
    ("overdue", "level"),
    [
        (-INSTANT, "info"),
        (timedelta(0), "warning"),
        (4 * HOUR - INSTANT, "warning"),
        (4 * HOUR, "major"),
        (24 * HOUR - INSTANT, "major"),
        (24 * HOUR, "critical"),
        (timedelta(days=9999), "critical"),
    ],
)
def test_a_level_is_reached_at_its_age_and_not_a_moment_before(overdue, level):
    assert level_at(STEPS, overdue, None, "") == level


@pytest.mark.parametrize(
    ("value", "currency", "level"),
    [
        (None, "", "warning"),
        (Decimal(0), "EUR", "warning"),
        (Decimal(10_000) - CENT, "EUR", "warning"),
        (Decimal(10_000), "EUR", "critical"),
        (Decimal("9" * 27), "EUR", "critical"),
        (Decimal(10_000), "USD", "warning"),
        (Decimal(10_000), "", "warning"),
    ],
)
def test_much_money_in_the_currency_of_the_rule_is_critical_at_any_age(value, currency, level):
    assert level_at(STEPS, HOUR, value, currency) == level


def test_levels_need_not_be_all_there_nor_rise():
    only_money = {"major": Step(None, Decimal(1), "EUR")}
    assert level_at(only_money, 9999 * HOUR, None, "") == "info"
    assert level_at(only_money, -HOUR, Decimal(1), "EUR") == "major"
    upside_down = {"critical": Step(HOUR), "warning": Step(2 * HOUR)}
    assert level_at(upside_down, 3 * HOUR, None, "") == "critical", "the highest counts"


@given(SEVERITY, OVERDUE, OVERDUE, MONEY, MONEY)
def test_nothing_gets_milder_by_waiting_or_by_costing_more(severity, some, other, little, much):
    early, late = sorted([some, other])
    cheap, dear = sorted([little, much])
    before = level_at(severity, early, cheap, "EUR")
    after = level_at(severity, late, dear, "EUR")
    assert LEVELS.index(before) <= LEVELS.index(after)


@given(SEVERITY, OVERDUE, MONEY)
def test_an_unknown_value_never_makes_it_worse(severity, overdue, value):
    unknown = level_at(severity, overdue, None, "")
    assert LEVELS.index(unknown) <= LEVELS.index(level_at(severity, overdue, value, "EUR"))


@pytest.mark.parametrize(
    ("code", "plant", "team"),
    [
        ("missing_posting", "P1", "integration"),
        ("missing_posting", "P2", "integration"),
        ("quantity_variance", "P1", "stock keepers"),
        ("unit_mismatch", "P1", "stock keepers"),
        ("unit_mismatch", "P2", "controlling"),
        ("unit_mismatch", None, "controlling"),
        ("late_posting", "P2", "plant two"),
        ("late_posting", "P1", "controlling"),
    ],
)
def test_an_exception_belongs_to_the_first_whom_its_content_fits(code, plant, team):
    owners = (
        Owner(team="integration", code=("missing_posting", "posting_failed")),
        Owner(team="stock keepers", code=("quantity_variance", "unit_mismatch"), plant=("P1",)),
        Owner(team="plant two", code=("late_posting",), plant=("P2",)),
        Owner(team="controlling"),
    )
    assert owner_of(owners, code, plant) == team


@given(st.text(), st.none() | st.text())
def test_what_fits_nobody_else_belongs_to_the_last(code, plant):
    assert owner_of((Owner(team="first", code=("x y",)), Owner(team="last")), code, plant) == "last"


@pytest.mark.parametrize("team", ["", "x" * 65])
def test_a_team_has_a_name_the_store_can_hold(team):
    with pytest.raises(ValidationError):
        Owner(team=team)
    assert Owner(team="x" * 64)
