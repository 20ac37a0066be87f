"""What one pull asks for, and the words of a request filled in."""

import base64
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from collectors.pack import Feed, Pack

Place = datetime | Decimal
_HOLE = re.compile(r"\{(\w+)(\|int)?\}")


class Plain(str):
    """A scalar that stood unquoted in YAML.

    Inside a JSON structure, true, 5 and null mean what they look like.
    """

    __slots__ = ()

    @property
    def typed(self) -> Any:
        """The value YAML means by it."""
        if self in ("true", "false", "null", "~"):
            return {"true": True, "false": False}.get(self)
        return int(self) if re.fullmatch(r"-?\d{1,15}", self) else str(self)


@dataclass(frozen=True)
class Ask:
    """One pass of one feed: from which place on (None: everything), with which parameters."""

    source: str
    name: str
    pack: Pack
    feed: Feed
    parameters: Mapping[str, str | None] = field(default_factory=dict)
    since: Place | None = None

    def fill(self, value: Any) -> Any:
        """`value` with its `{names}` filled in; None where it needs a cursor and there is none."""
        words: dict[str, Any] = {
            name: text for name, text in self.parameters.items() if text is not None
        }
        if self.feed.cursor and self.since is not None:
            words["cursor"] = written(self.since, self.feed.cursor.format)
        return _fill(value, words)

    @property
    def label(self) -> str:
        """How this pass is named in messages."""
        return f"{self.source}/{self.name}"


def written(place: Place, layout: str) -> Any:
    """A place as a source wants to be asked for it."""
    if isinstance(place, Decimal):
        return str(place)
    if layout == "tryton":
        parts = ("year", "month", "day", "hour", "minute", "second", "microsecond")
        return {"__class__": "datetime", **{part: getattr(place, part) for part in parts}}
    seconds = place.timestamp()
    return {
        "iso": place.isoformat().replace("+00:00", "Z"),
        "iso_seconds": place.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "naive_utc": place.strftime("%Y-%m-%d %H:%M:%S"),
        "epoch_s": str(int(seconds)),
        "epoch_ms": str(int(seconds * 1000)),
        "date": place.strftime("%Y-%m-%d"),
        "odata_datetime": place.strftime("datetime'%Y-%m-%dT%H:%M:%S'"),
        "odata_offset": place.strftime("datetimeoffset'%Y-%m-%dT%H:%M:%SZ'"),
        "compact": place.strftime("%Y%m%d%H%M%S"),
        "number": str(int(seconds)),
    }[layout]


def stepped_back(place: Place | None, overlap: timedelta, count: int) -> Place | None:
    """The place to ask from: far enough back to see what was committed late."""
    if place is None:
        return None
    return place - overlap if isinstance(place, datetime) else max(place - count, Decimal(0))


def to_text(place: Place | None) -> str | None:
    """A place as the store keeps it."""
    return (
        None if place is None else place.isoformat() if isinstance(place, datetime) else str(place)
    )


def from_text(text: str | None) -> Place | None:
    """The place that `to_text` wrote."""
    if text is None:
        return None
    return (
        Decimal(text)
        if re.fullmatch(r"-?\d+(\.\d+)?", text)
        else datetime.fromisoformat(text).astimezone(UTC)
    )


def holes(value: Any) -> Iterator[str]:
    """Every name a request wants filled in."""
    match value:
        case str():
            yield from (hole[0] for hole in _HOLE.findall(value))
        case dict():
            for member in value.values():
                yield from holes(member)
        case list() | tuple():
            for member in value:
                yield from holes(member)


def query(ask: Ask, given: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Query parameters of a request.

    Lists repeat the name, `base64_json` and `json` encode a structure.
    """
    pairs: list[tuple[str, str]] = []
    for name, value in given.items():
        if ask.since is None and "cursor" in holes(value):
            continue
        filled = ask.fill(value)
        for member in filled if isinstance(filled, list | tuple) else [filled]:
            pairs.append((name, encoded(member)))
    return pairs


def encoded(value: Any) -> str:
    """One query or header value as text."""
    match value:
        case {"base64_json": inner}:
            return base64.urlsafe_b64encode(_json(inner)).decode()
        case {"json": inner}:
            return _json(inner).decode()
        case dict() | list():
            return _json(value).decode()
        case _:
            return str(value)


def typed(value: Any) -> Any:
    """A structure from YAML as the JSON it stands for."""
    match value:
        case Plain():
            return value.typed
        case dict():
            return {name: typed(member) for name, member in value.items()}
        case list() | tuple():
            return [typed(member) for member in value]
        case _:
            return value


def _json(value: Any) -> bytes:
    return json.dumps(typed(value), separators=(",", ":"), ensure_ascii=False).encode()


def _fill(value: Any, words: Mapping[str, Any]) -> Any:
    """`value` with its holes filled.

    A condition that needs a cursor where there is none is left out (None).
    """
    match value:
        case str() if hole := _HOLE.fullmatch(value):
            filled = words.get(hole[1])
            return filled if filled is None or not hole[2] else int(filled)
        case str():
            if "{cursor}" in value and "cursor" not in words:
                return None
            return (
                _HOLE.sub(lambda hole: str(words.get(hole[1], hole[0])), value)
                if "{" in value
                else value
            )
        case dict():
            return {name: _fill(member, words) for name, member in value.items()}
        case list() | tuple():
            return _fill_list(list(value), words)
        case _:
            return value


def _fill_list(members: list[Any], words: Mapping[str, Any]) -> Any:
    filled = [(_fill(member, words), member) for member in members]
    lost = [member for value, member in filled if value is None and member is not None]
    if any(isinstance(member, str) for member in lost):
        return None
    kept = [value for value, member in filled if value is not None or member is None]
    return None if lost and all(isinstance(value, str) for value in kept) else kept
