"""What `tieout collect` says and holds when a source sends what no source should: one case a fault.

Every case: the plant was healthy once, then one list of its MES goes bad. What was held stays,
the other lists are collected, the reader is told record and reason in a line, and no traceback.
"""

import json
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from app.cli import main
from app.clock import SetClock
from app.services import opened
from tests.collectors.house import (
    FEEDS,
    MOVES,
    MOVES_SQL,
    NOON,
    House,
    Mes,
    line,
    move,
    write,
)
from tests.collectors.loopback import SECRET, Server, answer

HEALTHY = {
    "moves": [move(str(n), n + 1, NOON - timedelta(minutes=n)) for n in range(5)],
    "stock": [line("A", 5), line("B", 7)],
    "holds": [{"id": "h1", "lot": "L1"}],
}
LATER = NOON + timedelta(minutes=5)
# The command line goes by the machine's clock, and on no day may a sweep find what a cursor has to.
ONE_SWEEP = FEEDS | {"moves": (MOVES.replace("sweep: 1 day", "sweep: 36500 days"), MOVES_SQL)}


@dataclass(frozen=True)
class Case:
    """A fault: what goes bad, and what is said and held then.

    `outcome` is of the list that went bad. `said` stands in its error, or in the reason of its one
    reject. `held` are movements beside the healthy ones. `others` is how the other lists end.
    """

    number: str
    outcome: str = "ok"
    said: str = ""
    feed: str = "moves"
    rows: list[Any] | None = None
    raw: bytes | None = None
    held: dict[str, Any] = field(default_factory=dict)
    others: str = "ok"

    @property
    def stays(self) -> bool:
        """Whether the pull is refused, so that nothing of the state of the feed may move."""
        return self.outcome != "ok"


def more(*rows: dict[str, Any]) -> list[Any]:
    """The healthy movements and some after them."""
    return [*HEALTHY["moves"], *rows]


def page(text: str) -> bytes:
    """A page of movements written by hand: the healthy ones and what is given."""
    healthy = ", ".join(json.dumps(row) for row in HEALTHY["moves"])
    return answer(f'{{"items": [{healthy}, {text}], "total": 6}}'.encode())


def bad(qty: str = "1", at: str = "2026-11-20T12:01:00Z", more: str = "") -> str:
    """One more movement, written by hand."""
    return f'{{"id": "9", "item": "A", "qty": {qty}, "at": "{at}"{more}}}'


