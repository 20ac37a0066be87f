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
_HOLE = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class Ask:
    """One pass of one feed: from which place on (None: everything), with which parameters."""

    source: str
    name: str
    pack: Pack
    feed: Feed
    parameters: Mapping[str, str] = field(default_factory=dict)
    since: Place | None = None

    def fill(self, value: Any) -> Any:
        """`value` with its `{names}` filled in; None where it needs a cursor and there is none."""
        words = dict(self.parameters)
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
    return None if place is None else place.isoformat() if isinstance(place, datetime) else str(place)


def from_text(text: str | None) -> Place | None:
    """The place that `to_text` wrote."""
    if text is None:
        return None
    return Decimal(text) if re.fullmatch(r"-?\d+(\.\d+)?", text) else datetime.fromisoformat(text).astimezone(UTC)


def holes(value: Any) -> Iterator[str]:
    """Every name a request wants filled in."""
    match value:
        case str():
            yield from _HOLE.findall(value)
        case dict():
            for member in value.values():
                yield from holes(member)
        case list() | tuple():
            for member in value:
                yield from holes(member)


def query(ask: Ask, given: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Query parameters of a request: lists repeat the name, `base64_json` and `json` encode a structure."""
    pairs: list[tuple[str, str]] = []
    for name, value in given.items():
        filled = ask.fill(value)
        if filled is None:
            continue
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


def _json(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def _fill(value: Any, words: Mapping[str, Any]) -> Any:
    match value:
        case str():
            if value == "{cursor}":
                return words.get("cursor")
            if "{cursor}" in value and "cursor" not in words:
                return None
            return _HOLE.sub(lambda hole: str(words.get(hole[1], hole[0])), value)
        case dict():
            filled = {name: _fill(member, words) for name, member in value.items()}
            return None if any(part is None and member is not None for part, member in zip(filled.values(), value.values(), strict=True)) else filled
        case list() | tuple():
            members = [(_fill(member, words), member) for member in value]
            if any(filled is None and isinstance(member, str) for filled, member in members):
                return None
            return [filled for filled, member in members if filled is not None or member is None]
        case _:
            return value
