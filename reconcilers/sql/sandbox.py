"""Running a checked statement where it can do no harm: a child process with nothing in its hands.

The engine's own settings are no sandbox (a text of gigabytes is made in one call that no setting
stops), so the child also has a limit on its address space, writes no files, inherits no environment
and no network where the kernel allows that, and is killed when its time is over.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from reconcilers.family import ReconcilerError

MOST_ROWS, MOST_BYTES = 1_000_000, 256 * 1024 * 1024
STARTING = 10.0  # seconds a child may take to start, on a busy machine
_ENVIRONMENT = {"ARROW_DEFAULT_MEMORY_POOL": "system", "MALLOC_ARENA_MAX": "1"}


class SandboxError(ReconcilerError):
    """The statement gave no answer; the message says why."""


@dataclass(frozen=True)
class Budget:
    """What a statement may cost: seconds on the wall, bytes of memory."""

    seconds: float
    memory: int


def answer(
    statement: str,
    tables: Iterable[tuple[str, pa.RecordBatchReader]],
    binds: Mapping[str, str],
    budget: Budget,
) -> pa.Table:
    """What the statement gives over `tables`, each read before the next. Raises `SandboxError`."""
    with tempfile.TemporaryDirectory(prefix="tieout-") as folder:
        paths = {name: _written(Path(folder), name, rows) for name, rows in tables}
        return _heard(folder, {
            "statement": statement, "tables": paths, "binds": dict(binds),
            "seconds": budget.seconds, "memory": budget.memory,
            "rows": MOST_ROWS, "bytes": MOST_BYTES,
        }, budget)  # fmt: skip


def _written(folder: Path, name: str, rows: pa.RecordBatchReader) -> str:
    path = folder / f"{name}.parquet"
    with pq.ParquetWriter(path, rows.schema) as writer:
        for batch in rows:
            writer.write_batch(batch)
    return str(path)


def _heard(folder: str, asked: Mapping[str, Any], budget: Budget) -> pa.Table:
    child = subprocess.Popen(  # noqa: S603 - our own file
        [sys.executable, "-I", str(Path(__file__).with_name("child.py"))],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        cwd=folder, env=_ENVIRONMENT, start_new_session=True,
    )  # fmt: skip
    overdue = threading.Event()
    timer = threading.Timer(budget.seconds + STARTING, _kill, (child, overdue))
    timer.start()
    try:
        told = _asked(child, json.dumps(asked).encode())
    finally:
        timer.cancel()
        _kill(child)
    if told[:1] == b"+" and len(told) <= MOST_BYTES * 2:
        rows = pa.ipc.open_stream(told[1:]).read_all()
        rows.validate(full=True)
        return rows
    if told[:1] == b"-":
        raise SandboxError(f"the statement: {told[1:].decode('utf-8', 'replace')}")
    if overdue.is_set():
        raise SandboxError(f"the statement took longer than {budget.seconds:g} s")
    raise SandboxError("the statement died, of memory or of time")


def _asked(child: "subprocess.Popen[bytes]", question: bytes) -> bytes:
    """What the child says; a little more than it may say is enough to see that it says too much."""
    if child.stdin is None or child.stdout is None:
        raise SandboxError("the statement's process has no pipes")
    with child.stdin, child.stdout:
        try:
            child.stdin.write(question)
            child.stdin.close()
            return child.stdout.read(MOST_BYTES * 2 + 1)
        except BrokenPipeError:
            return b""


def _kill(child: "subprocess.Popen[bytes]", overdue: threading.Event | None = None) -> None:
    """End the child and whatever it may have started."""
    if child.poll() is None:
        if overdue:
            overdue.set()
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()