CASES = [
    # duplicates, versions, order
    Case("D1 in a page", rows=more(move("9", 9), move("9", 9)), held={"9": 9}),
    Case("D1 across pages", rows=more(*[move("9", 9)] * 8), held={"9": 9}),
    Case("D1 all again", rows=[*HEALTHY["moves"], *HEALTHY["moves"]]),
    Case("D3 any order", rows=[*reversed(HEALTHY["moves"]), move("9", 9)], held={"9": 9}),
    Case(
        "D4 changes under way",
        "payload",
        "/moves: the source counts 9 records, 10 came",
        raw=answer({"items": HEALTHY["moves"], "total": 9}),
    ),
    Case("D5 late", rows=more(move("9", 9, NOON - timedelta(minutes=59))), held={"9": 9}),
    Case("D6 too late", rows=more(move("9", 9, NOON - timedelta(hours=7)))),
    Case("D7 clock ahead", rows=more(move("9", 9, NOON + timedelta(hours=1))), held={"9": 9}),
    # times
    Case("D8 no zone", raw=page(bad(at="2026-11-20 12:01:00")), held={"9": 1}),
    Case("D8 offset", rows=more(move("9") | {"at": "2026-11-20T13:01:00+01:00"}), held={"9": 1}),
    Case(
        "D8 no such day",
        said="occurred_at: '2026-02-30T12:00:00Z' is not an instant",
        raw=page(bad(at="2026-02-30T12:00:00Z")),
    ),
    Case(
        "D10 month 13",
        said="occurred_at: '2026-13-01T12:00:00Z' is not an instant",
        raw=page(bad(at="2026-13-01T12:00:00Z")),
    ),
    Case(
        "D10 year 1",
        said="occurred_at: '0001-01-01T00:00:00Z' is not between the years",
        raw=page(bad(at="0001-01-01T00:00:00Z")),
    ),
    # numbers
    Case("D10 NaN", said="record holds NaN, which is no JSON number", raw=page(bad("NaN"))),
    Case("D10 Infinity", said="record holds -Infinity", raw=page(bad("-Infinity"))),
    Case("D10 1e308", said="'1e308' has more than 18 digits", raw=page(bad("1e308"))),
    Case("D10 comma", said="'12,5' is not a decimal number", raw=page(bad('"12,5"'))),
    Case("D10 words", said="'many' is not a decimal number", raw=page(bad('"many"'))),
    Case("D10 a list", said="qty should be number, found [1]", raw=page(bad("[1]"))),
    Case("D10 missing", said="qty is missing", raw=page('{"id": "9", "item": "A", "at": "x"}')),
    Case("D10 null", said="qty is missing", raw=page(bad("null"))),
    Case("D10 no key", said="id is missing", raw=page('{"item": "A", "qty": 1, "at": "x"}')),
    Case("D10 retyped", said="id should be text, found int", raw=page('{"id": 9, "qty": 1}')),
    Case("D10 NUL", said="record holds a NUL character", raw=page(bad(more=', "lot": "\\u0000"'))),
    Case("D10 no record", said="Expected `object`, got `str`", raw=page('"9"')),
    Case("D10 negative", raw=page(bad("-5.5")), held={"9": Decimal("-5.5")}),
    Case("D10 unknown unit", rows=more(move("9", 9) | {"unit": "Säcke"}), held={"9": 9}),
    Case(
        "D11 exact",
        raw=page(bad("98765432109.123456789")),
        held={"9": Decimal("98765432109.123456789")},
    ),
    Case(
        "D11 too fine",
        said="'0.1234567891' has more than 9 decimals",
        raw=page(bad("0.1234567891")),
    ),
    # texts
    Case("D12 any script", rows=more(move("9", lot="\u202eLot 日本 Ä")), held={"9": 1}),
    Case("D12 300 kB", rows=more(move("9", lot="x" * 300_000)), held={"9": 1}),
    Case("D12 2 MB", said="over the limit of 1,000,000", rows=more(move("9", lot="x" * 2_000_000))),
    Case(
        "D12 half a pair",
        said="record holds half a surrogate pair",
        raw=page(bad(more=', "lot": "\\ud800"')),
    ),
    Case(
        "D12 latin-1",
        said="record is not UTF-8 text: byte 0xe4",
        raw=page(bad(more=', "lot": "ä"')).replace("ä".encode(), b"\xe4 "),
    ),
    # contract
    Case("D13 a field more", rows=more(move("9", colour="red")), held={"9": 1}),
    Case(
        "D13 a field gone",
        "contract",
        "20 of 20 records are rejects, over 20 %; first: qty is missing",
        rows=[
            {key: value for key, value in move(str(n)).items() if key != "qty"} for n in range(20)
        ],
    ),
    Case(
        "D13 a field retyped",
        "contract",
        "first: id should be text, found int",
        rows=[move(str(n)) | {"id": n} for n in range(20)],
    ),
    Case(
        "D14 poison",
        "contract",
        "20 of 40 records are rejects, over 20 %; first: quantity_source: 'x' is not a",
        rows=[move(str(n), "x" if n % 2 else 1) for n in range(40)],
    ),
    # whole answers
    Case(
        "T9 a login page",
        "payload",
        "content type 'text/html' instead of json; begins '<html>",
        raw=answer(b"<html>Sign in", content_type="text/html"),
    ),
    Case(
        "T9 a page that lies",
        "payload",
        "the answer is not JSON; the answer begins '<html>",
        raw=answer(b"<html>Sign in"),
    ),
    Case("T9 nothing", "payload", "the answer is empty", raw=answer(b"")),
    Case(
        "T9 utf-16",
        "payload",
        "the answer is not JSON",
        raw=answer('{"items": []}'.encode("utf-16")),
    ),
    Case(
        "T8 cut", "payload", "the answer begins", raw=answer(page(bad()).split(b"\r\n\r\n")[1][:-9])
    ),
    Case(
        "T9 another shape", "payload", "there is no $.items in the answer", raw=answer({"data": []})
    ),
    Case(
        "T9 an error inside",
        "payload",
        "there is no $.items in the answer; the answer begins",
        raw=answer({"error": "x"}),
    ),
    Case(
        "T9 nested",
        "payload",
        "nested too deeply",
        raw=answer(b'{"items": ' + b"[" * 90_000 + b"]" * 90_000 + b"}"),
    ),
    Case(
        "T10 too much",
        "payload",
        "the body is over 33,554,432 bytes; ask for smaller pages",
        raw=answer(b" " * 33_554_433),
    ),
    Case(
        "T11 away",
        "forbidden",
        "redirects are not followed",
        raw=answer({}, 302, location="http://thief.example/"),
    ),
    Case("T7 refused", "denied", "credentials refused or not enough rights", raw=answer({}, 401)),
    Case("T9 not found", "payload", "GET /moves: answered 404", raw=answer({}, 404)),
    Case(
        "T4 throttled",
        "throttled",
        "throttled until",
        raw=answer({}, 429, retry_after="3600"),
        others="throttled",
    ),
    Case(
        "S17 an echo",
        "payload",
        "answered 400: 'you sent ***'",
        raw=answer(f"you sent Bearer {SECRET}".encode(), 400),
    ),
    # snapshots
    Case(
        "D15 empty",
        "refused",
        "stock: empty, the last snapshot had 2 rows; the next equal answer is taken; "
        "to accept it now: tieout collect --accept-empty mes/stock",
        "stock",
        rows=[],
    ),
    Case("D15 not even", "payload", "there is no $.items", "stock", raw=answer({})),
    Case(
        "D17 in part",
        "refused",
        "1 of 2 records are rejects, so it is not whole; first: qty is missing",
        "stock",
        rows=[line("A"), {"item": "B", "taken": "2026-11-20T12:00:00Z"}],
    ),
    Case(
        "D17 switched",
        "refused",
        "records of 2 different snapshots came in one pull",
        "stock",
        rows=[line("A", shot="1"), line("B", shot="2")],
    ),
    Case(
        "D17 moved on",
        "refused",
        "records of 2 different snapshots",
        "stock",
        rows=[line("A"), line("B", taken=LATER)],
    ),
    Case(
        "D17 torn",
        "refused",
        "A comes twice and is not the same: the list was changed",
        "stock",
        rows=[line("A", 1), line("A", 2)],
    ),
    Case("D18 no instant", "refused", "taken is missing", "stock", rows=[{"item": "A", "qty": 1}]),
    # lists
    Case(
        "D19 all gone",
        "refused",
        "holds: empty, 1 record is held; the next equal answer is taken; "
        "to accept it now: tieout collect --accept-empty mes/holds",
        "holds",
        rows=[],
    ),
]


