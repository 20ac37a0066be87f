"""Rebuild: make the match state anew from the lake, and prove that it answers as before."""

import logging
from collections.abc import Mapping
from pathlib import Path

from app.clock import Clock
from app.jobs import reconcile, signals
from app.services import opened
from app.settings import Settings
from app.store.exceptions import fingerprint
from app.store.landing import STATE_FILE

log = logging.getLogger(__name__)


def rebuild(folder: Path, home: Path, *, clock: Clock | None = None, settings: Settings | None = None) -> Mapping[str, int]:
    """Set the old state aside, take in the lake, run every rule; facts by table. The old file is removed at the end.

    Exceptions keep their identity: triage follows the new state from its beginning, and what stands already is no change.
    """
    old = home / STATE_FILE
    aside = old.with_suffix(".old")
    for path in (old, old.with_name(old.name + ".wal")):
        if path.exists():
            path.replace(aside if path == old else aside.with_name(aside.name + ".wal"))
    with opened(folder, clock=clock, settings=settings) as services:
        services.store.triage.start_over()
        standing = {}
        for report in reconcile.reconcile(services):
            log.info("rule rebuilt", extra={"rule": report.rule, "outcome": report.outcome})
            row = services.store.findings.rule(report.rule)
            if row and report.outcome in ("tied_out", "drifted"):
                standing[report.rule] = {fingerprint(report.rule, subject) for subject in services.store.findings.subjects(row["rule_no"])}
        now = services.clock.now()
        services.store.triage.close_missing(standing, {"as_of": now, "known_at": now, "run_id": "rebuild"}, now)
        signals.refresh(services)
        counts = services.store.state.counts()
    for path in (aside, aside.with_name(aside.name + ".wal")):
        path.unlink(missing_ok=True)
    return counts
