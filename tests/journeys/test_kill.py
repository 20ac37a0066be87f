"""kill -9 at random moments of collecting and of reconciling: nothing lost, nothing doubled.

A handful of kills each by default; TIEOUT_KILLS=50 for more, TIEOUT_SEED to draw other moments.
"""

import json
import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import pytest
from deltalake import DeltaTable

from app.clock import SystemClock
from app.store.exceptions import broken_audit
from app.store.lake import read_page
from app.store.landing import sql_url
from app.store.sql import open_store
from tests.works import drop, drop_stock, made, write_works

KILLS = int(os.getenv("TIEOUT_KILLS", "3"))
SEED = int(os.getenv("TIEOUT_SEED", "1"))
BATCHES, ROWS = 8, 40
# Says when everything is imported, so that a kill strikes at work and not at starting Python.
CHILD = """
import sys
from app.cli import main
import app.cli.collecting, app.cli.reconciling, app.cli.looking
print("ready", file=sys.stderr, flush=True)
main()
"""


@dataclass
class Works:
    """The small works with a lot to do, and a random hand that kills whatever works on it."""

    folder: Path
    now: datetime
    chance: random.Random
    took: dict[tuple[str, ...], float] = field(default_factory=dict)
    kills: int = 0
    restarts: list[float] = field(default_factory=list)

    def fill(self, batches: int) -> None:
        """So many batches of movements: repeats, corrections, missing and doubled bookings."""
        for batch in range(batches):
            made_lines, booked_lines = [], []
            for row in range(ROWS):
                number = batch * ROWS + row
                at = self.now - timedelta(days=4) + timedelta(minutes=number)
                order, quantity = f"O{number:05d}", f"{number % 7 + 1}.{number % 10}"
                made_lines.append(made(f"m{number}", order, quantity, at))
                if number % 9:
                    wrong = "99" if number % 11 == 0 else quantity
                    booked_lines.append(made(f"b{number}", order, wrong, at + timedelta(minutes=9)))
                if number % 13 == 0:
                    booked_lines.append(made(f"b{number}x", order, quantity, at))
            drop(self.folder, "mes", made_lines + made_lines[:5], f"moves{batch}")
            drop(self.folder, "erp", booked_lines, f"moves{batch}")
        drop(self.folder, "wms", [])
        lots = [("A", f"L{lot}", lot) for lot in range(50)]
        drop_stock(self.folder, "erp", lots, self.now - timedelta(minutes=1))
        off = [(item, lot, count + (count % 10 == 0)) for item, lot, count in lots]
        drop_stock(self.folder, "wms", off, self.now - timedelta(minutes=1))

    def start(self, *command: str) -> subprocess.Popen[str]:
        """A command of ours in a process of its own, once it has come to its work."""
        process = subprocess.Popen(
            [sys.executable, "-c", CHILD, "--landscape", str(self.folder), *command],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stderr is not None
        assert process.stderr.readline() == "ready\n", process.stderr.read()
        return process

    def run(self, *command: str) -> str:
        """A command that comes to its end; what it printed."""
        process = self.start(*command)
        began = time.monotonic()
        out, err = process.communicate()
        self.took[command] = time.monotonic() - began
        assert process.returncode == 0, err
        return out

    def kill(self, command: str) -> None:
        """Start a command and kill it at a moment between its first and its last."""
        process = self.start(command)
        time.sleep(self.chance.uniform(0, self.took[command,]))
        process.send_signal(signal.SIGKILL)
        _, err = process.communicate()
        assert process.returncode in (-signal.SIGKILL, 0), err
        self.kills += process.returncode == -signal.SIGKILL

    def look(self) -> None:
        """The next start after a kill: clean, and how long it took from importing to the answer."""
        if not self.is_begun():
            return  # killed before it had made a store
        self.run("rejects", "list")
        self.restarts.append(self.took["rejects", "list"])

    def is_begun(self) -> bool:
        """Whether there is a store to look into."""
        return (self.folder / "var").is_dir()

    def exceptions(self) -> list[dict[str, object]]:
        """What stands, without what the moment of the run decides."""
        rows = map(json.loads, self.run("exceptions", "--format", "jsonl").splitlines())
        moments = ("id", "first_seen_at", "as_of", "known_at")
        # what no movement explains is due when it is first seen
        told = [
            {name: row[name] for name in row if name not in moments}
            | ({"due_at": None} if row["code"] == "balance_variance" else {})
            for row in rows
        ]
        return sorted(told, key=lambda row: json.dumps(row, sort_keys=True))

    def facts(self) -> list[tuple[object, ...]]:
        """Every fact the lake holds, but for what the moment of the pull decides."""
        found = []
        for table in ("business_event", "item_cost"):
            files = DeltaTable(self.folder / "var/lake/facts" / table).file_uris()
            told = f"'{table}', source, source_key, source_revision, is_deleted"
            found += duckdb.sql(f"SELECT {told} FROM read_parquet({files!r})").fetchall()
        return sorted(found)

    def check(self) -> None:
        """Every promise that can be looked at from outside."""
        self.run("audit", "verify")
        self.run("reconcile", "--full")
        store = open_store(sql_url(self.folder / "var"))
        try:
            assert broken_audit(store) == []
            with store.read() as connection:
                ran = connection.exec_driver_sql(
                    "SELECT count(*), count(DISTINCT fingerprint) FROM exception"
                ).one()
            assert ran[0] == ran[1]
        finally:
            store.close()
        files = DeltaTable(self.folder / "var/lake/facts/business_event").file_uris()
        raw = self.folder / "var/lake/raw"
        references = duckdb.sql(
            f"SELECT DISTINCT split_part(raw_ref, '#', 1) FROM read_parquet({files!r})"
        ).fetchall()
        for (reference,) in references:
            assert read_page(raw / reference, raw).body


@pytest.fixture
def undisturbed(tmp_path):
    now = SystemClock().now().replace(microsecond=0)
    works = Works(write_works(tmp_path / "calm"), now, random.Random(SEED))
    works.fill(BATCHES)
    works.run("collect")
    works.run("reconcile")
    return works


@pytest.fixture
def disturbed(tmp_path, undisturbed):
    folder = write_works(tmp_path / "killed")
    return Works(folder, undisturbed.now, random.Random(SEED), dict(undisturbed.took))


def batches(kill: int) -> int:
    """Files dropped before a kill: always something new to collect, all of them by the last."""
    return 1 + (kill + 1) * (BATCHES - 1) // KILLS


@pytest.mark.slow
def test_collecting_that_is_killed_loses_nothing_and_doubles_nothing(
    undisturbed, disturbed, record_property
):
    while disturbed.kills < KILLS:
        disturbed.fill(batches(disturbed.kills))
        disturbed.kill("collect")
        disturbed.look()
    disturbed.run("collect")
    assert disturbed.facts() == undisturbed.facts()
    disturbed.run("reconcile")
    assert disturbed.exceptions() == undisturbed.exceptions()
    disturbed.check()
    record_property("slowest_restart_seconds", max(disturbed.restarts))


@pytest.mark.slow
def test_reconciling_that_is_killed_loses_nothing_and_doubles_nothing(
    undisturbed, disturbed, record_property
):
    collected = -1
    while disturbed.kills < KILLS:
        if collected < disturbed.kills:
            disturbed.fill(batches(disturbed.kills))
            disturbed.run("collect")
            collected = disturbed.kills
        disturbed.kill("reconcile")
        disturbed.look()
    disturbed.run("reconcile")
    assert disturbed.facts() == undisturbed.facts()
    assert disturbed.exceptions() == undisturbed.exceptions()
    disturbed.check()
    record_property("slowest_restart_seconds", max(disturbed.restarts))
