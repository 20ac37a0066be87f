"""Odoo's and Tryton's JSON-RPC: pages, logins, and every shape of error inside a 200."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from collectors.client import Allowed, Client
from collectors.errors import PayloadError, SourceDeniedError
from collectors.page import Page
from collectors.transports import jsonrpc
from tests.collectors.feeds import ask_for
from tests.collectors.loopback import SECRET, Request, Script, Serve, answer, bench

FEED = {"model": "stock.move", "fields": ["id"], "size": 3, "order": "id asc"}
LOGIN = ("login", "common.db.login")


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Starts a scripted server and a client for it, whose clock only sleeps."""
    with bench() as start:
        yield start


def called(request: Request) -> tuple[str, Any]:
    """Method and parameters of a call."""
    body = json.loads(request.body)
    params = body["params"]
    if body["method"] == "call":
        return params["method"], params["args"]
    return body["method"], params


def erp(count: int, **more: Any) -> Script:
    """A server with so many records that lets everybody in; `more` overrules answers by method."""

    def script(request: Request) -> bytes:
        method, params = called(request)
        if method in more:
            return answer(more[method])
        if method == "login":
            return answer({"result": 7})
        if method == "common.db.login":
            return answer({"result": [7, "session-1"]})
        options = params[6] if method == "execute_kw" else None
        offset, size = (options["offset"], options["limit"]) if options else params[1:3]
        found = [{"id": number} for number in range(offset + 1, min(offset + size, count) + 1)]
        return answer({"jsonrpc": "2.0", "id": 1, "result": found})

    return script


def read(client: Client, dialect: str = "odoo", **feed: Any) -> list[Page]:
    """Every page of a feed."""
    session: jsonrpc.Session
    if dialect == "odoo":
        session = jsonrpc.Odoo("/jsonrpc", "erp", "tower", SECRET)
    else:
        session = jsonrpc.Tryton("/erp/rpc/", "tower", SECRET)
    return list(jsonrpc.pages(ask_for("jsonrpc", {**FEED, **feed}), client, session))


def ids(pages: list[Page]) -> list[int]:
    """Ids of all records of some pages."""
    return [row["id"] for page in pages for row in json.loads(page.body)["result"]]


ALLOWED = [Allowed("POST", "/jsonrpc"), Allowed("POST", "/erp/rpc/")]


@pytest.mark.parametrize("dialect", ["odoo", "tryton"])
@pytest.mark.parametrize("count", [0, 1, 2, 3, 4, 6, 7])
def test_a_model_is_read_to_its_last_record(serve: Serve, dialect: str, count: int) -> None:
    server, client, _ = serve(erp(count), allowed=ALLOWED)
    assert ids(read(client, dialect)) == list(range(1, count + 1))
    assert sum(called(request)[0] in LOGIN for request in server.requests) == 1


def test_what_odoo_is_asked_is_a_search_and_nothing_else(serve: Serve) -> None:
    server, client, _ = serve(erp(1), allowed=ALLOWED)
    read(client, domain=[["state", "=", "done"]], context={"lang": "en_US", "active_test": "false"})
    method, arguments = called(server.requests[1])
    assert (method, arguments[:5]) == (
        "execute_kw",
        ["erp", 7, SECRET, "stock.move", "search_read"],
    )
    assert arguments[5] == [[["state", "=", "done"]]]
    assert arguments[6]["fields"] == ["id"]
    assert arguments[6]["order"] == "id asc"


def test_tryton_carries_its_session_in_the_head(serve: Serve) -> None:
    server, client, _ = serve(erp(1), allowed=ALLOWED)
    read(client, "tryton", order="id ASC, write_date DESC")
    login, search = server.requests
    assert "authorization" not in login.headers or "Session" not in login.headers["authorization"]
    assert search.headers["authorization"] == "Session dG93ZXI6NzpzZXNzaW9uLTE="
    assert called(search)[1][3] == [["id", "ASC"], ["write_date", "DESC"]]


def test_a_server_that_ignores_the_offset_is_found_out(serve: Serve) -> None:
    full = {"result": [{"id": 1}, {"id": 2}, {"id": 3}]}
    server, client, _ = serve(erp(3, execute_kw=full), allowed=ALLOWED)
    with pytest.raises(PayloadError, match=r"stock.move: page 2 repeats .* in circles"):
        read(client)
    assert len(server.requests) == 3


def test_a_poisoned_record_does_not_hide_the_others(serve: Serve) -> None:
    page = b'{"jsonrpc": "2.0", "id": 1, "result": [{"id": 1}, {"id": NaN}]}'
    _, client, _ = serve(erp(0, execute_kw=page), allowed=ALLOWED)
    assert len(read(client)) == 1


