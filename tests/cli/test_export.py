"""What commands print: the same data in four formats, exactly as documented."""

import csv
import io
import json
import re
from decimal import Decimal

import pytest

from app.store.reading import EXPORT
from tests.works import NOON, drop, made, minutes, work, working

DOCUMENTED = [
    "id",
    "code",
    "rule",
    "rule_version",
    "plant",
    "flow",
    "key",
    "expected",
    "observed",
    "quantity_expected",
    "quantity_observed",
    "variance",
    "unit",
    "value",
    "currency",
    "explained",
    "unexplained",
    "occurred_at",
    "due_at",
    "first_seen_at",
    "resolved_at",
    "state",
    "severity",
    "owner",
    "cause",
    "as_of",
    "known_at",
]
SIDE = [
    "source",
    "feed",
    "source_key",
    "occurred_at",
    "quantity",
    "unit",
    "lot",
    "location",
    "status",
]
INSTANTS = ("occurred_at", "due_at", "first_seen_at", "resolved_at", "as_of", "known_at")
NUMBERS = ("quantity_expected", "quantity_observed", "variance", "value", "unexplained")


def lines(said):
    return [json.loads(line) for line in said.out.splitlines()]


def test_the_export_has_the_documented_columns_in_their_order(tieout, worked):
    rows = lines(tieout("exceptions", "--format", "jsonl", at=worked))
    assert len(rows) == 3
    assert tuple(EXPORT) == tuple(DOCUMENTED)
    assert all(list(row) == DOCUMENTED for row in rows)
    assert all(list(fact) == SIDE for row in rows for fact in row["expected"] + row["observed"])


def test_instants_are_utc_and_decimals_are_text_to_the_last_digit(tieout, worked):
    rows = lines(tieout("exceptions", "--format", "jsonl", at=worked))
    for row in rows:
        for name in INSTANTS:
            assert row[name] is None or re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+Z", row[name])
        for name in NUMBERS:
            assert row[name] is None or re.fullmatch(r"-?\d+(\.\d+)?", row[name])
    (stock,) = [row for row in rows if row["code"] == "balance_variance"]
    assert (stock["quantity_expected"], stock["quantity_observed"]) == ("7.000000001", "5")
    assert (stock["variance"], stock["unexplained"]) == ("-2.000000001", "-2.000000001")
    assert stock["key"] == {"plant": "P1", "item": "A", "lot": "L1"}


def test_all_formats_tell_the_same(tieout, worked):
    rows = lines(tieout("exceptions", "--format", "jsonl", at=worked))
    assert json.loads(tieout("exceptions", "--format", "json", at=worked).out) == rows
    table = list(
        csv.DictReader(io.StringIO(tieout("exceptions", "--format", "csv", at=worked).out))
    )
    assert [list(row) for row in table] == [DOCUMENTED] * 3
    for row, cells in zip(rows, table, strict=True):
        for name, value in row.items():
            text = "" if value is None else value
            assert (
                json.loads(cells[name]) if isinstance(text, dict | list) else cells[name]
            ) == text


@pytest.mark.parametrize(
    ("form", "nothing"),
    [("json", "[]\n"), ("jsonl", ""), ("csv", ",".join(DOCUMENTED) + "\n")],
)
def test_an_export_of_nothing_is_still_one_that_a_machine_can_read(tieout, worked, form, nothing):
    assert tieout("exceptions", "--code", "dead_letter", "--format", form, at=worked).out == nothing


COMMANDS = [
    ("exceptions",),
    ("exception", "EX-1"),
    ("trace", "O1"),
    ("balance", "L1"),
    ("signals",),
    ("feeds",),
    ("rejects", "list"),
    ("audit", "verify"),
    ("check",),
    ("reconcile", "--as-of", "2026-11-03T11:00:00Z"),
]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_stdout_is_data_and_nothing_else(tieout, worked, command):
    assert tieout(*command, at=worked).code == 0
    told = tieout(*command, "--format", "json", at=worked)
    assert told.code == 0
    assert told.out == "" or isinstance(json.loads(told.out), list)
    for line in tieout(*command, "--format", "jsonl", at=worked).out.splitlines():
        assert isinstance(json.loads(line), dict)
    table = list(csv.reader(io.StringIO(tieout(*command, "--format", "csv", at=worked).out)))
    assert len({len(row) for row in table}) <= 1


