"""A JSON web service over a SQLite database: lists in pages, told to who has the token.

`GET /<list>?changed_since=2026-10-01T06:00:00Z` answers what changed at that instant or later, in
order of change and key; `<field>=<text>` asks for rows with that text. Pages come by number
(`page`, `size`; the answer has the `total`) or by cursor (`cursor`, `limit`; the answer has the
token of the `next` page, or null). By cursor, a row that comes meanwhile moves no other.
"""

import base64
import json
import re
import sqlite3
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Literal
from urllib.parse import parse_qsl, urlsplit

import msgspec

from app.demo.replay import Answer
from collectors.sqltext import quote

THROTTLED: Answer = (429, b'{"error": "too many requests"}', {"Retry-After": "1"})
UNAVAILABLE: Answer = (503, b'{"error": "service unavailable"}', {})
_PAGING = {"number": ("page", "size"), "cursor": ("cursor", "limit")}
_SIZE, _LARGEST = 100, 10_000  # rows of a page
_WANTED = (
    "changed_at >= ? AND NOT EXISTS "
    "(SELECT 1 FROM json_each(?) AS asked WHERE row ->> asked.key IS NOT asked.value)"
)
_json = msgspec.json.Encoder(decimal_format="number")


class RestError(Exception):
    """A request with a parameter that makes no sense."""


@dataclass(frozen=True)
class Listing:
    """A list of the service: where it is, which fields are its key, and all its fields.

    One with a field `changed_at`, ISO text of whole seconds in UTC, can be asked for what changed.
    """

    path: str
    key: tuple[str, ...]
    fields: tuple[str, ...]


