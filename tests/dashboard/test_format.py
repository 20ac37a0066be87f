"""How numbers are written: exact, never flattering."""

import re
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.dashboard import format as shown

exact = st.decimals(min_value=-(10**12), max_value=10**12, places=6)


@given(exact)
def test_a_number_without_places_keeps_every_digit(value):
    back = shown.number(value).replace(",", "").replace("−", "-")
    assert Decimal(back) == value


@given(exact, st.integers(0, 4))
def test_a_signed_number_says_which_way_and_zero_says_none(value, places):
    text = shown.signed(value, places)
    is_zero = not text.strip("+−0.,")
    assert text[0] not in "+−" if is_zero else text[0] == ("+" if value > 0 else "−")


@given(st.floats(0, 100), st.integers(0, 2))
def test_a_percentage_is_a_hundred_only_when_it_is(value, places):
    text = shown.percent(value, places)
    assert (Decimal(text) == 100) == (value == 100)


@given(st.floats(0, 10**9))
def test_a_duration_has_one_or_two_units_of_falling_size(seconds):
    units = re.findall(r"[dhms]", shown.duration(seconds))
    assert 1 <= len(units) <= 2
    assert units == sorted(units, key="dhms".index)


@given(st.decimals(min_value=0, max_value=10**9, places=2))
def test_short_money_is_within_a_tenth_of_a_percent_and_short(value):
    text = shown.money(value, "EUR")
    factor = {"k": 1_000, "m": 1_000_000}.get(text[-1], 1)
    told = Decimal(text.strip("€km").replace(",", "")) * factor
    assert abs(told - value) <= max(Decimal("0.5"), value / 150)
    assert len(text) <= 10


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Decimal("0.001"), "€0"),
        (Decimal("-0.4"), "€0"),
        (9_999, "€9,999"),
        (10_000, "€10.0k"),
        (999_949, "€999.9k"),
        (999_950, "€1.00m"),
        (-286_512, "−€286.5k"),
    ],
)
def test_money_changes_its_step_without_a_gap(value, text):
    assert shown.money(value, "EUR") == text


def test_money_without_a_known_sign_names_its_currency():
    assert shown.money(500, "CHF") == "CHF 500"
    assert shown.amount(Decimal("1234.5"), None) == "1,234.50"


def test_an_instant_is_told_at_the_plant_across_the_change_to_winter():
    before = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    after = datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    assert shown.instant(before, "Europe/Berlin") == "Sun 25 Oct 2026, 02:30:00 CEST"
    assert shown.instant(after, "Europe/Berlin") == "Sun 25 Oct 2026, 02:30:00 CET"
    assert shown.instant(None, "UTC") == "—"
