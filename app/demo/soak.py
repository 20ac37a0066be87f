"""The score on fresh seeds: `python -m app.demo.soak [--seeds 1 2 3] [--days 30] [--write FILE]`.

Every seed is a group of its own, once with every fault and once with none.
"""

import argparse
import csv
import random
import tempfile
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import click

from app.demo.simulation import Simulation, Wish, simulation
from app.jobs.collect import collect
from app.jobs.reconcile import reconcile
from app.score.score import Run, Score, scored
from app.score.truth import read_truth
from app.services import opened
from app.store.reading import Wanted

FRESH = 5  # seeds, where none are named


def main() -> int:
    """Play, print, and fail where anything was missed or invented."""
    asked = _asked()
    seeds = asked.seeds or [random.SystemRandom().randrange(1_000_000) for _ in range(FRESH)]
    planted, found, is_right = Counter[str](), Counter[str](), True
    for seed in seeds:
        for faults in ("all", "none"):
            wish = Wish(seed=seed, days=asked.days, plants=asked.plants, faults=faults)
            score = _played(wish)
            _print(wish, score)
            is_right &= not score.missed and not score.false
            planted.update(fault.mode or "" for fault in score.missed)
            planted.update(one.fault.mode or "" for one in score.found)
            found.update(one.fault.mode or "" for one in score.found)
    if asked.write:
        _write(asked.write, planted, found)
    return 0 if is_right else 1


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="soak", description="The score on fresh seeds.")
    parser.add_argument("--seeds", type=int, nargs="+", help="default: some nobody has seen")
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--plants", type=int, default=3)
    parser.add_argument("--write", type=Path, help="CSV of what was planted and found, by mode")
    return parser.parse_args()


def _played(wish: Wish) -> Score:
    with tempfile.TemporaryDirectory() as folder, simulation(Path(folder), wish) as group:
        return _scored(group)


def _scored(group: Simulation) -> Score:
    with opened(group.landscape, clock=group.clock) as services:
        for _ in group.stops():
            for work in (collect(services), reconcile(services)):
                for _ in work:
                    pass
        reader = services.reader
        runs = [Run(**row) for row in reader.judged()]
        return scored(read_truth(group.truth), reader.exceptions(Wanted(states=())), runs)


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
    raise SystemExit(main())
