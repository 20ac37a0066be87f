"""The one HTTP client against a server that does what servers do on their worst day."""

import gzip
import itertools
import random
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from email.utils import format_datetime

import pytest

from app.clock import SystemClock
from collectors.client import Client
from collectors.errors import (
    PayloadError,
    SourceUnavailableError,
    ThrottledError,
)
from tests.collectors.loopback import (
    SECRET,
    START,
    Request,
    Serve,
    answer,
    bench,
    truncated,
)


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Starts a scripted server and a client for it, whose clock only sleeps."""
    with bench() as start:
        yield start


# Answers


def test_an_answer_comes_whole_with_its_clock(serve: Serve) -> None:
    date = format_datetime(START - timedelta(minutes=3), usegmt=True)
    server, client, _ = serve([answer({"items": []}, date=date)])
    got = client.get("/items", params=[("$filter", "at ge datetime'2026' b+c"), ("q", "é&=")])
    assert (got.status, got.body, got.clock) == (
        200,
        b'{"items": []}',
        START - timedelta(minutes=3),
    )
    assert server.requests[0].target == (
        "/items?%24filter=at%20ge%20datetime%272026%27%20b%2Bc&q=%C3%A9%26%3D"
    )
    assert server.requests[0].headers["authorization"] == f"Bearer {SECRET}"


def test_parameters_are_added_to_those_a_path_has(serve: Serve) -> None:
    server, client, _ = serve([answer(), answer()], path="/api")
    client.get("/items?site=1#top", params=[("page", "2")])
    client.get("items?site=2")
    assert [request.target for request in server.requests] == [
        "/api/items?site=1&page=2",
        "/api/items?site=2",
    ]


@pytest.mark.parametrize("date", ["", "yesterday", "Fri, 31 Dec 9999 23:59:59 -1200", "\x00"])
def test_a_clock_that_cannot_be_read_is_no_clock(serve: Serve, date: str) -> None:
    _, client, _ = serve([answer(date=date)])
    if "\x00" in date:
        with pytest.raises(SourceUnavailableError):
            client.get("/items")
    else:
        assert client.get("/items").clock is None


def test_a_date_without_a_zone_is_taken_as_utc(serve: Serve) -> None:
    _, client, _ = serve([answer(date="Fri, 20 Nov 2026 14:30:00")])
    assert client.get("/items").clock == START


@pytest.mark.parametrize("kind", ["application/json", "application/odata+json; charset=utf-8", ""])
def test_a_type_that_fits_or_is_not_told_is_taken(serve: Serve, kind: str) -> None:
    _, client, _ = serve([answer(content_type=kind)])
    assert client.get("/items").body == b"{}"


def test_a_login_page_with_status_200_is_shown_and_refused(serve: Serve) -> None:
    page = b"<html><title>Sign in</title>\x1b[2J\xff" + b"x" * 1000
    server, client, _ = serve([answer(page, content_type="text/html")])
    with pytest.raises(PayloadError) as caught:
        client.get("/items")
    assert "content type 'text/html' instead of json; begins '<html><title>Sign in" in str(
        caught.value
    )
    assert "\x1b" not in str(caught.value)
    assert len(str(caught.value)) < 600
    assert len(server.requests) == 1


# Limits of time and size


def dripping(first: bytes, every: float) -> Callable[[Request], Iterator[bytes]]:
    """Answers a byte at a time, for ever."""

    def drip(request: Request) -> Iterator[bytes]:
        yield first
        for number in itertools.count():
            time.sleep(every)
            yield b"x: y\r\n" if first.endswith(b"200 OK\r\n") and number % 2 else b" "

    return drip


@pytest.mark.parametrize(
    "first", [b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\ncontent-length: 9999\r\n\r\n"]
)
def test_an_answer_that_drips_for_ever_is_cut_at_the_deadline(serve: Serve, first: bytes) -> None:
    class Impatient(SystemClock):
        def sleep(self, seconds: float) -> None:
            raise TimeoutError(f"asked to wait {seconds:.1f} s: one try is enough here")

    script = dripping(first, 0.05) if first else lambda request: (time.sleep(3), b"")[1]
    _, client, _ = serve(script, clock=Impatient(), deadline_seconds=0.5)
    with pytest.raises(TimeoutError, match="one try is enough"):
        client.get("/items")
    assert client.calls == 1


def test_a_body_over_the_limit_is_refused_and_not_asked_for_again(serve: Serve) -> None:
    def endless(request: Request) -> Iterator[bytes]:
        yield b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n"
        while True:
            yield b" " * 65_536

    server, client, _ = serve(endless, max_body_bytes=1_000_000)
    with pytest.raises(PayloadError, match="over 1,000,000 bytes; ask for smaller"):
        client.get("/items")
    assert len(server.requests) == 1


def test_a_bomb_is_refused_before_it_is_unpacked(serve: Serve) -> None:
    bomb = gzip.compress(b"0" * 200_000_000)
    assert len(bomb) < 250_000
    _, client, _ = serve([answer(bomb, content_encoding="gzip")], max_body_bytes=1_000_000)
    with pytest.raises(PayloadError, match="over 1,000,000 bytes"):
        client.get("/items")


@pytest.mark.parametrize("coding", ["br", "zstd", "deflate", "gzip, gzip", "gzip,gzip,gzip"])
def test_a_coding_that_was_not_asked_for_is_refused(serve: Serve, coding: str) -> None:
    server, client, _ = serve([answer(b"x", content_encoding=coding)])
    with pytest.raises(PayloadError, match=r"content encoding .* not gzip"):
        client.get("/items")
    assert server.requests[0].headers["accept-encoding"] == "gzip"


def test_gzip_of_any_form_is_unpacked(serve: Serve) -> None:
    whole = gzip.compress(b'{"a":') + gzip.compress(b"1}") + b"\0" * 7
    empty = answer(b"", content_encoding="gzip")
    _, client, _ = serve([answer(whole, content_encoding="x-gzip"), empty])
    assert client.get("/items").body == b'{"a":1}'
    assert client.get("/items").body == b""


# Bodies cut off


@pytest.mark.parametrize("number", range(7))
def test_a_body_cut_off_is_asked_for_again(serve: Serve, number: int) -> None:
    _, client, clock = serve([truncated(b'{"items":[]}')[number], answer({"items": [1]})])
    assert client.get("/items").body == b'{"items": [1]}'
    assert len(clock.slept) == 1


# Trying again


def test_a_failing_source_is_asked_again_with_growing_waits_and_then_left_alone(
    serve: Serve,
) -> None:
    server, client, clock = serve(lambda request: answer({}, 503))
    with pytest.raises(SourceUnavailableError, match="answered 503"):
        client.get("/items")
    assert len(server.requests) == 5
    assert clock.slept == sorted(clock.slept)
    assert all(0.5 * 2**turn <= wait <= 2**turn for turn, wait in enumerate(clock.slept))
    with pytest.raises(SourceUnavailableError, match="failing; next try in 60 s"):
        client.get("/items")
    assert len(server.requests) == 5
    clock.sleep(60)
    with pytest.raises(SourceUnavailableError, match="answered 503"):
        client.get("/items")
    assert len(server.requests) == 6


def test_a_source_that_recovers_is_trusted_again(serve: Serve) -> None:
    answers = [answer({}, 500)] * 4 + [answer()] + [answer({}, 500)] * 4 + [answer()]
    server, client, _ = serve(answers)
    client.get("/items")
    client.get("/items")
    assert len(server.requests) == 10


def test_waits_are_drawn_from_the_chance_that_was_given(serve: Serve) -> None:
    waits = []
    for seed in (1, 1, 2):
        _, client, clock = serve([answer({}, 500), answer()], chance=random.Random(seed))
        client.get("/items")
        waits.append(clock.slept)
    assert waits[0] == waits[1] != waits[2]


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    ("said", "wait"),
    [
        ("7", 7),
        (" 60 ", 60),
        ("0", 0),
        (format_datetime(START + timedelta(seconds=31), usegmt=True), 31),
        (format_datetime(START - timedelta(days=1), usegmt=True), 0),
    ],
)
def test_a_source_is_left_alone_as_long_as_it_asks(
    serve: Serve, status: int, said: str, wait: float
) -> None:
    _, client, clock = serve([answer({}, status, retry_after=said), answer()])
    client.get("/items")
    assert clock.slept == [wait]


@pytest.mark.parametrize("said", ["", "soon", "-5", "1e3", "9" * 30, "1.5"])
def test_a_wait_that_cannot_be_read_is_our_own(serve: Serve, said: str) -> None:
    _, client, clock = serve([answer({}, 429, retry_after=said), answer()])
    client.get("/items")
    assert len(clock.slept) == 1
    assert 1 <= clock.slept[0] <= 2
    assert client.throttled == 1


def test_a_long_wait_ends_the_run_and_is_remembered(serve: Serve) -> None:
    server, client, clock = serve([answer({}, 429, retry_after="3600"), answer()])
    with pytest.raises(ThrottledError, match="throttled until 2026-11-20 15:30:00 UTC") as caught:
        client.get("/items")
    assert caught.value.until == START + timedelta(hours=1)
    with pytest.raises(ThrottledError):
        client.get("/items")
    assert (len(server.requests), clock.slept) == (1, [])
    clock.sleep(3600)
    client.get("/items")


@pytest.mark.parametrize("said", ["999999999", "Fri, 31 Dec 9999 23:59:59 GMT"])
def test_no_source_can_ask_to_be_forgotten(serve: Serve, said: str) -> None:
    _, client, _ = serve([answer({}, 503, retry_after=said)])
    with pytest.raises(ThrottledError) as caught:
        client.get("/items")
    assert caught.value.until == START + timedelta(days=1)


def test_a_source_that_only_ever_throttles_is_given_up(serve: Serve) -> None:
    server, client, _ = serve(lambda request: answer({}, 429, retry_after="1"))
    with pytest.raises(SourceUnavailableError, match="gave up after 6 tries"):
        client.get("/items")
    assert len(server.requests) == 6


def test_a_source_is_not_asked_more_often_than_it_is_owed(serve: Serve) -> None:
    _, client, clock = serve(lambda request: answer(), requests_per_minute=3)
    for _ in range(7):
        client.get("/items")
    assert clock.slept == [60, 60]


def test_a_source_that_is_not_there_says_so(serve: Serve) -> None:
    server, client, clock = serve([])
    server.stop()
    with pytest.raises(SourceUnavailableError, match=r"GET /items: ConnectError: .*refused"):
        client.get("/items")
    unknown = Client("mes", "http://no-such-host.invalid", clock, chance=random.Random(1))
    with pytest.raises(SourceUnavailableError, match=r"no-such-host\.invalid"):
        unknown.get("/items")
    unknown.close()
