"""Pieces of SQL put together as text: names, literals, problems joined into one reason."""

from collections.abc import Sequence

NO_TEXT = "CAST(NULL AS VARCHAR)"


def quote(name: str) -> str:
    """A column name of any spelling, as an identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str | None) -> str:
    """A text as a literal."""
    return NO_TEXT if text is None else "'" + text.replace("'", "''") + "'"


def all_of(problems: Sequence[str]) -> str:
    """Those of some problems that there are, joined by '; '; NULL where there is none."""
    return f"nullif(concat_ws('; ', {', '.join(problems)}), '')" if problems else NO_TEXT
