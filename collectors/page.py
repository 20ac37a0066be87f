"""A page of raw bytes, and the records in it.

`Page` is what a transport yields. `records` cuts it into an Arrow table with one column per top-level field of the
contract, untouched: text as text, everything else as the JSON it was. The typed `page` a mapping selects from is made
from that table in SQL (`mapping.py`), so no value is interpreted here.
"""

import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from collectors.contract import Contract
from collectors.errors import PayloadError

MAX_RECORD = 1_000_000
MAX_ROWS = 1_048_576
NUL = "\x00"
BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class Page:
    """One answer of a source, byte for byte.

    `format` is json, ndjson, csv, xlsx or parquet. `parameters` are columns every record of the page gets: feed
    parameters, the file name. `source_clock` is what the source says the time is (UTC), if it does. `ref` is where the
    bytes are kept.
    """

    number: int
    body: bytes
    format: str
    request: str
    received_at: datetime
    parameters: Mapping[str, str | None] = field(default_factory=dict)
    source_clock: datetime | None = None
    ref: str = ""


@dataclass(frozen=True)
class Dialect:
    """How a text file writes a table. `decimal` and `thousands` apply to `number` columns of the contract."""

    delimiter: str = ","
    quote: str = '"'
    encoding: str = "utf-8"
    decimal: str = "."
    thousands: str = ""
    header: bool = True
    skip_lines: int = 0
    empty: tuple[str, ...] = ("",)


@dataclass(frozen=True)
class Reject:
    """One record that could not be read or trusted: why, its text as received, and where it was."""

    reason: str
    raw: str
    raw_ref: str


@dataclass(frozen=True)
class Records:
    """The records of one page.

    `table` has `place` (1-based, in the page), `record` (its text) and one text column per top-level field of the
    contract. `quoted` names the columns that still hold JSON (strings in quotes). `count` is how many records the
    page has, rejects included; `unknown` are fields the contract does not name.
    """

    table: pa.Table
    quoted: frozenset[str]
    rejects: list[Reject]
    count: int
    unknown: tuple[str, ...] = ()


def records(source: str, page: Page, path: str, contract: Contract, dialect: Dialect) -> Records:
    """Cut `page` into records. Raises `PayloadError` when the page as a whole cannot be read."""
    try:
        found = _CUTTERS[page.format](page, path, contract, dialect)
        placed = [replace(reject, raw_ref=f"{page.ref}#{reject.raw_ref}") for reject in found.rejects]
        return replace(found, rejects=placed)
    except (ValueError, RecursionError, pa.ArrowInvalid, csv.Error, msgspec.DecodeError) as error:
        raise PayloadError(source, f"{page.request}: {error}; begins {snippet(page.body)}") from error


def at(body: bytes, path: str) -> Any:
    """The value at `$.a.b` of a JSON document, or None where there is none. Raises ValueError on broken JSON."""
    value = _descend(body, _steps(path))
    return None if value is None else msgspec.json.decode(value)


def count_records(source: str, body: bytes, path: str) -> int:
    """How many records a JSON document has at `path`, counted without reading them. Raises `PayloadError`."""
    try:
        return len(_cut(body.removeprefix(BOM), path))
    except (ValueError, RecursionError, msgspec.DecodeError) as error:
        raise PayloadError(source, f"{error}; the answer begins {snippet(body)}") from error


def snippet(body: bytes, length: int = 300) -> str:
    """The beginning of a body, safe to print."""
    return ascii(body[:length].decode("utf-8", "replace"))


# JSON -----------------------------------------------------------------------------------------------------------------


def _json(page: Page, path: str, contract: Contract, dialect: Dialect) -> Records:
    body = page.body.removeprefix(BOM)
    return _decoded(_cut(body, path), contract, body)


def _cut(body: bytes, path: str) -> list[Any]:
    if body.lstrip()[:1] not in (b"{", b"["):
        raise ValueError("the answer is empty" if not body.strip() else "the answer is not JSON")
    try:
        return _raw_records(body, path)
    except msgspec.DecodeError:
        return list(_tolerant_records(body, path))


def _ndjson(page: Page, path: str, contract: Contract, dialect: Dialect) -> Records:
    lines = page.body.removeprefix(BOM).split(b"\n")
    return _decoded([line for line in lines if line.strip()], contract, page.body)


def _decoded(raws: list[Any], contract: Contract, body: bytes) -> Records:
    """Decode record by record, so that a poisoned one does not take its neighbours along."""
    suspect = b"\\u0000" in body or b"\0" in body
    rejects: list[Reject] = []
    try:
        rows = list(map(contract.decoder.decode, raws))
        texts = [str(raw, "utf-8") for raw in raws]
        numbers: Any = range(1, len(raws) + 1)
        if suspect or max(map(len, texts), default=0) > MAX_RECORD:
            raise msgspec.DecodeError
    except (msgspec.DecodeError, UnicodeDecodeError):
        numbers, texts, rows, rejects = _sorted_out(raws, contract)
    arrays = [
        pa.array(column, pa.string()) if name in contract.plain else _json_column(column)
        for name, slot in zip(contract.tops, contract.decoder.type.__struct_fields__, strict=True)
        for column in [[getattr(row, slot) for row in rows]]
    ]
    table = pa.table(
        [pa.array(numbers, pa.int64()), pa.array(texts, pa.string()), *arrays],
        names=["place", "record", *contract.tops],
    )
    quoted = frozenset(contract.tops) - contract.plain
    return Records(table, quoted, rejects, len(raws), _unknown(texts, contract))


