"""The lists of a landscape, kept as CSV: cross-references and item costs. Every row is checked."""

import csv
import io
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from app.landscape.notebook import Notebook
from app.landscape.wording import nearest, offer

LARGEST = Decimal(10) ** 29  # DECIMAL(38, 9)


@dataclass(frozen=True)
class Layout:
    """What a list looks like: columns, those that need a value, those that tell rows apart."""

    columns: tuple[str, ...]
    required: tuple[str, ...]
    key: tuple[str, ...]


XREF = Layout(
    ("source", "source_key", "key", "item", "factor", "valid_from", "valid_to"),
    ("source", "source_key", "key"),
    ("source", "source_key", "item", "valid_from"),
)
COST = Layout(
    ("item", "unit_cost", "currency", "plant", "per_quantity", "unit", "valid_from", "method"),
    ("item", "unit_cost", "currency"),
    ("item", "plant", "valid_from"),
)


def check(
    notebook: Notebook, path: Path, layout: Layout, known: Mapping[str, Collection[str]]
) -> None:
    """A list: known columns, required values, numbers and dates where they belong, no row twice.

    `known` gives, for some columns, the words that may stand there.
    """
    name = notebook.name(path)
    text = notebook.text(path, name)
    if text is None:
        return
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    try:
        if not _check_header(notebook, name, reader.fieldnames or (), layout):
            return
        seen: dict[tuple[str, ...], int] = {}
        for row in reader:
            for message in _wrong(row, layout, known, seen, reader.line_num):
                notebook.file(name, reader.line_num, message)
    except csv.Error as error:
        notebook.file(name, reader.line_num, f"not CSV: {error}")


def _check_header(notebook: Notebook, name: str, header: Collection[str], layout: Layout) -> bool:
    for column in header:
        if column not in layout.columns:
            notebook.file(name, 1, f"unknown column '{column}'{offer(column, layout.columns)}")
    missing = [column for column in layout.required if column not in header]
    for column in missing:
        notebook.file(name, 1, f"column '{column}' is missing")
    return not missing


def _wrong(
    row: Mapping[Any, Any],
    layout: Layout,
    known: Mapping[str, Collection[str]],
    seen: dict[tuple[str, ...], int],
    line: int,
) -> list[str]:
    if None in row or None in row.values():
        return ["more or fewer fields than the header has"]
    found = [f"{column} is empty" for column in layout.required if not row[column].strip()]
    for column, value in row.items():
        told = _CHECKS.get(column, _anything)(value) if value else None
        if told:
            found.append(f"{column}: {told}")
        elif value and column in known and value not in known[column]:
            found.append(f"{column}: there is no {column} '{value}'{nearest(value, known[column])}")
    key = tuple(row.get(column) or "" for column in layout.key)
    if key in seen:
        found.append(f"{' '.join(filter(None, key))} is given twice, first in line {seen[key]}")
    seen.setdefault(key, line)
    return found


def _number(value: str) -> str | None:
    try:
        number = Decimal(value)
    except InvalidOperation:
        return f"'{value}' is not a number"
    fits = number.is_finite() and abs(number) < LARGEST
    return None if fits else f"'{value}' is not a number that can be counted with"


def _positive(value: str) -> str | None:
    if wrong := _number(value):
        return wrong
    return None if Decimal(value) > 0 else f"'{value}' is not more than 0"


def _not_negative(value: str) -> str | None:
    if wrong := _number(value):
        return wrong
    return None if Decimal(value) >= 0 else f"'{value}' is less than 0"


def _day(value: str) -> str | None:
    try:
        date.fromisoformat(value)
    except ValueError:
        return f"'{value}' is not a date such as 2026-11-20"
    return None


def _currency(value: str) -> str | None:
    fits = re.fullmatch(r"[A-Z]{3}", value)
    return None if fits else f"'{value}' is not a currency such as EUR"


def _anything(value: str) -> str | None:
    return None


_CHECKS: Mapping[str, Callable[[str], str | None]] = {
    "factor": _positive,
    "unit_cost": _not_negative,
    "per_quantity": _positive,
    "valid_from": _day,
    "valid_to": _day,
    "currency": _currency,
}
