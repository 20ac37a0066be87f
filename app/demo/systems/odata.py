"""An OData V2 service over a SQLite database, in the manner of an SAP gateway.

What it answers: `$filter` (comparisons of fields with literals, `and`, `or`, `not`, brackets; a
field may lie behind a link), `$select`, `$expand` of links to one, `$inlinecount`, `$top`. Pages
end where the server says, with a `__next` that carries its `$skiptoken`. Decimals are strings,
dates `/Date(milliseconds)/`, times `PT14H30M00S`. Errors are told as a gateway tells them.
"""

import base64
import json
import re
import sqlite3
import threading
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any, Literal
from urllib.parse import parse_qsl, urlencode, urlsplit
from urllib.parse import quote as escaped

from app.demo.replay import Answer
from collectors.sqltext import quote

Edm = Literal["String", "Decimal", "DateTime", "DateTimeOffset", "Time", "Boolean"]
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LOGIN = b"<!doctype html><title>Logon failed</title>"


class ODataError(Exception):
    """A request that cannot be answered; `code` and `status` as a gateway gives them."""

    def __init__(self, message: str, code: str = "005056A509B11EE1B9A8FEC11C21D78E") -> None:
        self.code, self.status = code, 400
        super().__init__(message)


@dataclass(frozen=True)
class Link:
    """A way from an entity to the one it belongs to: `on` names the fields they share."""

    to: str
    on: tuple[str, ...]


@dataclass(frozen=True)
class EntitySet:
    """One list of a service: its name, its key, the type of each field, and its links to one."""

    service: str
    name: str
    key: tuple[str, ...]
    fields: Mapping[str, Edm]
    links: Mapping[str, Link] = field(default_factory=dict)


