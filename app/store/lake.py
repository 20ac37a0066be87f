"""The lake: canonical facts as Delta tables, raw pages beside them.

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
from deltalake import CommitProperties, DeltaTable, write_deltalake

from collectors.page import Page

PAGE_SUFFIX = ".page.zst"


class Lake:
    """`folder/facts/<table>` holds Delta tables, `folder/raw/<source>/<feed>/<pull>` the pages of each pull."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._tables: dict[str, DeltaTable] = {}

    def append(self, table: str, rows: pa.Table, pull_id: str) -> int:
        """Add rows in one commit; return the version they are in. Durable when it returns."""
        properties = CommitProperties(custom_metadata={"pull_id": pull_id})
        held = self._open(table)
        if held is None:
            self._path(table).parent.mkdir(parents=True, exist_ok=True)
            write_deltalake(self._path(table), rows, mode="append", commit_properties=properties)
            held = self._tables[table] = DeltaTable(self._path(table))
        else:
            write_deltalake(held, rows, mode="append", commit_properties=properties)
            held.update_incremental()
        _sync_commit(self._path(table), held.version())
        return held.version()

    def version(self, table: str) -> int:
        """Latest version of a table, -1 before its first row."""
        held = self._open(table)
        if held is None:
            return -1
        held.update_incremental()
        return held.version()

    def files(self, table: str, after: int = -1, until: int | None = None) -> list[str]:
        """Parquet files of a table as of version `until` (default: latest), without those of version `after`."""
        if self._open(table) is None:
            return []
        now = set(DeltaTable(self._path(table), version=until).file_uris())
        before = set(DeltaTable(self._path(table), version=after).file_uris()) if after >= 0 else set()
        return sorted(now - before)

    def _open(self, table: str) -> DeltaTable | None:
        if table not in self._tables and DeltaTable.is_deltatable(str(self._path(table))):
            self._tables[table] = DeltaTable(self._path(table))
        return self._tables.get(table)

    def _path(self, table: str) -> Path:
        return self.folder / "facts" / table

    # Raw pages

    def keep(self, source: str, feed: str, pull_id: str, page: Page) -> str:
        """Write a page as received, fsynced; return its reference, relative to the raw folder."""
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
        _write_durably(path, pack(json.dumps(head).encode() + b"\n" + page.body))
        return reference

    def finish_pull(self, source: str, feed: str, pull_id: str, facts: Mapping[str, Any]) -> None:
        """Mark a pull as complete: its pages are all there is of it."""
        path = self.folder / "raw" / source / feed / pull_id / "complete.json"
        if path.parent.is_dir():
            _write_durably(path, json.dumps(dict(facts)).encode())

    def drop_pull(self, source: str, feed: str, pull_id: str) -> None:
        """Forget the pages of a pull that brought nothing new: every record in them is held already."""
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
            yield KeptPull(pull.name, facts, tuple(sorted(pull.glob(f"*{PAGE_SUFFIX}"))), self.folder / "raw")

    def page(self, reference: str) -> Page:
        """The page a raw reference leads to (with or without `#record`)."""
        return read_page(self.folder / "raw" / reference.split("#")[0], self.folder / "raw")


@dataclass(frozen=True)
class KeptPull:
    """The raw pages of one pull. `facts` is what was noted at its end, None where it never came there."""

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


def _write_durably(path: Path, content: bytes) -> None:
    """All of it or nothing, and on disk: written beside, fsynced, renamed, and the folder fsynced."""
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".", delete=False) as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(file.name, path)  # noqa: PTH105 - atomic on one file system
    _sync(path.parent)


def _sync_commit(table: Path, version: int) -> None:
    """Bring a commit to disk: the Delta writer leaves that to the operating system."""
    log = table / "_delta_log" / f"{version:020}.json"
    actions = [json.loads(line) for line in log.read_text("utf-8").splitlines()]
    for action in actions:
        if "add" in action:
            _sync(table / action["add"]["path"])
    for path in (log, table, log.parent):
        _sync(path)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
