"""Divisions told one beside the other, each in a process of its own and to files of its own."""

import multiprocessing
import resource
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from app.demo.faults import Planting, plan_of
from app.demo.folder import claim
from app.demo.group import Group, Happening
from app.demo.lake.cast import Quiet, Silence, cast_of
from app.demo.lake.division import TOGETHER, Division, divisions
from app.demo.lake.facts import Facts
from app.demo.wire import Disturbance, Wire

TRUTH = "truth.csv"
_DAY = timedelta(days=1)
_CHAPTER = 300_000  # records heard before they are mapped: planning a mapping takes a while


class FaultsError(Exception):
    """Faults are planted into a history held as a whole, so only into one division."""


@dataclass(frozen=True)
class Wish:
    """What is asked for: a group, and what goes wrong in it (`all`, `none` or a YAML file)."""

    group: Group
    faults: str = "none"

    @property
    def text(self) -> str:
        """The options that tell it apart from others."""
        of = self.group
        size = f"--days {of.days} --plants {of.plants} --scale {of.scale}"
        return f"lake --seed {of.seed} {size} --faults {self.faults}"


@dataclass
class Written:
    """What was written: facts by table, and the most memory a process took, in bytes."""

    counts: Counter[str] = field(default_factory=Counter)
    peak: int = 0

    @property
    def facts(self) -> int:
        """Facts of all tables."""
        return self.counts.total()


def write(wish: Wish, folder: Path, processes: int = 1) -> Written:
    """Write `facts/<table>/<division>.parquet`, and `truth.csv` where faults are planted.

    The files do not depend on the number of processes. Raises `FaultsError`, `FolderError` where
    the folder holds something else, `LandscapeError` for a file of faults that is none, `OSError`.
    """
    parts = divisions(wish.group)
    if wish.faults != "none" and len(parts) > 1:
        raise FaultsError(
            f"faults are planted into {TOGETHER} plants at most: their history is held as a whole;"
            f" take --plants {TOGETHER}, and more days, or --faults none"
        )
    claim(folder, wish.text)
    if len(parts) == 1:
        return write_division(parts[0], folder, wish.faults)
    written = Written()
    with _workers(min(processes, len(parts))) as pool:
        for one in pool.map(write_division, parts, [folder] * len(parts)):
            written.counts += one.counts
            written.peak = max(written.peak, one.peak)
    return written


def _workers(processes: int) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(processes, multiprocessing.get_context("spawn"))


def write_division(division: Division, folder: Path, faults: str = "none") -> Written:
    """The same for one division, in this process; nobody asks whose the folder is."""
    zones = {site.code: site.zone for site in division.sites}
    history: Iterable[Happening] = division.history()
    disturbance: Disturbance = Quiet()
    planting = None
    if faults != "none":
        plan, history = plan_of(faults, division), list(history)
        disturbance = planting = Planting(division, history, plan, sap=zones)
    cast = cast_of(division)
    with Facts(folder, division.name, division.base, zones) as facts:
        wire = Wire(division, history, cast.system, Silence(), disturbance)
        for at in _days(division):
            wire.run(at)
            cast.ears.look(at)
            if at == division.ends_at or cast.ears.records > _CHAPTER:
                for feed, pages in cast.heard():
                    facts.add(feed, pages)
    if planting:
        planting.write(folder / TRUTH)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return Written(Counter(facts.counts), peak)


def _days(division: Division) -> Iterator[datetime]:
    """Every time a day is over since it began, and its end."""
    at = division.starts_at + _DAY
    while at < division.ends_at:
        yield at
        at += _DAY
    yield division.ends_at
