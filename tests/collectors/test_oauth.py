"""Tokens fetched from an endpoint: kept, renewed, and refused in a sentence."""

from collections.abc import Iterator
from typing import Any

import pytest

from collectors.errors import SourceDeniedError
from collectors.oauth import ClientCredentials
from tests.collectors.loopback import SECRET, Request, Serve, Server, answer, bench, failure_of


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Starts a scripted server and a client for it, whose clock only sleeps."""
    with bench() as start:
        yield start


def token_server(serve: Serve, tokens: list[Any]) -> tuple[Server, ClientCredentials]:
    """A token endpoint that gives these answers, and the credentials that ask it."""
    server, _, clock = serve(tokens)
    auth = ClientCredentials("mes", f"{server.address}/oauth/token", "tower", SECRET, "read", clock)
    return server, auth


def test_a_token_is_asked_for_once_and_again_when_it_is_refused(serve: Serve) -> None:
    tokens, auth = token_server(
        serve, [answer({"access_token": "one-1"}), answer({"access_token": "two-2"})]
    )

    def script(request: Request) -> bytes:
        return answer({}, 200 if request.headers["authorization"] == "Bearer two-2" else 401)

    server, client, _ = serve(script, auth=auth)
    client.get("/items")
    client.get("/items")
    assert (len(server.requests), len(tokens.requests)) == (3, 2)
    assert tokens.requests[0].target == "/oauth/token"
    form = b"grant_type=client_credentials&client_id=tower&client_secret=%b&scope=read"
    assert tokens.requests[0].body == form % SECRET.encode()


@pytest.mark.parametrize(
    "said",
    [{}, {"access_token": None}, {"access_token": 5}, [], "token", b"{", b"", b"<html>"],
)
def test_a_token_endpoint_that_gives_no_token_is_a_refusal(serve: Serve, said: Any) -> None:
    _, auth = token_server(serve, [answer(said)])
    server, client, _ = serve(lambda request: answer(), auth=auth)
    with pytest.raises(SourceDeniedError, match="the token endpoint gave no access_token"):
        client.get("/items")
    assert server.requests == []


@pytest.mark.parametrize("status", [302, 400, 401, 403, 500])
def test_a_token_endpoint_that_refuses_sends_nothing_to_the_source(
    serve: Serve, status: int
) -> None:
    _, auth = token_server(serve, [answer({"error": "invalid_client"}, status, location="/x")] * 9)
    server, client, _ = serve(lambda request: answer(), auth=auth)
    told = failure_of(client)
    assert SECRET not in told
    assert server.requests == []
