"""Which state follows which. Only data resolves; a person can acknowledge, assign, snooze or accept."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

State = Literal["open", "acknowledged", "snoozed", "accepted", "regressed", "resolved"]
STANDING: tuple[State, ...] = ("open", "acknowledged", "snoozed", "accepted", "regressed")

# What the data say -> state before -> (state after, action in the audit). None as the state before: never seen.
NEXT: dict[str, dict[State | None, tuple[State, str]]] = {
    "stands": {None: ("open", "opened"), "resolved": ("regressed", "regressed")},
    "late": {None: ("resolved", "noted late"), **{state: ("resolved", "resolved late") for state in STANDING}},
    "gone": {state: ("resolved", "resolved") for state in STANDING},
}


@dataclass(frozen=True)
class Step:
    """What happens to one exception: its next state, and the audit entry if there is one to write."""

    state: State
    action: str | None


def step(seen: Literal["stands", "late", "gone"], before: State | None) -> Step | None:
    """What the data make of an exception; None where there is nothing to do.

    >>> step("stands", None)
    Step(state='open', action='opened')
    >>> step("gone", "snoozed")
    Step(state='resolved', action='resolved')
    >>> step("gone", None) is None
    True
    """
    if found := NEXT[seen].get(before):
        return Step(*found)
    return Step(before, None) if before is not None and seen == "stands" else None


def wakes(state: State, snoozed_until: datetime | None, now: datetime) -> bool:
    """Whether a snooze is over."""
    return state == "snoozed" and snoozed_until is not None and snoozed_until <= now
