"""The life of an exception: what data say, in every state there is; people's states stay theirs."""

from datetime import timedelta
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.triage.lifecycle import STANDING, Stands, State, Step, step, wakes
from tests.works import NOON

EVERY: tuple[State, ...] = get_args(State)
SEEN: tuple[Stands, ...] = get_args(Stands)


@pytest.mark.parametrize(
    ("seen", "before", "after", "action"),
    [
        ("stands", None, "open", "opened"),
        ("stands", "resolved", "regressed", "regressed"),
        ("late", None, "resolved", "noted late"),
        ("late", "open", "resolved", "resolved late"),
        ("late", "accepted", "resolved", "resolved late"),
        ("gone", "open", "resolved", "resolved"),
        ("gone", "regressed", "resolved", "resolved"),
    ],
)
def test_data_open_close_and_reopen(seen, before, after, action):
    assert step(seen, before) == Step(after, action)


@pytest.mark.parametrize("state", STANDING)
def test_what_still_stands_stays_as_people_left_it(state):
    assert step("stands", state) == Step(state, None)


@pytest.mark.parametrize("seen", ["gone", "late"])
@pytest.mark.parametrize("state", STANDING)
def test_what_is_gone_is_closed_whatever_people_had_decided(seen, state):
    following = step(seen, state)
    assert following is not None
    assert following.state == "resolved"
    assert following.action


@pytest.mark.parametrize(
    ("seen", "before"), [("gone", None), ("gone", "resolved"), ("late", "resolved")]
)
def test_what_was_never_seen_or_is_closed_already_is_not_closed_again(seen, before):
    assert step(seen, before) is None


def test_every_state_but_the_closed_one_stands():
    assert set(STANDING) | {"resolved"} == set(EVERY)
    assert len(STANDING) == len(EVERY) - 1


@given(st.lists(st.sampled_from(SEEN)))
def test_after_any_history_an_exception_stands_when_its_finding_was_last_seen_to(history):
    state: State | None = None
    for seen in history:
        following = step(seen, state)
        state = following.state if following else state
    seen_at_all = [seen for seen in history if seen != "gone"]
    if not seen_at_all:
        assert state is None, "what was never there is no exception"
    else:
        assert (state in STANDING) == (history[-1] == "stands")


@given(st.lists(st.sampled_from(SEEN)))
def test_the_same_news_twice_changes_nothing_and_is_not_told_again(history):
    state: State | None = None
    for seen in history:
        following = step(seen, state)
        state = following.state if following else state
        again = step(seen, state)
        assert again is None or again == Step(state, None)


@given(st.sampled_from(EVERY), st.integers(-3, 3))
def test_only_a_snooze_that_is_over_wakes(state, seconds):
    until = NOON + timedelta(seconds=seconds)
    assert wakes(state, until, NOON) == (state == "snoozed" and seconds <= 0)


@pytest.mark.parametrize("state", EVERY)
def test_a_snooze_without_end_is_not_ended_by_time(state):
    assert not wakes(state, None, NOON)
