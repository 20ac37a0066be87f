"""A page of raw bytes, and the records in it.

`Page` is what a transport yields. `records` cuts it into an Arrow table with one column per
top-level field of the contract, untouched: text as text, everything else as the JSON it was. The
typed `page` a mapping selects from is made from that table in SQL (`typed.py`), so no value is
interpreted here.
"""

import hashlib
from collections.abc import Callable
from dataclasses import replace

import msgspec

from collectors.contract import Contract
from collectors.errors import PayloadError, shown
from collectors.json_records import at, cut, json_records, ndjson_records
from collectors.record import BOM, Dialect, Page, Raw, Records, Reject, text_of
from collectors.table_records import csv_records, parquet_records, xlsx_records
from collectors.x12_records import x12_records

__all__ = ["Dialect", "Page", "Raw", "Records", "Reject", "at", "cut_records", "records", "text_of"]

_CUTTERS: dict[str, Callable[[Page, str, Contract, Dialect], Records]] = {
    "json": json_records,
    "ndjson": ndjson_records,
    "csv": csv_records,
    "xlsx": xlsx_records,
    "parquet": parquet_records,
    "x12": x12_records,
}


def records(source: str, page: Page, path: str, contract: Contract, dialect: Dialect) -> Records:
    """Cut `page` into records. Raises `PayloadError` when the page as a whole cannot be read."""
    try:
        found = _CUTTERS[page.format](page, path, contract, dialect)
        placed = [
            replace(reject, raw_ref=f"{page.ref}#{reject.raw_ref}") for reject in found.rejects
        ]
        return replace(found, rejects=placed)
    except (ValueError, RecursionError, msgspec.DecodeError) as error:
        said = _said(error)
        raise PayloadError(source, f"{page.request}: {said}; begins {shown(page.body)}") from error


def cut_records(source: str, body: bytes, path: str) -> tuple[list[Raw], str]:
    """The records a JSON document has at `path`, not read yet, and a mark of their content.

    Raises `PayloadError`.
    """
    try:
        found = cut(body.removeprefix(BOM), path)
        return found, hashlib.sha256(b"\n".join(found)).hexdigest()
    except (ValueError, RecursionError, msgspec.DecodeError) as error:
        raise PayloadError(source, f"{_said(error)}; the answer begins {shown(body)}") from error


def _said(error: Exception) -> str:
    return "nested too deeply" if isinstance(error, RecursionError) else str(error)
