"""The one HTTP client. Every request of every collector goes through it, with every protection:

total deadline and size cap on the decoded body, retries with backoff and jitter, Retry-After, a circuit per source, a
request budget, one token refresh, no redirects, same origin only, an allow-list of requests, checked addresses.
"""

import email.utils
import ipaddress
import random
import re
import socket
import ssl
import threading
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol
from urllib.parse import urljoin, urlsplit

import httpcore
import httpx

from collectors.errors import (
    ForbiddenRequestError,
    PayloadError,
    SourceDeniedError,
    SourceUnavailableError,
    ThrottledError,
)

DEADLINE_SECONDS = 60.0
MAX_BODY_BYTES = 32 * 1024 * 1024
TRIES = 6
PATIENCE = timedelta(seconds=60)  # a longer Retry-After ends the run instead of sleeping in it
OPEN_AFTER = 5  # failed requests in a row that open the circuit
OPEN_SECONDS = 60.0
BODY_SHOWN = 300


class Clock(Protocol):
    """What the client needs to know of time."""

    def now(self) -> datetime: ...
    def monotonic(self) -> float: ...
    def sleep(self, seconds: float) -> None: ...


class Auth(Protocol):
    """Adds credentials to a request. `refresh` gets new ones and says whether there were any to get."""

    def headers(self) -> Mapping[str, str]: ...
    def refresh(self) -> bool: ...


class NoAuth:
    """A source that asks for nothing."""

    def headers(self) -> Mapping[str, str]:
        return {}

    def refresh(self) -> bool:
        return False


@dataclass(frozen=True)
class FixedAuth:
    """Headers that never change: a key, a bearer token, basic credentials."""

    given: Mapping[str, str] = field(repr=False)

    def headers(self) -> Mapping[str, str]:
        return self.given

    def refresh(self) -> bool:
        return False


@dataclass(frozen=True)
class Allowed:
    """Requests a source may get: a method and a path pattern. GET and HEAD to any path are always allowed."""

    method: str
    path: str

    def admits(self, method: str, path: str) -> bool:
        return method == self.method and re.fullmatch(self.path, path) is not None


