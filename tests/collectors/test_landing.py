"""What is held after pulls that overlap, change, lose and bring back: each fact once, none lost."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from app.jobs import replay
from app.jobs.collect import collect
from tests.collectors.house import (
    COMPANY,
    FEEDS,
    MOVES,
    MOVES_SQL,
    NOON,
    STOCK,
    STOCK_SQL,
    House,
    house,
    line,
    move,
)

AFTER = {name: NOON + timedelta(minutes=minutes) for name, minutes in {"a": 10, "b": 20}.items()}
Open = Callable[..., House]


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Open]:
    """Opens a landscape with some feeds."""
    with ExitStack() as held:
        yield lambda *feeds, **more: held.enter_context(
            house(tmp_path, {name: FEEDS[name] for name in feeds} | more.pop("other", {}), **more)
        )


@pytest.fixture
def moves(opened: Open) -> House:
    """A landscape with movements by cursor."""
    return opened("moves")


def versions(plant: House, key: str, table: str = "business_event") -> list[tuple[Any, ...]]:
    """Every revision of a record: quantity, deleted, current."""
    found = plant.rows(
        f"SELECT quantity, is_deleted, superseded_at IS NULL AS current FROM {table} "
        "WHERE source_key = $key ORDER BY fact_no",
        key=key,
    )
    return [(int(row["quantity"]), row["is_deleted"], row["current"]) for row in found]


# Overlap


def test_the_cursor_is_inclusive_and_its_overlap_lands_nothing_twice(moves: House) -> None:
    moves.mes.lists["moves"] = [move(str(n), at=NOON - timedelta(minutes=n)) for n in range(9)]
    assert moves.collect()["moves"].landed.news == 9
    moves.later()
    landed = moves.collect()["moves"].landed
    assert moves.mes.asked[-1] == "/moves?since=2026-11-20T11%3A00%3A00Z&page=2"
    assert (landed.records, landed.news, landed.repeats) == (9, 0, 9)
    assert len(moves.facts("business_event")) == 9
    assert moves.services.store.state.doubled() == {}


def test_a_record_committed_late_within_the_overlap_is_not_missed(moves: House) -> None:
    moves.mes.lists["moves"] = [move("new", at=NOON)]
    moves.collect()
    moves.later()
    moves.mes.lists["moves"] += [
        move("late", at=NOON - timedelta(minutes=59)),
        move("too late", at=NOON - timedelta(minutes=61)),
    ]
    moves.collect()
    assert moves.facts("business_event") == ["late", "new"]
    moves.later(timedelta(days=1))
    moves.collect()
    assert moves.facts("business_event") == ["late", "new", "too late"]


def test_the_watermark_never_passes_the_clock_of_the_source(moves: House) -> None:
    moves.mes.lists["moves"] = [move("now"), move("ahead", at=NOON + timedelta(days=3))]
    moves.collect()
    state = moves.state("moves")
    assert state["place"] == NOON.isoformat()
    assert state["safe_until"] == NOON - timedelta(hours=1)


def test_the_watermark_does_not_go_back_when_the_newest_record_goes(moves: House) -> None:
    moves.mes.lists["moves"] = [move("a", at=NOON - timedelta(minutes=30)), move("b")]
    moves.collect()
    moves.mes.lists["moves"].pop()
    moves.later()
    moves.collect()
    assert moves.state("moves")["place"] == NOON.isoformat()


def test_a_reject_moves_no_watermark(moves: House) -> None:
    moves.mes.lists["moves"] = [move("a"), move("b", qty="many", at=AFTER["b"])]
    moves.later(timedelta(hours=1))
    moves.collect()
    assert moves.state("moves")["place"] == NOON.isoformat()
    moves.mes.lists["moves"][1]["qty"] = 5
    moves.later()
    moves.collect()
    assert moves.facts("business_event", "source_key, quantity") == [("a", 1), ("b", 5)]


def test_a_pull_that_fails_leaves_the_cursor_and_what_it_landed(moves: House) -> None:
    moves.mes.lists["moves"] = [move("a")]
    moves.collect()
    before = moves.state("moves")
    moves.mes.raw["moves"] = b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\n\r\n<html>sign in"
    moves.later()
    report = moves.collect()["moves"]
    assert report.outcome == "payload"
    assert "begins '<html>sign in'" in str(report.error)
    after = moves.state("moves")
    assert {name: after[name] for name in ("place", "safe_until", "last_ok_at")} == {
        name: before[name] for name in ("place", "safe_until", "last_ok_at")
    }
    assert (after["failures"], after["failing_since"]) == (1, moves.clock.now())
    assert moves.facts("business_event") == ["a"]


# Changes


def test_every_edit_is_a_revision_and_an_edit_back_is_one_too(moves: House) -> None:
    for quantity in (1, 2, 1, 1):
        moves.mes.lists["moves"] = [move("a", quantity)]
        moves.collect()
        moves.later()
    assert versions(moves, "a") == [(1, False, False), (2, False, False), (1, False, True)]


def test_a_record_doubled_in_a_page_and_across_pages_is_held_once(moves: House) -> None:
    moves.mes.lists["moves"] = [move(key) for key in ("a", "b", "a", "c", "d", "e", "f", "a", "b")]
    assert moves.collect()["moves"].landed.news == 6
    assert moves.facts("business_event") == ["a", "b", "c", "d", "e", "f"]


REVISED = {
    "revised": (
        MOVES.replace("moves:", "revised:")
        .replace("/moves", "/revised")
        .replace("unit: text?", "unit: text?, changed: instant")
        .replace("field: at", "field: changed"),
        MOVES_SQL.replace("'op_complete'", "instant(changed, 'UTC') AS revised_at, 'op_complete'"),
    )
}


def test_an_older_version_after_a_newer_one_does_not_win(opened: Open) -> None:
    plant = opened(other=REVISED)
    new = move("a", 2, changed="2026-11-20T12:10:00Z")
    old = move("a", 1, changed="2026-11-20T11:50:00Z")
    plant.later(timedelta(minutes=30))
    for rows in ([new], [old], [new, old], [old, new]):
        plant.mes.lists["revised"] = rows
        plant.collect()
        plant.later()
        assert plant.facts("business_event", "source_key, quantity") == [("a", 2)]


# Deletions


def test_what_a_sweep_no_longer_finds_is_a_tombstone_and_may_come_back(moves: House) -> None:
    moves.mes.lists["moves"] = [move("a"), move("b"), move("c")]
    moves.collect()
    gone = moves.mes.lists["moves"].pop()
    moves.later()
    assert moves.collect()["moves"].landed.deleted == 0
    moves.later(timedelta(days=1))
    assert moves.collect()["moves"].landed.deleted == 1
    assert moves.facts("business_event") == ["a", "b"]
    moves.later(timedelta(days=1))
    assert moves.collect()["moves"].landed.deleted == 0
    moves.mes.lists["moves"].append(gone)
    moves.later(timedelta(days=1))
    moves.collect()
    assert moves.facts("business_event") == ["a", "b", "c"]
    assert versions(moves, "c") == [(1, False, False), (1, True, False), (1, False, True)]
    moves.mes.lists["moves"].pop()
    moves.later(timedelta(days=1))
    moves.collect()
    assert moves.facts("business_event") == ["a", "b"]
    assert moves.services.store.state.doubled() == {}


def test_a_record_that_is_a_reject_today_is_not_taken_for_deleted(moves: House) -> None:
    moves.mes.lists["moves"] = [move("a", 5), move("b", 7)]
    moves.collect()
    moves.mes.lists["moves"] = [move("a", 5), move("b", "NaN")]
    moves.later(timedelta(days=1))
    report = moves.collect()["moves"]
    assert (report.landed.deleted, report.landed.rejects) == (0, 1)
    assert moves.facts("business_event", "source_key, quantity") == [("a", 5), ("b", 7)]


def test_a_list_that_is_empty_is_believed_at_second_sight(opened: Open) -> None:
    plant = opened("holds")
    plant.mes.lists["holds"] = [{"id": "h1", "lot": "L1"}]
    plant.collect()
    plant.mes.lists["holds"] = []
    plant.later()
    report = plant.collect()["holds"]
    assert report.outcome == "refused"
    assert "holds: empty, 1 record is held" in str(report.error)
    assert "tieout collect --accept-empty mes/holds" in str(report.error)
    assert plant.facts("quality_disposition") == ["h1"]
    plant.later()
    assert plant.collect()["holds"].landed.deleted == 1
    assert plant.facts("quality_disposition") == []
    plant.later()
    assert plant.collect()["holds"].outcome == "ok"


def test_a_person_may_take_an_empty_list_for_the_truth(opened: Open) -> None:
    plant = opened("holds")
    plant.mes.lists["holds"] = [{"id": "h1", "lot": "L1"}]
    plant.collect()
    plant.mes.lists["holds"] = []
    assert plant.collect(accept_empty=True)["holds"].landed.deleted == 1
    assert plant.facts("quality_disposition") == []


def test_a_list_that_has_lost_most_of_its_records_is_believed_at_second_sight(opened: Open) -> None:
    plant = opened("holds")
    plant.mes.lists["holds"] = [{"id": f"h{n}", "lot": "L"} for n in range(60)]
    plant.collect()
    plant.mes.lists["holds"] = plant.mes.lists["holds"][:20]
    plant.later()
    report = plant.collect()["holds"]
    assert report.outcome == "refused"
    assert "holds: 40 of 60 records held are gone from the list" in str(report.error)
    assert len(plant.facts("quality_disposition")) == 60
    plant.later()
    assert plant.collect()["holds"].landed.deleted == 40
    plant.mes.lists["holds"] = plant.mes.lists["holds"][:15]
    plant.later()
    assert plant.collect()["holds"].landed.deleted == 5


# Snapshots


def snapshot(plant: House) -> list[tuple[str, int]]:
    """Items and quantities of the newest valid snapshot."""
    found = plant.rows(
        "SELECT item, quantity FROM stock_balance JOIN (SELECT arg_max(snapshot_id, fact_no) AS "
        "newest FROM stock_snapshot) ON snapshot_id = newest ORDER BY item"
    )
    return [(row["item"], int(row["quantity"])) for row in found]


def test_a_snapshot_replaces_the_one_before_as_a_whole(opened: Open) -> None:
    plant = opened("stock")
    plant.mes.lists["stock"] = [line("A", 5), line("B", 7)]
    plant.collect()
    plant.later()
    plant.mes.lists["stock"] = [line("A", 6, NOON + timedelta(minutes=4))]
    plant.collect()
    assert snapshot(plant) == [("A", 6)]
    assert plant.state("stock")["snapshot_at"] == NOON + timedelta(minutes=4)
    assert plant.rows("SELECT lines FROM stock_snapshot ORDER BY fact_no") == [
        {"lines": 2},
        {"lines": 1},
    ]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([], "stock: empty, the last snapshot had 2 rows; the next equal answer is taken"),
        ([line("A"), line("B", "NaN")], "1 of 2 records are rejects, so it is not whole"),
        ([line("A", shot="1"), line("B", shot="2")], "records of 2 different snapshots came"),
        ([line("A"), line("B", taken=NOON + timedelta(hours=1))], "2 different snapshots"),
        ([line("A"), line("A", 2)], "A comes twice and is not the same: the list was changed"),
        ([{"item": "A"}], "qty is missing"),
    ],
)
def test_a_snapshot_that_is_not_whole_is_refused_with_the_reason(
    opened: Open, rows: list[Any], said: str
) -> None:
    plant = opened("stock")
    plant.mes.lists["stock"] = [line("A", 5), line("B", 7)]
    plant.collect()
    before = plant.state("stock")
    plant.later()
    plant.mes.lists["stock"] = rows
    report = plant.collect()["stock"]
    assert report.outcome == "refused"
    assert said in str(report.error)
    assert snapshot(plant) == [("A", 5), ("B", 7)]
    for name in ("snapshot_id", "snapshot_at", "snapshot_rows", "safe_until"):
        assert plant.state("stock")[name] == before[name]


def test_a_second_empty_snapshot_or_a_person_is_believed(opened: Open) -> None:
    plant = opened("stock")
    for accept, pulls in ((False, 2), (True, 1)):
        plant.mes.lists["stock"] = [line("A", 5)]
        plant.collect()
        plant.mes.lists["stock"] = []
        for _ in range(pulls - 1):
            plant.later()
            assert plant.collect()["stock"].outcome == "refused"
        plant.later()
        assert plant.collect(accept_empty=accept)["stock"].outcome == "ok"
        assert snapshot(plant) == []
        plant.later()
        assert plant.collect()["stock"].outcome == "ok"


def test_a_snapshot_between_two_empty_ones_begins_the_count_anew(opened: Open) -> None:
    plant = opened("stock")
    outcomes = []
    for rows in ([line("A")], [], [line("A", 2)], [], []):
        plant.mes.lists["stock"] = rows
        outcomes.append(plant.collect()["stock"].outcome)
        plant.later()
    assert outcomes == ["ok", "refused", "ok", "refused", "ok"]


def test_the_first_snapshot_of_all_may_be_empty(opened: Open) -> None:
    plant = opened("stock")
    assert plant.collect()["stock"].outcome == "ok"
    assert plant.rows("SELECT lines FROM stock_snapshot") == [{"lines": 0}]


# Rejects


def test_a_reject_carries_its_reason_and_its_text_and_is_counted_once(moves: House) -> None:
    moves.mes.lists["moves"] = [move("a"), move("b", "twelve")]
    for _ in range(3):
        moves.collect()
        moves.later()
    [reject] = moves.rejects()
    assert reject["reason"] == "quantity_source: 'twelve' is not a decimal number such as 12.5"
    assert '"qty": "twelve"' in reject["raw"]
    assert reject["raw_ref"].endswith("000001.page.zst#2")
    assert reject["seen"] == 3


def test_a_reject_is_released_when_the_source_mends_it(moves: House) -> None:
    moves.mes.lists["moves"] = [move("a"), move("b", "twelve")]
    moves.collect()
    moves.mes.lists["moves"] = [move("a"), move("b", 12)]
    moves.later()
    moves.collect()
    assert moves.facts("business_event", "source_key, quantity") == [("a", 1), ("b", 12)]


def test_a_reject_is_read_after_its_mapping_was_mended(tmp_path: Path) -> None:
    feeds = {"moves": (MOVES, MOVES_SQL)}
    with house(tmp_path, feeds) as plant:
        plant.mes.lists["moves"] = [move("a"), move("b", "12,5"), move("c", "soon")]
        plant.collect()
        assert len(plant.rejects()) == 2
        mes = plant.mes
    mended = MOVES_SQL.replace("exact(qty)", "exact_written(qty, ',', '.')")
    with house(tmp_path, {"moves": (MOVES, mended)}, mes=mes) as plant:
        asked = len(mes.asked)
        list(replay.replay_rejects(plant.services))
        assert len(mes.asked) == asked
        assert plant.facts("business_event", "source_key, quantity") == [
            ("a", 1),
            ("b", Decimal("12.5")),
        ]
        assert [reject["reason"] for reject in plant.rejects()] == [
            "quantity_source: 'soon' is not a decimal number such as 1.234,5"
        ]
        assert len(plant.rejects("released")) == 1


def test_too_many_rejects_stop_the_feed_with_a_sample(moves: House) -> None:
    moves.mes.lists["moves"] = [move("a")]
    moves.collect()
    moves.mes.lists["moves"] = [move(str(n), "x" if n % 2 else 1) for n in range(60)]
    moves.later()
    report = moves.collect()["moves"]
    assert report.outcome == "contract"
    assert "moves: 30 of 60 records are rejects, over 20 %; first: quantity_source" in str(
        report.error
    )
    assert (len(moves.rejects()), moves.facts("business_event")) == (20, ["a"])


# Mappings mended


def test_a_mended_mapping_withdraws_what_it_no_longer_gives(tmp_path: Path) -> None:
    feeds = {"moves": (MOVES, MOVES_SQL)}
    with house(tmp_path, feeds) as plant:
        plant.mes.lists["moves"] = [move("a", 1), move("b", 2), move("c", 3, lot="L")]
        plant.collect()
        mes = plant.mes
    mended = MOVES_SQL.replace("exact(qty)", "exact(qty) * 10") + "WHERE lot IS NULL\n"
    with house(tmp_path, {"moves": (MOVES, mended)}, mes=mes) as plant:
        asked = len(mes.asked)
        report = plant.replay("moves")
        assert (report.outcome, report.landed.deleted) == ("ok", 1)
        assert len(mes.asked) == asked
        assert plant.facts("business_event", "source_key, quantity") == [("a", 10), ("b", 20)]
        again = plant.replay("moves")
        assert (again.landed.news, again.landed.deleted) == (0, 0)


def test_a_replay_does_not_bring_back_what_was_changed_or_deleted(moves: House) -> None:
    moves.mes.lists["moves"] = [move("a", 1), move("b", 2), move("c", 3)]
    moves.collect()
    moves.later(timedelta(days=1))
    moves.mes.lists["moves"] = [move("a", 5), move("b", 2)]
    moves.collect()
    assert moves.facts("business_event", "source_key, quantity") == [("a", 5), ("b", 2)]
    report = moves.replay("moves")
    assert report.outcome == "ok"
    assert moves.facts("business_event", "source_key, quantity") == [("a", 5), ("b", 2)]


FILES = """\
system: mes
role: mes
transport: files
folder: .
plants: [HAM]
feeds:
"""
DROPPED = """\
  moves:
    files: in/*.csv
    into: business_event
    contract: {id: text, item: text, qty: number, unit: text?, at: instant, lot: text?}
"""
DROPPED_STOCK = """\
  stock:
    files: in/stock*.csv
    into: stock_balance
    newest: true
    contract: {item: text, qty: number, taken: instant}
    snapshot: {at: "instant(taken, 'UTC')"}
"""


def test_a_page_that_cannot_be_read_does_not_stop_a_replay(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    text = "id,item,qty,at\na,A,1,2026-11-20T12:00:00Z\n"
    (tmp_path / "in" / "a.csv").write_text(text, "utf-8")
    source = {"sources/mes.yml": FILES + DROPPED}
    with house(tmp_path, {"moves": ("", MOVES_SQL)}, source) as plant:
        plant.collect()
        (tmp_path / "in" / "b.csv").write_text("not,a,header\n1,2,3\n", "utf-8")
        assert plant.collect()["moves"].outcome == "payload"
        report = plant.replay("moves")
        assert (report.outcome, report.landed.deleted) == ("ok", 0)
        assert plant.facts("business_event") == ["a"]


def test_the_same_empty_file_read_again_is_no_second_look(tmp_path: Path) -> None:
    drop = tmp_path / "in"
    drop.mkdir()
    source = {"sources/mes.yml": FILES + DROPPED_STOCK}
    with house(tmp_path, {"stock": ("", STOCK_SQL)}, source) as plant:
        (drop / "stock1.csv").write_text("item,qty,taken\nA,5,2026-11-20T12:00:00Z\n", "utf-8")
        assert plant.collect()["stock"].outcome == "ok"
        (drop / "stock2.csv").write_text("item,qty,taken\n", "utf-8")
        for _ in range(3):
            plant.later()
            report = plant.collect()["stock"]
            assert report.outcome == "refused"
            assert "another empty file is taken" in str(report.error)
        (drop / "stock3.csv").write_text("item,qty,taken\n", "utf-8")
        plant.later()
        assert plant.collect()["stock"].outcome == "ok"
        assert snapshot(plant) == []
        plant.later()
        assert plant.collect()["stock"].outcome == "ok"


def test_a_snapshot_file_that_does_not_come_changes_nothing(tmp_path: Path) -> None:
    drop = tmp_path / "in"
    drop.mkdir()
    source = {"sources/mes.yml": FILES + DROPPED_STOCK}
    with house(tmp_path, {"stock": ("", STOCK_SQL)}, source) as plant:
        assert plant.collect()["stock"].outcome == "ok"
        assert plant.rows("SELECT * FROM stock_snapshot") == []
        (drop / "stock1.csv").write_text("item,qty,taken\nA,5,2026-11-20T12:00:00Z\n", "utf-8")
        plant.collect()
        (drop / "stock1.csv").unlink()
        plant.later()
        assert plant.collect()["stock"].outcome == "ok"
        assert snapshot(plant) == [("A", 5)]


def test_a_reject_mended_late_does_not_replace_what_came_since(tmp_path: Path) -> None:
    with house(tmp_path, {"moves": (MOVES, MOVES_SQL)}) as plant:
        plant.mes.lists["moves"] = [move("a"), move("b", "12,5")]
        plant.collect()
        plant.later()
        plant.mes.lists["moves"] = [move("a"), move("b", 20)]
        plant.collect()
        mes = plant.mes
    mended = MOVES_SQL.replace("exact(qty)", "exact_written(qty, ',', '.')")
    with house(tmp_path, {"moves": (MOVES, mended)}, mes=mes) as plant:
        list(replay.replay_rejects(plant.services))
        assert plant.facts("business_event", "source_key, quantity") == [("a", 1), ("b", 20)]
        assert plant.rejects() == []


def test_a_mended_mapping_does_not_bring_back_what_was_deleted(tmp_path: Path) -> None:
    with house(tmp_path, {"moves": (MOVES, MOVES_SQL)}) as plant:
        plant.mes.lists["moves"] = [move("a", 1), move("b", 2)]
        plant.collect()
        plant.mes.lists["moves"].pop()
        plant.later(timedelta(days=1))
        plant.collect()
        mes = plant.mes
    mended = MOVES_SQL.replace("exact(qty)", "exact(qty) * 10")
    with house(tmp_path, {"moves": (MOVES, mended)}, mes=mes) as plant:
        plant.replay("moves")
        assert plant.facts("business_event", "source_key, quantity") == [("a", 10)]


def test_what_a_mapping_withdrew_comes_back_when_it_is_mended_again(tmp_path: Path) -> None:
    narrow = MOVES_SQL + "WHERE lot IS NULL\n"
    mes = None
    for sql, expected in ((MOVES_SQL, ["a", "b"]), (narrow, ["a"]), (MOVES_SQL, ["a", "b"])):
        with house(tmp_path, {"moves": (MOVES, sql)}, mes=mes) as plant:
            if mes is None:
                plant.mes.lists["moves"] = [move("a"), move("b", lot="L")]
                plant.collect()
            assert plant.replay("moves").outcome == "ok"
            assert plant.facts("business_event") == expected
            mes = plant.mes


def test_a_mapping_that_rejects_what_was_held_withdraws_nothing_of_it(tmp_path: Path) -> None:
    with house(tmp_path, {"moves": (MOVES, MOVES_SQL)}) as plant:
        plant.mes.lists["moves"] = [move("a"), move("b", 2, lot="x")]
        plant.collect()
        mes = plant.mes
    strict = MOVES_SQL.replace("item, lot,", "item, CAST(date_of(lot) AS VARCHAR) AS lot,")
    with house(tmp_path, {"moves": (MOVES, strict)}, mes=mes) as plant:
        report = plant.replay("moves")
        assert (report.landed.rejects, report.landed.deleted) == (1, 0)
        assert plant.facts("business_event") == ["a", "b"]


def test_a_source_that_was_set_back_is_not_followed(moves: House) -> None:
    moves.mes.lists["moves"] = [move(str(n), at=NOON - timedelta(hours=n)) for n in range(60)]
    moves.collect()
    moves.mes.lists["moves"] = moves.mes.lists["moves"][25:]
    for _ in range(3):
        moves.later(timedelta(days=1))
        report = moves.collect()["moves"]
        assert report.outcome == "refused"
        assert "25 records are gone and the newest is of 2026-11-19" in str(report.error)
        assert len(moves.facts("business_event")) == 60
    assert moves.collect(full=True, accept_empty=True)["moves"].landed.deleted == 25
    assert moves.state("moves")["place"] == "2026-11-19T11:00:00+00:00"


def test_a_replayed_snapshot_is_the_newest_one_mapped_anew(tmp_path: Path) -> None:
    with house(tmp_path, {"stock": (STOCK, STOCK_SQL)}) as plant:
        for quantity in (5, 7):
            plant.mes.lists["stock"] = [line("A", quantity)]
            plant.collect()
            plant.later()
        mes = plant.mes
    mended = STOCK_SQL.replace("exact(qty)", "exact(qty) * 10")
    with house(tmp_path, {"stock": (STOCK, mended)}, mes=mes) as plant:
        assert plant.replay("stock").outcome == "ok"
        assert snapshot(plant) == [("A", 70)]
        assert plant.state("stock")["snapshot_at"] == NOON


def test_raw_pages_are_kept_while_they_explain_something(moves: House) -> None:
    moves.mes.lists["moves"] = [move("a")]
    moves.collect()
    for _ in range(3):
        moves.later()
        moves.collect()
    assert moves.raw_pages("moves") == 1


# Cross-references and units

XREF = {
    "cross_reference/item.csv": "source,source_key,key,item,valid_from,valid_to\n"
    "mes,A,10-A,,,2026-11-20\nmes,A,20-A,,2026-11-20,\n",
    "cross_reference/unit.csv": "source,source_key,key,item,factor,valid_from\n"
    "mes,EA,PCE,,,\nmes,BOX,PCE,,12,\nmes,BOX,PCE,20-A,0.5,2026-11-20\n",
}


def test_keys_and_units_are_translated_for_their_day_and_item(tmp_path: Path) -> None:
    with house(tmp_path, {"moves": (MOVES, MOVES_SQL)}, XREF) as plant:
        day_before = NOON - timedelta(days=1)
        plant.mes.lists["moves"] = [
            move("a", 3, unit="BOX"),
            move("b", 3, at=day_before, unit="BOX"),
            move("c", 3, unit="BOX", item="other"),
            move("d", 3),
            move("e", 3, unit="KG"),
        ]
        plant.collect()
        plant.later()
        plant.collect(full=True)
        columns = "source_key, item, quantity, unit, quantity_source, unit_source"
        assert plant.facts("business_event", columns) == [
            ("a", "20-A", Decimal("1.5"), "PCE", 3, "BOX"),
            ("b", "10-A", 36, "PCE", 3, "BOX"),
            ("c", "other", 36, "PCE", 3, "BOX"),
            ("d", "20-A", 3, "PCE", 3, "EA"),
            ("e", "20-A", 3, "KG", 3, "KG"),
        ]


def test_a_cross_reference_that_comes_late_is_applied_to_what_waited(tmp_path: Path) -> None:
    feeds, expecting = {"moves": (MOVES, MOVES_SQL)}, {"settings": "cross_reference: [item]"}
    with house(tmp_path, feeds, **expecting) as plant:
        plant.mes.lists["moves"] = [move("a", 1), move("b", 1, item="B"), move("c", 1)]
        assert plant.collect()["moves"].landed.unresolved == 3
        plant.later()
        plant.mes.lists["moves"] = [move("a", 1), move("b", 1, item="B"), move("c", 9)]
        assert plant.collect()["moves"].landed.unresolved == 3
        mes, asked = plant.mes, len(plant.mes.asked)
    late = {"cross_reference/item.csv": "source,source_key,key\nmes,A,10-A\n"}
    with house(tmp_path, feeds, late, mes, **expecting) as plant:
        list(collect(plant.services, {"landscape": None}))
        list(replay.resolve(plant.services))
        assert len(mes.asked) == asked
        assert plant.facts("business_event", "source_key, item, quantity") == [
            ("a", "10-A", 1),
            ("b", "B", 1),
            ("c", "10-A", 9),
        ]
        assert list(replay.resolve(plant.services)) == []
        assert plant.rows("SELECT source_key, of_key FROM unresolved") == [
            {"source_key": "b", "of_key": "B"}
        ]


# Exactness


@pytest.mark.parametrize("written", ["0.1", "98765432109.123456789", "-0.000000001", "1e3", "5.0"])
def test_a_quantity_is_the_same_to_the_last_digit_from_wire_to_store(
    moves: House, written: str
) -> None:
    moves.mes.raw["moves"] = (
        b'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n{"total": 1, "items": [{"id": '
        b'"a", "item": "A", "at": "2026-11-20T12:00:00Z", "qty": ' + written.encode() + b"}]}"
    )
    moves.collect()
    assert moves.facts("business_event", "quantity") == [Decimal(written)]
    assert moves.facts("business_event", "quantity_source") == [Decimal(written)]


def test_a_million_tenths_are_a_hundred_thousand(moves: House) -> None:
    moves.mes.lists["moves"] = [move(str(n), 0.1) for n in range(1000)]
    moves.collect()
    assert moves.rows("SELECT sum(quantity) AS total FROM business_event") == [
        {"total": Decimal(100)}
    ]


def test_texts_of_every_kind_are_held_exactly(moves: House) -> None:
    lots = ["00042", "Größe", "\u202etxt", "x" * 300_000, "a'b\"c", "=1+1", "%s {x} $y", " "]
    moves.mes.lists["moves"] = [move(str(n), lot=lot) for n, lot in enumerate(lots)]
    moves.collect()
    assert moves.facts("business_event", "lot") == lots


def test_a_number_too_large_for_its_unit_is_a_reject_and_not_nothing(tmp_path: Path) -> None:
    files = {
        "cross_reference/unit.csv": "source,source_key,key,factor\nmes,BOX,PCE,1000000000000\n"
    }
    with house(tmp_path, {"moves": (MOVES, MOVES_SQL)}, files) as plant:
        plant.mes.lists["moves"] = [move("a", 10**17, unit="BOX"), move("b", 1, unit="BOX")]
        plant.collect()
        plant.collect(full=True)
        assert plant.facts("business_event", "source_key, quantity") == [("b", 10**12)]
        [reject] = plant.rejects()
        assert "does not fit after conversion to the base unit" in reject["reason"]


def test_a_unit_that_is_cross_referenced_late_is_applied_to_the_snapshot(tmp_path: Path) -> None:
    feeds, expecting = {"stock": FEEDS["stock"]}, {"settings": "cross_reference: [unit]"}
    first = {"cross_reference/unit.csv": "source,source_key,key,item,factor\nmes,EA,PCE,A,\n"}
    with house(tmp_path, feeds, first, **expecting) as plant:
        plant.mes.lists["stock"] = [line("A", 3), line("B", 5)]
        list(collect(plant.services, {"landscape": None}))
        assert plant.collect()["stock"].landed.unresolved == 1
        assert list(replay.resolve(plant.services)) == []
        mes = plant.mes
    late = {"cross_reference/unit.csv": first["cross_reference/unit.csv"] + "mes,EA,PCE,B,2\n"}
    with house(tmp_path, feeds, late, mes, **expecting) as plant:
        list(collect(plant.services, {"landscape": None}))
        list(replay.resolve(plant.services))
        assert snapshot(plant) == [("A", 3), ("B", 10)]
        assert list(replay.resolve(plant.services)) == []


def test_facts_of_a_plant_nobody_named_are_held_and_told_until_it_is_named(tmp_path: Path) -> None:
    sql = MOVES_SQL.replace("lot,", "lot, lot AS plant,")
    feeds = {"moves": (MOVES, sql)}
    with house(tmp_path, feeds) as plant:
        plant.mes.lists["moves"] = [move("a", lot="HAM"), move("b", lot="KIEL"), move("c")]
        assert plant.collect()["moves"].landed.unresolved == 1
        waiting = plant.services.store.references.waiting(None, None)
        assert [(row["object"], row["key"], row["facts"]) for row in waiting] == [
            ("plant", "KIEL", 1)
        ]
        assert list(replay.resolve(plant.services)) == []
        mes = plant.mes
    named = {"tieout.yml": COMPANY + "  KIEL: {name: Kiel, zone: Pacific/Auckland}\n"}
    with house(tmp_path, feeds, named, mes) as plant:
        list(replay.resolve(plant.services))
        days = plant.facts("business_event", "source_key, CAST(occurred_on AS VARCHAR) AS day")
        assert days == [("a", "2026-11-20"), ("b", "2026-11-21"), ("c", "2026-11-20")]
        assert plant.services.store.references.waiting(None, None) == []


# Words


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        (("'op_complete'", "'op_completed'"), "kind 'op_completed' is none of op_complete, goods"),
        (("lot,", "lot, 'quarantine' AS stock_status,"), "stock_status 'quarantine' is none of"),
    ],
)
def test_a_word_outside_the_vocabulary_is_a_reject(
    tmp_path: Path, wrong: tuple[str, str], reason: str
) -> None:
    with house(tmp_path, {"moves": (MOVES, MOVES_SQL.replace(*wrong))}) as plant:
        plant.mes.lists["moves"] = [move("a")]
        landed = plant.collect()["moves"].landed
        assert (landed.rejects, landed.held) == (1, 0)
        (reject,) = plant.services.reader.rejects()
        assert reject["reason"].startswith(reason)


def test_a_status_that_waits_for_its_cross_reference_is_no_wrong_word(tmp_path: Path) -> None:
    sql = MOVES_SQL.replace("lot,", "lot, 'Q' AS stock_status,")
    expecting = {"settings": "cross_reference: [stock_status]"}
    with house(tmp_path, {"moves": (MOVES, sql)}, **expecting) as plant:
        plant.mes.lists["moves"] = [move("a")]
        landed = plant.collect()["moves"].landed
        assert (landed.rejects, landed.unresolved) == (0, 1)
