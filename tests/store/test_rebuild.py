"""The match state is made anew from the lake: after any damage, nothing lost, the same answer."""

import json
import random
import subprocess
import sys

import duckdb
import pytest
import sqlalchemy as sa

from app.clock import SetClock
from app.jobs import collect, reconcile, replay
from app.jobs.rebuild import rebuild
from app.services import opened
from app.store.exceptions import broken_audit
from app.store.landing import STATE_FILE
from app.store.lease import LeaseHeldError
from app.store.reading import Reader, Wanted
from app.store.sql import tables as t
from app.store.state import StateError
from tests.works import BOOKED, NOON, drop, made, minutes, work, working

CLOCK = SetClock(NOON, running=False)
HOLD = """
import sys
from pathlib import Path
from app.services import opened

with opened(Path(sys.argv[1])):
    print("working", flush=True)
    sys.stdin.readline()
"""


def damage(kind):
    """A way to spoil a file."""

    def spoil(path):
        size = path.stat().st_size if path.exists() else 0
        if kind == "deleted":
            path.unlink()
        elif kind == "empty":
            path.write_bytes(b"")
        elif kind == "truncated":
            path.write_bytes(path.read_bytes()[: size // 3])
        elif kind == "garbage":
            path.write_bytes(random.Random(1).randbytes(size))
        elif kind == "another file":
            path.write_text(json.dumps({"not": "a database"}))
        elif kind == "of another schema":
            with duckdb.connect(path) as con:
                con.execute("UPDATE meta SET schema_version = 1")

    return spoil


def told(folder):
    """Every exception, but for what the moment of the run decides."""
    with working(folder) as services:
        rows = Reader(services.store.sql).exceptions(Wanted(states=()))
    moments = ("as_of", "known_at", "run_id", "evidence", "changed_at")
    return [{name: row[name] for name in row if name not in moments} for row in rows]


def audit_length(services):
    with services.store.sql.read() as connection:
        return connection.execute(sa.select(sa.func.count()).select_from(t.audit)).scalar()


def held(services):
    """All facts and what the rules made of them, as sorted text."""
    store = services.store
    tables = ["business_event", "stock_balance", "stock_snapshot", "item_cost"]
    numbers = {name: store.findings.rule(name)["rule_no"] for name in services.landscape.rules}
    for name, number in sorted(numbers.items()):
        columns = "subject, code, variance, unexplained, due_at, is_standing, content"
        found = f"SELECT '{name}' AS rule, {columns} FROM r{number}_finding WHERE is_standing"
        yield sorted(map(str, store.state.rows(found)))
        members = f"SELECT side, fact_no, verdict, reason, pass, subject FROM r{number}_member"
        yield sorted(map(str, store.state.rows(members)))
    for table in tables:
        yield sorted(map(str, store.state.rows(f"SELECT * FROM {table}")))


@pytest.mark.parametrize(
    "kind", ["deleted", "empty", "truncated", "garbage", "another file", "of another schema"]
)
def test_a_spoilt_match_state_is_named_and_made_anew_and_nothing_is_lost(worked, kind):
    before = told(worked)
    damage(kind)(worked / "var" / STATE_FILE)
    with pytest.raises(StateError, match="run: tieout rebuild"), working(worked):
        pass
    counts = rebuild(worked, clock=CLOCK)
    assert counts["business_event"] == 5
    assert told(worked) == before


def test_a_rebuilt_match_state_equals_the_one_before(worked):
    drop(
        worked,
        "erp",
        [made("c", "O2", 4, NOON - minutes(20)), made("a", "O1", 9, NOON - minutes(100))],
        "moves2",
    )
    with working(worked, NOON + minutes(1)) as services:
        work(services)
        before, length = list(held(services)), audit_length(services)
    rebuild(worked, clock=services.clock)
    with working(worked, NOON + minutes(1)) as services:
        assert list(held(services)) == before
        assert audit_length(services) == length
        assert broken_audit(services.store.sql) == []


def test_exceptions_keep_their_identity_and_what_people_decided(worked):
    with working(worked) as services, services.store.sql.write() as connection:
        connection.execute(
            sa.update(t.exception)
            .where(t.exception.c.no == 1)
            .values(state="accepted", assignee="ann")
        )
    before = told(worked)
    rebuild(worked, clock=CLOCK)
    assert told(worked) == before


def test_what_was_resolved_meanwhile_is_closed_by_a_rebuild(worked):
    """The match state is lost after the fact came in and before its rule ran."""
    drop(worked, "erp", [made("c", "O2", 5, NOON - minutes(20))], "moves2")
    with working(worked) as services:
        list(collect.collect(services))
    (worked / "var" / STATE_FILE).unlink()
    rebuild(worked, clock=CLOCK)
    states = {row["key"].get("order_no"): row["state"] for row in told(worked)}
    assert states["O2"] == "resolved"


def test_a_rebuild_that_breaks_off_leaves_what_was_there_and_can_be_repeated(worked, monkeypatch):
    before = told(worked)

    def dies(services):
        raise KeyboardInterrupt

    monkeypatch.setattr(reconcile, "reconcile", dies)
    with pytest.raises(KeyboardInterrupt):
        rebuild(worked, clock=CLOCK)
    monkeypatch.undo()
    assert told(worked) == before
    with working(worked) as services:
        work(services)
    assert told(worked) == before
    rebuild(worked, clock=CLOCK)
    assert told(worked) == before
    assert [path.name for path in (worked / "var").glob("match_state*")] == [STATE_FILE]


def test_an_older_copy_of_the_match_state_catches_up_with_lake_and_exceptions(worked):
    path = worked / "var" / STATE_FILE
    old = path.read_bytes()
    drop(worked, "erp", [made("c", "O2", 5, NOON - minutes(20))], "moves2")
    drop(worked, "mes", [made("9", "O7", 5, NOON - minutes(90))], "moves2")
    with working(worked) as services:
        work(services)
    before = told(worked)
    path.write_bytes(old)
    with working(worked) as services:
        work(services)
        assert reconcile.differences(services, services.landscape.rules[BOOKED]) == []
    assert told(worked) == before


def test_a_rebuild_beside_a_running_worker_is_refused_and_touches_nothing(worked):
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(worked)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout.readline() == "working\n"
        node = (worked / "var" / STATE_FILE).stat().st_ino
        with pytest.raises(LeaseHeldError, match=f":{process.pid} works on this landscape"):
            rebuild(worked, clock=CLOCK)
        assert (worked / "var" / STATE_FILE).stat().st_ino == node
    finally:
        process.communicate("\n")
    assert process.returncode == 0


def test_facts_that_wait_for_a_cross_reference_still_wait_after_a_rebuild(fresh):
    source = fresh / "sources/mes.yml"
    source.write_text(source.read_text() + "cross_reference: [item]\n")
    with working(fresh) as services:
        work(services)
        assert services.store.state.rows("SELECT DISTINCT of_key FROM unresolved") == [
            {"of_key": "A"}
        ]
    rebuild(fresh, clock=CLOCK)
    (fresh / "cross_reference").mkdir()
    (fresh / "cross_reference/item.csv").write_text("source,source_key,key\nmes,A,B\n")
    with working(fresh) as services:
        list(collect.collect(services))
        list(replay.resolve(services))
        current = "source = 'mes' AND superseded_at IS NULL"
        sql = f"SELECT DISTINCT item FROM business_event WHERE {current}"
        items = services.store.state.rows(sql)
    assert items == [{"item": "B"}]


def test_a_store_is_given_free_when_its_match_state_cannot_be_opened(worked):
    path = worked / "var" / STATE_FILE
    good = path.read_bytes()
    path.write_bytes(b"x" * 5000)
    for _ in range(3):
        with pytest.raises(StateError), opened(worked):
            pass
    path.write_bytes(good)
    with opened(worked):
        pass


@pytest.mark.parametrize("seed", range(4))
def test_a_flipped_block_never_gives_a_wrong_answer(worked, seed):
    """Either it is noticed, or it lay where nothing is."""
    before = told(worked)
    path, chance = worked / "var" / STATE_FILE, random.Random(seed)
    content = bytearray(path.read_bytes())
    at = chance.randrange(len(content) - 4096)
    content[at : at + 4096] = chance.randbytes(4096)
    path.write_bytes(content)
    try:
        with working(worked) as services:
            reports = list(reconcile.reconcile(services))
            noticed = any(report.outcome == "failed" for report in reports)
    except (StateError, duckdb.Error):
        noticed = True
    if noticed:
        rebuild(worked, clock=CLOCK)
    assert told(worked) == before
    with working(worked) as services:
        for loaded in services.landscape.rules.values():
            assert reconcile.differences(services, loaded) == []


def test_facts_the_match_state_could_not_take_in_are_taken_in_before_the_next(fresh, monkeypatch):
    """Memory ran out after the lake had them: nothing is lost, numbered twice or held twice."""
    with working(fresh) as services:
        store, taken = services.store, []
        take_in = store.state.take_in

        def failing(*given):
            if not taken:
                taken.append(given)
                raise duckdb.OutOfMemoryException("could not allocate block")
            return take_in(*given)

        monkeypatch.setattr(store.state, "take_in", failing)
        outcomes = [report.outcome for report in collect.collect(services, {"mes": None})]
        assert outcomes != ["ok"]
        services.clock.set(NOON + minutes(60))
        for _ in range(2):
            (report,) = collect.collect(services, {"mes": None})
            assert (report.outcome, report.landed.news) == ("ok", 0)
        list(collect.collect(services))
        files = store.lake.files("business_event")
        counted = "SELECT count(*), count(DISTINCT fact_no) FROM read_parquet(?)"
        assert duckdb.execute(counted, [files]).fetchall() == [(5, 5)]
        assert (store.state.counts()["business_event"], store.state.doubled()) == (5, {})
