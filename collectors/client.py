"""The one HTTP client. Every request of every collector goes through it, with every protection:

total deadline and size cap on the decoded body, retries with backoff and jitter, Retry-After, a
circuit per source, a request budget, one token refresh, no redirects, same origin only, an
allow-list of requests, checked addresses.
"""

import email.utils
import random
import re
import ssl
import threading
import zlib
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol
from urllib.parse import quote, urldefrag, urlencode, urljoin, urlsplit

import httpx

from collectors.errors import (
    CollectError,
    ForbiddenRequestError,
    PayloadError,
    SourceDeniedError,
    SourceUnavailableError,
    ThrottledError,
    shown,
)
from collectors.network import CheckedTransport, RefusedAddressError, Unpacker

DEADLINE_SECONDS = 60.0
MAX_BODY_BYTES = 32 * 1024 * 1024
TRIES = 6
PATIENCE = timedelta(seconds=60)  # a longer Retry-After ends the run instead of sleeping in it
LONGEST_PAUSE = timedelta(days=1)  # however long a source says it wants to be left alone
OPEN_AFTER = 5  # failed requests in a row that open the circuit
OPEN_SECONDS = 60.0


class Clock(Protocol):
    """What the client needs to know of time."""

    def now(self) -> datetime:
        """The instant, in UTC."""

    def monotonic(self) -> float:
        """Seconds that never go back."""

    def sleep(self, seconds: float) -> None:
        """Let so much time pass."""


class Auth(Protocol):
    """Adds credentials to a request."""

    def headers(self) -> Mapping[str, str]:
        """Headers that carry the credentials."""

    def refresh(self) -> bool:
        """Get new credentials; False where there are none to get."""


class NoAuth:
    """A source that asks for nothing."""

    def headers(self) -> Mapping[str, str]:
        """None."""
        return {}

    def refresh(self) -> bool:
        """There are never others."""
        return False


@dataclass(frozen=True)
class FixedAuth:
    """Headers that never change: a key, a bearer token, basic credentials."""

    given: Mapping[str, str] = field(repr=False)

    def headers(self) -> Mapping[str, str]:
        """The ones that were given."""
        return self.given

    def refresh(self) -> bool:
        """There are never others."""
        return False


@dataclass(frozen=True)
class Allowed:
    """Requests a source may get: a method and a path pattern.

    GET and HEAD to any path are always allowed.
    """

    method: str
    path: str

    def admits(self, method: str, path: str) -> bool:
        """Whether a request is one of these; the pattern must fit the whole path."""
        return method == self.method and re.fullmatch(self.path, path) is not None


@dataclass(frozen=True)
class Answer:
    """A complete answer: decoded bytes, headers, and the clock of the source (UTC), if told."""

    body: bytes
    headers: Mapping[str, str]
    status: int
    clock: datetime | None


