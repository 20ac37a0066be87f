"""CSV of every dialect, workbooks and Parquet cut into records."""

import contextlib
import csv
import gzip
import io
import zipfile
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors import mapping
from collectors.contract import Contract, parse
from collectors.errors import PayloadError
from collectors.page import Records
from collectors.typed import register
from tests.collectors.pages import FIELDS, GOOD, kept, listed, page, read, reasons, refusal, table

# CSV


def test_a_quoted_field_may_hold_anything() -> None:
    found = table('id,qty,note\na,1,"x\ny"\nb,2,"say ""hi"""\nc,3,"d,e"\r\n')
    assert kept(found) == [("a", "1", "x\ny"), ("b", "2", 'say "hi"'), ("c", "3", "d,e")]
    assert found.raws[0] == 'a,1,"x\ny"'


@pytest.mark.parametrize("mark", ["\u2028", "\x0b", "\x0c", "\x85", "\x1c"])
def test_only_line_ends_end_a_line(mark: str) -> None:
    assert kept(table(f"id,qty,note\na,1,x{mark}y\nb,2,\n"))[0] == ("a", "1", f"x{mark}y")


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_line_end_ends_a_line(end: str) -> None:
    assert len(kept(table(f"id,qty{end}a,1{end}b,2{end}"))) == 2


@pytest.mark.parametrize(
    ("text", "encoding", "declared"),
    [
        ("\ufeffid,qty,note\nä,1,€\n", "utf-8", "utf-8"),
        ("id,qty,note\nä,1,€\n", "cp1252", "cp1252"),
        ("id,qty,note\nä,1,€\n", "utf-16", "utf-16"),
        ("\ufeffid,qty,note\nä,1,€\n", "utf-16-le", "utf-16-le"),
    ],
)
def test_a_file_is_read_in_its_encoding(text: str, encoding: str, declared: str) -> None:
    assert kept(read(text.encode(encoding), "csv", "$", encoding=declared)) == [("ä", "1", "€")]


def test_a_row_in_another_encoding_is_a_reject_and_the_others_stay() -> None:
    found = table("id,qty,note\nä,1,€\nb,2,c\n", "cp1252")
    assert kept(found) == [("b", "2", "c")]
    assert reasons(found) == ["record is not utf-8 text"]
    assert found.rejects[0].raw.isprintable()


def test_a_column_named_in_another_encoding_is_told_by_its_bytes() -> None:
    found = table("id,qty,note,Prüfer\na,1,n,x\n", "cp1252")
    assert kept(found) == [("a", "1", "n")]
    assert found.unknown == (r"Pr\udcfcfer",)
    assert all(name.isprintable() for name in found.unknown)


def test_a_file_in_another_encoding_altogether_is_refused() -> None:
    assert "columns missing: id, qty" in refusal("id,qty\na,1\n".encode("utf-16"), "csv", "$")
    assert "truncated data" in refusal(
        "id,qty\na,1\n".encode("utf-16")[:-1], "csv", "$", encoding="utf-16"
    )


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("a", "1 fields instead of 3"),
        ("a,1,n,4", "4 fields instead of 3"),
        (",1,n", "id is empty"),
        ("a,,n", "qty is empty"),
        ("a\0,1,n", "record holds a NUL character"),
        ('a,1,"x"y', "',' expected after '\"'"),
        ("a,1," + "x" * 1_000_001, "field larger than field limit (1000000)"),
        ("a,1," + ",".join(["x" * 600_000] * 2), "4 fields instead of 3"),
    ],
)
def test_a_ragged_or_broken_row_is_a_reject_as_received(row: str, reason: str) -> None:
    found = table(f"id,qty,note\nb,2,ok\n{row}\nc,3,ok\n")
    assert [line[0] for line in kept(found)] == ["b", "c"]
    assert reasons(found) == [reason]
    assert found.rejects[0].raw.rstrip("\n") == row
    assert found.rejects[0].raw_ref == "mes/items/p#2"


def test_a_quote_that_is_never_closed_says_how_many_lines_it_takes() -> None:
    found = table('id,qty,note\na,1,ok\nb,2,"open\nc,3,x\nd,4,y\n')
    assert kept(found) == [("a", "1", "ok")]
    assert reasons(found) == [
        "unexpected end of data: a quote is opened and not closed,"
        " so 3 lines are taken for one record"
    ]


def test_a_field_of_300_kilobytes_is_kept() -> None:
    assert kept(table(f"id,qty,note\na,1,{'x' * 300_000}\n")) == [("a", "1", "x" * 300_000)]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "columns missing: id, qty; found no header"),
        ("\n\n", "found no header"),
        ("id,quantity\na,1\n", "columns missing: qty; found id, quantity"),
        ("id,qty,qty\na,1,2\n", "columns given twice: qty; found id, qty, qty"),
        ("a;1\n", "columns missing: id, qty; found a;1"),
        ("{}", "columns missing"),
    ],
)
def test_a_header_that_does_not_fit_refuses_the_file(text: str, said: str) -> None:
    assert said in refusal(text, "csv", "$")


