"""The address is the state: everything a person can set stands in the query string, nowhere else.

Unknown keys are ignored; a bad value falls back and says so; keys are sorted, so equal views have
equal links.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass, fields, replace
from typing import Any, get_args
from urllib.parse import parse_qs, quote, unquote, urlencode

from app.signals import WINDOWS
from rules.model import LEVELS, Flow

FLOWS: tuple[str, ...] = get_args(Flow)
VIEWS = {
    "open": ("open", "acknowledged", "regressed"),
    "snoozed": ("snoozed",),
    "accepted": ("accepted",),
    "resolved": ("resolved",),
}
# field of an address -> its key in the query string
KEYS = {
    "plants": "plant",
    "flows": "flow",
    "severities": "sev",
    "owners": "owner",
    "codes": "code",
    "rules": "rule",
    "view": "view",
    "text": "q",
    "window": "range",
    "page": "page",
    "opened": "open",
}
LIMIT = 200  # characters of a free text, and entries of a list
LAST_PAGE = 100_000
_ID = re.compile(r"EX-[1-9]\d{0,8}", re.ASCII)


@dataclass(frozen=True)
class Address:
    """Where someone is, and what they set there."""

    path: str = "/"
    plants: tuple[str, ...] = ()
    flows: tuple[str, ...] = ()
    severities: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    view: str = "open"
    text: str = ""
    window: str = "24h"
    page: int = 1
    opened: str = ""
    prefix: str = "/"
    notices: tuple[str, ...] = ()

    def href(self, **changes: Any) -> str:
        """A link to here with changes. Whoever changes a filter starts at the first page again."""
        if changes.keys() - {"page", "opened"}:
            changes = {"page": 1, "opened": "", **changes}
        return replace(self, **changes)._text()

    def to(self, path: str, **changes: Any) -> str:
        """A link to another page: plants and range go along, the rest stays behind."""
        kept = Address(path, self.plants, window=self.window, prefix=self.prefix)
        return replace(kept, **changes)._text()

    def toggled(self, name: str, value: str) -> str:
        """A link to here with one value of a filter put in or taken out."""
        held: tuple[str, ...] = getattr(self, name)
        rest = tuple(each for each in held if each != value)
        now = rest if len(rest) < len(held) else tuple(sorted((*held, value)))
        return self.href(**{name: now})

    def _text(self) -> str:
        given = {}
        for name, key in KEYS.items():
            value = getattr(self, name)
            if value != _DEFAULTS[name]:
                given[key] = ",".join(value) if isinstance(value, tuple) else str(value)
        query = urlencode(sorted(given.items()), quote_via=quote, safe=",")
        return self.prefix.rstrip("/") + self.path + (f"?{query}" if query else "")


_DEFAULTS = {field.name: field.default for field in fields(Address)}


def read(path: str | None, search: str | None, plants: Collection[str], prefix: str) -> Address:
    """The address a browser shows, made sound."""
    asked = parse_qs((search or "").lstrip("?")[:8_000])
    given = {name: asked[key][-1] for name, key in KEYS.items() if key in asked}
    below = "/" + unquote(path or "/").removeprefix(prefix).strip("/")
    if below.startswith("/exceptions/"):
        below, given["opened"] = "/exceptions", below.removeprefix("/exceptions/")
    notices: list[str] = []
    known = {"plants": plants, "flows": FLOWS, "severities": LEVELS}
    found: dict[str, Any] = {}
    for name in ("plants", "flows", "severities", "owners", "codes", "rules"):
        if name in given:
            found[name] = _listed(KEYS[name], given[name], known.get(name), notices)
    for name, allowed in (("view", VIEWS), ("window", WINDOWS)):
        if given.get(name) in allowed:
            found[name] = given[name]
        elif name in given:
            notices.append(_unknown(KEYS[name], given[name]))
    found["text"] = given.get("text", "").strip()[:LIMIT]
    found["page"] = _page(given.get("page", "1"), notices)
    found["opened"] = _opened(given.get("opened", ""), notices)
    return Address(below, prefix=prefix, notices=tuple(notices), **found)


def _listed(
    key: str, text: str, known: Collection[str] | None, notices: list[str]
) -> tuple[str, ...]:
    values = sorted({value.strip() for value in text.split(",") if value.strip()})[:LIMIT]
    notices += [
        _unknown(key, value) for value in values if known is not None and value not in known
    ]
    return tuple(value for value in values if known is None or value in known)


def _page(text: str, notices: list[str]) -> int:
    if text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= LAST_PAGE:
        return int(text[:9])
    notices.append(_unknown("page", text))
    return 1


def _opened(text: str, notices: list[str]) -> str:
    found = text.strip().upper()
    if not found or _ID.fullmatch(found):
        return found
    notices.append(_unknown("open", text))
    return ""


def _unknown(key: str, value: str) -> str:
    short = value if len(value) <= 40 else f"{value[:40]}…"
    return f"This link asks for {key}={short}, which is not known here; shown without it."
