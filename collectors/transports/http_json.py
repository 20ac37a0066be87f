"""JSON over HTTP, page by page: page number, offset, continuation token, next link or Range header."""

import hashlib
import json
import re
from collections.abc import Iterator
from typing import Any

from collectors.ask import Ask, encoded, query, typed
from collectors.client import Answer, Client
from collectors.errors import ForbiddenRequestError, PayloadError
from collectors.pack import Paging
from collectors.page import Page, at, count_records

LINK = re.compile(r'<([^>]+)>\s*;[^,]*\brel="?next"?')


def pages(ask: Ask, client: Client) -> Iterator[Page]:
    """Every page of one pass. Raises a collect error when it cannot be finished; what was yielded is true all the same."""
    total = guard(ask, client)
    feed = ask.feed
    asked = query(ask, feed.query)
    if feed.cursor and feed.cursor.ask and ask.since is not None:
        asked += [(feed.cursor.ask, ask.fill("{cursor}"))]
    yield from walk(ask, client, feed.get or feed.post or "", asked, feed.page, total=total)


def walk(ask: Ask, client: Client, path: str, asked: list[tuple[str, str]], paging: Paging | None, total_path: str | None = None, total: int | None = None) -> Iterator[Page]:
    """Follow the list from its first page to its last; the count must agree with the source's own, where it tells one."""
    method = "POST" if ask.feed.post else "GET"
    headers = {name: encoded(value) for name, value in ask.fill(ask.feed.headers).items()}
    body = None if ask.feed.body is None else json.dumps(typed(ask.fill(ask.feed.body))).encode()
    if body is not None:
        headers["Content-Type"] = "application/json"
    url, number, got, seen, token = ask.fill(path), 0, 0, set[str](), None
    while True:
        number += 1
        extra, ranged = _turn(paging, number, got, token)
        statuses = (200, 206, 416) if ranged else (200,)
        answer = client.ask(method, url, params=[*asked, *extra], headers=headers | ranged, content=body, statuses=statuses)
        if answer.status == 416:
            return
        count = count_records(ask.source, answer.body, ask.feed.records)
        total = _total(paging, total_path, answer, total)
        yield Page(number, answer.body, "json", f"{method} {path} page {number}", client.clock.now(), ask.parameters, answer.clock)
        got += count
        following = _following(paging, answer, count, got, total)
        if following is None:
            break
        mark = hashlib.sha256(answer.body).hexdigest() if following == "" else following
        if mark in seen:
            raise PayloadError(ask.source, f"{path}: page {number} repeats an earlier page; the source goes round in circles")
        seen.add(mark)
        if paging and paging.by == "link":
            url, asked = following, []
        else:
            token = following
    if total is not None and got != total:
        raise PayloadError(ask.source, f"{path}: the source counts {total} records, {got} came")


def guard(ask: Ask, client: Client) -> int | None:
    """Refuse to look where looking would change something; return how many records must come, where that is told."""
    if ask.feed.guard is None:
        return None
    found = client.get(ask.fill(ask.feed.guard.get)).body
    for path, allowed in ask.feed.guard.require.items():
        value = at(found, path)
        text = "absent" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
        if text not in allowed:
            raise ForbiddenRequestError(ask.source, f"{ask.name}: {path} is {text}, must be {' or '.join(allowed)}: {ask.feed.guard.why}")
    return at(found, ask.feed.guard.total) if ask.feed.guard.total else None


def lookup(ask: Ask, client: Client) -> list[dict[str, str]]:
    """Parameter sets asked from the source: one for each record that is as `only` says."""
    wanted: Any = ask.feed.for_each
    answer = client.get(ask.fill(wanted.get), params=query(ask, wanted.query))
    rows = at(answer.body, wanted.records)
    if not isinstance(rows, list):
        raise PayloadError(ask.source, f"{wanted.get}: {wanted.records} is not a list")
    chosen = [row for row in rows if all(str(row.get(name)) == value for name, value in wanted.only.items())]
    return [{name: None if row.get(key) is None else str(row[key]) for name, key in wanted.take.items()} for row in chosen]


def _turn(paging: Paging | None, number: int, got: int, token: str | None) -> tuple[list[tuple[str, str]], dict[str, str]]:
    """What asks for page `number`: query parameters, or a Range header."""
    if paging is None:
        return [], {}
    size = [(paging.size_ask, str(paging.size))] if paging.size_ask else []
    match paging.by:
        case "number":
            return [*size, (paging.ask, str(paging.first + number - 1))], {}
        case "offset":
            return [*size, (paging.ask, str(got))], {}
        case "token":
            return [*size, *([(paging.ask, token)] if token else [])], {}
        case "range":
            return [], {"Range": f"records={got}-{got + paging.size}"}
        case _:
            return size if number == 1 else [], {}


def _total(paging: Paging | None, total_path: str | None, answer: Answer, before: int | None) -> int | None:
    """The source's own count, as the last page tells it."""
    if paging and paging.by == "range":
        told = re.search(r"/(\d+)$", answer.headers.get("content-range", ""))
        return int(told[1]) if told else before
    path = total_path or (paging.total if paging else None)
    value = at(answer.body, path) if path else None
    return int(value) if value is not None and str(value).isdigit() else before


def _following(paging: Paging | None, answer: Answer, count: int, got: int, total: int | None) -> str | None:
    """The token or link of the next page, '' for simply the next one, None at the end."""
    if paging is None:
        return None
    if paging.by in ("token", "link"):
        if paging.next == "header link":
            found = LINK.search(answer.headers.get("link", ""))
            return found[1] if found else None
        value = at(answer.body, paging.next or "$.next")
        return str(value) if value else None
    if count == 0 or (total is not None and got >= total) or (total is None and count < paging.size):
        return None
    return ""