def _sorted_out(raws: list[Any], contract: Contract) -> tuple[list[int], list[str], list[Any], list[Reject]]:
    numbers, texts, rows, rejects = [], [], [], []
    for number, raw in enumerate(raws, 1):
        try:
            text = str(raw, "utf-8")
            _refuse(text)
            row = contract.decoder.decode(raw)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            received = bytes(raw)[:MAX_RECORD].decode("utf-8", "backslashreplace")
            rejects.append(Reject(contract.explain(str(error)), received, str(number)))
        else:
            numbers.append(number)
            texts.append(text)
            rows.append(row)
    return numbers, texts, rows, rejects


def _refuse(text: str) -> None:
    if len(text) > MAX_RECORD:
        raise msgspec.DecodeError(f"record of {len(text):,} characters is over the limit of {MAX_RECORD:,}")
    if "\\u0000" in text or NUL in text:
        raise msgspec.DecodeError("record holds a NUL character")


def _json_column(column: list[Any]) -> pa.Array:
    """JSON text as it was; null where the field is null or absent."""
    texts = pa.array(list(map(bytes, column)), pa.binary()).cast(pa.string())
    return pc.if_else(pc.equal(texts, "null"), None, texts)


def _unknown(texts: list[str], contract: Contract) -> tuple[str, ...]:
    """Fields of the first record that the contract does not name: kept raw, and noted."""
    if not texts:
        return ()
    try:
        first = msgspec.json.decode(texts[0].encode(), type=dict[str, msgspec.Raw])
    except msgspec.DecodeError:
        return ()
    return tuple(sorted(set(first) - set(contract.tops)))


def _steps(path: str) -> list[str]:
    return [step for step in path.removeprefix("$").split(".") if step]


def _descend(body: Any, steps: list[str]) -> Any:
    for step in steps:
        if bytes(body).lstrip()[:1] != b"{":
            return None
        body = msgspec.json.decode(body, type=dict[str, msgspec.Raw]).get(step)
        if body is None:
            return None
    return body


def _raw_records(body: bytes, path: str) -> list[Any]:
    steps = _steps(path)
    values = steps[-1:] == ["*"]
    found = _descend(body, steps[:-1] if values else steps)
    if found is None:
        raise ValueError(f"there is no {path} in the answer")
    first = bytes(found).lstrip()[:1]
    if values and first == b"{":
        return list(msgspec.json.decode(found, type=dict[str, msgspec.Raw]).values())
    if first == b"[":
        return msgspec.json.decode(found, type=list[msgspec.Raw])
    if first == b"{" and not values:
        return [found]
    raise ValueError(f"{path} is neither a list nor an object")


def _tolerant_records(body: bytes, path: str) -> Iterator[bytes]:
    """The records of a document with something in it that is not JSON, e.g. NaN: cut by the lenient standard parser."""
    text = body.decode("utf-8")
    decoder = json.JSONDecoder()
    place = _find(text, decoder, 0, _steps(path))
    if text[place] == "{":
        yield text[place : decoder.raw_decode(text, place)[1]].encode()
        return
    place = _blank(text, place + 1)
    while text[place] != "]":
        end = decoder.raw_decode(text, place)[1]
        yield text[place:end].encode()
        place = _blank(text, end)
        if text[place] == ",":
            place = _blank(text, place + 1)


def _find(text: str, decoder: json.JSONDecoder, place: int, steps: list[str]) -> int:
    place = _blank(text, place)
    if not steps:
        if text[place] not in "[{":
            raise ValueError("the records are neither a list nor an object")
        return place
    if text[place] != "{":
        raise ValueError(f"there is no '{steps[0]}' in the answer")
    place = _blank(text, place + 1)
    while text[place] != "}":
        name, place = decoder.raw_decode(text, place)
        place = _blank(text, place)
        place = _blank(text, place + 1)
        if name == steps[0]:
            return _find(text, decoder, place, steps[1:])
        place = _blank(text, decoder.raw_decode(text, place)[1])
        if text[place] == ",":
            place = _blank(text, place + 1)
    raise ValueError(f"there is no '{steps[0]}' in the answer")


def _blank(text: str, place: int) -> int:
    while text[place : place + 1] in (" ", "\t", "\r", "\n") and place < len(text):
        place += 1
    if place >= len(text):
        raise ValueError("the answer ends too early")
    return place


# Tables ---------------------------------------------------------------------------------------------------------------


