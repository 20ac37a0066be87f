"""The score on fresh seeds: every seed is a group of its own, with every fault and with none."""

import csv
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import click

from app.demo.simulation import Simulation, Wish, simulation
from app.jobs.collect import collect
from app.jobs.reconcile import reconcile
from app.score.score import Score, score_of
from app.score.truth import read_truth
from app.services import opened

FRESH = 5  # seeds, where none are named


@click.command()
@click.option("--seed", "seeds", type=int, multiple=True, help="May be named often; else fresh.")
@click.option("--days", default=30, show_default=True, help="Days of history.")
@click.option("--plants", default=3, show_default=True, help="Plants of the group.")
@click.option(
    "--write", type=click.Path(path_type=Path), help="CSV of what was planted and found, by mode."
)
def soak(seeds: tuple[int, ...], days: int, plants: int, write: Path | None) -> None:
    """Play, print, and exit with 1 where anything was missed or invented."""
    fresh = [random.SystemRandom().randrange(1_000_000) for _ in range(FRESH)]
    planted, found, is_right = Counter[str](), Counter[str](), True
    for seed in seeds or fresh:
        for faults in ("all", "none"):
            wish = Wish(seed=seed, days=days, plants=plants, faults=faults)
            score = _played(wish)
            _print(wish, score)
            is_right &= not score.missed and not score.false
            planted.update(fault.mode or "" for fault in score.missed)
            planted.update(one.fault.mode or "" for one in score.found)
            found.update(one.fault.mode or "" for one in score.found)
    if write:
        _write(write, planted, found)
    sys.exit(0 if is_right else 1)


def _played(wish: Wish) -> Score:
    with tempfile.TemporaryDirectory() as folder, simulation(Path(folder), wish) as group:
        return _scored(group)


def _scored(group: Simulation) -> Score:
    with opened(group.landscape, clock=group.clock) as services:
        for _ in group.stops():
            for work in (collect(services), reconcile(services)):
                for _ in work:
                    pass
        return score_of(services.reader, read_truth(group.truth))


def _print(wish: Wish, score: Score) -> None:
    told = score.overall
    click.echo(
        f"seed {wish.seed}, faults {wish.faults}: {told.found} of {told.faults} found,"
        f" {told.false} of {told.exceptions} exceptions false,"
        f" {told.right_code} codes, {told.right_quantity} of {told.quantities} quantities,"
        f" {told.right_value} of {told.values} values right"
    )
    for fault in score.missed:
        click.echo(f"  missed: {fault.mode} {fault.code} {fault.name} since {fault.since}")
    for one in score.false:
        click.echo(f"  false: {one.row['rule']} {one.row['code']} {one.row['key']}")


def _write(path: Path, planted: Counter[str], found: Counter[str]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("mode", "planted", "found"))
        writer.writerows((mode, planted[mode], found[mode]) for mode in _ordered(planted))


def _ordered(modes: Iterable[str]) -> list[str]:
    return sorted(filter(None, modes), key=lambda mode: (mode[0], int(mode[1:])))


if __name__ == "__main__":
    soak()