class RestService:
    """Serves lists to who has the token. Rows are given by `put`, from any thread.

    `paging` is how all its lists are split. Every `busy_every`th request is answered `busy`
    instead; 0: none is.
    """

    def __init__(
        self,
        lists: Iterable[Listing],
        token: str,
        *,
        paging: Literal["number", "cursor"] = "number",
        busy_every: int = 0,
        busy: Answer = THROTTLED,
        database: str = ":memory:",
    ) -> None:
        self._lists = {one.path: one for one in lists}
        self._token, self._paging = token, paging
        self._busy_every, self._busy, self._asked = busy_every, busy, 0
        self._stamps: dict[str, Callable[[], Mapping[str, Any]]] = {}
        self._lock = threading.Lock()
        self._con = sqlite3.connect(database, check_same_thread=False)
        for path in self._lists:
            self._con.execute(
                f"CREATE TABLE IF NOT EXISTS {quote(path)} (key PRIMARY KEY, changed_at, row)"
            )
            index = f"CREATE INDEX IF NOT EXISTS {quote(f'{path} by change')}"
            self._con.execute(f"{index} ON {quote(path)} (changed_at, key)")

    def close(self) -> None:
        """Give the database free."""
        self._con.close()

    def put(
        self,
        path: str,
        rows: Iterable[Mapping[str, Any]],
        gone: Iterable[Mapping[str, Any]] = (),
    ) -> None:
        """Drop the rows with the keys of `gone`; add rows, or replace those with the same key.

        A field that a row does not have is null. Raises `KeyError` for one the list does not have.
        """
        one = self._lists[path]
        news = [(_key(one, row), row.get("changed_at", ""), _row(one, row)) for row in rows]
        keys = [(_key(one, row),) for row in gone]
        with self._lock, self._con:
            self._con.executemany(f"DELETE FROM {quote(path)} WHERE key = ?", keys)
            self._con.executemany(f"INSERT OR REPLACE INTO {quote(path)} VALUES (?, ?, ?)", news)

    def stamp(self, path: str, fields: Callable[[], Mapping[str, Any]]) -> None:
        """Let the rows of a list carry what `fields` says when they are asked for."""
        self._stamps[path] = fields

    def answer(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """One page of a list, or an error."""
        if self._is_busy():
            return self._busy
        if headers.get("Authorization") != f"Bearer {self._token}":
            return _failed(401, "the token is not valid", {"WWW-Authenticate": "Bearer"})
        url = urlsplit(path)
        one = self._lists.get(url.path.strip("/"))
        if one is None:
            return _failed(404, f"there is no {url.path}")
        if method != "GET":
            return _failed(405, f"{method} is not allowed here", {"Allow": "GET"})
        try:
            document = self._page(one, dict(parse_qsl(url.query, keep_blank_values=True)))
        except RestError as error:
            return _failed(400, str(error))
        return 200, _json.encode(document), {}

    def _is_busy(self) -> bool:
        with self._lock:
            self._asked += 1
            return self._busy_every > 0 and self._asked % self._busy_every == 0

    def _page(self, one: Listing, asked: Mapping[str, str]) -> dict[str, Any]:
        values = _wanted(one, asked, _PAGING[self._paging])
        if self._paging == "cursor":
            return self._next(one, values, asked)
        page, size = _number(asked, "page", 1), _size(asked, "size")
        with self._lock:
            rows = self._rows(one, [*values, "", "", size, (page - 1) * size])
            counted = f"SELECT count(*) FROM {quote(one.path)} WHERE {_WANTED}"
            total = self._con.execute(counted, values).fetchone()[0]
            return {"items": self._items(one, rows), "total": total}

    def _next(self, one: Listing, values: list[str], asked: Mapping[str, str]) -> dict[str, Any]:
        size, after = _size(asked, "limit"), _place(asked.get("cursor"))
        with self._lock:
            rows = self._rows(one, [*values, *after, size + 1, 0])
            items = self._items(one, rows[:size])
        token = base64.urlsafe_b64encode(_json.encode(rows[size - 1][:2])) if rows[size:] else None
        return {"items": items, "next": token and token.decode()}

    def _rows(self, one: Listing, values: list[Any]) -> list[tuple[str, str, str]]:
        return self._con.execute(
            f"SELECT changed_at, key, row FROM {quote(one.path)} WHERE {_WANTED} "
            "AND (changed_at, key) > (?, ?) ORDER BY changed_at, key LIMIT ? OFFSET ?",
            values,
        ).fetchall()

    def _items(self, one: Listing, rows: Iterable[tuple[str, str, str]]) -> list[dict[str, Any]]:
        stamp = self._stamps[one.path]() if one.path in self._stamps else {}
        return [{**json.loads(row, parse_float=Decimal), **stamp} for _, _, row in rows]


# Rows: as they are kept in the database


def _key(one: Listing, row: Mapping[str, Any]) -> str:
    return _json.encode([row[name] for name in one.key]).decode()


def _row(one: Listing, row: Mapping[str, Any]) -> str:
    if strange := {*row} - {*one.fields}:
        raise KeyError(f"{one.path} has no field {', '.join(sorted(strange))}")
    return _json.encode({name: row.get(name) for name in one.fields}).decode()


# Parameters of a request


def _wanted(one: Listing, asked: Mapping[str, str], paging: Iterable[str]) -> list[str]:
    """The values of `_WANTED`: since when, and the texts of fields."""
    since, texts = "", {}
    for name, text in asked.items():
        if name == "changed_since" and "changed_at" in one.fields:
            since = _instant(text)
        elif name in one.fields:
            texts[name] = text
        elif name not in paging:
            raise RestError(f"{one.path} has no parameter {name}")
    return [since, json.dumps(texts)]


def _instant(text: str) -> str:
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is not None:
            return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    except (ValueError, OverflowError):
        pass
    raise RestError(f"changed_since: '{text}' is no instant such as 2026-10-01T06:00:00Z")


def _number(asked: Mapping[str, str], name: str, default: int) -> int:
    text = asked.get(name, str(default))
    if not re.fullmatch("[1-9][0-9]{0,8}", text):
        raise RestError(f"{name}: '{text}' is no number from 1")
    return int(text)


def _size(asked: Mapping[str, str], name: str) -> int:
    return min(_number(asked, name, _SIZE), _LARGEST)


def _place(token: str | None) -> tuple[str, str]:
    """Change and key of the row a page comes after."""
    if token is None:
        return "", ""
    try:
        return msgspec.json.decode(base64.urlsafe_b64decode(token), type=tuple[str, str])
    except (ValueError, msgspec.DecodeError) as error:
        raise RestError(f"cursor: '{token}' is none of ours") from error


def _failed(status: int, message: str, headers: Mapping[str, str] | None = None) -> Answer:
    return status, json.dumps({"error": message}).encode(), headers or {}
