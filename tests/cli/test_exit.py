"""Exit codes and errors: 0 fine, 1 found what --fail-on asks for, 2 usage, 3 could not look."""

import os
import random
import shutil
import sqlite3
import subprocess
import sys

import pytest

from app.store.landing import STATE_FILE
from tests.works import NOON, drop, made, minutes, work, working

LOOKING = [
    ("exceptions",),
    ("exception", "EX-1"),
    ("trace", "O1"),
    ("balance", "A"),
    ("signals",),
    ("feeds",),
    ("rejects", "list"),
    ("audit", "verify"),
]
WRITING = [
    ("collect",),
    ("reconcile",),
    ("work",),
    ("rebuild",),
    ("rejects", "replay"),
    ("replay-mapping", "mes/moves"),
    ("feed", "try", "mes/moves"),
]
HOLD = """
import sys
from pathlib import Path
from app.services import opened

with opened(Path(sys.argv[1])):
    print("working", flush=True)
    sys.stdin.readline()
"""


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        (("exceptions",), 0),
        (("exceptions", "--fail-on", "any"), 1),
        (("exceptions", "--fail-on", "critical"), 0),
        (("exceptions", "--fail-on", "any", "--code", "dead_letter"), 0),
        (("exceptions", "--fail-on", "warnings"), 2),
        (("exceptions", "--limit", "many"), 2),
        (("exceptions", "--limit", "0"), 2),
        (("exceptions", "--limit", "-1"), 2),
        (("feed", "try", "mes/moves", "--pages", "0"), 2),
        (("feed", "try", "mes/moves", "--rows", "-1"), 2),
        (("exceptions", "--wrong"), 2),
        (("exceptons",), 2),
        (("exception", "EX-99"), 2),
        (("exception", "nonsense"), 2),
        (("reconcile", "production/nothing"), 2),
        (("reconcile", "--as-of", "yesterday"), 2),
        (("collect", "nobody"), 2),
        (("collect", "mes/nothing"), 2),
        (("feed", "try", "mes/nothing"), 2),
        (("--format", "xml", "exceptions"), 2),
        ((), 2),
        (("--help",), 0),
        (("--version",), 0),
    ],
)
def test_the_exit_code_says_how_it_went(tieout, worked, asked, code):
    said = tieout(*asked, at=worked)
    assert said.code == code
    assert (said.err != "") or code in (0, 1)
    if code == 2:
        assert said.out == ""


def test_reconcile_fails_on_drift_where_asked(tieout, fresh):
    assert tieout("collect", at=fresh).code == 0
    assert tieout("reconcile", "--fail-on", "drifted", at=fresh).code == 1
    assert tieout("reconcile", at=fresh).code == 0


def test_a_word_nearly_right_is_answered_with_the_right_one(tieout, worked):
    assert "did you mean 'exceptions'?" in tieout("exceptons", at=worked).err


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (("exceptions", "--state", "opne"), "state 'opne'; did you mean 'open'? States: open, ack"),
        (("exceptions", "--state", "all", "--state", "x"), "there is no state 'x'. States: open, "),
        (("exceptions", "--plant", "HX"), "there is no plant 'HX'. Plants: P1"),
        (("exceptions", "--flow", "shipmet"), "there is no flow 'shipmet'; did you mean 'shipment"),
        (("exceptions", "--code", "mising_posting"), "did you mean 'missing_posting'? Codes: miss"),
        (("exceptions", "--rule", "production/boked"), "did you mean 'production/booked'? Rules: "),
        (("exceptions", "--severity", "majer"), "'majer'; did you mean 'major'? Severities: info,"),
        (("exceptions", "--owner", "wharehouse"), "'warehouse'? Owners: integration-support, war"),
        (("exceptions", "--owner", ""), "there is no owner ''. Owners: integration-support, ware"),
        (("exceptions", "--owner", "\x1b[31m"), "there is no owner '\\x1b[31m'. Owners:"),
        (("reconcile", "production/boked"), "there is no rule 'production/boked'; did you mean "),
        (("collect", "mess"), "there is no source 'mess'; did you mean 'mes'? Sources: "),
        (("collect", "mes/move"), "there is no feed of mes 'move'; did you mean 'moves'? Feeds: m"),
        (("collect", "mes/"), "there is no feed of mes ''. Feeds: moves"),
        (("feed", "try", "mess/moves"), "there is no source 'mess'; did you mean 'mes'?"),
        (("replay-mapping", "mes/move"), "there is no feed of mes 'move'; did you mean 'moves'?"),
        (("rejects", "list", "mess"), "there is no source 'mess'; did you mean 'mes'? Sources: "),
        (("rejects", "list", "mes/move"), "there is no feed of mes 'move'; did you mean 'moves'?"),
        (("rejects", "replay", "mess"), "there is no source 'mess'; did you mean 'mes'?"),
        (("signals", "--window", "24"), "'24' is not one of '24h'"),
    ],
)  # fmt: skip
def test_a_filter_for_what_is_not_there_is_a_mistake_and_not_an_empty_answer(
    tieout, worked, asked, told
):
    said = tieout(*asked, at=worked)
    assert (said.code, said.out) == (2, "")
    assert told in said.err