@pytest.mark.parametrize(
    ("dialect", "error", "said"),
    [
        (
            "odoo",
            {
                "code": 200,
                "message": "Odoo Server Error",
                "data": {
                    "name": "builtins.ValueError",
                    "message": "Invalid field 'x'",
                    "debug": f"Traceback: args=('erp', 7, '{SECRET}')",
                },
            },
            "call: builtins.ValueError: Invalid field 'x'",
        ),
        (
            "odoo",
            {"code": 100, "message": "Odoo Session Expired"},
            "call: 100: Odoo Session Expired",
        ),
        ("odoo", {"code": 1, "data": "boom", "message": "m"}, "call: 1: m"),
        ("odoo", "kaputt", "call: error: kaputt"),
        ("tryton", ["UserError", ["Sorry", ""]], "search_read: UserError: ['Sorry', '']"),
        ("tryton", ["TypeError"], "search_read: TypeError: "),
        ("tryton", [], "search_read: error: []"),
    ],
)
def test_an_error_inside_a_200_is_raised_without_its_traceback(
    serve: Serve, dialect: str, error: Any, said: str
) -> None:
    method = "execute_kw" if dialect == "odoo" else "model.stock.move.search_read"
    _, client, _ = serve(erp(1, **{method: {"error": error}}), allowed=ALLOWED)
    with pytest.raises(PayloadError) as caught:
        read(client, dialect)
    assert said in str(caught.value)
    assert SECRET not in str(caught.value)
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize(
    ("dialect", "error"),
    [
        ("odoo", {"code": 200, "data": {"name": "odoo.exceptions.AccessDenied"}}),
        ("odoo", {"code": 200, "data": {"name": "odoo.exceptions.AccessError"}}),
        ("tryton", ["LoginException", ["password", "Password", "password"]]),
    ],
)
def test_an_error_about_rights_is_a_refusal(serve: Serve, dialect: str, error: Any) -> None:
    method = "execute_kw" if dialect == "odoo" else "model.stock.move.search_read"
    _, client, _ = serve(erp(1, **{method: {"error": error}}), allowed=ALLOWED)
    with pytest.raises(SourceDeniedError):
        read(client, dialect)


@pytest.mark.parametrize("said", [{"result": False}, {"result": None}, {"result": "7"}, {}])
@pytest.mark.parametrize("dialect", ["odoo", "tryton"])
def test_a_login_that_gives_nobody_is_a_refusal(serve: Serve, dialect: str, said: Any) -> None:
    method = "login" if dialect == "odoo" else "common.db.login"
    server, client, _ = serve(erp(1, **{method: said}), allowed=ALLOWED)
    with pytest.raises(SourceDeniedError, match=r"login of tower .*refused"):
        read(client, dialect)
    assert len(server.requests) == 1


@pytest.mark.parametrize("body", [b"", b"[]", b"7", b"oops", b'{"result":', b'{"result": {"a"'])
def test_what_is_no_answer_of_this_kind_is_shown(serve: Serve, body: bytes) -> None:
    for method in ("login", "execute_kw"):
        _, client, _ = serve(erp(1, **{method: body}), allowed=ALLOWED)
        with pytest.raises((PayloadError, SourceDeniedError)) as caught:
            read(client)
        assert len(str(caught.value)) < 700


@pytest.mark.parametrize("said", [{"result": None}, {"result": 5}, {"result": "x"}, {}])
def test_a_result_that_is_no_list_is_refused(serve: Serve, said: Any) -> None:
    _, client, _ = serve(erp(1, execute_kw=said), allowed=ALLOWED)
    with pytest.raises(PayloadError, match=r"\$.result"):
        read(client)


def test_a_session_that_has_ended_is_begun_anew_once(serve: Serve) -> None:
    sessions = iter(["old", "new"])

    def script(request: Request) -> bytes:
        if called(request)[0] == "common.db.login":
            return answer({"result": [7, next(sessions)]})
        is_new = request.headers["authorization"] == "Session dG93ZXI6NzpuZXc="
        return answer({"result": []}) if is_new else answer({}, 401)

    server, client, _ = serve(script, allowed=ALLOWED)
    session = jsonrpc.Tryton("/erp/rpc/", "tower", SECRET)
    ask = ask_for("jsonrpc", FEED)
    with pytest.raises(SourceDeniedError):
        list(jsonrpc.pages(ask, client, session))
    list(jsonrpc.pages(ask, client, session))
    assert len(server.requests) == 5
    assert client.redacted("Session dG93ZXI6NzpuZXc=") == "***"
