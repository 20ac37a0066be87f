"""What commands print: data on stdout in the format asked for, narration on stderr."""

import csv
import json
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import click

from app.plain import WIDE, plain

NUMBER = re.compile(r"-?\d+(\.\d+)?$")
STEERING = re.compile("[\x7f-\x9f]")
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\x00")


def say(text: str) -> None:
    """A line of narration."""
    click.echo(text, err=True)


def emit(
    rows: Sequence[Mapping[str, Any]], columns: Sequence[str], form: str, title: str = ""
) -> None:
    """Rows in one of the four formats; a table shows `columns`, the others everything."""
    match form:
        case "json":
            click.echo(_json([plain(row) for row in rows], indent=2))
        case "jsonl":
            for row in rows:
                click.echo(_json(plain(row)))
        case "csv":
            _csv(rows, columns)
        case _:
            table(rows, columns, title)


def emit_one(document: Mapping[str, Any], form: str) -> None:
    """One document: JSON for people, or on one line."""
    click.echo(_json(plain(document), indent=None if form == "jsonl" else 2))


def _json(value: Any, indent: int | None = None) -> str:
    """JSON whose text cannot steer a terminal: of its own it lets DEL and C1 controls pass."""
    text = json.dumps(value, indent=indent, ensure_ascii=False)
    return STEERING.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def table(rows: Iterable[Mapping[str, Any]], columns: Sequence[str], title: str = "") -> None:
    """A table for people."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    wide = sys.stdout.isatty()
    drawn = Table(
        title=title or None, title_justify="left", box=None, header_style="bold", pad_edge=False
    )
    rows = list(rows)
    for column in columns:
        numeric = bool(rows) and all(
            isinstance(row.get(column), int | float | Decimal | None) for row in rows
        )
        drawn.add_column(
            column.replace("_", " "), justify="right" if numeric else "left", overflow="fold"
        )
    for row in rows:
        drawn.add_row(*(Text(shown(row.get(column))) for column in columns))
    Console(width=None if wide else 200, highlight=False).print(drawn)


def shown(value: Any) -> str:
    """A value for a table cell: control characters made visible."""
    match value:
        case None:
            return "—"
        case bool():
            return "yes" if value else "no"
        case datetime():
            return f"{value:%Y-%m-%d %H:%M}"
        case Decimal():
            return f"{value.normalize(WIDE):,f}"
        case Mapping():
            return " ".join(f"{name}={shown(member)}" for name, member in value.items())
        case _:
            return "".join(
                character if character.isprintable() else ascii(character)[1:-1]
                for character in str(value)
            )


def _csv(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> None:
    """CSV that no spreadsheet takes for a formula: text that begins like one gets an apostrophe.

    The header has every key of any row; without rows it is `columns`.
    """
    header = list(dict.fromkeys(name for row in rows for name in row)) or columns
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(header)
    for row in rows:
        writer.writerow([_cell(row.get(name)) for name in header])


def _cell(value: Any) -> str:
    told = plain(value)
    if told is None:
        return ""
    if isinstance(told, dict | list):
        return json.dumps(told, ensure_ascii=False)
    text = str(told)
    is_text = isinstance(value, str) and not NUMBER.match(text)
    return "'" + text if is_text and text.startswith(FORMULA) else text