def test_a_header_alone_is_an_empty_list() -> None:
    assert (table("id,qty\n").count, table("id,qty\n").rejects) == (0, [])


def test_blank_columns_and_blank_lines_do_no_harm() -> None:
    found = table("\nid,,qty,\n\na,x,1,y\n   \n")
    assert kept(found) == [("a", "1", None)]
    assert found.rejects == []


def test_a_file_may_have_no_header_a_title_and_words_for_nothing() -> None:
    assert kept(table("a,1,n\n", header=False)) == [("a", "1", "n")]
    assert kept(
        table("Report of today\nid,qty,note\na,1,NULL\n", skip_lines=1, empty=("", "NULL"))
    ) == [("a", "1", None)]


@pytest.mark.parametrize(
    ("signs", "text", "value"),
    [
        ((",", "."), "1.234,50", "1234.50"),
        ((",", "."), "1.234.567", "1234567.0"),
        ((",", "."), "-0,5", "-0.5"),
        ((",", "."), "12,5-", "-12.5"),
        ((",", ""), "1,5E+03", "1.5E+03"),
        ((",", " "), "1 234\u00a0567,5", "1234567.5"),
        ((".", ","), "1,234.5", "1234.5"),
        ((".", "'"), "1'234", "1234.0"),
    ],
)
def test_numbers_are_read_with_the_signs_of_the_dialect(
    signs: tuple[str, str], text: str, value: str
) -> None:
    found = table(
        f"id;qty;note\na;{text};{text}\n", delimiter=";", decimal=signs[0], thousands=signs[1]
    )
    assert kept(found) == [("a", value, text)]


@pytest.mark.parametrize(
    ("signs", "text"),
    [
        ((",", "."), "12.5"),  # a decimal point where points group thousands: not 125
        ((".", ","), "1,5"),
        ((",", ""), "12.5"),
        ((",", "."), "1.23.456"),
        ((",", "."), "1,2,3"),
        ((",", "."), "-5-"),
        ((",", "."), "five"),
    ],
)
def test_a_number_with_signs_in_the_wrong_place_is_not_guessed_at(
    signs: tuple[str, str], text: str
) -> None:
    found = table(f"id;qty\na;{text}\n", delimiter=";", decimal=signs[0], thousands=signs[1])
    [(_, value, _)] = kept(found)
    problem = mapped_problem("exact_problem(qty)", found)
    assert value.startswith(f"{text} (decimal sign {signs[0]}")
    assert problem == f"'{value}' is not a decimal number such as 12.5"


def mapped_problem(expression: str, found: Records) -> str | None:
    """What a mapping would say about the first record."""
    con = mapping.connect({})
    try:
        register(con, [(page(b""), found)], Contract(parse(FIELDS)), with_record=False)
        told: str | None = con.sql(f"SELECT {expression} FROM page").fetchall()[0][0]
        return told
    finally:
        con.close()


CELL = st.text(st.characters(exclude_characters="\0\r", exclude_categories=["Cs"]), max_size=8)
DIALECTS = st.fixed_dictionaries(
    {"delimiter": st.sampled_from(",;\t|"), "quote": st.sampled_from("\"'")}
)


@given(
    st.lists(st.tuples(CELL.filter(str.strip), CELL), max_size=6),
    DIALECTS,
    st.sampled_from(["\n", "\r\n"]),
)
@settings(max_examples=100, deadline=None)
def test_a_table_of_any_dialect_comes_back(
    rows: list[tuple[str, str]], dialect: dict[str, str], end: str
) -> None:
    sink = io.StringIO()
    writer = csv.writer(
        sink, delimiter=dialect["delimiter"], quotechar=dialect["quote"], lineterminator=end
    )
    writer.writerow(["id", "qty", "note"])
    writer.writerows((key, "1", note) for key, note in rows)
    found = table(sink.getvalue(), **dialect)
    assert found.rejects == []
    assert kept(found) == [(key, "1", note or None) for key, note in rows]


@given(st.binary(max_size=200), DIALECTS)
@settings(max_examples=100, deadline=None)
def test_any_bytes_are_rows_or_rejects_or_refused(body: bytes, dialect: dict[str, str]) -> None:
    sep = dialect["delimiter"].encode()
    try:
        found = read(b"id" + sep + b"qty\n" + body, "csv", "$", **dialect)
    except PayloadError:
        return
    assert found.table.num_rows + len(found.rejects) == found.count


# Workbooks and Parquet


def workbook(rows: list[list[Any]], name: str = "Export") -> bytes:
    """A workbook with one sheet."""
    book, sink = openpyxl.Workbook(), io.BytesIO()
    sheet = book.active
    sheet.title = name
    for row in rows:
        sheet.append(row)
    book.save(sink)
    book.close()
    return sink.getvalue()


