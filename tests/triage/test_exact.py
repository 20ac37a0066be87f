"""Quantities and money keep every digit they came with, however they are shown."""

from decimal import Decimal
from fractions import Fraction
from functools import reduce

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.plain import LARGEST, WIDE, plain, shares, worth

EXACT = st.decimals(-(10**28), 10**28, places=9, allow_nan=False, allow_infinity=False)


@given(EXACT)
def test_a_decimal_as_text_is_the_same_number_without_exponent(value):
    told = plain(value)
    assert Decimal(told) == value
    assert "e" not in told.lower()
    assert not told.endswith(("0", ".")) or "." not in told


@given(EXACT, EXACT)
def test_a_value_is_the_product_to_the_cent_or_no_value_at_all(quantity, unit_value):
    value = worth(quantity, unit_value)
    exact = Fraction(quantity) * Fraction(unit_value)
    if value is None:
        assert abs(exact) >= Fraction(LARGEST) - 1
    else:
        assert abs(Fraction(value) - exact) <= Fraction(1, 200)
        assert value.as_tuple().exponent == -2


@given(st.lists(EXACT, max_size=9), EXACT)
def test_parts_are_worth_together_what_their_sum_is_worth(parts, unit_value):
    values, whole = shares(parts, unit_value), worth(sum_of(parts), unit_value)
    if None in values:
        assert set(values) == {None}
        return
    assert sum_of(values) == whole
    for part, value in zip(parts, values, strict=True):
        assert abs(Fraction(value) - Fraction(part) * Fraction(unit_value)) <= Fraction(1, 100)


@pytest.mark.parametrize(
    ("quantity", "value"), [("0.005", "0.01"), ("0.015", "0.02"), ("-0.005", "-0.01")]
)
def test_half_a_cent_is_a_cent(quantity, value):
    assert worth(Decimal(quantity), Decimal(1)) == Decimal(value)


def sum_of(numbers):
    return reduce(WIDE.add, numbers, Decimal(0))


def test_nothing_is_worth_nothing_known():
    assert worth(None, Decimal(1)) is None
    assert worth(Decimal(1), None) is None