class Client:
    """Reads one source. Safe to share between the feeds of the source; one request at a time."""

    def __init__(
        self,
        source: str,
        address: str,
        clock: Clock,
        *,
        auth: Auth | None = None,
        allowed: Iterable[Allowed] = (),
        requests_per_minute: int = 600,
        chance: random.Random | None = None,
        ca_file: str | None = None,
        deadline_seconds: float = DEADLINE_SECONDS,
        max_body_bytes: int = MAX_BODY_BYTES,
    ) -> None:
        self.source, self.address, self.clock = source, address.rstrip("/"), clock
        self.auth = auth or NoAuth()
        self.allowed = tuple(allowed)
        self.calls = 0
        self.throttled = 0
        self._budget = requests_per_minute
        self._spent: deque[float] = deque()
        self._chance = chance or random.Random()  # noqa: S311 - jitter, not secrecy
        self._deadline, self._cap = deadline_seconds, max_body_bytes
        self._failures, self._closed_until = 0, 0.0
        self._until: datetime | None = None
        self._lock = threading.Lock()
        self._end = 0.0
        self._halted = False
        self._worn: set[str] = set()
        host = urlsplit(self.address).hostname or ""
        self._http = httpx.Client(
            transport=CheckedTransport(_context(source, ca_file), host, self._left),
            timeout=httpx.Timeout(connect=5.0, read=30.0, write=30.0, pool=5.0),
            follow_redirects=False,
            trust_env=False,
            headers={"Accept-Encoding": "gzip", "User-Agent": "tieout"},
        )

    def close(self) -> None:
        """Drop the connections."""
        self._http.close()

    def halt(self) -> None:
        """Ask for nothing more, and break off what is under way: the process is to end."""
        self._halted = True

    def redacted(self, text: str) -> str:
        """`text` without any credential sent so far: a source may echo what it was sent."""
        return without(text, self._worn)

    def following(self, path: str, link: str) -> str:
        """Where a link found in the answer to `path` leads, as a path for `ask`."""
        try:
            if link.isprintable():
                return urljoin(self._address_of(path), link)
        except ValueError:
            pass
        raise ForbiddenRequestError(self.source, f"{link[:200]!a} is no link to follow")

    def get(self, path: str, **options: Any) -> Answer:
        """GET `path` of the source; see `ask`."""
        return self.ask("GET", path, **options)

    def ask(
        self,
        method: str,
        path: str,
        *,
        params: Iterable[tuple[str, str]] = (),
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
        accept: tuple[str, ...] = ("json",),
        statuses: tuple[int, ...] = (200,),
    ) -> Answer:
        """Ask until there is an answer, or raise one of the collect errors.

        `path` is relative to the address of the source, or an absolute next link of the same
        origin. `accept` are words one of which the content type must contain.
        """
        url = _with_query(self._address_of(path), list(params))
        self._permit(method, url)
        with self._lock:
            refreshed = False
            for attempt in range(1, TRIES + 1):
                self._wait_for_leave()
                try:
                    answer = self._once(method, url, headers or {}, content)
                except (httpx.HTTPError, zlib.error, OSError) as error:
                    self._stumble(attempt, f"{method} {_bare(url)}: {_said(error)}", error)
                    continue
                except (httpx.InvalidURL, RefusedAddressError) as error:
                    raise ForbiddenRequestError(self.source, f"{_bare(url)}: {error}") from error
                if answer.status in statuses:
                    self._failures = 0
                    self._check_type(url, answer, accept)
                    return answer
                if answer.status == httpx.codes.UNAUTHORIZED and not refreshed:
                    refreshed = self.auth.refresh()
                    if refreshed:
                        continue
                self._refused(method, url, answer)
                self._pause(attempt, answer)
        what = f"{method} {_bare(url)}: gave up after {TRIES} tries"
        raise SourceUnavailableError(self.source, what)

    def _once(
        self, method: str, url: str, headers: Mapping[str, str], content: bytes | None
    ) -> Answer:
        sent = {**self._credentials(), **headers}
        self._wear(headers.get("Authorization", ""))
        self.calls += 1
        self._end = self.clock.monotonic() + self._deadline
        with self._http.stream(method, url, headers=sent, content=content) as response:
            body = self._body(response, f"{method} {_bare(url)}")
            clock = _http_date(response.headers.get("date"))
            return Answer(body, response.headers, response.status_code, clock)

    def _wear(self, credential: str) -> None:
        self._worn |= {credential, *credential.split()[1:]}

    def _left(self) -> float:
        """Seconds the answer under way may still take."""
        return 0.0 if self._halted else self._end - self.clock.monotonic()

    def _credentials(self) -> Mapping[str, str]:
        given = self.auth.headers()
        for name, value in given.items():
            self._wear(value)
            if not (value.isascii() and value.isprintable()):
                raise SourceDeniedError(
                    self.source, f"the credential for {name} holds what no header can carry"
                )
        return given

    def _body(self, response: httpx.Response, what: str) -> bytes:
        """The whole body, unpacked; never more of it than the limit."""
        coding = response.headers.get("content-encoding", "").strip().lower()
        if coding not in ("", "identity", "gzip", "x-gzip"):
            raise PayloadError(self.source, f"{what}: content encoding {coding[:40]!a}, not gzip")
        unpacker = Unpacker() if coding.endswith("gzip") else None
        body = bytearray()
        for piece in response.iter_raw():
            room = self._cap + 1 - len(body)
            body += unpacker.feed(piece, room) if unpacker else piece
            if len(body) > self._cap:
                raise PayloadError(
                    self.source,
                    f"{what}: the body is over {self._cap:,} bytes; ask for smaller pages",
                )
        if unpacker and not unpacker.is_whole:
            raise httpx.RemoteProtocolError("the gzip body was cut off")
        return bytes(body)

    def _address_of(self, path: str) -> str:
        """The full address of a path, which must be one of the source."""
        url = self.address + path if path.startswith("/") else urljoin(f"{self.address}/", path)
        there = _parsed(url)
        if there is None or there.userinfo:
            raise ForbiddenRequestError(self.source, f"{path[:200]!a} is not an address to ask")
        if _origin(there) != _origin(httpx.URL(self.address)):
            where = ascii(f"{there.scheme}://{there.netloc.decode()}"[:200])
            raise ForbiddenRequestError(self.source, f"next link leads to another origin: {where}")
        return urldefrag(url).url

    def _permit(self, method: str, url: str) -> None:
        path = urlsplit(url).path
        if method in ("GET", "HEAD") or any(rule.admits(method, path) for rule in self.allowed):
            return
        raise ForbiddenRequestError(
            self.source, f"{method} {path} is not on the list of requests a collector may make"
        )

    def _wait_for_leave(self) -> None:
        """Respect an open circuit, an earlier Retry-After and the request budget."""
        now = self.clock.monotonic()
        if self._halted:
            raise SourceUnavailableError(self.source, "not asked any more: the process ends")
        if now < self._closed_until:
            raise SourceUnavailableError(
                self.source, f"failing; next try in {self._closed_until - now:.0f} s"
            )
        if self._until and self.clock.now() < self._until:
            raise ThrottledError(self.source, self._until)
        while self._spent and now - self._spent[0] >= 60:
            self._spent.popleft()
        if len(self._spent) >= self._budget:
            self.clock.sleep(60 - (now - self._spent[0]))
        self._spent.append(self.clock.monotonic())

    def _stumble(self, attempt: int, what: str, error: Exception | None = None) -> None:
        """Count a failure; wait before the next try, or give up."""
        self._failures += 1
        if self._failures >= OPEN_AFTER:
            self._closed_until = self.clock.monotonic() + OPEN_SECONDS
        if attempt == TRIES or self._failures >= OPEN_AFTER:
            raise SourceUnavailableError(self.source, what) from error
        self.clock.sleep(self._chance.uniform(0.5, 1.0) * min(2.0 ** (attempt - 1), 30.0))

    def _pause(self, attempt: int, answer: Answer) -> None:
        """429 and 5xx: as long as the source asks for, else our own backoff."""
        if answer.status == httpx.codes.TOO_MANY_REQUESTS:
            self.throttled += 1
        wait = _retry_after(answer.headers.get("retry-after"), self.clock.now())
        if wait is None:
            if answer.status == httpx.codes.TOO_MANY_REQUESTS:
                self.clock.sleep(self._chance.uniform(0.5, 1.0) * min(2.0**attempt, 30.0))
                return
            self._stumble(attempt, f"answered {answer.status}")
            return
        if wait > PATIENCE:
            self._until = self.clock.now() + min(wait, LONGEST_PAUSE)
            raise ThrottledError(self.source, self._until)
        self.clock.sleep(wait.total_seconds())

    def _refused(self, method: str, url: str, answer: Answer) -> None:
        """Raise for what trying again does not mend; return for 429 and 5xx."""
        what = f"{method} {_bare(url)}: answered {answer.status}"
        if answer.status in (401, 403):
            raise SourceDeniedError(
                self.source, f"{what}: credentials refused or not enough rights"
            )
        if 300 <= answer.status < 400:
            raise ForbiddenRequestError(
                self.source, f"{what}: redirects are not followed; give the final address"
            )
        if answer.status != httpx.codes.TOO_MANY_REQUESTS and answer.status < 500:
            raise PayloadError(self.source, f"{what}: {shown(answer.body)}")

    def _check_type(self, url: str, answer: Answer, accept: tuple[str, ...]) -> None:
        kind = answer.headers.get("content-type", "")
        if kind and accept and not any(word in kind.lower() for word in accept):
            what = f"{_bare(url)}: content type '{kind[:60]}' instead of {accept[0]}"
            raise PayloadError(self.source, f"{what}; begins {shown(answer.body)}")


