"""JSON over HTTP, page by page: by number, offset, token, next link or Range header."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from collectors.ask import Ask, encoded, query, typed
from collectors.client import Answer, Client
from collectors.errors import ForbiddenRequestError, PayloadError, shown
from collectors.pack import Paging
from collectors.page import Page, Raw, at, cut_records

SAME_PAGES = 2  # so often a list that leads on may show the same page
LINK = re.compile(r'<([^>]+)>\s*;[^,]*\brel="?next"?')


def pages(ask: Ask, client: Client) -> Iterator[Page]:
    """Every page of one pass.

    Raises a collect error when it cannot be finished; what was yielded is true all the same.
    """
    total = guard(ask, client)
    feed = ask.feed
    asked = query(ask, feed.query)
    if feed.cursor and feed.cursor.ask and ask.since is not None:
        asked += [(feed.cursor.ask, ask.fill("{cursor}"))]
    yield from walk(ask, client, feed.get or feed.post or "", asked, feed.page, total=total)


def walk(
    ask: Ask,
    client: Client,
    path: str,
    asked: list[tuple[str, str]],
    paging: Paging | None,
    total_path: str | None = None,
    total: int | None = None,
) -> Iterator[Page]:
    """Follow the list from its first page to its last.

    The count must agree with the source's own, where it tells one.
    """
    request, feed = _request(ask, path), ask.feed
    url, number, got, seen, token = ask.fill(path), 0, 0, Counter[str](), None
    while True:
        number += 1
        extra, ranged = _turn(paging, number, got, token)
        answer = client.ask(
            request.method,
            url,
            params=[*asked, *extra],
            headers=request.headers | ranged,
            content=request.body,
            statuses=_welcome(paging, number, total),
        )
        if answer.status == 404:
            break
        is_beyond = answer.status == 416
        body, nothing = answer.body, (list[Raw](), "")
        found, mark = nothing if is_beyond else cut_records(ask.source, body, feed.records)
        count = len(found)
        total = _total(ask.source, paging, total_path, answer, total)
        if is_beyond:
            break
        yield request.page(ask, number, answer, found, client)
        got += count
        following = _following(paging, answer, count, got, total)
        if following is None:
            break
        if (count and seen[mark] >= (1 if following == "" else SAME_PAGES)) or seen[following]:
            what = f"{path}: page {number} repeats an earlier page"
            raise PayloadError(ask.source, f"{what}; the source goes round in circles")
        seen.update(filter(None, (mark if count else "", following)))
        if paging and paging.by == "link":
            url, asked = client.following(url, following), []
        else:
            token = following
    if total is not None and got != total:
        raise PayloadError(ask.source, f"{path}: the source counts {total} records, {got} came")


@dataclass(frozen=True)
class _Request:
    """What is the same for every page of one list."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes | None

    def page(
        self, ask: Ask, number: int, answer: Answer, found: Sequence[Raw], client: Client
    ) -> Page:
        name = f"{self.method} {self.path} page {number}"
        now, clock = client.clock.now(), answer.clock
        return Page(number, answer.body, "json", name, now, ask.parameters, clock, cut=found)


def _request(ask: Ask, path: str) -> _Request:
    headers = {name: encoded(value) for name, value in ask.fill(ask.feed.headers).items()}
    body = None
    if ask.feed.body is not None:
        body = json.dumps(typed(ask.fill(ask.feed.body))).encode()
        headers["Content-Type"] = "application/json"
    return _Request("POST" if ask.feed.post else "GET", path, headers, body)


def guard(ask: Ask, client: Client) -> int | None:
    """Refuse to look where looking would change something.

    Return how many records must come, where that is told.
    """
    if ask.feed.guard is None:
        return None
    found = client.get(ask.fill(ask.feed.guard.get)).body
    for path, allowed in ask.feed.guard.require.items():
        value = _told(ask.source, found, path)
        text = str(value).lower() if isinstance(value, bool) else str(value)
        text = "absent" if value is None else text
        if text not in allowed:
            what = f"{ask.name}: {path} is {text}, must be {' or '.join(allowed)}"
            raise ForbiddenRequestError(ask.source, f"{what}: {ask.feed.guard.why}")
    return _count(_told(ask.source, found, ask.feed.guard.total)) if ask.feed.guard.total else None


def _told(source: str, body: bytes, path: str) -> Any:
    """What an answer says at a path, None where it says nothing."""
    try:
        return at(body, path)
    except (ValueError, RecursionError) as error:
        raise PayloadError(source, f"not JSON: {error}; begins {shown(body)}") from error


def _count(value: Any) -> int | None:
    """A count as sources write it: a number, or its text."""
    return int(value) if re.fullmatch(r"\d{1,15}", str(value)) else None


def lookup(ask: Ask, client: Client) -> list[dict[str, str | None]]:
    """Parameter sets asked from the source: one for each record that is as `only` says."""
    wanted: Any = ask.feed.for_each
    answer = client.get(ask.fill(wanted.get), params=query(ask, wanted.query))
    rows = _told(ask.source, answer.body, wanted.records)
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise PayloadError(ask.source, f"{wanted.get}: {wanted.records} is not a list of records")
    chosen = [
        row
        for row in rows
        if all(str(row.get(name)) == value for name, value in wanted.only.items())
    ]
    return [
        {name: None if row.get(key) is None else str(row[key]) for name, key in wanted.take.items()}
        for row in chosen
    ]


def _turn(
    paging: Paging | None, number: int, got: int, token: str | None
) -> tuple[list[tuple[str, str]], dict[str, str]]:
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


def _welcome(paging: Paging | None, number: int, total: int | None) -> tuple[int, ...]:
    """Statuses that are no failure: 416, and 404 for a page after the last, are how a list ends."""
    if paging and paging.by == "range":
        return 200, 206, 416
    is_beyond = paging and paging.by == "number" and number > 1 and total is None
    return (200, 404) if is_beyond else (200,)


def _total(
    source: str,
    paging: Paging | None,
    total_path: str | None,
    answer: Answer,
    before: int | None,
) -> int | None:
    """The source's own count, as the last page tells it."""
    if paging and paging.by == "range":
        told = re.search(r"/(\d+)$", answer.headers.get("content-range", ""))
        return int(told[1]) if told else before
    path = total_path or (paging.total if paging else None)
    count = _count(_told(source, answer.body, path)) if path else None
    return before if count is None else count


def _following(
    paging: Paging | None, answer: Answer, count: int, got: int, total: int | None
) -> str | None:
    """The token or link of the next page, '' for simply the next one, None at the end."""
    if paging is None:
        return None
    if paging.by in ("token", "link"):
        if paging.next == "header link":
            found = LINK.search(answer.headers.get("link", ""))
            return found[1] if found else None
        value = at(answer.body, paging.next or "$.next")
        return str(value) if value else None
    is_last = _is_short(count, paging.size) if total is None else got >= total
    return None if count == 0 or is_last else ""


def _is_short(count: int, size: int) -> bool:
    """Whether a page is the last because it is not full.

    A round number of records may be all that the source ever gives at once, whatever it is asked
    for: then one more page is asked, and an empty one ends the list.
    """
    return count < size and bool(count % 10) and bool(count % 25)
