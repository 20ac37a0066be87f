"""Housekeeping: prove every night that what is held is true.

Steps: every rule's held answer against the answer from all facts, once the rule has seen them all;
no fact held twice; the audit chain.
"""

import logging

from app.jobs.reconcile import differences, reconcile_rule
from app.landscape.load import LoadedRule
from app.services import Services
from app.store.exceptions import broken_audit

log = logging.getLogger(__name__)


def prove(services: Services) -> str:
    """Run the proofs; return what they said. A proof that fails is logged as our error."""
    problems = [
        *(
            f"{name}: held answer differs for {len(found)} findings"
            for name, loaded in services.landscape.rules.items()
            if (found := _differing(services, loaded))
        ),
        *(
            f"{table}: {count} facts held twice"
            for table, count in services.store.state.doubled().items()
        ),
        *(["audit does not hold together"] if broken_audit(services.store.sql) else []),
    ]
    for problem in problems:
        log.error("proof failed", extra={"problem": problem})
    return "; ".join(problems) or "all proofs hold"


def _differing(services: Services, loaded: LoadedRule) -> list[str]:
    """Subjects whose held finding is wrong.

    Sources are collected all the time: what landed since the last run is judged first, and nothing
    lands until both answers are compared.
    """
    with services.judging, services.store.state.lock:
        reconcile_rule(services, loaded)
        return differences(services, loaded)
