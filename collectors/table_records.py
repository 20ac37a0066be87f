"""The records of tables: CSV of any dialect, Excel sheets, Parquet."""

import csv
import io
import json
import re
import zipfile
from collections.abc import Callable, Iterator
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from collectors.contract import Contract
from collectors.record import (
    MAX_RECORD,
    MAX_ROWS,
    MAX_UNPACKED,
    NUL,
    Dialect,
    Page,
    Records,
    Reject,
)

Row = tuple[list[str], str, str | None]  # the fields; the text; why the fields cannot be told
SPACES = " \u00a0\u202f"  # the spaces that group digits: people and programs write all three


def csv_records(page: Page, path: str, contract: Contract, dialect: Dialect) -> Records:
    """Text with separators. What the dialect's encoding cannot read is rejected line by line."""
    encoding = "utf-8-sig" if dialect.encoding.lower() in ("utf-8", "utf8") else dialect.encoding
    text = page.body.decode(encoding, "surrogateescape").removeprefix("\ufeff")
    lines = list(io.StringIO(text, newline=""))  # splitlines() would split at U+2028 as well
    return _tabular(_csv_rows(lines[dialect.skip_lines :], dialect), contract, dialect)


def xlsx_records(page: Page, path: str, contract: Contract, dialect: Dialect) -> Records:
    """The sheet named `path`, the first for `$`."""
    lines = _sheet(page.body, path)[dialect.skip_lines :]
    cells = ([_cell(value) for value in line] for line in lines)
    rows = ((row, json.dumps(row, ensure_ascii=False), None) for row in cells if any(row))
    return _tabular(rows, contract, dialect)


def _sheet(body: bytes, name: str) -> list[list[Any]]:
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        with zipfile.ZipFile(io.BytesIO(body)) as parts:
            _limit_unpacked(sum(part.file_size for part in parts.infolist()))
        book = CalamineWorkbook.from_filelike(io.BytesIO(body))
        if name != "$" and name not in book.sheet_names:
            raise ValueError(f"no sheet '{name}'; sheets: {', '.join(book.sheet_names)}")
        sheet = book.get_sheet_by_index(0) if name == "$" else book.get_sheet_by_name(name)
        return sheet.to_python(skip_empty_area=False)
    except (zipfile.BadZipFile, CalamineError) as error:
        raise ValueError(f"not a whole workbook: {error}") from error


def _limit_unpacked(size: int) -> None:
    if size > MAX_UNPACKED:
        raise ValueError(f"{size:,} bytes when unpacked, over the limit of {MAX_UNPACKED:,}")


def parquet_records(page: Page, path: str, contract: Contract, dialect: Dialect) -> Records:
    """One Parquet file."""
    try:
        table = _parquet_table(page.body)
        columns = [[_cell(value) for value in column.to_pylist()] for column in table.columns]
    except (pa.ArrowException, OSError, OverflowError) as error:
        raise ValueError(f"not a whole Parquet file: {error}") from error
    header = table.column_names
    rows = (list(row) for row in zip(*columns, strict=True))
    named = (
        (row, json.dumps(dict(zip(header, row, strict=True)), ensure_ascii=False), None)
        for row in rows
    )
    return _tabular(named, contract, dialect, header)


def _parquet_table(body: bytes) -> pa.Table:
    with pq.ParquetFile(io.BytesIO(body)) as file:
        facts = file.metadata
        if facts.num_rows > MAX_ROWS:
            raise ValueError(f"{facts.num_rows:,} rows are over the limit of {MAX_ROWS:,} a file")
        groups = range(facts.num_row_groups)
        _limit_unpacked(sum(facts.row_group(group).total_byte_size for group in groups))
        table = file.read()
    to_microseconds = [
        pa.field(field.name, pa.timestamp("us", field.type.tz))
        if pa.types.is_timestamp(field.type)
        else field
        for field in table.schema
    ]
    return table.cast(pa.schema(to_microseconds), safe=False)


def _csv_rows(lines: list[str], dialect: Dialect) -> Iterator[Row]:
    """Rows with the text they were read from."""
    taken: list[str] = []
    csv.field_size_limit(MAX_RECORD)

    def tape() -> Iterator[str]:
        for line in lines:
            taken.append(line)
            yield line

    reader = csv.reader(tape(), delimiter=dialect.delimiter, quotechar=dialect.quote, strict=True)
    while True:
        taken.clear()
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield [], "".join(taken), _torn(str(error), len(taken))
            continue
        if len(row) > 1 or "".join(row).strip():
            yield row, "".join(taken).rstrip("\r\n"), None


def _torn(said: str, lines: int) -> str:
    if lines == 1:
        return said
    return f"{said}: a quote is opened and not closed, so {lines:,} lines are taken for one record"


