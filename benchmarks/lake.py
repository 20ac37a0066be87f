"""The simulator: facts of a group straight to Parquet, per wall second, and the memory it takes.

What a workload of later measurements costs to make: 3 plants and 30 days are about 150,000 facts,
42 plants about 2 million, 99 plants and 115 days about 20 million. Beside it, as the baseline: the
true history of one division told to nobody.

    python -m benchmarks.lake [--plants 3 42] [--days 30] [--processes 2]
"""

import argparse
import tempfile
import time
from pathlib import Path

from app.demo.group import Group, simulate
from app.demo.lake import Wish, write


def told(days: int) -> tuple[float, int]:
    """Wall seconds of telling one division's history, and how much happens in it."""
    began = time.perf_counter()
    count = sum(1 for _ in simulate(Group(days=days)))
    return time.perf_counter() - began, count


def main() -> None:
    """Print one row for each size."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--plants", type=int, nargs="*", default=[3, 42])
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--processes", type=int, default=2)
    asked = parser.parse_args()
    seconds, count = told(asked.days)
    print(f"history alone, 3 plants: {count:,} happenings in {seconds:.1f} s")
    print(f"{'plants':>6} {'facts':>12} {'s':>8} {'facts/s':>9} {'MB peak':>8} {'MB files':>9}")
    for plants in asked.plants:
        with tempfile.TemporaryDirectory() as folder:
            began = time.perf_counter()
            wish = Wish(Group(plants=plants, days=asked.days))
            written = write(wish, Path(folder), asked.processes)
            took = time.perf_counter() - began
            size = sum(path.stat().st_size for path in Path(folder).glob("facts/*/*"))
        print(
            f"{plants:>6} {written.facts:>12,} {took:>8.1f} {written.facts / took:>9,.0f}"
            f" {written.peak / 1e6:>8,.0f} {size / 1e6:>9,.1f}"
        )


if __name__ == "__main__":
    main()
