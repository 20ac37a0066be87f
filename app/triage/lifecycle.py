"""Which state follows which.

Only data resolves; a person can acknowledge, assign, snooze or accept.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Stands = Literal["stands", "late", "gone"]  # what the data say of a finding
State = Literal["open", "acknowledged", "snoozed", "accepted", "regressed", "resolved"]
STANDING: tuple[State, ...] = ("open", "acknowledged", "snoozed", "accepted", "regressed")

# What the data say -> state before (None: never seen) -> (state after, action in the audit).
NEXT: dict[Stands, dict[State | None, tuple[State, str]]] = {
    "stands": {None: ("open", "opened"), "resolved": ("regressed", "regressed")},
    "late": {
        None: ("resolved", "noted late"),
        **dict.fromkeys(STANDING, ("resolved", "resolved late")),
    },
    "gone": dict.fromkeys(STANDING, ("resolved", "resolved")),
}


@dataclass(frozen=True)
class Step:
    """What happens to one exception: its next state, and the audit entry, if any."""

    state: State
    action: str | None


def step(seen: Stands, before: State | None) -> Step | None:
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