@dataclass
class Works:
    """A healthy plant on disk, its MES, and the command line."""

    folder: Path
    mes: Mes
    before: dict[str, dict[str, Any]]
    run: Callable[..., tuple[int, list[dict[str, Any]], str]]


@dataclass
class Prepared:
    """The plant after one good pull, and the server all its copies read from."""

    folder: Path
    mes: Mes
    before: dict[str, dict[str, Any]]


def healthy() -> Mes:
    """An MES that says nothing wrong."""
    mes = Mes(lists={name: list(rows) for name, rows in HEALTHY.items()})
    mes.clock = SetClock(LATER, running=False)
    return mes


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prepared]:
    """Collected once for all cases."""
    folder = tmp_path_factory.mktemp("plant")
    ready = Prepared(folder, healthy(), {})
    server = Server(lambda request: ready.mes(request))
    write(folder, server.address, ONE_SWEEP)
    with opened(folder, clock=ready.mes.clock) as services:
        plant = House(folder, ready.mes, ready.mes.clock, services)
        assert {report.outcome for report in plant.collect().values()} == {"ok"}
        ready.before = state_of(plant)
    yield ready
    server.stop()


@pytest.fixture
def works(
    prepared: Prepared,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> Works:
    """A copy of the plant; `run` calls `tieout` as a reader does."""
    folder = shutil.copytree(prepared.folder, tmp_path / "plant")
    prepared.mes = healthy()

    def run(*arguments: str) -> tuple[int, list[dict[str, Any]], str]:
        given = ["tieout", "--landscape", str(folder), "--format", "json", "--verbose"]
        monkeypatch.setattr(sys, "argv", [*given, *arguments])
        capfd.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capfd.readouterr()
        return int(ended.value.code or 0), json.loads(out), err

    return Works(folder, prepared.mes, prepared.before, run)


def state_of(plant: House) -> dict[str, dict[str, Any]]:
    """What must not move where a pull is refused."""
    names = ("place", "safe_until", "last_ok_at", "snapshot_id", "snapshot_at", "swept_at")
    return {feed: {name: plant.state(feed)[name] for name in names} for feed in FEEDS}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.number)