class ODataService:
    """Serves entity sets to one user. Rows are given by `put`, from any thread.

    `page_size` is where the server ends a page.
    """

    def __init__(
        self,
        root: str,
        sets: Iterable[EntitySet],
        user: str,
        password: str,
        *,
        page_size: int = 1000,
        database: str = ":memory:",
    ) -> None:
        self._root, self._page_size = root.rstrip("/"), page_size
        self._sets = {(one.service, one.name): one for one in sets}
        self._by_name = {one.name: one for one in self._sets.values()}
        self._credentials = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
        self._writing = {one.name: _writing(one) for one in self._sets.values()}
        self._lock = threading.Lock()
        self._con = sqlite3.connect(database, check_same_thread=False)
        for one in self._sets.values():
            columns = ", ".join(quote(name) for name in one.fields)
            key = ", ".join(quote(name) for name in one.key)
            self._con.execute(
                f"CREATE TABLE IF NOT EXISTS {quote(one.name)} ({columns}, UNIQUE ({key}))"
            )

    def close(self) -> None:
        """Give the database free."""
        self._con.close()

    def put(
        self,
        name: str,
        rows: Iterable[Mapping[str, Any]],
        gone: Iterable[Mapping[str, Any]] = (),
    ) -> None:
        """Drop the entities with the keys of `gone`; add entities, or replace those with the same
        key: a change keeps the entity's place.

        Raises `KeyError` for a field the set does not have.
        """
        one = self._by_name[name]
        keep, drop = self._writing[name]
        with self._lock, self._con:
            self._con.executemany(drop, ([row[column] for column in one.key] for row in gone))
            self._con.executemany(keep, (_row(one, row) for row in rows))

    def count(self, name: str) -> int:
        """How many entities a set has."""
        with self._lock:
            rows = self._con.execute(f"SELECT count(*) FROM {quote(self._by_name[name].name)}")
            return int(rows.fetchone()[0])

    def answer(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """One page of an entity set, or an error."""
        if headers.get("Authorization") != self._credentials:
            return 401, LOGIN, {"Content-Type": "text/html", "WWW-Authenticate": "Basic"}
        url = urlsplit(path)
        service, _, name = url.path.removeprefix(self._root).strip("/").partition("/")
        one = self._sets.get((service, name))
        if one is None:
            return _failed(404, "/IWFND/MED/170", f"No service found for namespace, name {service}")
        if method != "GET":
            return _failed(405, "/IWFND/CM_CONSUMER/101", f"{method} is not allowed here")
        try:
            asked = dict(parse_qsl(url.query, keep_blank_values=True))
            document = self._page(one, url.path, asked, headers.get("Host", "localhost"))
        except ODataError as error:
            return _failed(error.status, error.code, str(error))
        return 200, json.dumps(document, separators=(",", ":")).encode(), {}

    def _page(
        self, one: EntitySet, path: str, asked: Mapping[str, str], host: str
    ) -> dict[str, Any]:
        where, values = _Filter(one, self._by_name).sql(asked.get("$filter"))
        after, top = _number(asked, "$skiptoken", 0), _number(asked, "$top", 0)
        size = min(top, self._page_size) if top else self._page_size
        chosen = _chosen(one, self._by_name, asked)
        with self._lock:
            cursor = self._con.execute(
                f"SELECT e.rowid, {', '.join(chosen.columns)} FROM {chosen.tables} "
                f"WHERE e.rowid > ? AND ({where}) ORDER BY e.rowid LIMIT ?",
                [after, *values, size + 1],
            )
            rows = cursor.fetchall()
            total = None
            if asked.get("$inlinecount") == "allpages":
                found = self._con.execute(
                    f"SELECT count(*) FROM {chosen.tables} WHERE {where}", values
                )
                total = found.fetchone()[0]
        told: dict[str, Any] = {} if total is None else {"__count": str(total)}
        base = f"http://{host}{path}"
        told["results"] = [_entity(one, base, chosen.shape, row[1:]) for row in rows[:size]]
        if len(rows) > size and not top:
            asked = {**asked, "$skiptoken": str(rows[size - 1][0])}
            told["__next"] = f"{base}?{urlencode(asked, quote_via=escaped)}"
        return {"d": told}


@dataclass(frozen=True)
class _Chosen:
    """What a request wants: SQL columns and tables, and where each value goes in the entity."""

    columns: list[str]
    tables: str
    shape: list[tuple[str | None, str, Edm]]


def _chosen(one: EntitySet, sets: Mapping[str, EntitySet], asked: Mapping[str, str]) -> _Chosen:
    expanded = [name for name in asked.get("$expand", "").split(",") if name]
    wanted = [name for name in asked.get("$select", "").split(",") if name]
    tables = f"{quote(one.name)} AS e"
    for name, link in one.links.items():
        on = " AND ".join(f"{quote(name)}.{quote(f)} = e.{quote(f)}" for f in link.on)
        tables += f" LEFT JOIN {quote(link.to)} AS {quote(name)} ON {on}"
    shape: list[tuple[str | None, str, Edm]] = []
    for path in wanted or [*one.fields, *expanded]:
        shape += list(_fields(one, sets, path, expanded))
    columns = [f"{quote(link) if link else 'e'}.{quote(name)}" for link, name, _ in shape]
    return _Chosen(columns, tables, shape)


def _fields(
    one: EntitySet, sets: Mapping[str, EntitySet], path: str, expanded: Sequence[str]
) -> Iterator[tuple[str | None, str, Edm]]:
    """The fields a path of `$select` means."""
    head, _, rest = path.partition("/")
    if head in one.fields and not rest:
        yield None, head, one.fields[head]
        return
    if head not in one.links:
        raise ODataError(f"Property {path} not found in type {one.name}Type")
    if head not in expanded:
        raise ODataError(f"{head} is selected and not expanded")
    target = sets[one.links[head].to]
    for name in [rest] if rest else list(target.fields):
        if name not in target.fields:
            raise ODataError(f"Property {path} not found in type {target.name}Type")
        yield head, name, target.fields[name]


def _entity(
    one: EntitySet, base: str, shape: Sequence[tuple[str | None, str, Edm]], row: Sequence[Any]
) -> dict[str, Any]:
    entity: dict[str, Any] = {"__metadata": {"uri": base, "type": f"{one.service}.{one.name}Type"}}
    for (link, name, edm), value in zip(shape, row, strict=True):
        place = entity if link is None else entity.setdefault(link, {})
        place[name] = _shown(edm, value)
    return entity


# Values: as they are kept in the database, and as they go over the wire


def _writing(one: EntitySet) -> tuple[str, str]:
    """The statements that keep and drop entities of a set."""
    columns = ", ".join(quote(column) for column in one.fields)
    holes = ", ".join("?" * len(one.fields))
    key = ", ".join(quote(column) for column in one.key)
    news = ", ".join(f"{quote(column)} = excluded.{quote(column)}" for column in one.fields)
    where = " AND ".join(f"{quote(column)} = ?" for column in one.key)
    return (
        f"INSERT INTO {quote(one.name)} ({columns}) VALUES ({holes}) "
        f"ON CONFLICT ({key}) DO UPDATE SET {news}",
        f"DELETE FROM {quote(one.name)} WHERE {where}",
    )


def _row(one: EntitySet, row: Mapping[str, Any]) -> list[Any]:
    if strange := {*row} - {*one.fields}:
        raise KeyError(f"{one.name} has no field {', '.join(sorted(strange))}")
    return [_kept(edm, row.get(name)) for name, edm in one.fields.items()]


def _kept(edm: Edm, value: Any) -> Any:
    """Sortable in SQLite: instants and times as ISO text, decimals as text, unset strings empty."""
    match value:
        case None:
            return "" if edm == "String" else None
        case datetime():
            return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")
        case date():
            return f"{value}T00:00:00"
        case time():
            return f"{value:%H:%M:%S}"
        case Decimal():
            return f"{value:f}"
        case _:
            return value


def _shown(edm: Edm, value: Any) -> Any:
    if value is None:
        return None
    match edm:
        case "DateTime" | "DateTimeOffset":
            since = datetime.fromisoformat(value).replace(tzinfo=UTC) - EPOCH
            offset = "+0000" if edm == "DateTimeOffset" else ""
            return f"/Date({round(since.total_seconds() * 1000)}{offset})/"
        case "Time":
            return f"PT{value[:2]}H{value[3:5]}M{value[6:8]}S"
        case "Boolean":
            return bool(value)
        case _:
            return value


# Filters

_TOKEN = re.compile(
    r"\s*(?:(?P<date>datetime(?:offset)?'(?P<at>[^']*)')|'(?P<text>(?:[^']|'')*)'"
    r"|(?P<number>-?\d+(?:\.\d+)?)[mMlLdD]?|(?P<word>[A-Za-z_][\w/]*)|(?P<mark>[()]))"
)
_COMPARED = {"eq": "=", "ne": "<>", "gt": ">", "ge": ">=", "lt": "<", "le": "<="}


class _Filter:
    """`$filter` as SQL with its values bound."""

    def __init__(self, one: EntitySet, sets: Mapping[str, EntitySet]) -> None:
        self._one, self._sets = one, sets
        self._tokens: list[tuple[str, str]] = []
        self._values: list[Any] = []

    def sql(self, text: str | None) -> tuple[str, list[Any]]:
        """The condition and its values. Raises `ODataError`."""
        if not text:
            return "true", []
        self._tokens = [*_tokens(text), ("end", "")]
        condition = self._any()
        if self._tokens[0][0] != "end":
            raise ODataError(f"Invalid $filter at '{self._tokens[0][1]}'")
        return condition, self._values

    def _any(self) -> str:
        parts = [self._all()]
        while self._takes("or"):
            parts.append(self._all())
        return " OR ".join(parts)

    def _all(self) -> str:
        parts = [self._one_of()]
        while self._takes("and"):
            parts.append(self._one_of())
        return " AND ".join(parts)

    def _one_of(self) -> str:
        if self._takes("not"):
            return f"NOT {self._one_of()}"
        if self._takes("("):
            inner = self._any()
            if not self._takes(")"):
                raise ODataError("Invalid $filter: a bracket is not closed")
            return f"({inner})"
        column = self._field(self._next("word"))
        compared = self._next("word")
        if compared not in _COMPARED:
            raise ODataError(f"Invalid $filter: '{compared}' is no comparison")
        self._values.append(self._literal())
        return f"coalesce({column} {_COMPARED[compared]} ?, false)"

    def _field(self, path: str) -> str:
        link, _, name = path.rpartition("/")
        target = self._sets[self._one.links[link].to] if link in self._one.links else self._one
        if name not in target.fields or (link and target is self._one):
            raise ODataError(f"Property {path} not found in type {self._one.name}Type")
        column = f"{quote(link) if link else 'e'}.{quote(name)}"
        return f"CAST({column} AS REAL)" if target.fields[name] == "Decimal" else column

    def _literal(self) -> Any:
        kind, text = self._tokens.pop(0)
        match kind:
            case "date":
                try:
                    return _kept("DateTime", datetime.fromisoformat(text).replace(tzinfo=UTC))
                except ValueError as error:
                    raise ODataError(f"Invalid $filter: '{text}' is no time") from error
            case "text":
                return text.replace("''", "'")
            case "number":
                return float(text)
            case "word" if text in ("true", "false"):
                return text == "true"
        raise ODataError(f"Invalid $filter at '{text}'")

    def _next(self, kind: str) -> str:
        found, text = self._tokens.pop(0) if len(self._tokens) > 1 else ("end", "")
        if found != kind:
            raise ODataError(f"Invalid $filter at '{text}'")
        return text

    def _takes(self, text: str) -> bool:
        if self._tokens[0][1] == text and self._tokens[0][0] in ("word", "mark"):
            self._tokens.pop(0)
            return True
        return False


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    place = 0
    while place < len(text.rstrip()):
        found = _TOKEN.match(text, place)
        if found is None:
            raise ODataError(f"Invalid $filter at '{text[place : place + 20]}'")
        place = found.end()
        for kind in ("date", "text", "number", "word", "mark"):
            if found[kind] is not None:
                yield kind, found["at"] if kind == "date" else found[kind]
                break


def _number(asked: Mapping[str, str], name: str, default: int) -> int:
    text = asked.get(name, str(default))
    if not text.isdigit():
        raise ODataError(f"Invalid value '{text}' for {name}")
    return int(text)


def _failed(status: int, code: str, message: str) -> Answer:
    """An error as a gateway tells it; its transaction id is what basis support asks for."""
    inner = {"transactionid": uuid.uuid5(uuid.NAMESPACE_OID, code + message).hex.upper()}
    told = {"code": code, "message": {"lang": "en", "value": message}, "innererror": inner}
    return status, json.dumps({"error": told}).encode(), {}