def _bare(url: str) -> str:
    """Path only: queries may carry keys."""
    return urlsplit(url).path or "/"


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


def without(text: str, secrets: Iterable[str]) -> str:
    """`text` with every secret in it blotted out; what is shorter than four signs is none."""
    for secret in sorted(filter(lambda secret: len(secret) > 3, secrets), key=len, reverse=True):
        text = text.replace(secret, "***").replace(ascii(secret)[1:-1], "***")
    return text


def _context(source: str, ca_file: str | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca_file)
    except OSError as error:
        said = "holds no certificate" if isinstance(error, ssl.SSLError) else error.strerror
        raise CollectError(source, f"ca_file {ca_file}: {said}") from error


def _with_query(url: str, params: list[tuple[str, str]]) -> str:
    """`url` with parameters added, spaces as %20: a plus is a plus to some servers."""
    if not params:
        return url
    return f"{url}{'&' if '?' in url else '?'}{urlencode(params, quote_via=quote)}"


def _parsed(url: str) -> httpx.URL | None:
    """An address as the connection is going to understand it, None where it is none."""
    try:
        parts = httpx.URL(url)
    except (httpx.InvalidURL, ValueError):
        return None
    return parts if parts.host else None


def _origin(url: httpx.URL) -> tuple[str, bytes, int | None]:
    return url.scheme, url.raw_host.lower(), url.port


def _http_date(text: str | None) -> datetime | None:
    try:
        moment = email.utils.parsedate_to_datetime(text) if text else None
        if moment is None:
            return None
        return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _retry_after(text: str | None, now: datetime) -> timedelta | None:
    """How long a source asks us to wait; None where it does not say anything we can use."""
    if text is None:
        return None
    if re.fullmatch(r"\d{1,9}", text.strip()):
        return timedelta(seconds=int(text))
    moment = _http_date(text)
    return max(moment - now, timedelta()) if moment else None