def test_a_fault_is_named_and_harms_nothing_else(works: Works, case: Case) -> None:
    if case.raw is not None:
        works.mes.raw[case.feed] = case.raw
    else:
        works.mes.lists[case.feed] = list(case.rows or [])
    code, reports, told = works.run("collect", "mes")
    outcomes = {report["feed"]: report["outcome"] for report in reports}
    assert outcomes == {**dict.fromkeys(FEEDS, case.others), case.feed: case.outcome}
    assert code == (3 if case.stays else 0)
    assert "Traceback" not in told
    assert SECRET not in told + json.dumps(reports)
    assert all(len(row) < 1500 for row in told.splitlines())
    [report] = [report for report in reports if report["feed"] == case.feed]
    with opened(works.folder, clock=works.mes.clock) as services:
        plant = House(works.folder, works.mes, works.mes.clock, services)
        check_words(plant, case, report)
        check_held(plant, case)
        if case.stays:
            assert state_of(plant)[case.feed] == works.before[case.feed]


def check_words(plant: House, case: Case, report: dict[str, Any]) -> None:
    """The reason stands where a reader looks: in the error, or in the list of rejects."""
    if case.stays:
        assert case.said in report["error"]
        assert report["error"].startswith("mes: ")
        return
    assert (report["error"], report["rejects"]) == (None, 1 if case.said else 0)
    reasons = [(reject["reason"], bool(reject["raw"])) for reject in plant.rejects()]
    assert len(reasons) == report["rejects"]
    assert all(case.said in reason and has_text for reason, has_text in reasons)


def check_held(plant: House, case: Case) -> None:
    """What was held stays, and what is good beside the fault is held too."""
    moves = {row["id"]: Decimal(row["qty"]) for row in HEALTHY["moves"]}
    found = dict(plant.facts("business_event", "source_key, quantity"))
    beside = {key: found.pop(key) for key in list(found) if key not in moves}
    assert found == moves
    if not case.stays:
        assert beside == case.held
    assert plant.facts("quality_disposition") == ["h1"]
    newest = plant.rows(
        "SELECT item, quantity FROM stock_balance JOIN (SELECT arg_max(snapshot_id, fact_no) AS "
        "newest FROM stock_snapshot) ON snapshot_id = newest ORDER BY item"
    )
    assert [tuple(row.values()) for row in newest] == [("A", 5), ("B", 7)]
    assert plant.services.store.state.doubled() == {}


def test_rejects_are_listed_with_reason_and_text_and_stay_after_a_replay(works: Works) -> None:
    works.mes.raw["moves"] = page(bad('"12,5"'))
    assert works.run("collect", "mes/moves")[0] == 0
    code, [reject], told = works.run("rejects", "list", "mes/moves")
    assert (code, "Traceback" in told) == (0, False)
    assert reject["reason"] == "quantity_source: '12,5' is not a decimal number such as 12.5"
    assert reject["raw"] == bad('"12,5"')
    code, _, told = works.run("rejects", "replay")
    assert (code, told.splitlines()[-1]) == (0, "1 rejects left")


def test_a_healthy_pull_after_a_fault_takes_up_where_it_was(works: Works) -> None:
    works.mes.raw["moves"] = answer(b"<html>")
    assert works.run("collect", "mes/moves")[0] == 3
    del works.mes.raw["moves"]
    works.mes.lists["moves"].append(move("9", 9))
    code, [report], _ = works.run("collect", "mes/moves")
    assert (code, report["outcome"], report["news"]) == (0, "ok", 1)


def test_an_empty_snapshot_can_be_accepted_by_a_person(works: Works) -> None:
    works.mes.lists["stock"] = []
    assert works.run("collect", "mes/stock")[0] == 3
    code, [report], _ = works.run("collect", "--accept-empty", "mes/stock")
    assert (code, report["outcome"]) == (0, "ok")


def test_a_source_whose_secret_cannot_be_had_is_named_and_others_go_on(works: Works) -> None:
    (works.folder / "secret").chmod(0o644)
    code, reports, told = works.run("collect")
    assert code == 3
    assert {report["outcome"] for report in reports if report["source"] == "mes"} == {"denied"}
    assert "file:secret: everyone on this machine can read the file; chmod 600 it" in told
    assert "Traceback" not in told
    assert SECRET not in told
