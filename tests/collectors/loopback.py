"""A server on loopback that answers byte for byte what it is told, and a clock that only sleeps."""

import contextlib
import gzip
import json
import random
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import Message
from email.parser import Parser
from typing import Any

import pytest

from collectors.client import Client, FixedAuth
from collectors.errors import CollectError

START = datetime(2026, 11, 20, 14, 30, tzinfo=UTC)


@dataclass
class SleepClock:
    """Time passes only where somebody sleeps; `slept` says how long, each time."""

    instant: datetime = START
    slept: list[float] = field(default_factory=list)

    def now(self) -> datetime:
        return self.instant

    def monotonic(self) -> float:
        return (self.instant - START).total_seconds()

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.instant += timedelta(seconds=seconds)


@dataclass(frozen=True)
class Request:
    """One request as it came in."""

    line: str
    headers: Message
    body: bytes

    @property
    def method(self) -> str:
        return self.line.split(" ")[0]

    @property
    def target(self) -> str:
        return self.line.split(" ")[1]


SECRET = "canary-7f3a9c"
Reply = bytes | Iterator[bytes]
Script = Callable[[Request], Reply]


def answer(
    body: Any = b"{}", status: int = 200, length: int | None = None, **headers: str
) -> bytes:
    """An HTTP answer; what is no bytes becomes JSON. Headers are written `content_type`."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {
        "content_type": "application/json",
        "content_length": str(len(raw) if length is None else length),
        "connection": "close",
        **headers,
    }
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in named.items() if value]
    return "\r\n".join([f"HTTP/1.1 {status} X", *lines, "", ""]).encode("latin-1") + raw


class Server:
    """Answers with `script`, a function of the request or a list of answers used one by one."""

    def __init__(self, script: Script | list[Reply], tls: ssl.SSLContext | None = None) -> None:
        self.requests: list[Request] = []
        self._answers = iter(script) if isinstance(script, list) else None
        self._script = None if isinstance(script, list) else script
        self._tls = tls
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._threads = [threading.Thread(target=self._listen, daemon=True)]
        self._threads[0].start()

    @property
    def address(self) -> str:
        """Where it listens."""
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}"

    @property
    def port(self) -> int:
        """The port it listens on."""
        port: int = self._socket.getsockname()[1]
        return port

    def stop(self) -> None:
        """Stop listening."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        for thread in self._threads:
            thread.join(5)

    def _listen(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._serve, args=[connection], daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError), contextlib.ExitStack() as held:
            held.callback(connection.close)
            if self._tls:
                connection = self._tls.wrap_socket(connection, server_side=True)
                held.callback(connection.close)
            request = _read(connection)
            if request is None:
                return
            self.requests.append(request)
            reply = self._reply(request)
            for piece in [reply] if isinstance(reply, bytes) else reply:
                connection.sendall(piece)

    def _reply(self, request: Request) -> Reply:
        if self._answers is not None:
            return next(self._answers, answer({"error": "the script is over"}, 500))
        assert self._script is not None
        return self._script(request)


def _read(connection: socket.socket) -> Request | None:
    head = b""
    while b"\r\n\r\n" not in head:
        piece = connection.recv(65_536)
        if not piece:
            return None
        head += piece
    head, _, body = head.partition(b"\r\n\r\n")
    line, _, rest = head.decode("latin-1").partition("\r\n")
    headers = Parser().parsestr(rest)
    while len(body) < int(headers.get("content-length", 0)):
        body += connection.recv(65_536)
    return Request(line, headers, body)


def routes(pages: Mapping[str, Any]) -> Script:
    """Answers by path and query; what is not listed is not found."""
    return lambda request: (
        answer(pages[request.target]) if request.target in pages else answer({}, 404)
    )


def truncated(body: bytes) -> list[bytes]:
    """Ways an answer is cut: by length, in a chunk, gzip short and damaged, in its head."""
    packed = gzip.compress(body * 50)
    return [
        answer(body, length=len(body) + 5),
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n%x\r\n%b\r\n" % (len(body), body),
        answer(packed[:-4], content_encoding="gzip", content_length=""),
        answer(packed[:20] + b"\0\0\0" + packed[23:], content_encoding="gzip"),
        b"",
        b"HTTP/1.1 200 OK\r\n",
        b"no HTTP at all\r\n\r\n",
    ]


Serve = Callable[..., tuple[Server, Client, SleepClock]]


@contextlib.contextmanager
def bench() -> Iterator[Serve]:
    """Starts scripted servers, each with a client whose clock only sleeps; stops them all."""
    with contextlib.ExitStack() as held:

        def start(script: Any, path: str = "", **options: Any) -> tuple[Server, Client, SleepClock]:
            clock = options.pop("clock", None) or SleepClock()
            server = Server(script)
            held.callback(server.stop)
            auth = FixedAuth({"Authorization": f"Bearer {SECRET}"})
            options = {"auth": auth, "chance": random.Random(1)} | options
            client = Client("mes", server.address + path, clock, **options)
            held.callback(client.close)
            return server, client, clock

        yield start


def failure_of(client: Client, path: str = "/items") -> str:
    """Everything a failing request says: message, chain of causes, and their reprs."""
    with pytest.raises(CollectError) as caught:
        client.get(path)
    told, error = [], caught.value
    shown: BaseException | None = error
    while shown is not None:
        told += [str(shown), repr(shown), repr(shown.args)]
        shown = shown.__cause__
    return "\n".join(told)
