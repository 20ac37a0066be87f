"""Pages made by hand and cut by the real reader."""

from datetime import UTC, datetime
from typing import Any

import pytest

from collectors.contract import Contract, parse
from collectors.errors import PayloadError
from collectors.page import Dialect, Page, Records, records

NOW = datetime(2026, 11, 20, 14, 30, tzinfo=UTC)
FIELDS = {"id": "text", "qty": "number", "note": "text?"}
GOOD = '{"id":"a","qty":1.5}'


def page(body: bytes | str, form: str = "json") -> Page:
    """A page as a transport hands it over."""
    raw = body.encode() if isinstance(body, str) else body
    return Page(1, raw, form, "GET /items page 1", NOW, ref="mes/items/p")


def read(
    body: bytes | str,
    form: str = "json",
    path: str = "$.items",
    fields: dict[str, str] = FIELDS,
    **dialect: Any,
) -> Records:
    """Cut one page."""
    return records("mes", page(body, form), path, Contract(parse(fields)), Dialect(**dialect))


def table(text: str, encoding: str = "utf-8", **dialect: Any) -> Records:
    """Cut one CSV file."""
    return read(text.encode(encoding), "csv", "$", **dialect)


def kept(found: Records) -> list[tuple[Any, ...]]:
    """(id, qty, note) of what was kept."""
    return list(
        zip(*(found.table[name].to_pylist() for name in ("id", "qty", "note")), strict=True)
    )


def reasons(found: Records) -> list[str]:
    """Why records were rejected."""
    return [reject.reason for reject in found.rejects]


def refusal(*args: Any, **more: Any) -> str:
    """What is said about a page refused whole."""
    with pytest.raises(PayloadError) as caught:
        read(*args, **more)
    return str(caught.value)


def listed(*items: str) -> str:
    """A JSON document with a list of items."""
    return f'{{"items":[{",".join(items)}],"total":{len(items)}}}'