def _tabular(
    rows: Iterator[Row], contract: Contract, dialect: Dialect, header: list[str] | None = None
) -> Records:
    """Rows of text to records: the header names the columns, other lengths are rejects."""
    header = _header(rows, contract, dialect) if header is None else header
    _check_header(header, contract)
    numbers, texts, kept, rejects, count = [], [], [], [], 0
    for count, (row, raw, torn) in enumerate(rows, 1):
        if problem := torn or _row_problem(row, raw, header, contract, dialect):
            received = raw.encode("utf-8", "backslashreplace").decode()
            rejects.append(Reject(problem, received, str(count)))
            continue
        numbers.append(count)
        texts.append(raw)
        kept.append(row)
    if count > MAX_ROWS:
        raise ValueError(f"{count:,} rows are over the limit of {MAX_ROWS:,} a file")
    columns = [_column(name, kept, header, contract, dialect) for name in contract.tops]
    table = pa.table(
        [pa.array(numbers, pa.int64()), *columns],
        names=["#", *contract.tops],
    )
    # a name in another encoding than the declared one is told by its bytes
    said = {name.encode("utf-8", "backslashreplace").decode() for name in header}
    unknown = tuple(sorted(said - set(contract.tops)))
    return Records(table, texts, frozenset(), rejects, count, unknown)


def _header(rows: Iterator[Row], contract: Contract, dialect: Dialect) -> list[str]:
    if not dialect.header:
        return list(contract.tops)
    first, _, _ = next(rows, ([], "", None))
    return [name.strip() for name in first]


def _check_header(header: list[str], contract: Contract) -> None:
    if missing := [name for name in contract.required if name not in header]:
        found = ascii(", ".join(header)[:300])[1:-1] or "no header"
        raise ValueError(f"columns missing: {', '.join(missing)}; found {found}")
    if doubled := [name for name in contract.tops if header.count(name) > 1]:
        raise ValueError(f"columns given twice: {', '.join(doubled)}; found {', '.join(header)}")


def _column(
    name: str, rows: list[list[str]], header: list[str], contract: Contract, dialect: Dialect
) -> pa.Array:
    """One field of all rows: null where the dialect says it is empty, numbers in plain spelling."""
    if name not in header:
        return pa.nulls(len(rows), pa.string())
    place = header.index(name)
    values = [None if row[place] in dialect.empty else row[place] for row in rows]
    clean = _number_cleaner(dialect) if name in contract.numbers else None
    if clean:
        values = [None if value is None else clean(value) for value in values]
    return pa.array(values, pa.string())


def _row_problem(
    row: list[str], raw: str, header: list[str], contract: Contract, dialect: Dialect
) -> str | None:
    if len(row) != len(header):
        return f"{len(row)} fields instead of {len(header)}"
    if NUL in "".join(row):
        return "record holds a NUL character"
    if len(raw) > MAX_RECORD:
        return f"record of {len(raw):,} characters is over the limit of {MAX_RECORD:,}"
    if not raw.isascii() and any("\udc80" <= character <= "\udcff" for character in raw):
        return f"record is not {dialect.encoding} text"
    for name in contract.required:
        if row[header.index(name)] in dialect.empty:
            return f"{name} is empty"
    return None


def _number_cleaner(dialect: Dialect) -> Callable[[str], str] | None:
    """Turns '1.234,5-' of the dialect into '-1234.5'.

    What does not fit stays, with a note, and fails to parse: '1,5' where commas group thousands
    is not 15.
    """
    if dialect.decimal == "." and not dialect.thousands:
        return None
    group = SPACES if dialect.thousands == " " else dialect.thousands
    grouped = rf"|\d{{1,3}}(?:[{group}]\d{{3}})+" if group else ""
    shape = re.compile(
        rf"([+-]?)(\d+{grouped})(?:[{dialect.decimal}](\d+))?((?:[eE][+-]?\d+)?)(-?)"
    )

    def clean(value: str) -> str:
        found = shape.fullmatch(value.strip())
        if found is None or (found[1] and found[5]):
            return (
                f"{value} (decimal sign {dialect.decimal}, thousands {dialect.thousands or 'none'})"
            )
        whole = re.sub(r"\D", "", found[2])
        return f"{found[5] or found[1]}{whole}.{found[3] or 0}{found[4]}"

    return clean


def _cell(value: Any) -> str:
    """A typed cell as the text a mapping decodes: no float noise, instants ISO."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case float() if value.is_integer() and abs(value) < 1e15:
            return str(int(value))
        case datetime() | date() | time():
            return value.isoformat()
        case Decimal() | int() | float() | str():
            return str(value)
        case bytes():
            return value.decode("utf-8", "backslashreplace")
        case _:
            return json.dumps(value, default=str)
