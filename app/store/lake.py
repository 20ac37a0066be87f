"""The lake: canonical facts and results as Delta tables, raw pages beside them.

Open formats, append only, read by anyone while we write. Only the worker appends.
"""

import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
from deltalake import (
    ColumnProperties,
    CommitProperties,
    DeltaTable,
    Transaction,
    WriterProperties,
    write_deltalake,
)

from collectors.page import Page

PAGE_SUFFIX = ".page.zst"
# Columns that hardly ever hold a value twice: a dictionary of them is built for nothing.
DISTINCT = ("fact_no", "source_key", "raw_ref", "record_hash", "correlation_id")
WRITING = WriterProperties(
    compression="ZSTD",
    column_properties={name: ColumnProperties(dictionary_enabled=False) for name in DISTINCT},
)


class LakeError(Exception):
    """The lake cannot be read, or lacks what it had: no rebuild can bring that back."""

    def __init__(self, message: str) -> None:
        super().__init__(f"the lake: {message}; restore it from a backup")


class Lake:
    """Facts, results and raw pages under one folder.

    `facts/<table>` and `results/<table>` are Delta tables, `raw/<source>/<feed>/<pull>` holds the
    pages of each pull.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._tables: dict[Path, DeltaTable] = {}

    def append(self, table: str, rows: pa.Table, pull_id: str) -> int:
        """Add facts in one commit; return the version they are in. Durable when it returns."""
        properties = CommitProperties(custom_metadata={"pull_id": pull_id})
        return self._commit(self._facts(table), rows, properties)

    def version(self, table: str) -> int:
        """Latest version of a table of facts, -1 before its first row."""
        return self._version(self._facts(table))

    def files(self, table: str, after: int = -1, until: int | None = None) -> list[str]:
        """Parquet files of a table of facts as of version `until`, without those of `after`.

        `until` is the latest version by default.
        """
        path = self._facts(table)
        if self._open(path) is None:
            return []
        now = set(DeltaTable(path, version=until).file_uris())
        before = set(DeltaTable(path, version=after).file_uris()) if after >= 0 else set()
        return sorted(now - before)

    # Results

    def publish(
        self, table: str, rows: pa.RecordBatchReader, marks: Mapping[str, int] | None = None
    ) -> int:
        """Add results in one commit and set `marks` with it; return its version. Durable."""
        transactions = [Transaction(name, number) for name, number in (marks or {}).items()]
        properties = CommitProperties(app_transactions=transactions)
        return self._commit(self._results(table), rows, properties)

    def results_version(self, table: str) -> int:
        """Latest version of a table of results, -1 before its first row."""
        return self._version(self._results(table))

    def mark(self, table: str, name: str) -> int | None:
        """The number a mark of a table of results was last set to."""
        held = self._open(self._results(table))
        return None if held is None else held.transaction_version(name)

    # Delta tables

    def _commit(
        self, path: Path, rows: pa.Table | pa.RecordBatchReader, properties: CommitProperties
    ) -> int:
        how: Any = {"commit_properties": properties, "writer_properties": WRITING}
        held = self._open(path)
        if held is None:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_deltalake(path, rows, mode="append", **how)
            held = self._tables[path] = DeltaTable(path)
        else:
            write_deltalake(held, rows, mode="append", **how)
            held.update_incremental()
        _sync_commit(path, held.version())
        return held.version()

    def _version(self, path: Path) -> int:
        held = self._open(path)
        if held is None:
            return -1
        held.update_incremental()
        return held.version()

    def _open(self, path: Path) -> DeltaTable | None:
        if path not in self._tables and DeltaTable.is_deltatable(str(path)):
            self._tables[path] = DeltaTable(path)
        return self._tables.get(path)

    def _facts(self, table: str) -> Path:
        return self.folder / "facts" / table

    def _results(self, table: str) -> Path:
        return self.folder / "results" / table

    # Raw pages

    def keep(self, source: str, feed: str, pull_id: str, page: Page) -> str:
        """Write a page as received, fsynced; return its reference, relative to the raw folder.

        It can be relied upon once its pull is settled.
        """
        reference = f"{source}/{feed}/{pull_id}/{page.number:06d}{PAGE_SUFFIX}"
        path = self.folder / "raw" / reference
        path.parent.mkdir(parents=True, exist_ok=True)
        head = {
            "number": page.number,
            "format": page.format,
            "request": page.request,
            "received_at": page.received_at.isoformat(),
            "parameters": dict(page.parameters),
        }
        _write(path, pack(json.dumps(head).encode() + b"\n" + page.body))
        return reference

    def settle(self, source: str, feed: str, pull_id: str) -> None:
        """Bring the names of the pages kept so far to disk: once for many of them."""
        folder = self.folder / "raw" / source / feed / pull_id
        if folder.is_dir():
            sync(folder)

    def finish_pull(self, source: str, feed: str, pull_id: str, facts: Mapping[str, Any]) -> None:
        """Mark a pull as complete: its pages are all there is of it."""
        path = self.folder / "raw" / source / feed / pull_id / "complete.json"
        if path.parent.is_dir():
            _write(path, json.dumps(dict(facts)).encode())
            sync(path.parent)

    def drop_pull(self, source: str, feed: str, pull_id: str) -> None:
        """Forget the pages of a pull without news: every record in them is held already."""
        folder = self.folder / "raw" / source / feed / pull_id
        for path in folder.glob("*"):
            path.unlink()
        if folder.is_dir():
            folder.rmdir()

    def pulls(self, source: str, feed: str) -> Iterator["KeptPull"]:
        """Every pull kept for a feed, oldest first."""
        folder = self.folder / "raw" / source / feed
        for pull in sorted(folder.iterdir()) if folder.is_dir() else ():
            done = pull / "complete.json"
            facts = json.loads(done.read_bytes()) if done.exists() else None
            yield KeptPull(
                pull.name, facts, tuple(sorted(pull.glob(f"*{PAGE_SUFFIX}"))), self.folder / "raw"
            )

    def page(self, reference: str) -> Page:
        """The page a raw reference leads to (with or without `#record`)."""
        return read_page(self.folder / "raw" / reference.split("#")[0], self.folder / "raw")


@dataclass(frozen=True)
class KeptPull:
    """The raw pages of one pull.

    `facts` is what was noted at its end, None where it never came there.
    """

    pull_id: str
    facts: Mapping[str, Any] | None
    paths: tuple[Path, ...]
    root: Path

    def pages(self) -> Iterator[Page]:
        """Its pages in order."""
        return (read_page(path, self.root) for path in self.paths)


def read_page(path: Path, root: Path) -> Page:
    """A page as it was received."""
    head, _, body = unpack(path.read_bytes()).partition(b"\n")
    facts = json.loads(head)
    return Page(
        number=facts["number"],
        body=body,
        format=facts["format"],
        request=facts["request"],
        received_at=datetime.fromisoformat(facts["received_at"]),
        parameters=facts["parameters"],
        ref=path.relative_to(root).as_posix(),
    )


def pack(plain: bytes) -> bytes:
    """Compress with zstd."""
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as stream:
        stream.write(plain)
    return bytes(sink.getvalue())


def unpack(packed: bytes) -> bytes:
    """The bytes `pack` took."""
    with pa.CompressedInputStream(pa.BufferReader(packed), "zstd") as stream:
        return bytes(stream.read())


def _write(path: Path, content: bytes) -> None:
    """All or nothing, the content on disk: written beside, fsynced, renamed."""
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".", delete=False) as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(file.name, path)


def _sync_commit(table: Path, version: int) -> None:
    """Bring a commit to disk: the Delta writer leaves that to the operating system."""
    log = table / "_delta_log" / f"{version:020}.json"
    actions = [json.loads(line) for line in log.read_text("utf-8").splitlines()]
    for action in actions:
        if "add" in action:
            sync(table / action["add"]["path"])
    for path in (log, table, log.parent):
        sync(path)


def sync(path: Path) -> None:
    """Bring a file or the entries of a folder to disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
