"""What is not known is never green."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.dashboard.status import Signals, band, of_plant, tones, worst
from app.dashboard.trust import Check, judge
from app.landscape.model import Thresholds
from tests.dashboard.plant import NOW

CHECK = Check("stock", "stock", ("CZ02",), frozenset({("erp", "stock"), ("wms", "stock")}))
EVERY = {("erp", "stock"): timedelta(minutes=5), ("wms", "stock"): timedelta(minutes=5)}
RUN = {"rule": "stock", "outcome": "tied_out", "reason": None}


def states(age: timedelta, **over):
    rows = [
        {"source": source, "feed": feed, "every_seconds": 300, "error": None}
        for source, feed in EVERY
    ]
    return [{**row, "last_ok_at": NOW - age, **over} for row in rows]


def test_fresh_feeds_and_a_run_make_a_flow_known():
    trust = judge([CHECK], states(timedelta(minutes=1)), [RUN], EVERY, NOW)
    assert trust.unknown == {}
    assert trust.flows("CZ02") == ["stock"]
    assert trust.stale_sources == ()


@pytest.mark.parametrize("minutes", [15, 16])
def test_a_feed_is_stale_after_two_missed_pulls_and_the_time_of_one(minutes):
    trust = judge([CHECK], states(timedelta(minutes=minutes)), [RUN], EVERY, NOW)
    assert bool(trust.stale) == (minutes > 15)
    assert bool(trust.unknown) == (minutes > 15)


def test_a_feed_that_was_never_pulled_is_stale_not_absent():
    trust = judge([CHECK], states(timedelta(0))[:1], [RUN], EVERY, NOW)
    assert trust.stale_sources == ("wms",)
    assert trust.unknown[("CZ02", "stock")] == "wms/stock is stale"


@pytest.mark.parametrize("outcome", ["not_evaluated", "failed"])
def test_a_run_that_could_not_look_makes_its_flow_unknown(outcome):
    run = {**RUN, "outcome": outcome, "reason": "no connection\nTraceback"}
    trust = judge([CHECK], states(timedelta(0)), [run], EVERY, NOW)
    assert trust.unknown[("CZ02", "stock")] == "stock was not evaluated: no connection"


def test_a_rule_that_never_ran_says_so():
    trust = judge([CHECK], states(timedelta(0)), [], EVERY, NOW)
    assert trust.unknown[("CZ02", "stock")] == "stock has not run yet"


def test_a_plant_without_signals_has_no_tone_at_all():
    assert set(tones(of_plant([], None), Thresholds()).values()) == {"none"}
    assert worst(["none", "stale"]) == "none"


def test_the_limit_itself_is_still_inside():
    limits = Thresholds()
    at = Signals(success=float(limits.success.watch), oldest_hours=float(limits.oldest_hours.watch))
    beyond = Signals(success=float(limits.success.out) - 0.01, oldest_hours=1_000)
    assert tones(at, limits)["success"] == tones(at, limits)["oldest"] == "ok"
    assert tones(beyond, limits)["success"] == tones(beyond, limits)["oldest"] == "out"


@given(st.floats(0, 100), st.floats(0, 100))
def test_more_agreement_is_never_a_worse_band(one, other):
    low, high = sorted((one, other))
    assert band(high) <= band(low)
