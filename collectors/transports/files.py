"""Files dropped into a folder: a table of any dialect, JSON lines, a JSON document, Parquet or a workbook."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from collectors.ask import Ask
from collectors.client import Clock
from collectors.errors import NothingNew, PayloadError, SourceUnavailableError
from collectors.page import Page

MAX_FILE_BYTES = 256 * 1024 * 1024


def pages(ask: Ask, folder: Path, clock: Clock, known: Mapping[str, str], found: dict[str, str]) -> Iterator[Page]:
    """One page a file, oldest name first.

    `known` maps file name to the hash it had when it was read; such a file is passed over. What is read now is put into
    `found`, for the next pull. A file still being written (`settle`, `done`) is left for later.
    """
    feed = ask.feed
    if not folder.is_dir():
        raise SourceUnavailableError(ask.source, f"folder {folder} does not exist")
    pattern = ask.fill(feed.files)
    candidates = sorted(path for path in folder.glob(pattern) if path.is_file() and _inside(path, folder))
    complete = [path for path in candidates if _complete(ask, path, clock)]
    number = 0
    for path in complete[-1:] if feed.newest else complete:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise PayloadError(ask.source, f"{path.name} has {path.stat().st_size:,} bytes, over the limit of {MAX_FILE_BYTES:,}")
        body = _read(ask, path)
        name, mark = path.relative_to(folder).as_posix(), hashlib.sha256(body).hexdigest()
        found[name] = mark
        if known.get(name) == mark:
            if feed.snapshot:
                raise NothingNew
            continue
        number += 1
        changed = datetime.fromtimestamp(path.stat().st_mtime, UTC)
        parameters = {**ask.parameters, "file_name": name, "file_changed_at": changed.isoformat()}
        yield replace(Page(number, body, feed.format, f"file {name}", clock.now()), parameters=parameters)


def _complete(ask: Ask, path: Path, clock: Clock) -> bool:
    feed = ask.feed
    if feed.done and not path.with_name(feed.done.replace("{name}", path.name)).exists():
        return False
    return clock.now().timestamp() - path.stat().st_mtime >= feed.settle.total_seconds() if feed.settle else True


def _inside(path: Path, folder: Path) -> bool:
    """A link may not lead out of the folder."""
    return path.resolve().is_relative_to(folder.resolve())


def _read(ask: Ask, path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise SourceUnavailableError(ask.source, f"{path.name}: {error.strerror}") from error
