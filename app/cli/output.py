"""What commands print: data on stdout in the format asked for, narration on stderr."""

import csv
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import click

FORMATS = ("table", "json", "jsonl", "csv")
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\x00")


def say(text: str) -> None:
    """A line of narration."""
    click.echo(text, err=True)


def emit(rows: Sequence[Mapping[str, Any]], columns: Sequence[str], form: str, title: str = "") -> None:
    """Rows in one of the four formats; a table shows `columns`, the others everything."""
    match form:
        case "json":
            click.echo(json.dumps([plain(row) for row in rows], indent=2, ensure_ascii=False))
        case "jsonl":
            for row in rows:
                click.echo(json.dumps(plain(row), ensure_ascii=False))
        case "csv":
            _csv(rows)
        case _:
            table(rows, columns, title)


def table(rows: Iterable[Mapping[str, Any]], columns: Sequence[str], title: str = "") -> None:
    """A table for people."""
    from rich.console import Console  # noqa: PLC0415 - only commands that print tables pay for it
    from rich.table import Table
    from rich.text import Text

    wide = sys.stdout.isatty()
    drawn = Table(title=title or None, title_justify="left", box=None, header_style="bold", pad_edge=False)
    rows = list(rows)
    for column in columns:
        numeric = bool(rows) and all(isinstance(row.get(column), int | float | Decimal | None) for row in rows)
        drawn.add_column(column.replace("_", " "), justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        drawn.add_row(*(Text(shown(row.get(column))) for column in columns))
    Console(width=None if wide else 200, highlight=False).print(drawn)


def plain(value: Any) -> Any:
    """A value as JSON holds it: decimals as text, instants ISO 8601 UTC."""
    match value:
        case Mapping():
            return {str(name): plain(member) for name, member in value.items()}
        case list() | tuple():
            return [plain(member) for member in value]
        case Decimal():
            return f"{value.normalize():f}"
        case datetime():
            return value.isoformat().replace("+00:00", "Z")
        case date():
            return value.isoformat()
        case _:
            return value


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
            return f"{value.normalize():,f}"
        case Mapping():
            return " ".join(f"{name}={shown(member)}" for name, member in value.items())
        case _:
            return "".join(character if character.isprintable() else ascii(character)[1:-1] for character in str(value))


def _csv(rows: Sequence[Mapping[str, Any]]) -> None:
    """CSV that no spreadsheet takes for a formula: text that begins like one gets an apostrophe."""
    if not rows:
        return
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(rows[0].keys())
    for row in rows:
        writer.writerow([_cell(value) for value in row.values()])


def _cell(value: Any) -> str:
    told = plain(value)
    if told is None:
        return ""
    if isinstance(told, dict | list):
        return json.dumps(told, ensure_ascii=False)
    text = str(told)
    return "'" + text if isinstance(value, str) and text.startswith(FORMULA) else text
