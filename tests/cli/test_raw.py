"""From a reject or a fact back to the record as it was sent, and what keys wait for."""

import json
import re

import pytest

from tests.works import HEADER, NOON, drop, made, minutes

AGO = NOON - minutes(90)
# Two lines of text in one record, a line without one, and the third record in line 6.
TORN = HEADER + (
    f'"7\n7",O7,A,,5,{AGO:%Y-%m-%dT%H:%M:%SZ},\n'
    "\n"
    f"{made('8', 'O8', 5, AGO)}\n"
    f"{made('9', 'O9', 'ten', AGO)}\n"
)


def lines(said):
    return [json.loads(line) for line in said.out.splitlines()]


@pytest.fixture
def torn(tieout, fresh):
    """The works, with a record in line 6 of a file that cannot be read."""
    (fresh / "drop/mes/moves8.csv").write_text(TORN)
    assert tieout("collect", at=fresh).code == 0
    return fresh


def test_a_reject_says_in_which_line_of_which_file_it_stands(tieout, torn):
    (told,) = lines(tieout("rejects", "list", "--format", "jsonl", at=torn))
    assert TORN.splitlines()[told["line"] - 1] == told["raw"]
    assert (told["request"], told["line"], told["record"]) == ("file moves8.csv", 6, 3)
    row = tieout("rejects", "list", at=torn).out.splitlines()[1]
    assert re.search(r"file moves8\.csv +6 +3 ", row)


@pytest.mark.parametrize("header", [True, False])
def test_the_line_is_the_same_whatever_stands_above_the_records(tieout, fresh, header):
    source = fresh / "sources/mes.yml"
    dialect = f"    csv: {{skip_lines: 2, header: {str(header).lower()}}}\n"
    source.write_text(source.read_text().replace("    into:", dialect + "    into:"))
    (fresh / "drop/mes/moves.csv").write_text(
        "exported\n\n" + (HEADER if header else "") + made("1", "O1", "ten", AGO) + "\n"
    )
    tieout("collect", "mes", at=fresh)
    (told,) = lines(tieout("rejects", "list", "--format", "jsonl", at=fresh))
    assert (told["line"], told["record"]) == (3 + header, 1)


def test_a_line_of_json_is_found_as_well(tieout, fresh):
    source = fresh / "sources/mes.yml"
    source.write_text(source.read_text().replace("moves*.csv", "moves*.jsonl\n    format: ndjson"))
    record = {"id": "1", "order_no": "O1", "item": "A", "qty": 1, "at": f"{AGO:%Y-%m-%dT%H:%MZ}"}
    bad = {**record, "id": "2", "qty": "ten"}
    (fresh / "drop/mes/moves.jsonl").write_text(f"{json.dumps(record)}\n\n{json.dumps(bad)}\n")
    tieout("collect", "mes", at=fresh)
    (told,) = lines(tieout("rejects", "list", "--format", "jsonl", at=fresh))
    assert (told["request"], told["line"], told["record"]) == ("file moves.jsonl", 3, 2)


def test_a_raw_reference_leads_back_to_the_record(tieout, torn):
    (reject,) = lines(tieout("rejects", "list", "--format", "jsonl", at=torn))
    said = tieout("raw", reject["raw_ref"], at=torn)
    assert (said.code, said.out) == (0, f"{made('9', 'O9', 'ten', AGO)}\n")
    assert "file moves8.csv, line 6, record 3, received 2026-" in said.err
    (fact,) = lines(tieout("trace", "O8", "--format", "jsonl", at=torn))
    (told,) = lines(tieout("raw", fact["raw_ref"], "--format", "jsonl", at=torn))
    assert (told["raw"], told["line"]) == (made("8", "O8", 5, AGO), 5)


def test_a_raw_reference_without_a_record_gives_the_whole_page(tieout, torn):
    (reject,) = lines(tieout("rejects", "list", "--format", "jsonl", at=torn))
    said = tieout("raw", reject["raw_ref"].partition("#")[0], at=torn)
    assert (said.code, said.out) == (0, TORN)


