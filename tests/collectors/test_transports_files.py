"""Files dropped into a folder: what is read, what waits, what is passed over."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from collectors.errors import CollectError, NothingNew, PayloadError, SourceUnavailableError
from collectors.page import Page
from collectors.transports import files
from tests.collectors.feeds import ask_for
from tests.collectors.loopback import START, SleepClock

TEXT = "id\n1\n"


class Drop:
    """A folder somebody drops files into, read by one feed that remembers what it has read."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.clock = folder, SleepClock()
        self.known = files.SPOKEN

    def put(self, name: str, text: str = TEXT, age: timedelta = timedelta(hours=1)) -> Path:
        """Write a file that was changed so long ago."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
        then = (self.clock.now() - age).timestamp()
        os.utime(path, (then, then))
        return path

    def pages(self, pattern: str = "*.csv", **feed: Any) -> Iterator[Page]:
        """The pages of a pull, one by one; a pull that ends is remembered."""
        found: dict[str, str] = {}
        ask = ask_for("files", {"files": pattern, **feed}, site="HAM")
        yield from files.pages(ask, self.folder, self.clock, self.known, found, [])
        self.known = found or files.SPOKEN

    def names(self, pattern: str = "*.csv", **feed: Any) -> list[str]:
        """Names of the files a pull reads."""
        return [str(page.parameters["file_name"]) for page in self.pages(pattern, **feed)]


@pytest.fixture
def drop(tmp_path: Path) -> Drop:
    """An empty folder."""
    (tmp_path / "in").mkdir()
    return Drop(tmp_path / "in")


def test_a_file_is_one_page_with_its_name_and_time(drop: Drop) -> None:
    drop.put("b.csv", "id\n2\n")
    drop.put("a.csv")
    first, second = drop.pages()
    assert (first.body, first.format, first.request) == (b"id\n1\n", "csv", "file a.csv")
    assert first.parameters == {
        "site": "HAM",
        "file_name": "a.csv",
        "file_changed_at": (START - timedelta(hours=1)).isoformat(),
    }
    assert (first.number, second.number, second.request) == (1, 2, "file b.csv")


def test_a_file_is_read_once_and_again_when_it_has_changed(drop: Drop) -> None:
    drop.put("a.csv")
    assert drop.names() == ["a.csv"]
    assert drop.names() == []
    drop.put("a.csv", TEXT, age=timedelta(minutes=1))
    assert drop.names() == []
    drop.put("a.csv", TEXT + "2\n")
    drop.put("b.csv")
    assert drop.names() == ["a.csv", "b.csv"]


def test_the_same_content_under_two_names_is_two_files(drop: Drop) -> None:
    drop.put("a.csv")
    drop.put("copy of a.csv")
    assert drop.names() == ["a.csv", "copy of a.csv"]


def test_a_file_that_is_gone_is_forgotten(drop: Drop) -> None:
    drop.put("a.csv")
    drop.put("b.csv").unlink()
    drop.names()
    (drop.folder / "a.csv").unlink()
    assert drop.names() == []
    assert "a.csv" not in drop.known


def test_a_pattern_may_hold_folders_and_parameters(drop: Drop) -> None:
    drop.put("HAM/x.csv")
    drop.put("OAK/y.csv")
    assert drop.names("{site}/*.csv") == ["HAM/x.csv"]
    assert drop.names("**/*.csv") == ["OAK/y.csv"]


@pytest.mark.parametrize(
    "name",
    [
        "a.csv.tmp",
        "a.csv.part",
        "a.csv.PARTIAL",
        "a.csv.filepart",
        ".a.csv",
        "~$a.csv",
        "a.csv.swp",
    ],
)
def test_a_file_half_written_waits_for_its_name(drop: Drop, name: str) -> None:
    path = drop.put(name)
    assert drop.names("*") == []
    path.rename(path.with_name("a.csv"))
    assert drop.names("*") == ["a.csv"]


def test_a_file_settles_before_it_is_read(drop: Drop) -> None:
    drop.put("a.csv", age=timedelta(seconds=29))
    drop.put("b.csv", age=timedelta(seconds=30))
    assert drop.names(settle=timedelta(seconds=30)) == ["b.csv"]
    drop.clock.sleep(1)
    assert drop.names(settle=timedelta(seconds=30)) == ["a.csv"]


def test_a_file_with_a_witness_waits_for_it(drop: Drop) -> None:
    drop.put("a.csv")
    assert drop.names(done="{name}.done") == []
    drop.put("a.csv.done", "")
    assert drop.names(done="{name}.done") == ["a.csv"]


def test_a_file_that_changes_while_it_is_read_waits(
    drop: Drop, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, other = drop.put("a.csv"), drop.put("b.csv")
    whole = Path.read_bytes

    def slow(self: Path) -> bytes:
        body = whole(self)
        if self == path:
            with self.open("a", encoding="utf-8") as writer:
                writer.write("2\n")
        return body

    monkeypatch.setattr(Path, "read_bytes", slow)
    assert drop.names() == [other.name]
    monkeypatch.undo()
    assert drop.names() == ["a.csv"]


def test_a_file_that_vanishes_is_not_missed(drop: Drop) -> None:
    drop.put("a.csv")
    gone = drop.put("b.csv")
    drop.put("c.csv")
    read = []
    for page in drop.pages():
        read.append(page.parameters["file_name"])
        gone.unlink(missing_ok=True)
    assert read == ["a.csv", "c.csv"]


def test_a_link_may_not_lead_out_of_the_folder(drop: Drop, tmp_path: Path) -> None:
    (tmp_path / "secret.csv").write_text("id\nsecret\n", "utf-8")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "x.csv").write_text("id\nsecret\n", "utf-8")
    (drop.folder / "link.csv").symlink_to(tmp_path / "secret.csv")
    (drop.folder / "folder").symlink_to(tmp_path / "elsewhere")
    (drop.folder / "loop.csv").symlink_to(drop.folder / "loop.csv")
    (drop.folder / "dangling.csv").symlink_to(drop.folder / "nothing.csv")
    drop.put("a.csv")
    (drop.folder / "inside.csv").symlink_to(drop.folder / "a.csv")
    for pattern in ("*.csv", "../*.csv", "folder/*.csv", "../elsewhere/*.csv"):
        assert set(drop.names(pattern)) <= {"a.csv", "inside.csv"}


@pytest.mark.parametrize("pattern", ["/etc/*", ""])
def test_a_pattern_that_is_none_is_named(drop: Drop, pattern: str) -> None:
    with pytest.raises((CollectError, ValueError), match="files"):
        drop.names(pattern)


def test_what_is_no_file_is_passed_over(drop: Drop) -> None:
    (drop.folder / "folder.csv").mkdir()
    os.mkfifo(drop.folder / "pipe.csv")
    assert drop.names() == []


def test_a_name_in_any_bytes_is_readable(drop: Drop) -> None:
    raw = os.fsencode(str(drop.folder)) + b"/caf\xe9.csv"
    with open(raw, "wb") as file:
        file.write(b"id\n1\n")
    [name] = drop.names()
    assert name == "caf\\xe9.csv"
    assert drop.names() == []


def test_a_feed_that_never_saw_a_file_is_not_complete(drop: Drop) -> None:
    drop.known = {}
    drop.put("a.txt")
    said = rf"no finished file matches '\*\.csv' in {drop.folder}: nothing is known until the first"
    with pytest.raises(SourceUnavailableError, match=said):
        drop.names()


def test_a_folder_that_is_not_there_is_a_matter_of_time(drop: Drop) -> None:
    drop.folder.rmdir()
    with pytest.raises(SourceUnavailableError, match=r"folder .*/in does not exist"):
        drop.names()


def test_a_file_over_the_limit_is_refused_before_it_is_read(drop: Drop) -> None:
    with (drop.folder / "a.csv").open("wb") as file:
        file.truncate(files.MAX_FILE_BYTES + 1)
    with pytest.raises(PayloadError, match=r"a\.csv has 268,435,457 bytes, over the limit"):
        drop.names()


def test_a_file_nobody_may_read_is_named(drop: Drop, monkeypatch: pytest.MonkeyPatch) -> None:
    drop.put("a.csv")

    def refused(self: Path) -> bytes:
        raise PermissionError(13, "Permission denied")  # a test may run as root, who may read all

    monkeypatch.setattr(Path, "read_bytes", refused)
    with pytest.raises(SourceUnavailableError, match=r"a\.csv: Permission denied"):
        drop.names()


# Snapshots

SNAPSHOT = {"snapshot": {"basis": "cutoff_file"}}


def test_an_unchanged_snapshot_is_nothing_new(drop: Drop) -> None:
    drop.put("stock.csv")
    assert drop.names(**SNAPSHOT) == ["stock.csv"]
    with pytest.raises(NothingNew):
        drop.names(**SNAPSHOT)
    drop.put("stock.csv", TEXT + "2\n")
    assert drop.names(**SNAPSHOT) == ["stock.csv"]


def test_a_snapshot_that_is_not_there_yet_is_nothing_new(drop: Drop) -> None:
    with pytest.raises(NothingNew):
        drop.names(**SNAPSHOT)


def test_only_the_newest_snapshot_counts_where_every_one_has_its_name(drop: Drop) -> None:
    drop.put("stock_20261119.csv")
    drop.put("stock_20261120.csv")
    assert drop.names(newest=True, **SNAPSHOT) == ["stock_20261120.csv"]
    with pytest.raises(NothingNew):
        drop.names(newest=True, **SNAPSHOT)
    drop.put("stock_20261121.csv")
    assert drop.names(newest=True, **SNAPSHOT) == ["stock_20261121.csv"]


def test_a_snapshot_in_several_files_is_all_of_them(drop: Drop) -> None:
    drop.put("stock_HAM.csv")
    drop.put("stock_OAK.csv")
    both = ["stock_HAM.csv", "stock_OAK.csv"]
    assert drop.names(**SNAPSHOT) == both
    with pytest.raises(NothingNew):
        drop.names(**SNAPSHOT)
    drop.put("stock_OAK.csv", TEXT + "2\n")
    assert drop.names(**SNAPSHOT) == both
    (drop.folder / "stock_HAM.csv").unlink()
    assert drop.names(**SNAPSHOT) == ["stock_OAK.csv"]


def test_a_clock_that_is_behind_holds_nothing_back_for_ever(drop: Drop) -> None:
    drop.put("a.csv", age=-timedelta(hours=1))
    assert drop.names(settle=timedelta(minutes=1)) == []
    drop.clock.instant = datetime(2026, 11, 20, 15, 31, tzinfo=UTC)
    assert drop.names(settle=timedelta(minutes=1)) == ["a.csv"]
