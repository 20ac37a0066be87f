"""The worker: APScheduler is the alarm clock, `job_run` the truth of what ran.

Each source has its own alarm and thread, so that a dead or slow one delays nobody else. A run is
claimed once per (job, window); overlap is skipped, a missed window is run once when the machine is
back.
"""

import logging
import signal
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

from app.clock import SystemClock
from app.jobs import collect, housekeeping, notify, reconcile, replay, results, signals
from app.landscape.load import LoadedRule, SourceSetup
from app.landscape.sources import OWN_SOURCE
from app.services import Services
from app.store.jobs import Jobs
from app.store.lease import LeaseLostError

log = logging.getLogger(__name__)
TICK = timedelta(seconds=15)  # how often a source is asked whether a feed of it is due
RECONCILE_EVERY = timedelta(minutes=1)
HOUSEKEEPING_EVERY = timedelta(days=1)


class Worker:
    """Runs until `stop`. One per landscape: the lease sees to that."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._jobs = Jobs(services.store.sql)
        self._stopped = threading.Event()
        threads = len(services.landscape.sources) + 2
        self._alarm = BackgroundScheduler(
            timezone=UTC,
            executors={"default": ThreadPoolExecutor(threads)},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )
        for setup in services.landscape.sources.values():
            self._every(TICK, f"collect {setup.name}", self._collecting(setup), windowed=False)
        self._every(RECONCILE_EVERY, "reconcile", self._reconcile)
        self._every(HOUSEKEEPING_EVERY, "housekeeping", self._housekeep)

    def start(self) -> None:
        """Begin at once: with the landscape's own tables, by which everything else is mapped."""
        if own := self._services.landscape.sources.get(OWN_SOURCE):
            self._run(f"collect {own.name}", None, self._collecting(own))
        self._alarm.start()

    def stop(self) -> None:
        """Break off what is being collected, let rules come to their end, begin nothing more."""
        self._stopped.set()
        self._services.halt()
        if self._alarm.running:
            self._alarm.shutdown(wait=True)

    def run_forever(self) -> None:
        """Work until the process is told to end."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: self._stopped.set())
        self.start()
        self._stopped.wait()
        self.stop()

    def _every(
        self,
        interval: timedelta,
        job: str,
        work: Callable[[], str | None],
        *,
        windowed: bool = True,
    ) -> None:
        def alarm() -> None:
            if not self._stopped.is_set():
                self._run(
                    job, _window(self._services.clock.now(), interval) if windowed else None, work
                )

        self._alarm.add_job(
            alarm,
            "interval",
            seconds=interval.total_seconds(),
            id=job,
            next_run_time=SystemClock().now(),  # alarms ring by the machine, whatever ours says
        )

    def _run(self, job: str, window: str | None, work: Callable[[], str | None]) -> None:
        """Run one job; whatever goes wrong in it is noted and stops nothing else."""
        try:
            self._run_once(job, window, work)
        except LeaseLostError as error:
            log.error("lease lost", extra={"job": job, "error": str(error)})
            self._stopped.set()
        except Exception as error:  # of the SQL store: there the run cannot be noted
            told = {"job": job, "error": _said(error)}
            log.error("job failed", extra=told, exc_info=log.isEnabledFor(logging.DEBUG))

    def _run_once(self, job: str, window: str | None, work: Callable[[], str | None]) -> None:
        now = self._services.clock.now
        if window and not self._jobs.claim(job, window, self._services.fence, now()):
            return
        try:
            state, detail = "done", work()
        except LeaseLostError:
            raise
        except Exception as error:
            state, detail = "failed", _said(error)
            told = {"job": job, "error": detail}
            log.error("job failed", extra=told, exc_info=log.isEnabledFor(logging.DEBUG))
        if window:
            self._jobs.finish(job, window, state, detail, now())

    def _collecting(self, setup: SourceSetup) -> Callable[[], str | None]:
        def work() -> str | None:
            services = self._services
            for plan in setup.plans:
                if self._stopped.is_set():
                    break
                if collect.is_due(services, setup, plan, services.clock.now()):
                    collect.collect_feed(services, setup, plan)
            return None

        return work

    def _reconcile(self) -> str:
        services = self._services
        list(replay.resolve(services))
        reports = [
            self._judge(loaded)
            for loaded in services.landscape.rules.values()
            if not self._stopped.is_set()
        ]
        signals.refresh(services)
        told = notify.notify(services)
        results.publish(services)
        drifted = sum(report.outcome == "drifted" for report in reports)
        return f"{len(reports)} rules, {drifted} drifted, {told} notifications"

    def _judge(self, loaded: LoadedRule) -> reconcile.Report:
        with self._services.judging:
            return reconcile.reconcile_rule(self._services, loaded)

    def _housekeep(self) -> str:
        return housekeeping.prove(self._services)


def _said(error: Exception) -> str:
    """An error in one line."""
    return " ".join(f"{type(error).__name__}: {error}".split())[:500]


def _window(now: datetime, interval: timedelta) -> str:
    """The window a moment falls into: its start."""
    seconds = int(interval.total_seconds())
    start = int(now.timestamp()) // seconds * seconds
    return datetime.fromtimestamp(start, UTC).isoformat()