def _csv(page: Page, path: str, contract: Contract, dialect: Dialect) -> Records:
    encoding = "utf-8-sig" if dialect.encoding.lower() in ("utf-8", "utf8") else dialect.encoding
    lines = page.body.decode(encoding, "surrogateescape").splitlines(keepends=True)[dialect.skip_lines :]
    taken: list[str] = []

    def tape() -> Iterator[str]:
        for line in lines:
            taken.append(line)
            yield line

    reader = csv.reader(tape(), delimiter=dialect.delimiter, quotechar=dialect.quote, strict=True)

    def rows() -> Iterator[tuple[list[str] | None, str]]:
        while True:
            taken.clear()
            try:
                row = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield None, f"{error}\n{''.join(taken)}"
                continue
            if row:
                yield row, "".join(taken).rstrip("\r\n")

    return _tabular(rows(), contract, dialect)


def _xlsx(page: Page, path: str, contract: Contract, dialect: Dialect) -> Records:
    from python_calamine import CalamineWorkbook  # noqa: PLC0415 - only for those who send workbooks

    book = CalamineWorkbook.from_filelike(io.BytesIO(page.body))
    sheet = book.get_sheet_by_name(path) if path in book.sheet_names else book.get_sheet_by_index(0)
    lines = sheet.to_python(skip_empty_area=False)[dialect.skip_lines :]
    cells = ([_cell(value) for value in line] for line in lines)
    return _tabular(((row, json.dumps(row)) for row in cells if any(row)), contract, dialect)


def _parquet(page: Page, path: str, contract: Contract, dialect: Dialect) -> Records:
    table = pq.read_table(io.BytesIO(page.body))
    header = table.column_names
    rows = ([_cell(value) for value in row.values()] for row in table.to_pylist())
    named = ((row, json.dumps(dict(zip(header, row, strict=True)))) for row in rows)
    return _tabular(named, contract, dialect, header)


def _tabular(rows: Iterator[tuple[list[str] | None, str]], contract: Contract, dialect: Dialect, header: list[str] | None = None) -> Records:
    """Rows of text to records: the header names the columns; a row of another length is a reject."""
    if header is None:
        header = [name.strip() for name in next(rows, ([], ""))[0] or []] if dialect.header else list(contract.tops)
    if missing := [name for name in contract.required if name not in header]:
        raise ValueError(f"columns missing: {', '.join(missing)}; found {', '.join(header) or 'no header'}")
    places = [header.index(name) if name in header else None for name in contract.tops]
    clean = [_number_cleaner(dialect) if name in contract.numbers else None for name in contract.tops]
    columns: list[list[str | None]] = [[] for _ in contract.tops]
    numbers, texts, rejects, count = [], [], [], 0
    for count, (row, raw) in enumerate(rows, 1):  # noqa: B007 - the last value is the count
        problem = _row_problem(row, raw, header, contract, dialect)
        if row is None or problem:
            rejects.append(Reject(problem or raw.split("\n", 1)[0], raw.encode("utf-8", "backslashreplace").decode(), str(count)))
            continue
        numbers.append(count)
        texts.append(raw)
        for column, place, scrub in zip(columns, places, clean, strict=True):
            value = row[place] if place is not None else None
            value = None if value is None or value in dialect.empty else value
            column.append(scrub(value) if scrub and value is not None else value)
    if count > MAX_ROWS:
        raise ValueError(f"{count:,} rows are over the limit of {MAX_ROWS:,} a file")
    table = pa.table(
        [pa.array(numbers, pa.int64()), pa.array(texts, pa.string()), *(pa.array(column, pa.string()) for column in columns)],
        names=["place", "record", *contract.tops],
    )
    return Records(table, frozenset(), rejects, count, tuple(sorted(set(header) - set(contract.tops))))


def _row_problem(row: list[str] | None, raw: str, header: list[str], contract: Contract, dialect: Dialect) -> str | None:
    if row is None:
        return None
    if len(row) != len(header):
        return f"{len(row)} fields instead of {len(header)}"
    if NUL in raw:
        return "record holds a NUL character"
    if len(raw) > MAX_RECORD:
        return f"record of {len(raw):,} characters is over the limit of {MAX_RECORD:,}"
    if any("\udc80" <= character <= "\udcff" for character in raw) if not raw.isascii() else False:
        return f"record is not {dialect.encoding} text"
    for name in contract.required:
        if row[header.index(name)] in dialect.empty:
            return f"{name} is empty"
    return None


def _number_cleaner(dialect: Dialect) -> Callable[[str], str] | None:
    """Turn '1.234,5' of the dialect into '1234.5'; what does not fit stays as it is and fails to parse."""
    if dialect.decimal == "." and not dialect.thousands:
        return None

    def clean(value: str) -> str:
        if dialect.thousands:
            value = value.replace(dialect.thousands, "")
        if dialect.decimal != "." and "." in value:
            return f"{value} (decimal sign is {dialect.decimal})"
        return value.replace(dialect.decimal, ".")

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


_CUTTERS: dict[str, Callable[[Page, str, Contract, Dialect], Records]] = {
    "json": _json,
    "ndjson": _ndjson,
    "csv": _csv,
    "xlsx": _xlsx,
    "parquet": _parquet,
}
