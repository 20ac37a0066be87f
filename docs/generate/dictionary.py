"""The data dictionary: canonical facts, results, the SQL store, the export."""

import sqlalchemy as sa

from app.store.reading import EXPORT
from app.store.schema import Column, tables
from app.store.sql.tables import metadata
from generate import code, table
from generate.words import words

TYPES = {"TIMESTAMP WITH TIME ZONE": "instant", "VARCHAR": "text", "BIGINT": "integer"}


def facts() -> str:
    """The canonical tables: the columns all have, then each."""
    found = list(tables().values())
    head = "### Columns every fact begins with\n\n" + _columns(found[0].header)
    parts = [f"### {entry.name}\n\n{entry.comment}\n\n{_columns(entry.own)}" for entry in found]
    return "\n\n".join([head, *parts]) + "\n"


def store() -> str:
    """The tables of the SQL store."""
    parts = []
    for entry in metadata.tables.values():
        names = ", ".join(_named(column) for column in entry.columns)
        parts.append(f"### {entry.name}\n\n{entry.comment}\n\n{names}")
    return "\n\n".join(parts) + "\n"


def export() -> str:
    """The keys of an exported exception."""
    said = words("Export", list(EXPORT))
    return table(["key", "says"], [(f"`{name}`", said[name]) for name in EXPORT]) + "\n"


def _columns(columns: tuple[Column, ...]) -> str:
    rows = [
        (f"`{column.name}`", _type(column), "" if column.nullable else "yes", _says(column))
        for column in columns
    ]
    return table(["column", "type", "always", "says"], rows)


def _says(column: Column) -> str:
    words = f"One of {', '.join(column.words)}" if column.words else ""
    return ". ".join(filter(None, [column.comment, words]))


def _type(column: Column) -> str:
    kind = TYPES.get(column.type, column.type.lower())
    return f"{kind}, default {code(column.default)}" if column.default else kind


def _named(column: sa.Column[object]) -> str:
    return f"**`{column.name}`**" if column.primary_key else f"`{column.name}`"
