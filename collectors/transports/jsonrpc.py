"""JSON-RPC as Odoo and Tryton speak it: search_read by limit and offset, errors inside a 200."""

import base64
import itertools
import json
from collections.abc import Iterator
from typing import Any, Protocol

from collectors.ask import Ask, typed
from collectors.client import Answer, Client
from collectors.errors import PayloadError, SourceDeniedError, shown
from collectors.page import Page, at, cut_records

RESULT = "$.result"
_DENIED = ("AccessDenied", "AccessError", "LoginException", "SessionExpired")


class Session(Protocol):
    """A login to one server. It logs in at the first call."""

    def search_read(self, client: Client, ask: Ask, offset: int) -> Answer:
        """One page of the feed's model, from `offset` on."""
        ...


def pages(ask: Ask, client: Client, session: Session) -> Iterator[Page]:
    """Every page of one pass, in the order the feed declares, until a page is short."""
    feed, offset, seen = ask.feed, 0, set[str]()
    for number in itertools.count(1):
        answer = session.search_read(client, ask, offset)
        found, mark = cut_records(ask.source, answer.body, RESULT)
        count = len(found)
        if count and mark in seen:
            what = f"{feed.model}: page {number} repeats an earlier page"
            raise PayloadError(ask.source, f"{what}; the source goes round in circles")
        seen.add(mark)
        yield Page(
            number,
            answer.body,
            "json",
            f"search_read {feed.model} offset {offset}",
            client.clock.now(),
            ask.parameters,
            answer.clock,
            cut=found,
        )
        if count < feed.size:
            return
        offset += count


def post(
    client: Client, path: str, method: str, params: Any, headers: dict[str, str] | None = None
) -> Answer:
    """One call.

    An `error` in the answer is raised: credentials as denied, anything else without its server
    traceback.
    """
    body = json.dumps(
        {"jsonrpc": "2.0", "id": 1, "method": method, "params": typed(params)}
    ).encode()
    answer = client.ask(
        "POST", path, content=body, headers={"Content-Type": "application/json", **(headers or {})}
    )
    error = _error(client.source, answer.body)
    if error is None:
        return answer
    name, said = error
    if any(word in name for word in _DENIED):
        raise SourceDeniedError(client.source, f"{method}: {name}")
    raise PayloadError(client.source, f"{method}: {name}: {said}")


def _error(source: str, body: bytes) -> tuple[str, str] | None:
    """Name and text of the error an answer holds, None where it holds a result."""
    try:
        error = at(body, "$.error")
        if error is None and body.lstrip()[:1] != b"{":
            raise ValueError("no object")
    except (ValueError, RecursionError) as broken:
        raise PayloadError(
            source, f"not a JSON-RPC answer: {broken}; begins {shown(body)}"
        ) from broken
    match error:
        case None:
            return None
        case dict():
            data = error.get("data")
            data = data if isinstance(data, dict) else {}
            name = data.get("name") or error.get("code")
            return str(name)[:100], str(data.get("message") or error.get("message"))[:300]
        case [name, *rest]:
            return str(name)[:100], str(rest[0] if rest else "")[:300]
        case _:
            return "error", str(error)[:300]


class Odoo:
    """`/jsonrpc` of Odoo up to 18: service `object`, `execute_kw`.

    A user id comes from `common.login`.
    """

    def __init__(self, path: str, database: str, user: str, password: str) -> None:
        self.path, self._database, self._user, self._password = path, database, user, password
        self._uid: int | None = None

    def search_read(self, client: Client, ask: Ask, offset: int) -> Answer:
        """One page of a model."""
        if self._uid is None:
            self._uid = self._login(client)
        feed = ask.feed
        options = {
            "fields": list(feed.fields_),
            "limit": feed.size,
            "offset": offset,
            "context": feed.context,
        }
        if feed.order:
            options["order"] = feed.order
        arguments = [
            self._database,
            self._uid,
            self._password,
            feed.model,
            "search_read",
            [ask.fill(feed.domain) or []],
            options,
        ]
        return post(
            client,
            self.path,
            "call",
            {"service": "object", "method": "execute_kw", "args": arguments},
        )

    def _login(self, client: Client) -> int:
        arguments = [self._database, self._user, self._password]
        answer = post(
            client, self.path, "call", {"service": "common", "method": "login", "args": arguments}
        )
        uid = at(answer.body, RESULT)
        if not isinstance(uid, int) or isinstance(uid, bool):
            raise SourceDeniedError(
                client.source, f"login of {self._user} to {self._database} refused"
            )
        return uid


class Tryton:
    """`/<database>/rpc/` of Tryton.

    First `common.db.login`, then `model.<name>.search_read` with the session.
    """

    def __init__(self, path: str, user: str, password: str) -> None:
        self.path, self._user, self._password = path, user, password
        self._header: dict[str, str] | None = None

    def search_read(self, client: Client, ask: Ask, offset: int) -> Answer:
        """One page of a model; a session that has ended is begun anew, once."""
        if self._header is not None:
            try:
                return self._page(client, ask, offset, self._header)
            except SourceDeniedError:
                self._header = None
        self._header = self._login(client)
        return self._page(client, ask, offset, self._header)

    def _page(self, client: Client, ask: Ask, offset: int, session: dict[str, str]) -> Answer:
        feed = ask.feed
        order = [part.split() for part in feed.order.split(",")] if feed.order else None
        params = [
            ask.fill(feed.domain) or [],
            offset,
            feed.size,
            order,
            list(feed.fields_),
            feed.context,
        ]
        return post(client, self.path, f"model.{feed.model}.search_read", params, session)

    def _login(self, client: Client) -> dict[str, str]:
        answer = post(
            client, self.path, "common.db.login", [self._user, {"password": self._password}]
        )
        result = at(answer.body, RESULT)
        if not isinstance(result, list) or len(result) < 2:
            raise SourceDeniedError(client.source, f"login of {self._user} refused")
        session = f"{self._user}:{result[0]}:{result[1]}"
        return {"Authorization": "Session " + base64.b64encode(session.encode()).decode()}
