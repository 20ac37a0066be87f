"""The records of JSON and NDJSON pages, each kept as the text it was."""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from operator import attrgetter
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from collectors.contract import Contract
from collectors.record import (
    BOM,
    MAX_RECORD,
    NUL,
    Dialect,
    Page,
    Raw,
    Records,
    Reject,
    text_of,
)

_STEP = re.compile(r"[^.]*@[\w]+(?:\.\w+)+|[^.]+")  # $.@odata.nextLink is one step
_HALF_A_PAIR = re.compile(
    r"\\u[dD][89abAB]..(?!\\u[dD][c-fC-F])|(?<!\\u[dD][89abAB]..)\\u[dD][c-fC-F]"
)
_NO_NUMBER = re.compile(r"[:,\[]\s*(-?(?:NaN|Infinity))\b")

PART = 2_500  # records decoded before their memory is used again


def json_records(page: Page, path: str, contract: Contract, dialect: Dialect) -> Records:
    """One JSON document; `path` leads to the records in it."""
    raws = cut(page.body.removeprefix(BOM), path) if page.cut is None else page.cut
    return _decoded(raws, contract, page.body)


def at(body: bytes, path: str) -> Any:
    """The value at `$.a.b` of a JSON document, None where there is none. Raises ValueError."""
    body = body.removeprefix(BOM)
    try:
        value = _descend(body, _steps(path))
        return None if value is None else msgspec.json.decode(value)
    except msgspec.DecodeError:
        return _tolerant_value(json.loads(_lenient_text(body), strict=False), _steps(path))


def cut(body: bytes, path: str) -> list[Raw]:
    """The records at `path`, each as its raw JSON. Raises ValueError on what is not JSON."""
    if body.lstrip()[:1] not in (b"{", b"["):
        raise ValueError("the answer is empty" if not body.strip() else "the answer is not JSON")
    try:
        return _raw_records(body, path)
    except msgspec.DecodeError:
        return list(_tolerant_records(body, path))


def ndjson_records(page: Page, path: str, contract: Contract, dialect: Dialect) -> Records:
    """One JSON value a line."""
    lines = page.body.removeprefix(BOM).split(b"\n")
    return _decoded([line for line in lines if line.strip()], contract, page.body)


def _decoded(raws: Sequence[Raw], contract: Contract, body: bytes) -> Records:
    """Decode record by record, so that a poisoned one does not take its neighbours along."""
    quoted = frozenset(contract.tops) - contract.plain
    rejects: list[Reject] = []
    try:
        kept, table = raws, _all_at_once(raws, contract, body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        numbers, kept, rows, rejects = _sorted_out(raws, contract)
        table = _table(contract, numbers, rows)
    return Records(table, kept, quoted, rejects, len(raws), _unknown(kept, contract))


def _all_at_once(raws: Sequence[Raw], contract: Contract, body: bytes) -> pa.Table:
    """The way of a page without a poisoned record; in parts, so that memory is used again."""
    if b"\\u0000" in body or b"\0" in body:
        raise msgspec.DecodeError
    if len(body) > MAX_RECORD and any(memoryview(raw).nbytes > MAX_RECORD for raw in raws):
        raise msgspec.DecodeError
    if not body.isascii():
        body.decode()  # what is not UTF-8 is sorted out
    parts = []
    for start in range(0, max(len(raws), 1), PART):
        part = raws[start : start + PART]
        numbers = range(start + 1, start + len(part) + 1)
        parts.append(_table(contract, numbers, list(map(contract.decoder.decode, part))))
    return pa.concat_tables(parts)


def _table(contract: Contract, numbers: Iterable[int], rows: list[Any]) -> pa.Table:
    arrays = [
        pa.array(column, pa.string()) if name in contract.plain else _json_column(column)
        for name, slot in zip(contract.tops, contract.decoder.type.__struct_fields__, strict=True)
        for column in [list(map(attrgetter(slot), rows))]
    ]
    return pa.table([pa.array(numbers, pa.int64()), *arrays], names=["#", *contract.tops])


def _sorted_out(
    raws: Sequence[Raw], contract: Contract
) -> tuple[list[int], list[Raw], list[Any], list[Reject]]:
    numbers, kept, rows, rejects = [], [], [], []
    for number, raw in enumerate(raws, 1):
        try:
            _refuse(text_of(raw))
            row = contract.decoder.decode(raw)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            received = bytes(raw)[:MAX_RECORD].decode("utf-8", "backslashreplace")
            rejects.append(Reject(_reason(received, error, contract), received, str(number)))
        else:
            numbers.append(number)
            kept.append(raw)
            rows.append(row)
    return numbers, kept, rows, rejects


def _reason(text: str, error: Exception, contract: Contract) -> str:
    if isinstance(error, UnicodeDecodeError):
        return f"record is not UTF-8 text: byte {error.object[error.start]:#04x}"
    if isinstance(error, RecursionError):
        return "record is nested too deeply"
    if _HALF_A_PAIR.search(text):
        return "record holds half a surrogate pair, which is no text"
    if "invalid character" in str(error) and (found := _NO_NUMBER.search(text)):
        return f"record holds {found[1]}, which is no JSON number"
    return contract.explain(str(error))


def _refuse(text: str) -> None:
    if len(text) > MAX_RECORD:
        raise msgspec.DecodeError(
            f"record of {len(text):,} characters is over the limit of {MAX_RECORD:,}"
        )
    if "\\u0000" in text or NUL in text:
        raise msgspec.DecodeError("record holds a NUL character")


def _json_column(column: list[Any]) -> pa.Array:
    """JSON text as it was; null where the field is null or absent."""
    texts = pa.array(list(map(bytes, column)), pa.binary()).cast(pa.string())
    return pc.if_else(pc.equal(texts, "null"), None, texts)


def _unknown(raws: Sequence[Raw], contract: Contract) -> tuple[str, ...]:
    """Fields of the first record that the contract does not name: kept raw, and noted."""
    if not raws:
        return ()
    try:
        first = msgspec.json.decode(raws[0], type=dict[str, msgspec.Raw])
    except msgspec.DecodeError:
        return ()
    return tuple(sorted(set(first) - set(contract.tops)))


def _steps(path: str) -> list[str]:
    return _STEP.findall(path.removeprefix("$"))


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
    """The records of a document that is not quite JSON, cut by the lenient parser.

    One bad record shall not take its neighbours along: NaN and control characters are let pass
    here and refused record by record. What was cut off or goes on after its end is no document.
    """
    text = _lenient_text(body)
    json.loads(text, strict=False)
    decoder = json.JSONDecoder(strict=False)
    place = _find(text, decoder, 0, _steps(path))
    if text[place] == "{":
        yield _bytes(text[place : decoder.raw_decode(text, place)[1]])
        return
    place = _blank(text, place + 1)
    while text[place] != "]":
        end = decoder.raw_decode(text, place)[1]
        yield _bytes(text[place:end])
        place = _blank(text, end)
        if text[place] == ",":
            place = _blank(text, place + 1)


def _lenient_text(body: bytes) -> str:
    """Text of a document, with bytes that are not UTF-8 kept so that `_bytes` gives them back."""
    return body.decode("utf-8", "surrogateescape")


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _tolerant_value(document: Any, steps: list[str]) -> Any:
    for step in steps:
        document = document.get(step) if isinstance(document, dict) else None
    return document


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
