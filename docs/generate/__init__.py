"""Pages of docs that are written by the code they are about. `make docs` runs them through cog."""

import re
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

UNITS = (("week", 604_800), ("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1))


def table(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """A Markdown table; bars in cells are escaped."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(map(_cell, line)) + " |" for line in lines)


def code(value: object) -> str:
    """A value as code; nothing where there is none."""
    text = shown(value)
    return f"`{text}`" if text else ""


def shown(value: Any) -> str:
    """A value of a YAML file as one would write it."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case timedelta():
            return duration(value)
        case dict():
            return "{" + ", ".join(f"{key}: {shown(member)}" for key, member in value.items()) + "}"
        case list() | tuple():
            return "[" + ", ".join(map(shown, value)) + "]"
        case _:
            return str(value)


def duration(value: timedelta) -> str:
    """A duration in the largest unit that divides it: 30 minutes."""
    seconds = int(value.total_seconds())
    unit, length = next((unit for unit in UNITS if seconds % unit[1] == 0), UNITS[-1])
    count = seconds // length
    return f"{count} {unit}{'' if count == 1 else 's'}" if seconds else "0 seconds"


def sentence(docstring: str | None) -> str:
    """A docstring as one paragraph."""
    return re.sub(r"\s+", " ", docstring or "").strip()


def _cell(value: object) -> str:
    return str(value).replace("|", "\\|").replace("\n", " ")
