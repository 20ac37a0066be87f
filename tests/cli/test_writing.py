"""Commands that write: what they say, what they keep, and that trying keeps nothing."""

import json
import signal
import socket
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from app.clock import SystemClock
from app.store.landing import STATE_FILE
from app.store.sql import SqlStore, open_store
from tests.works import NOON, drop, fill, made, minutes, until


def lines(said):
    return [json.loads(line) for line in said.out.splitlines()]


def spoilt(folder: Path) -> None:
    """Drop a file of two movements, one of which has no number for its quantity."""
    ago = NOON - minutes(120)
    drop(folder, "mes", [made("8", "O8", "ten", ago), made("9", "O9", 5, ago)], "moves8")


def test_collecting_tells_of_each_feed_and_again_finds_nothing_new(tieout, fresh):
    said = tieout("collect", "--format", "jsonl", at=fresh)
    assert said.code == 0
    counts = {(row["source"], row["feed"]): (row["records"], row["news"]) for row in lines(said)}
    assert counts["mes", "moves"] == (3, 3)
    assert counts["wms", "stock"] == (2, 2)
    assert "mes/moves: 3 records, 3 new" in said.err
    again = lines(tieout("collect", "--format", "jsonl", at=fresh))
    assert sum(row["news"] for row in again) == 0


def test_one_source_or_one_feed_is_collected_alone(tieout, fresh):
    def feeds(*wanted):
        rows = lines(tieout("collect", *wanted, "--format", "jsonl", at=fresh))
        return {f"{row['source']}/{row['feed']}" for row in rows}

    assert feeds("wms") == {"wms/moves", "wms/stock"}
    assert feeds("wms/stock", "mes") == {"wms/stock", "mes/moves"}


def test_trying_a_feed_shows_what_it_would_hold_and_keeps_nothing(tieout, fresh):
    spoilt(fresh)
    said = tieout("feed", "try", "mes/moves", "--pages", "9", at=fresh)
    assert said.code == 0
    assert "source_key" in said.out
    assert "rows for business_event" in said.err
    assert "reject: " in said.err
    assert "ten" in said.err
    assert lines(tieout("trace", "O1", "--format", "jsonl", at=fresh)) == []
    assert lines(tieout("feed", "try", "mes/moves", "--format", "jsonl", at=fresh)) != []


def test_a_reject_is_listed_with_its_reason_and_text_and_released_by_a_better_mapping(
    tieout, fresh
):
    spoilt(fresh)
    (collected,) = lines(tieout("collect", "mes", "--format", "jsonl", at=fresh))
    assert (collected["outcome"], collected["rejects"], collected["news"]) == ("ok", 1, 4)
    (reject,) = lines(tieout("rejects", "list", "--format", "jsonl", at=fresh))
    assert reject["reason"] == "quantity_source: 'ten' is not a decimal number such as 12.5"
    assert "O8" in reject["raw"]

    unchanged = tieout("rejects", "replay", "mes", at=fresh)
    assert "1 rejects left" in unchanged.err

    source = fresh / "sources/mes.yml"
    source.write_text(source.read_text().replace("qty: number", "qty: text"))
    mapping = fresh / "mappings/mes.moves.sql"
    mapping.write_text(
        mapping.read_text().replace("exact(qty)", "exact(replace(qty, 'ten', '10'))")
    )
    released = tieout("rejects", "replay", "mes/moves", at=fresh)
    assert released.code == 0
    assert "0 rejects left" in released.err
    assert lines(tieout("rejects", "list", "--format", "jsonl", at=fresh)) == []
    (kept,) = lines(tieout("rejects", "list", "--all", "--format", "jsonl", at=fresh))
    assert kept["state"] == "released"
    (fact,) = lines(tieout("trace", "O8", "--format", "jsonl", at=fresh))
    assert fact["quantity"] == "10"


def test_a_changed_mapping_is_applied_to_what_is_kept_without_a_pull(tieout, worked):
    (worked / "drop/mes/moves.csv").unlink()
    mapping = worked / "mappings/mes.moves.sql"
    mapping.write_text(mapping.read_text().replace("exact(qty)", "exact(qty) * 2"))
    assert tieout("replay-mapping", "mes/moves", at=worked).code == 0
    assert {
        row["quantity"] for row in lines(tieout("trace", "O1", "--format", "jsonl", at=worked))
    } == {"20", "10"}


def test_a_rebuild_finds_the_same_exceptions_again(tieout, worked):
    same = ("id", "code", "key", "expected", "observed", "variance", "value", "due_at", "cause")

    def told():
        found = lines(tieout("exceptions", "--format", "jsonl", at=worked))
        return sorted(([row[name] for name in same] for row in found), key=str)

    before = told()
    (worked / "var" / STATE_FILE).unlink()
    said = tieout("rebuild", "--format", "jsonl", at=worked)
    assert said.code == 0
    counts = {row["table"]: row["facts"] for row in lines(said)}
    assert (counts["business_event"], counts["stock_balance"]) == (5, 4)
    assert told() == before
    assert tieout("audit", "verify", at=worked).code == 0


def test_a_starter_is_written_checked_and_never_over_something(tieout, tmp_path):
    said = tieout("init", str(tmp_path / "new"))
    assert said.code == 0
    assert tieout("check", at=tmp_path / "new").code == 0
    again = tieout("init", str(tmp_path / "new"))
    assert again.code == 2
    assert "tieout.yml" in again.err


def test_the_audit_trail_says_where_it_was_broken(tieout, worked):
    assert tieout("audit", "verify", at=worked).code == 0
    store: SqlStore = open_store(f"sqlite:///{worked / 'var/tieout.sqlite'}")
    with store.write() as connection:
        connection.exec_driver_sql("DROP TRIGGER IF EXISTS audit_no_update")
        connection.exec_driver_sql("UPDATE audit SET actor = 'nobody' WHERE seq = 2")
    said = tieout("audit", "verify", at=worked)
    assert said.code == 1
    assert "2" in said.out + said.err


def free_port() -> int:
    with closing(socket.socket()) as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


@pytest.mark.slow
def test_up_collects_judges_shows_and_ends_when_told(tieout, fresh):
    fill(fresh, SystemClock().now())
    port = free_port()
    script = "from app.cli import main; main()"
    command = [sys.executable, "-c", script, "--landscape", str(fresh), "up", "--port", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def found() -> bool:
        return len(tieout("exceptions", "--format", "jsonl", at=fresh).out.splitlines()) == 3

    def answers() -> bool:
        try:
            return httpx.get(f"http://127.0.0.1:{port}/").status_code == 200
        except httpx.TransportError:
            assert process.poll() is None, process.stderr.read()
            return False

    try:
        until(answers, "the dashboard answers")
        until(found, "what disagrees is known")
    finally:
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert out == ""
    assert "Traceback" not in err
    assert f"http://127.0.0.1:{port}" in err
    assert tieout("collect", at=fresh).code == 0, "the lease is given back"