def test_cells_of_a_workbook_become_the_text_a_mapping_decodes() -> None:
    body = workbook(
        [
            ["id", "qty", "note"],
            ["007", 12.5, datetime(2026, 11, 20, 14, 30)],
            ["b", 3, True],
            [],
            ["c", 46346.60416666, 0.1],
        ]
    )
    found = read(body, "xlsx", "$")
    assert kept(found) == [
        ("007", "12.5", "2026-11-20T14:30:00"),
        ("b", "3", "true"),
        ("c", "46346.60416666", "0.1"),
    ]
    assert kept(read(body, "xlsx", "Export")) == kept(found)


def test_a_sheet_that_is_not_there_is_not_replaced_by_another() -> None:
    said = refusal(workbook([["id", "qty"]]), "xlsx", "Stock")
    assert "no sheet 'Stock'; sheets: Export" in said


def parquet(**columns: pa.Array) -> bytes:
    """A Parquet file."""
    sink = io.BytesIO()
    pq.write_table(pa.table(columns), sink)
    return sink.getvalue()


def test_parquet_keeps_decimals_and_instants_exactly() -> None:
    body = parquet(
        id=pa.array(["a", "b", "c"]),
        qty=pa.array(
            [Decimal("0.1"), Decimal("98765432109.123456789"), Decimal(5)], pa.decimal128(38, 9)
        ),
        note=pa.array([1_700_000_000_123_456_789] * 3, pa.timestamp("ns", "UTC")),
    )
    assert kept(read(body, "parquet", "$")) == [
        ("a", "0.100000000", "2023-11-14T22:13:20.123456+00:00"),
        ("b", "98765432109.123456789", "2023-11-14T22:13:20.123456+00:00"),
        ("c", "5.000000000", "2023-11-14T22:13:20.123456+00:00"),
    ]


def test_parquet_of_every_type_is_text_for_the_mapping() -> None:
    body = parquet(
        id=pa.array(["a"]),
        qty=pa.array([0.1 + 0.2]),
        note=pa.array([{"k": [1, None]}]),
    )
    assert kept(read(body, "parquet", "$")) == [("a", "0.30000000000000004", '{"k": [1, null]}')]
    for value, text in [
        (pa.array([date(2026, 11, 20)]), "2026-11-20"),
        (pa.array([time(14, 30)]), "14:30:00"),
        (pa.array([b"\xff\x00"]), None),
        (pa.array([None], pa.string()), None),
        (pa.array([datetime(2026, 11, 20, 14, 30)]), "2026-11-20T14:30:00"),
    ]:
        found = read(parquet(id=pa.array(["a"]), qty=pa.array([1]), note=value), "parquet", "$")
        assert [row[2] for row in kept(found)] == ([text] if found.rejects == [] else [])


def test_an_instant_no_calendar_has_refuses_the_file_in_a_sentence() -> None:
    body = parquet(
        id=pa.array(["a"]), qty=pa.array([1]), note=pa.array([2**62], pa.timestamp("us"))
    )
    assert "not a whole Parquet file" in refusal(body, "parquet", "$")


@pytest.mark.parametrize("form", ["xlsx", "parquet"])
def test_a_file_cut_or_flipped_anywhere_is_refused_or_read_whole(form: str) -> None:
    whole = (
        workbook([["id", "qty"], *[[f"r{n}", n] for n in range(50)]])
        if form == "xlsx"
        else parquet(id=pa.array([f"r{n}" for n in range(50)]), qty=pa.array(range(50)))
    )
    for place in range(0, len(whole), max(1, len(whole) // 60)):
        assert "begins" in refusal(whole[:place], form, "$")
        flipped = whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :]
        with contextlib.suppress(PayloadError):
            found = read(flipped, form, "$")
            assert found.table.num_rows + len(found.rejects) == found.count


@pytest.mark.parametrize("form", ["xlsx", "parquet", "json", "ndjson", "csv"])
def test_a_compressed_file_where_none_is_expected_is_refused_or_rejected(form: str) -> None:
    body = gzip.compress(listed(GOOD).encode())
    try:
        found = read(body, form, "$")
    except PayloadError:
        return
    assert (found.table.num_rows, len(found.rejects)) == (0, found.count)


def test_a_workbook_that_unpacks_without_end_is_refused_before_it_is_unpacked() -> None:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as book:
        for number in range(3):
            book.writestr(f"xl/worksheets/sheet{number}.xml", b"\0" * 100_000_000)
    assert len(sink.getvalue()) < 1_000_000
    assert "over the limit of 268,435,456" in refusal(sink.getvalue(), "xlsx", "$")


def test_a_parquet_file_that_unpacks_without_end_is_refused_before_it_is_unpacked() -> None:
    many = pa.DictionaryArray.from_arrays(pa.array([0] * 1_100_000, pa.int8()), pa.array(["x"]))
    body = parquet(id=many, qty=many)
    assert len(body) < 100_000
    assert "1,100,000 rows are over the limit of 1,048,576 a file" in refusal(body, "parquet", "$")