@pytest.mark.parametrize("form", ["table", "json", "jsonl"])
def test_what_a_record_holds_is_never_a_control_sequence(tieout, fresh, form):
    drop(fresh, "mes", [made("\x1b[31m\x9b2J", "O8", "ten", AGO)], "moves8")
    tieout("collect", "mes", at=fresh)
    (reject,) = lines(tieout("rejects", "list", "--format", "jsonl", at=fresh))
    for reference in (reject["raw_ref"], reject["raw_ref"].partition("#")[0]):
        out = tieout("raw", reference, "--format", form, at=fresh).out
        assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", out)
        assert "[31m" in out
    if form != "table":
        (told,) = json.loads(f"[{out}]") if form == "jsonl" else json.loads(out)
        assert "\x1b[31m\x9b2J" in told["raw"]


@pytest.mark.parametrize(
    ("reference", "told"),
    [
        ("../../tieout.yml", "'../../tieout.yml' is not a raw reference such as mes/moves/"),
        ("mes/moves/../../../tieout.sqlite", "is not a raw reference such as"),
        ("\x1b[2J", "'\\x1b[2J' is not a raw reference such as"),
        ("mes/moves/p/000001.page.zst#1", "no page is kept as mes/moves/p/000001.page.zst"),
        ("{page}#9", "has 3 records, so there is no record 9"),
        ("{page}#0", "has 3 records, so there is no record 0"),
    ],
)
def test_a_raw_reference_that_leads_nowhere_is_said(tieout, torn, reference, told):
    (reject,) = lines(tieout("rejects", "list", "--format", "jsonl", at=torn))
    page = reject["raw_ref"].partition("#")[0]
    said = tieout("raw", reference.replace("{page}", page), at=torn)
    assert (said.code, said.out) == (2, "")
    assert told in said.err


def test_a_page_that_is_damaged_or_gone_is_said_and_rejects_are_listed_all_the_same(tieout, torn):
    (reject,) = lines(tieout("rejects", "list", "--format", "jsonl", at=torn))
    page = torn / "var/lake/raw" / reject["raw_ref"].partition("#")[0]
    page.write_bytes(b"nothing of the kind")
    said = tieout("raw", reject["raw_ref"], at=torn)
    assert (said.code, said.out) == (3, "")
    assert "the page is damaged; restore it from a backup" in said.err
    page.unlink()
    (told,) = lines(tieout("rejects", "list", "--format", "jsonl", at=torn))
    assert (told["request"], told["line"], told["record"]) == (None, None, 3)


def test_records_of_a_source_that_is_gone_are_still_there_as_a_page(tieout, torn):
    (reject,) = lines(tieout("rejects", "list", "--format", "jsonl", at=torn))
    (torn / "sources/mes.yml").unlink()
    (torn / "mappings/mes.moves.sql").unlink()
    (told,) = lines(tieout("rejects", "list", "--format", "jsonl", at=torn))
    assert (told["request"], told["line"], told["record"]) == ("file moves8.csv", None, 3)
    said = tieout("raw", reject["raw_ref"], at=torn)
    assert said.code == 2
    page = reject["raw_ref"].partition("#")[0]
    assert f"see the whole page with: tieout raw {page}" in said.err
    assert tieout("raw", page, at=torn).out == TORN


def test_keys_that_wait_for_a_cross_reference_are_listed_until_it_comes(tieout, fresh):
    source = fresh / "sources/mes.yml"
    source.write_text(source.read_text() + "cross_reference: [item]\n")
    assert tieout("collect", at=fresh).code == 0
    (told,) = lines(tieout("rejects", "unresolved", "--format", "jsonl", at=fresh))
    assert told == {
        "object": "item", "key": "A", "source": "mes", "feed": "moves", "facts": 3,
        "source_key": "1",
    }  # fmt: skip
    assert "item" in tieout("rejects", "unresolved", "mes/moves", at=fresh).out
    assert lines(tieout("rejects", "unresolved", "erp", "--format", "jsonl", at=fresh)) == []
    (fresh / "cross_reference").mkdir()
    rows = "source,source_key,key\nmes,A,10-A\n"
    (fresh / "cross_reference/item.csv").write_text(rows)
    assert tieout("collect", at=fresh).code == 0
    assert lines(tieout("rejects", "unresolved", "--format", "jsonl", at=fresh)) == []