@dataclass(frozen=True)
class Answer:
    """A complete answer: decoded bytes, headers, and what the source's clock said (UTC) if it said."""

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
        context = ssl.create_default_context(cafile=ca_file)
        self._http = httpx.Client(
            transport=_CheckedTransport(context, urlsplit(self.address).hostname or ""),
            timeout=httpx.Timeout(connect=5.0, read=30.0, write=30.0, pool=5.0),
            follow_redirects=False,
            trust_env=False,
            headers={"Accept-Encoding": "gzip", "User-Agent": "tieout"},
        )

    def close(self) -> None:
        """Drop the connections."""
        self._http.close()

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

        `path` is relative to the address of the source, or an absolute next link of the same origin. `accept` are words
        one of which the content type must contain.
        """
        url = self._same_origin(path)
        self._permit(method, url)
        with self._lock:
            refreshed = False
            for attempt in range(1, TRIES + 1):
                self._wait_for_leave()
                try:
                    answer = self._once(method, url, list(params), headers or {}, content)
                except (httpx.HTTPError, OSError) as error:
                    self._stumble(attempt, f"{method} {_bare(url)}: {_said(error)}", error)
                    continue
                if answer.status in statuses:
                    self._failures = 0
                    self._check_type(url, answer, accept)
                    return answer
                if answer.status == httpx.codes.UNAUTHORIZED and not refreshed and self.auth.refresh():
                    refreshed = True
                    continue
                self._refused(method, url, answer)
                self._pause(attempt, answer)
        raise SourceUnavailableError(self.source, f"{method} {_bare(url)}: gave up after {TRIES} tries")

    def _once(self, method: str, url: str, params: list[tuple[str, str]], headers: Mapping[str, str], content: bytes | None) -> Answer:
        end = self.clock.monotonic() + self._deadline
        self.calls += 1
        sent = {**self.auth.headers(), **headers}
        body = bytearray()
        query = {"params": params} if params else {}
        with self._http.stream(method, url, headers=sent, content=content, **query) as response:  # type: ignore[arg-type]
            for chunk in response.iter_bytes():
                body += chunk
                if len(body) > self._cap:
                    raise PayloadError(self.source, f"{method} {_bare(url)}: the body is over {self._cap:,} bytes; ask for smaller pages")
                if self.clock.monotonic() > end:
                    raise httpx.ReadTimeout(f"not finished after {self._deadline:.0f} s")
            clock = _http_date(response.headers.get("date"))
            return Answer(bytes(body), response.headers, response.status_code, clock)

    def _same_origin(self, path: str) -> str:
        url = urljoin(self.address + "/", path) if not path.startswith("/") else self.address + path
        if path.startswith(("http://", "https://")):
            url = path
        here, there = urlsplit(self.address), urlsplit(url)
        if (here.scheme, here.hostname, here.port) != (there.scheme, there.hostname, there.port) or there.username:
            raise ForbiddenRequestError(self.source, f"next link leads to another origin: {there.scheme}://{there.hostname}")
        return url

    def _permit(self, method: str, url: str) -> None:
        path = urlsplit(url).path
        if method in ("GET", "HEAD") or any(rule.admits(method, path) for rule in self.allowed):
            return
        raise ForbiddenRequestError(self.source, f"{method} {path} is not on the list of requests a collector may make")

    def _wait_for_leave(self) -> None:
        """Respect an open circuit, an earlier Retry-After and the request budget."""
        now = self.clock.monotonic()
        if now < self._closed_until:
            raise SourceUnavailableError(self.source, f"failing; next try in {self._closed_until - now:.0f} s")
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
            self._until = self.clock.now() + wait
            raise ThrottledError(self.source, self._until)
        self.clock.sleep(wait.total_seconds())

    def _refused(self, method: str, url: str, answer: Answer) -> None:
        """Raise for what trying again does not mend; return for 429 and 5xx."""
        what = f"{method} {_bare(url)}: answered {answer.status}"
        if answer.status in (401, 403):
            raise SourceDeniedError(self.source, f"{what}: credentials refused or not enough rights")
        if 300 <= answer.status < 400:
            raise ForbiddenRequestError(self.source, f"{what}: redirects are not followed; give the final address")
        if answer.status != httpx.codes.TOO_MANY_REQUESTS and answer.status < 500:
            raise PayloadError(self.source, f"{what}: {shown(answer.body)}")

    def _check_type(self, url: str, answer: Answer, accept: tuple[str, ...]) -> None:
        kind = answer.headers.get("content-type", "")
        if kind and accept and not any(word in kind.lower() for word in accept):
            raise PayloadError(self.source, f"{_bare(url)}: content type '{kind[:60]}' instead of {accept[0]}; begins {shown(answer.body)}")


def shown(body: bytes) -> str:
    """The beginning of a body, safe to print."""
    return ascii(body[:BODY_SHOWN].decode("utf-8", "replace"))


def _bare(url: str) -> str:
    """Path only: queries may carry keys."""
    return urlsplit(url).path or "/"


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


def _http_date(text: str | None) -> datetime | None:
    try:
        return email.utils.parsedate_to_datetime(text).astimezone(UTC) if text else None
    except ValueError:
        return None


def _retry_after(text: str | None, now: datetime) -> timedelta | None:
    """How long a source asks us to wait; None where it does not say anything we can use."""
    if text is None:
        return None
    if re.fullmatch(r"\d{1,9}", text.strip()):
        return timedelta(seconds=int(text))
    moment = _http_date(text)
    return max(moment - now, timedelta()) if moment else None


class _CheckedTransport(httpx.HTTPTransport):
    """Connects only to addresses a source may have: what a name resolves to is checked, and that address is used."""

    def __init__(self, context: ssl.SSLContext, host: str) -> None:
        super().__init__(verify=context, trust_env=False)
        self._pool = httpcore.ConnectionPool(ssl_context=context, max_connections=2, network_backend=_CheckedBackend(host))


class _CheckedBackend(httpcore.SyncBackend):
    def __init__(self, host: str) -> None:
        self._local = _names_this_machine(host)

    def connect_tcp(self, host: str, port: int, timeout: float | None = None, local_address: str | None = None, socket_options: Any = None) -> httpcore.NetworkStream:
        failure: Exception = httpcore.ConnectError(f"{host} has no usable address")
        for *_, address in _resolve(host, port):
            try:
                check_address(str(address[0]), self._local)
                return super().connect_tcp(str(address[0]), port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure


def _resolve(host: str, port: int) -> list[Any]:
    try:
        return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise httpcore.ConnectError(f"{host}: {error.strerror or error}") from error


def check_address(text: str, local: bool) -> None:
    """Refuse addresses no source has: link-local (cloud metadata), multicast, unspecified, and this machine unless named."""
    address = ipaddress.ip_address(text.split("%")[0])
    mapped = getattr(address, "ipv4_mapped", None) or getattr(address, "sixtofour", None)
    address = mapped or address
    if address.is_link_local or address.is_multicast or address.is_unspecified or (address.is_loopback and not local):
        raise httpcore.ConnectError(f"{text} is not an address a source may have")


def _names_this_machine(host: str) -> bool:
    """Whether the configured host plainly says loopback: localhost, 127.0.0.1, ::1."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