def test_exceptions_can_be_asked_for_by_what_the_landscape_has_no_longer(tieout, worked):
    (worked / "rules/inventory/same_stock.yml").unlink()
    for asked in (("--rule", "inventory/same_stock"), ("--owner", "warehouse")):
        told = tieout("exceptions", *asked, "--format", "jsonl", at=worked).out
        assert len(told.splitlines()) == 1
    (worked / "sources/mes.yml").unlink()
    (worked / "mappings/mes.moves.sql").unlink()
    assert tieout("rejects", "list", "mes/moves", at=worked).code == 0


def test_a_source_that_cannot_be_reached_ends_in_three_and_the_others_are_collected(tieout, fresh):
    shutil.rmtree(fresh / "drop/mes")
    said = tieout("collect", "--format", "jsonl", at=fresh)
    assert said.code == 3
    assert '"source": "mes", "feed": "moves", "outcome": "unreachable"' in said.out
    assert '"source": "erp", "feed": "moves", "outcome": "ok"' in said.out
    assert tieout("feeds", at=fresh).code == 3


@pytest.mark.parametrize("command", [*LOOKING, *WRITING, ("check",)], ids=" ".join)
def test_a_broken_landscape_is_said_with_file_and_line(tieout, worked, command):
    (worked / "tieout.yml").write_text("company: [\n")
    said = tieout(*command, at=worked)
    assert said.code == 2
    assert "tieout.yml:2: not YAML" in said.out + said.err


@pytest.mark.parametrize("place", ["nowhere", "tieout.yml", "."])
def test_a_folder_without_a_landscape_is_said(tieout, tmp_path, place):
    said = tieout("exceptions", at=tmp_path / place)
    assert said.code == 2
    assert (
        "is not a landscape: there is no tieout.yml in it. Write one with: tieout init" in said.err
    )


def test_looking_before_anything_was_collected_says_what_to_do(tieout, fresh):
    for command in LOOKING:
        said = tieout(*command, at=fresh)
        assert (said.code, said.out) == (3, "")
        assert "run: tieout collect" in said.err


