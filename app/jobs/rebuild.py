"""Rebuild: make the match state anew from the lake, and run every rule on it."""

import logging
from collections.abc import Mapping
from pathlib import Path

from app.clock import Clock
from app.jobs import reconcile, replay, results, signals
from app.services import opened
from app.settings import Settings

log = logging.getLogger(__name__)


def rebuild(
    folder: Path, *, clock: Clock | None = None, settings: Settings | None = None
) -> Mapping[str, int]:
    """Take in the lake, recall what waits, run every rule, take the old state's place.

    Return the facts by table. Exceptions keep their identity: triage follows the new state from its
    beginning, and what stands already is no change. Where it breaks off, the old state is still
    there.
    """
    with opened(folder, clock=clock, settings=settings, anew=True) as services:
        replay.recall(services)
        services.store.triage.start_over()
        for report in reconcile.reconcile(services):
            log.info("rule rebuilt", extra={"rule": report.rule, "outcome": report.outcome})
        signals.refresh(services)
        results.publish(services)
        return services.store.state.counts()
