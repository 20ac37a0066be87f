"""Files dropped into a folder: CSV of any dialect, JSON, JSON lines, Parquet or a workbook."""

import hashlib
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

from collectors.ask import Ask
from collectors.client import Clock
from collectors.errors import NothingNew, PayloadError, SourceUnavailableError
from collectors.page import Page

MAX_FILE_BYTES = 256 * 1024 * 1024
SPOKEN = {"/": ""}  # in place of the files of a folder that was emptied; no file has this name
HALF_WRITTEN = {".tmp", ".temp", ".part", ".partial", ".filepart", ".crdownload", ".swp"}


def pages(
    ask: Ask,
    folder: Path,
    clock: Clock,
    known: Mapping[str, str],
    found: dict[str, str],
    written: list[datetime],
) -> Iterator[Page]:
    """One page a file, oldest name first.

    `known` maps file name to the hash it had when it was read; such a file is passed over. What is
    there now is put into `found`, for the next pull, and when it was changed into `written`. A file
    still being written (`settle`, `done`, a name such as x.csv.part, a change while it is read) is
    left for later. A snapshot is all its files: `NothingNew` where they are those that are known,
    or none. Where no file was ever seen the source has not spoken yet: `SourceUnavailableError`,
    lest its silence count as complete.
    """
    feed = ask.feed
    complete = _complete_files(ask, folder, clock)
    if not complete and not known and not feed.snapshot:
        what = f"no finished file matches '{ask.fill(ask.feed.files)}' in {folder}"
        raise SourceUnavailableError(ask.source, f"{what}: nothing is known until the first one")
    chosen = complete[-1:] if feed.newest else complete
    if feed.snapshot:
        _check_new(ask, folder, chosen, known)
    for number, path in enumerate(chosen, 1):
        read = _read(ask, path)
        if read is None:
            continue
        body, changed = read
        name, mark = _name(path, folder), hashlib.sha256(body).hexdigest()
        found[name] = mark
        written.append(changed)
        if known.get(name) == mark and not feed.snapshot:
            continue
        parameters = {**ask.parameters, "file_name": name, "file_changed_at": changed.isoformat()}
        yield Page(number, body, feed.format, f"file {name}", clock.now(), parameters)


def _complete_files(ask: Ask, folder: Path, clock: Clock) -> list[Path]:
    if not folder.is_dir():
        raise SourceUnavailableError(ask.source, f"folder {folder} does not exist")
    try:
        found = sorted(folder.glob(ask.fill(ask.feed.files)))
        return [path for path in found if _is_ours(path, folder) and _complete(ask, path, clock)]
    except (OSError, NotImplementedError, ValueError) as error:
        what = f"files: '{ask.feed.files}' in {folder}: {error}"
        raise SourceUnavailableError(ask.source, what) from error


def _is_ours(path: Path, folder: Path) -> bool:
    """A file of the folder, not one half written; a link may not lead out of the folder."""
    half = path.name.startswith((".", "~$")) or path.suffix.lower() in HALF_WRITTEN
    return not half and path.is_file() and path.resolve().is_relative_to(folder.resolve())


def _complete(ask: Ask, path: Path, clock: Clock) -> bool:
    feed = ask.feed
    if feed.done and not path.with_name(feed.done.replace("{name}", path.name)).exists():
        return False
    age = clock.now().timestamp() - path.stat().st_mtime
    return not feed.settle or age >= feed.settle.total_seconds()


def _check_new(ask: Ask, folder: Path, chosen: list[Path], known: Mapping[str, str]) -> None:
    marks = {}
    for path in chosen:
        read = _read(ask, path)
        if read is None:
            raise NothingNew
        marks[_name(path, folder)] = hashlib.sha256(read[0]).hexdigest()
    if not marks or marks == dict(known):
        raise NothingNew


def _read(ask: Ask, path: Path) -> tuple[bytes, datetime] | None:
    """The bytes of a file and when it was changed (UTC); None where it changes under our eyes."""
    try:
        before = path.stat()
        if before.st_size > MAX_FILE_BYTES:
            size = f"{before.st_size:,} bytes, over the limit of {MAX_FILE_BYTES:,}"
            raise PayloadError(ask.source, f"{path.name} has {size}")
        body = path.read_bytes()
        after = path.stat()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise SourceUnavailableError(ask.source, f"{path.name}: {error.strerror}") from error
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        return None
    if len(body) != after.st_size:
        return None
    return body, datetime.fromtimestamp(after.st_mtime, UTC)


def _name(path: Path, folder: Path) -> str:
    """The name of a file in its folder, whatever bytes it is written with."""
    name = path.relative_to(folder).as_posix()
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