@pytest.fixture
def held(worked):
    """A landscape somebody works on."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(worked)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "working\n"
    yield worked, process.pid
    process.communicate("\n")


def test_beside_a_worker_everybody_can_look_and_nobody_can_write(tieout, held):
    folder, pid = held
    for command in LOOKING:
        assert tieout(*command, at=folder).code == 0, command
    for command in WRITING:
        said = tieout(*command, at=folder)
        assert (said.code, said.out) == (3, ""), command
        assert f":{pid} works on this landscape" in said.err


def test_looking_does_not_wait_for_a_writer(tieout, worked):
    writer = sqlite3.connect(worked / "var/tieout.sqlite", isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    writer.execute("DELETE FROM signal")
    assert tieout("exceptions", at=worked).code == 0
    writer.execute("ROLLBACK")
    writer.close()


def garbage(path):
    path.write_bytes(random.Random(1).randbytes(8192))


def halved(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


@pytest.mark.parametrize("spoil", [garbage, halved])
def test_a_damaged_sql_store_is_named_and_not_touched(tieout, worked, spoil):
    path = worked / "var/tieout.sqlite"
    for log in path.parent.glob("tieout.sqlite-*"):
        log.unlink()
    spoil(path)
    spoilt = path.read_bytes()
    for command in (*LOOKING, ("collect",), ("reconcile",)):
        said = tieout(*command, at=worked)
        assert (said.code, said.out) == (3, ""), command
        assert "the file is damaged, restore it from a backup" in said.err
    assert path.read_bytes() == spoilt


def test_a_damaged_match_state_stops_the_worker_and_nobody_who_looks(tieout, worked):
    garbage(worked / "var" / STATE_FILE)
    for command in LOOKING:
        assert tieout(*command, at=worked).code == 0
    for command in (("collect",), ("reconcile",)):
        said = tieout(*command, at=worked)
        assert said.code == 3
        assert "run: tieout rebuild" in said.err
    assert tieout("rebuild", at=worked).code == 0
    assert tieout("reconcile", "--full", at=worked).code == 0


@pytest.mark.parametrize("command", [("collect",), ("reconcile",), ("rebuild",)], ids=" ".join)
def test_a_lake_that_lost_facts_is_never_taken_for_an_empty_one(tieout, worked, command):
    before = tieout("exceptions", "--format", "jsonl", at=worked).out
    shutil.rmtree(worked / "var/lake/facts")
    said = tieout(*command, at=worked)
    assert said.code == 3
    assert "the lake: " in said.err
    assert "restore it from a backup" in said.err
    assert tieout("exceptions", "--format", "jsonl", at=worked).out == before


def test_a_damaged_file_of_the_lake_is_named(tieout, worked):
    for path in (worked / "var/lake/facts/business_event").glob("*.parquet"):
        garbage(path)
    for command in (("trace", "O1"), ("rebuild",)):
        said = tieout(*command, at=worked)
        assert said.code == 3
        assert "the lake: " in said.err
        assert ".parquet" in said.err


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("postgresql://tower:canary-pw@127.0.0.1:1/x", "cannot open the SQL store: "),
        ("mysql://tower:canary-pw@127.0.0.1/x", "the SQL store is SQLite or PostgreSQL, not mysql"),
        ("canary-pw", "does not look like postgresql://user@host/name"),
    ],
)
def test_a_database_that_cannot_be_had_is_said_without_its_password(
    tieout, worked, monkeypatch, url, told
):
    text = (worked / "tieout.yml").read_text()
    (worked / "tieout.yml").write_text(text.replace("{folder: var}", "{database: env:TOWER_DB}"))
    monkeypatch.setenv("TOWER_DB", url)
    for command in (("exceptions",), ("collect",)):
        said = tieout(*command, at=worked)
        assert (said.code, said.out) == (3, "")
        assert told in said.err
        assert "canary-pw" not in said.err
    monkeypatch.delenv("TOWER_DB")
    said = tieout("exceptions", at=worked)
    assert (said.code, said.err) == (2, "env:TOWER_DB: the environment variable is not set\n")


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://tower:part1@part2@127.0.0.1:1/x",
        "postgresql://tower:part1@part2/part3@127.0.0.1/x",
        "postgresql://tower:part1@part2?part3@127.0.0.1/x",
        "postgresql://tow/er:part1@127.0.0.1/x",
        "postgresql://127.0.0.1:part1/x",
        "postgresql://tower:part1:127.0.0.1/x",
    ],
)
def test_a_database_address_that_can_be_misread_is_refused_without_a_word_of_it(
    tieout, worked, monkeypatch, url
):
    text = (worked / "tieout.yml").read_text()
    (worked / "tieout.yml").write_text(text.replace("{folder: var}", "{database: env:TOWER_DB}"))
    monkeypatch.setenv("TOWER_DB", url)
    for command in (("exceptions",), ("collect",), ("serve",), ("rebuild",)):
        said = tieout(*command, at=worked)
        assert (said.code, said.out) == (2, "")
        assert said.err.startswith("env:TOWER_DB: not an address such as postgresql://user:")
        assert "@ is %40" in said.err
        assert "part" not in said.err
        assert "127.0.0.1" not in said.err
    noted = tieout("check", at=worked)
    assert "tieout.yml:5: database: env:TOWER_DB: not an address" in noted.err
    assert "part" not in noted.err


def test_a_password_with_an_encoded_at_is_a_password(tieout, worked, monkeypatch):
    text = (worked / "tieout.yml").read_text()
    (worked / "tieout.yml").write_text(text.replace("{folder: var}", "{database: env:TOWER_DB}"))
    monkeypatch.setenv("TOWER_DB", "postgresql://tower:a%40b/c:d@127.0.0.1:1/x?sslmode=disable")
    said = tieout("exceptions", at=worked)
    assert said.code == 3
    assert "cannot open the SQL store: " in said.err
    monkeypatch.setenv("TOWER_DB", f"sqlite:///{worked}/v@r.sqlite")
    assert tieout("exceptions", at=worked).code == 0


def test_a_folder_that_is_a_file_is_said(tieout, fresh):
    (fresh / "var").write_text("")
    said = tieout("collect", at=fresh)
    assert said.code == 3
    assert str(fresh / "var") in said.err


def as_somebody(*arguments, folder):
    """A command of somebody who may read everything and write nothing."""
    # root may write anywhere, unless it gives that right away
    humble = ["setpriv", "--bounding-set", "-dac_override"] if os.getuid() == 0 else []
    script = "from app.cli import main; main()"
    command = [*humble, sys.executable, "-c", script, "--landscape", str(folder), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture
def read_only(worked):
    """The works in folders nobody may write to."""
    folders = [worked, *(path for path in worked.rglob("*") if path.is_dir())]
    for path in (*folders, *(path for path in worked.rglob("*") if path.is_file())):
        path.chmod(0o555 if path.is_dir() else 0o444)
    yield worked
    for path in folders:
        path.chmod(0o755)


def test_a_folder_that_cannot_be_written_is_said_in_one_line(read_only):
    for command in (("collect",), ("exceptions",)):
        ran = as_somebody(*command, folder=read_only)
        assert ran.returncode == 3, ran.stderr
        assert ran.stdout == ""
        assert len(ran.stderr.splitlines()) == 1, ran.stderr
        assert "readonly" in ran.stderr or "unable to open" in ran.stderr or "denied" in ran.stderr


def test_a_full_disk_is_said_in_one_line_and_nothing_is_lost(tieout, worked, monkeypatch):
    drop(worked, "mes", [made("9", "O7", 5, NOON - minutes(90))], "moves2")
    write = os.fsync

    def full(handle):
        raise OSError(28, "No space left on device", str(worked / "var"))

    monkeypatch.setattr("app.store.lake.os.fsync", full)
    said = tieout("collect", "mes", at=worked)
    assert said.code == 3
    assert "No space left on device" in said.err + said.out
    monkeypatch.setattr("app.store.lake.os.fsync", write)
    with working(worked) as services:
        work(services)
        sql = "SELECT count(*) AS facts FROM business_event WHERE source = 'mes'"
        assert services.store.state.rows(sql) == [{"facts": 4}]


def test_a_pipe_that_closes_early_is_no_error(worked):
    script = "import sys; from app.cli import main; main()"
    command = [
        sys.executable,
        "-c",
        script,
        "--landscape",
        str(worked),
        "exceptions",
        "--format",
        "json",
    ]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    process.stdout.close()
    err = process.stderr.read()
    process.stderr.close()
    process.wait()
    assert "Traceback" not in err
    assert "Exception ignored" not in err


def test_a_trace_that_leaves_something_out_says_how_much(tieout, fresh):
    many = [made(f"{at}", "O7", 1, NOON - minutes(90 + at)) for at in range(12)]
    drop(fresh, "mes", many)
    tieout("collect", at=fresh)
    said = tieout("trace", "O7", "--limit", "5", "--format", "jsonl", at=fresh)
    assert len(said.out.splitlines()) == 5
    assert "the newest 5 of 12 facts; 7 older ones are left out, see more with --limit" in said.err
    assert "what shares an order, lot or document with them was not looked for" in said.err
    assert "left out" not in tieout("trace", "O7", at=fresh).err
