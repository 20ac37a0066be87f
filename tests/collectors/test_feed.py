"""The feed engine: what a mapping may lean on, what it can hide from nobody, how a pull goes on."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from app.landscape.document import LandscapeError
from collectors import mapping
from collectors.contract import parse
from tests.collectors.house import FEEDS, MOVES, MOVES_SQL, NOON, SOURCE, House, Mes, house, move
from tests.collectors.loopback import SECRET, Request, answer

Open = Callable[..., House]


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Open]:
    """Opens a landscape with these feeds."""
    with ExitStack() as held:
        yield lambda feeds, **more: held.enter_context(house(tmp_path, feeds, **more))


def moves(sql: str, **words: str) -> dict[str, tuple[str, str]]:
    """The movements with another mapping, and other words in the pack."""
    text = MOVES
    for old, new in words.items():
        text = text.replace(old, new)
    return {"moves": (text, sql)}


# What a mapping cannot hide


@pytest.mark.parametrize(
    "sql",
    [
        MOVES_SQL + "WHERE exact(qty) > 0\n",
        MOVES_SQL + "WHERE item = 'A' AND NOT exact(qty) = 0\n",
        MOVES_SQL.replace(
            "'op_complete'", "CASE WHEN exact(qty) < 0 THEN 'scrap' ELSE 'op_complete' END"
        ).replace("exact(qty) AS", "1 AS"),
        MOVES_SQL.replace("exact(qty) AS", "CASE item WHEN 'A' THEN exact(qty) * 2 END AS"),
        MOVES_SQL.replace("exact(qty) AS", "coalesce(exact(qty), 0) AS"),
        MOVES_SQL.replace("exact(qty) AS", "abs(round(exact(qty), 2)) AS"),
        MOVES_SQL.replace("exact(qty) AS", "if(item = 'A', exact(qty), 0) AS"),
    ],
)
def test_a_value_that_cannot_be_read_is_a_reject_wherever_the_mapping_uses_it(
    opened: Open, sql: str
) -> None:
    plant = opened(moves(sql))
    plant.mes.lists["moves"] = [move("a", 2), move("b", "many")]
    landed = plant.collect()["moves"].landed
    assert (landed.held, landed.rejects, landed.left_out) == (1, 1, 0)
    assert plant.facts("business_event") == ["a"]
    assert "'many' is not a decimal number" in plant.rejects()[0]["reason"]


def test_a_case_is_not_asked_about_the_branch_it_does_not_take(opened: Open) -> None:
    sql = MOVES_SQL.replace("exact(qty) AS", "CASE WHEN item = 'A' THEN exact(qty) ELSE 0 END AS")
    plant = opened(moves(sql))
    plant.mes.lists["moves"] = [move("a", 2), move("b", "many", item="B")]
    assert plant.collect()["moves"].landed.rejects == 0
    assert plant.facts("business_event", "source_key, quantity") == [("a", 2), ("b", 0)]


def test_a_case_is_asked_about_its_conditions_as_far_as_it_goes(opened: Open) -> None:
    case = "CASE WHEN item = 'A' THEN 1 WHEN exact(qty) > 3 THEN 2 WHEN flag(lot) THEN 3 END AS"
    plant = opened(moves(MOVES_SQL.replace("exact(qty) AS", case)))
    plant.mes.lists["moves"] = [
        move("not reached", "many", lot="perhaps"),
        move("first", 5, item="B", lot="perhaps"),
        move("second", 1, item="B", lot="yes"),
        move("doubtful", "many", item="B", lot="perhaps"),
        move("unclear", 1, item="B", lot="perhaps"),
    ]
    assert plant.collect()["moves"].landed.rejects == 2
    held = dict(plant.facts("business_event", "source_key, quantity"))
    assert held == {"not reached": 1, "first": 2, "second": 3}
    reasons = " ".join(reject["reason"] for reject in plant.rejects())
    assert "'many' is not a decimal number" in reasons
    assert "'perhaps' is neither yes nor no" in reasons


def test_a_column_may_differ_from_its_field_by_capitals_alone(opened: Open) -> None:
    text = MOVES.replace("lot: text?", "Lot: text?")
    plant = opened({"moves": (text, MOVES_SQL.replace("item, lot,", "item, Lot AS lot,"))})
    plant.mes.lists["moves"] = [{**move("a", 2), "Lot": "L1"}]
    plant.collect()
    assert plant.facts("business_event", "source_key, lot") == [("a", "L1")]


def test_what_a_mapping_leaves_out_is_counted(opened: Open) -> None:
    plant = opened(moves(MOVES_SQL + "WHERE exact(qty) > 0\n"))
    plant.mes.lists["moves"] = [move("a", 2), move("b", -1), move("c", 0)]
    landed = plant.collect()["moves"].landed
    assert (landed.records, landed.held, landed.left_out, landed.rejects) == (3, 1, 2, 0)


def test_a_record_may_give_rows_of_several_kinds_and_all_or_none_are_held(opened: Open) -> None:
    both = MOVES_SQL.replace("id AS", "concat(id, '/out') AS").rstrip() + "\nUNION ALL\n"
    both += MOVES_SQL.replace("id AS", "concat(id, '/in') AS").replace("exact(qty)", "-exact(qty)")
    plant = opened(moves(both))
    plant.mes.lists["moves"] = [move("a", 2), move("b", "x")]
    landed = plant.collect()["moves"].landed
    assert (landed.held, landed.news, landed.rejects) == (1, 2, 1)
    assert plant.facts("business_event", "source_key, quantity") == [("a/in", -2), ("a/out", 2)]


def test_two_rows_of_one_record_under_one_key_are_a_reject(opened: Open) -> None:
    plant = opened(moves(MOVES_SQL.rstrip() + "\nUNION ALL\n" + MOVES_SQL))
    plant.mes.lists["moves"] = [move("a")]
    plant.collect()
    assert plant.rejects()[0]["reason"] == "the mapping gives two rows the source_key a"


def test_a_mapping_that_breaks_on_a_page_says_on_which(opened: Open) -> None:
    plant = opened(moves(MOVES_SQL.replace("exact(qty)", "CAST(qty AS DECIMAL(9, 2))")))
    plant.mes.lists["moves"] = [move("a"), move("b", "many")]
    report = plant.collect()["moves"]
    assert report.outcome == "payload"
    said = (
        "mes: moves: the mapping failed on GET /moves page 1: Conversion Error: Could not convert"
    )
    assert str(report.error).startswith(said)
    assert plant.facts("business_event") == []


@pytest.mark.parametrize(
    "inside",
    [
        "(SELECT content FROM read_text('{folder}/secret'))",
        "(SELECT content FROM read_csv('{folder}/secret', columns = {{'content': 'VARCHAR'}}))",
        "(SELECT count(*) FROM glob('{folder}/*'))",
        "getenv('PATH')",
    ],
)
def test_a_mapping_reaches_nothing_but_its_page(tmp_path: Path, inside: str) -> None:
    wanted = f"CAST({inside.format(folder=tmp_path)} AS VARCHAR) AS lot,"
    feeds = moves(MOVES_SQL.replace("item, lot,", f"item, {wanted}"))
    with pytest.raises(LandscapeError) as caught, house(tmp_path, feeds):
        pass
    assert "mappings/mes.moves.sql:" in str(caught.value)
    assert SECRET not in str(caught.value)


# Mistakes of the author


@pytest.mark.parametrize(
    ("sql", "line", "said"),
    [
        ("SELECT id AS source_key\nFROM page\nWHERE (id", 3, "not SQL"),
        ("SELECT 'x FROM page", None, "a quote or comment is not closed"),
        ("SELECT id AS source_key FROM page; SELECT 1", None, "one SELECT, found 2"),
        ("SELECT * FROM page", None, "every column needs a name"),
        ("SELECT id FROM page", None, "there is no source_key"),
        ("SELECT id AS source_key, id AS source_key FROM page", None, "given twice"),
        ("SELECT id AS source_key FROM page GROUP BY id", None, "no GROUP"),
        ("SELECT DISTINCT id AS source_key FROM page", None, "no DISTINCT"),
        ("SELECT id AS source_key FROM page LIMIT 5", None, "no LIMIT"),
        ("SELECT id AS source_key FROM page UNION SELECT id FROM page", None, "UNION ALL"),
        ("WITH x AS (SELECT 1) SELECT id AS source_key FROM page", None, "no WITH"),
        ("SELECT id AS source_key FROM other", None, "selects FROM page"),
        ("DELETE FROM page", None, "a mapping is a SELECT, found DELETE"),
        ("", None, "found 0 statements"),
    ],
)
def test_a_mapping_is_one_plain_select(sql: str, line: int | None, said: str) -> None:
    with pytest.raises(mapping.MappingError) as caught:
        mapping.parse(sql, ["source_key"])
    assert said in str(caught.value)
    if line:
        assert caught.value.line == line


@pytest.mark.parametrize(
    ("sql", "wanted"),
    [
        (
            "SELECT id AS source_key, CASE id WHEN '2' THEN instant(w, z) END AS reason FROM page",
            {"1": None, "2": "2026-11-20 14:30:00+00"},
        ),
        (
            "SELECT id AS source_key, instant(w, z) AS reason FROM page WHERE z <> 'No/Zone'",
            {"2": "2026-11-20 14:30:00+00"},
        ),
        (
            "SELECT id AS source_key, trim(q, '#') AS item, exact(item) AS reason FROM page",
            {"1": "5.000000000", "2": "7.000000000"},
        ),
        (
            "SELECT id AS source_key, exact(r) AS reason FROM page, (VALUES ('8')) AS t (r)",
            {"1": "8.000000000", "2": "8.000000000"},
        ),
    ],
    ids=["guarded by a case", "left out", "a name made before", "a name of a join"],
)
def test_what_is_decoded_once_is_decoded_where_and_what_the_author_says(sql, wanted):
    when = "2026-11-20T14:30:00"
    rows = f"(1, '1', '{when}', 'No/Zone', '#5'), (2, '2', '{when}', 'UTC', '7')"
    with mapping.connect({}) as con:
        con.execute(
            f"CREATE TEMP VIEW page AS FROM (VALUES {rows}) AS told (record_no, id, w, z, q)"
        )
        statement = mapping.parse(sql, ["source_key", "item", "reason"]).sql
        con.execute(f"CREATE TEMP TABLE given AS {statement}")
        con.execute("SELECT source_key, CAST(reason AS VARCHAR) FROM given")
        assert dict(con.fetchall()) == wanted


def test_a_mistake_in_a_mapping_is_told_with_file_and_line(tmp_path: Path) -> None:
    with (
        pytest.raises(LandscapeError) as caught,
        house(tmp_path, moves(MOVES_SQL.replace("exact(qty)", "exakt(qty)"))),
    ):
        pass
    assert "mappings/mes.moves.sql:" in str(caught.value)
    assert "exakt" in str(caught.value)


@pytest.mark.parametrize("name", ["record", "Raw_Ref", "page_no", "received_at", "record.x"])
def test_a_field_may_not_take_the_name_of_a_column_every_page_has(name: str) -> None:
    with pytest.raises(ValueError, match="every page has a column"):
        parse({name: "text"})


def test_a_field_may_have_any_other_name(opened: Open) -> None:
    words = {"lot: text?}": "lot: text?, place: text?, problem: text?, select: text?, zone: text?}"}
    sql = MOVES_SQL.replace("item, lot,", 'item, concat(place, problem, "select", zone) AS lot,')
    plant = opened(moves(sql, **words))
    plant.mes.lists["moves"] = [move("a", place="1", problem="2", select="3", zone="4")]
    assert plant.collect()["moves"].error is None
    assert plant.facts("business_event", "lot") == ["1234"]


def test_two_fields_that_differ_in_case_only_are_a_mistake() -> None:
    with pytest.raises(ValueError, match="two fields would both be called id"):
        parse({"ID": "text", "id": "text"})


# How a pull goes on


def test_a_cursor_that_has_become_one_of_another_kind_begins_anew(tmp_path: Path) -> None:
    with house(tmp_path, moves(MOVES_SQL)) as plant:
        plant.mes.lists["moves"] = [move("1"), move("2")]
        plant.collect()
        mes = plant.mes
    words = {
        "id: text": "id: integer",
        "field: at, ask: since, overlap: 1 hour": "field: id, ask: after, format: number",
    }
    with house(tmp_path, moves(MOVES_SQL, **words), mes=mes) as plant:
        mes.lists["moves"] = [move("1") | {"id": 1}, move("2") | {"id": 2}]
        assert plant.collect()["moves"].error is None
        assert plant.state("moves")["place"] == "2.000000000"


def test_a_number_cursor_steps_back_and_ignores_what_a_reject_says(opened: Open) -> None:
    by_number = "field: id, ask: after, format: number, overlap_count: 10"
    words = {"id: text": "id: integer", "field: at, ask: since, overlap: 1 hour": by_number}
    plant = opened(moves(MOVES_SQL, **words))
    plant.mes.lists["moves"] = [move("") | {"id": 50}, move("", "x") | {"id": 10**15}]
    plant.collect()
    assert Decimal(plant.state("moves")["place"]) == 50
    plant.later()
    plant.collect()
    assert "after=40" in plant.mes.asked[-1]


def test_one_pass_is_made_for_each_set_of_parameters(opened: Open) -> None:
    each = "for_each: {get: /sites, records: $.items, take: {site: code}}"
    words = {
        "    get: /moves\n": f"    get: /moves\n    {each}\n    query: {{site: '{{site}}'}}\n",
        "page: {size: 7, total: $.total}": "lag: 5 minutes",
    }
    plant = opened(moves(MOVES_SQL.replace("id AS", "concat_ws('/', site, id) AS"), **words))
    plant.mes.lists = {"sites": [{"code": "N"}, {"code": "S"}], "moves": [move("1")]}
    plant.collect()
    assert plant.facts("business_event") == ["N/1", "S/1"]
    assert plant.state("moves")["safe_until"] == NOON - timedelta(minutes=5)


def test_fields_nobody_declared_are_told_with_the_run(opened: Open) -> None:
    plant = opened(moves(MOVES_SQL))
    plant.mes.lists["moves"] = [move("a", colour="red", weight=5)]
    plant.collect()
    with plant.services.store.sql.read() as connection:
        [row] = connection.exec_driver_sql("SELECT unknown_fields, requests FROM feed_run").all()
    assert tuple(row) == ("colour, weight", 1)


def test_whatever_goes_wrong_in_a_feed_ends_that_feed_alone(
    opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant = opened(FEEDS)
    plant.mes.lists = {"moves": [move("a")], "holds": [{"id": "h", "lot": "L"}]}
    keep = plant.services.store.lake.keep

    def full(source: str, feed: str, *more: Any) -> str:
        if feed == "moves":
            raise OSError(28, f"No space left on device, token {SECRET}")
        return keep(source, feed, *more)

    monkeypatch.setattr(plant.services.store.lake, "keep", full)
    reports = plant.collect()
    assert {name: report.outcome for name, report in reports.items()} == {
        "moves": "failed",
        "stock": "ok",
        "holds": "ok",
    }
    assert reports["moves"].error == "mes: OSError: [Errno 28] No space left on device, token ***"
    assert plant.state("moves")["failures"] == 1


def test_a_credential_is_found_nowhere_after_every_kind_of_failure(tmp_path: Path) -> None:
    echo = f"token {SECRET} refused".encode()
    faults = [
        answer(echo, 400),
        answer(b"<html>" + echo, content_type="text/html"),
        answer(echo),
        answer({}, 302, location=f"http://thief.example/{SECRET}"),
        answer({"items": [], "next": SECRET}, 403),
    ]
    with house(tmp_path, FEEDS) as plant:
        for fault in faults:
            plant.mes.raw = dict.fromkeys(FEEDS, fault)
            for report in plant.collect().values():
                assert report.error
                assert SECRET not in report.error
            plant.later(timedelta(hours=2))
    found = [
        path
        for path in tmp_path.rglob("*")
        if path.is_file() and path.name != "secret" and SECRET.encode() in path.read_bytes()
    ]
    assert found == []


def test_a_source_is_read_with_its_own_words(tmp_path: Path) -> None:
    seen: list[Request] = []

    class Asking(Mes):
        def __call__(self, request: Request) -> bytes:
            seen.append(request)
            return super().__call__(request)

    assert "bearer" in SOURCE
    with house(tmp_path, moves(MOVES_SQL), mes=Asking()) as plant:
        plant.collect()
    assert {request.method for request in seen} == {"GET"}
    assert seen[0].headers["user-agent"] == "tieout"
    assert SECRET not in seen[0].target