def test_the_format_may_stand_before_or_after_the_command(tieout, worked):
    before = tieout("--format", "jsonl", "exceptions", at=worked)
    assert before.out == tieout("exceptions", "--format", "jsonl", at=worked).out != ""


def test_hostile_text_is_neither_a_formula_nor_a_control_sequence(tieout, fresh):
    hostile = ["=cmd|' /C calc'!A1", "+1+1", "-1-1", "@SUM(A1)", "\x1b[31mred", "=1"]
    drop(
        fresh,
        "mes",
        [made(f"k{at}", text, 5, NOON - minutes(90)) for at, text in enumerate(hostile)],
    )
    with working(fresh) as services:
        work(services)
    table = list(
        csv.DictReader(io.StringIO(tieout("trace", "=1", "--format", "csv", at=fresh).out))
    )
    assert "'=1" in {row["order_no"] for row in table}
    assert not any(cell.startswith(("=", "+", "@")) for row in table for cell in row.values())
    shown = tieout("exceptions", at=fresh).out
    assert "\x1b[31m" not in shown
    assert "\\x1b[31mred" in shown


def test_negative_numbers_stay_numbers_in_a_table_of_text(tieout, worked):
    table = csv.DictReader(io.StringIO(tieout("exceptions", "--format", "csv", at=worked).out))
    assert {Decimal(row["variance"]) for row in table} == {
        Decimal(5),
        Decimal(-5),
        Decimal("-2.000000001"),
    }


def test_filters_narrow_the_list(tieout, worked):
    def codes(*arguments):
        return sorted(
            row["code"]
            for row in lines(tieout("exceptions", *arguments, "--format", "jsonl", at=worked))
        )

    assert codes("--code", "missing_posting", "--code", "orphan_posting") == [
        "missing_posting",
        "orphan_posting",
    ]
    assert codes("--flow", "stock") == ["balance_variance"]
    assert codes("--owner", "warehouse") == ["balance_variance"]
    assert codes("--code", "dead_letter") == []
    assert codes("--text", "O9") == ["orphan_posting"]
    assert codes("--state", "resolved") == []
    assert len(codes("--state", "all")) == 3
    assert len(codes("--limit", "2")) == 2


def test_one_exception_tells_both_sides_the_clocks_and_its_history(tieout, worked):
    (told,) = json.loads(tieout("exception", "EX-1", "--format", "json", at=worked).out)
    assert list(told)[: len(DOCUMENTED)] == DOCUMENTED
    assert {"source", "source_key", "observed_at", "raw_ref"} <= told["evidence"]["sides"][
        "expected"
    ][0].keys()
    assert [entry["action"] for entry in told["history"]] == ["opened"]
    shown = tieout("exception", "1", at=worked).out
    for words in (
        "Stock differs, ERP and WMS",
        "raw_ref",
        "Unexplained",
        "-2.000000001",
        "History",
    ):
        assert words in shown


def test_a_trace_follows_a_fact_over_all_systems(tieout, worked):
    rows = lines(tieout("trace", "O1", "--format", "jsonl", at=worked))
    assert [(row["source"], row["source_key"]) for row in rows] == [("mes", "1"), ("erp", "a")]
    assert "missing" in tieout("trace", "O2", at=worked).out + "missing"
    assert "MES completion not posted in ERP" in tieout("trace", "O2", at=worked).out


def test_a_balance_is_taken_apart_and_the_rest_is_unexplained(tieout, worked):
    shown = tieout("balance", "L1", "--explain", at=worked).out
    assert re.search(r"Unexplained\s+-2\.000000001", shown)
    assert "Unexplained" not in tieout("balance", "L1", at=worked).out


def test_a_balance_in_two_units_names_them_in_place_of_a_variance(tieout, fresh):
    mapping = fresh / "mappings/wms.stock.sql"
    mapping.write_text(mapping.read_text("utf-8").replace("'EA'", "'CS'"), "utf-8")
    with working(fresh) as services:
        work(services)
    shown = tieout("balance", "L1", "--explain", at=fresh).out
    assert "A L1: EA against CS: not compared until" in shown
    assert "variance" not in shown
    assert "Unexplained" not in shown


def test_what_nobody_knows_is_an_empty_answer_and_no_failure(tieout, worked):
    for command in (("trace", "nothing"), ("balance", "nothing")):
        said = tieout(*command, at=worked)
        assert (said.code, said.out) == (0, "")
        assert "nothing" in said.err
        assert tieout(*command, "--format", "json", at=worked).out == "[]\n"
