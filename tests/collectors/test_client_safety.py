"""The one HTTP client leads nowhere it should not, and tells nobody what it carries."""

import logging
import random
import ssl
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from app.clock import SystemClock
from collectors.client import Allowed, Client, FixedAuth, without
from collectors.errors import (
    CollectError,
    ForbiddenRequestError,
    PayloadError,
    SourceDeniedError,
    SourceUnavailableError,
)
from collectors.network import RefusedAddressError, check_address
from tests.collectors.loopback import (
    SECRET,
    Request,
    Serve,
    Server,
    SleepClock,
    answer,
    bench,
    failure_of,
    truncated,
)


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Starts a scripted server and a client for it, whose clock only sleeps."""
    with bench() as start:
        yield start


# Refusals


@pytest.mark.parametrize("status", [401, 403])
def test_refused_credentials_are_not_tried_again(serve: Serve, status: int) -> None:
    server, client, clock = serve([answer({}, status)])
    with pytest.raises(SourceDeniedError, match=f"answered {status}: credentials refused"):
        client.get("/items")
    assert (len(server.requests), clock.slept) == (1, [])


class Rotating:
    """A token that is good for nothing after its first refusal."""

    def __init__(self, *tokens: str) -> None:
        self.tokens = list(tokens)

    def headers(self) -> Mapping[str, str]:
        return {"Authorization": f"Bearer {self.tokens[0]}"}

    def refresh(self) -> bool:
        self.tokens.pop(0)
        return bool(self.tokens)


def test_an_expired_token_is_renewed_once_and_the_request_goes_on(serve: Serve) -> None:
    def script(request: Request) -> bytes:
        return answer({}, 200 if request.headers["authorization"].endswith("new") else 401)

    server, client, _ = serve(script, auth=Rotating("old", "new"))
    client.get("/items")
    assert len(server.requests) == 2
    server, client, _ = serve(script, auth=Rotating("old", "older", "new"))
    with pytest.raises(SourceDeniedError):
        client.get("/items")
    assert len(server.requests) == 2


@pytest.mark.parametrize("status", [400, 404, 410, 204, 422])
def test_other_refusals_show_what_the_source_said(serve: Serve, status: int) -> None:
    server, client, _ = serve([answer({"error": "no such filter"}, status)])
    with pytest.raises(PayloadError, match=f"GET /items: answered {status}: .*no such filter|''"):
        client.get("/items?token=x")
    assert len(server.requests) == 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("where", ["{thief}/items", "/elsewhere", "//thief.example/", "gopher://x"])
def test_a_redirect_is_never_followed(serve: Serve, status: int, where: str) -> None:
    thief, _, _ = serve(lambda request: answer())
    server, client, _ = serve(
        [answer({}, status, location=where.format(thief=thief.address))],
        auth=FixedAuth({"X-Key": SECRET}),
    )
    with pytest.raises(ForbiddenRequestError, match="redirects are not followed"):
        client.get("/items")
    assert (len(server.requests), thief.requests) == (1, [])


@pytest.mark.parametrize(
    "link",
    [
        "{thief}/items?page=2",
        "HTTP://thief.example/items",
        "https://127.0.0.1/items",
        "http://{host}@thief.example/",
        "http://{host}\\@thief.example/",
        "http://user:pass@{host}/items",
        "http://[bad/items",
        "http://127.0.0.1:99999/items",
        "javascript:alert(1)",
        "file:///etc/passwd",
        "/items\r\nX-Evil: 1",
        "/" + "a" * 70_000,
    ],
)
def test_a_link_to_anywhere_else_is_refused_and_nothing_is_sent(serve: Serve, link: str) -> None:
    thief, _, _ = serve(lambda request: answer())
    server, client, _ = serve(lambda request: answer())
    where = link.format(thief=thief.address, host=f"127.0.0.1:{server.port}")
    with pytest.raises((ForbiddenRequestError, PayloadError, SourceUnavailableError)) as caught:
        client.ask("GET", client.following("/items", where))
    assert (server.requests, thief.requests) == ([], [])
    assert isinstance(caught.value, ForbiddenRequestError)
    assert len(str(caught.value)) < 400


def test_a_link_leads_on_as_a_browser_would_read_it(serve: Serve) -> None:
    server, client, _ = serve(lambda request: answer(), path="/api/v1")
    links = [
        "?page=2",
        "/api/v1/items?page=3",
        "items?page=4",
        server.address + "/api/v1/items?page=5",
    ]
    for link in [*links, f"http://127.0.0.1:{server.port}/x#y"]:
        client.get(client.following("/items", link))
    assert [request.target for request in server.requests] == [
        "/api/v1/items?page=2",
        "/api/v1/items?page=3",
        "/api/v1/items?page=4",
        "/api/v1/items?page=5",
        "/x",
    ]


def test_only_listed_requests_may_write(serve: Serve) -> None:
    server, client, _ = serve(lambda request: answer(), allowed=[Allowed("POST", "/search/[a-z]+")])
    client.ask("POST", "/search/orders", content=b"{}")
    client.ask("HEAD", "/anything", accept=())
    for method, path in [
        ("POST", "/search/"),
        ("POST", "/search/orders/delete"),
        ("POST", "/x/search/orders"),
        ("PUT", "/search/orders"),
        ("DELETE", "/items/1"),
        ("PATCH", "/items/1"),
    ]:
        with pytest.raises(ForbiddenRequestError, match="not on the list of requests"):
            client.ask(method, path)
    assert [request.method for request in server.requests] == ["POST", "HEAD"]


# Secrets


@pytest.mark.parametrize(
    "header",
    [{"Authorization": f"Bearer {SECRET}"}, {"X-Api-Key": SECRET}, {"X-Api-Key": f"{SECRET}\n"}],
)
@pytest.mark.parametrize("fault", range(12))
def test_no_failure_tells_a_credential(
    serve: Serve, header: dict[str, str], fault: int, caplog: pytest.LogCaptureFixture
) -> None:
    echo = f'{{"you sent": "{SECRET}"}}'.encode()
    page = answer(f"<html>{SECRET}".encode(), content_type=f"text/html; {SECRET}")
    faults = [
        *truncated(b"{}"),
        answer(echo, 400),
        answer(echo, 401),
        answer(echo, 500),
        page,
        answer({}, 302, location=f"http://thief.example/?{SECRET}"),
    ]
    _, client, _ = serve(lambda request: faults[fault], auth=FixedAuth(header))
    with caplog.at_level(logging.DEBUG):
        told = failure_of(client, f"/items?key={SECRET}")
    assert SECRET not in client.redacted(told.splitlines()[0])
    assert SECRET not in repr(client.auth)
    ours = [
        record.getMessage() for record in caplog.records if record.name.startswith("collectors")
    ]
    assert SECRET not in "\n".join(ours)
    if fault not in (7, 10):  # these show what the source said: the caller redacts
        assert SECRET not in told


def test_a_credential_no_header_can_carry_is_named_and_not_shown(serve: Serve) -> None:
    for value in (f"{SECRET}\r\nX-Evil: 1", f"{SECRET}é", f"{SECRET}\0"):
        server, client, _ = serve([], auth=FixedAuth({"X-Api-Key": value}))
        told = failure_of(client)
        assert "the credential for X-Api-Key holds what no header can carry" in told
        assert SECRET not in told
        assert server.requests == []


def test_what_was_sent_is_blotted_out_of_what_comes_back(serve: Serve) -> None:
    _, client, _ = serve([answer(f"token {SECRET} is old".encode(), 400)])
    with pytest.raises(PayloadError) as caught:
        client.get("/items")
    assert client.redacted(str(caught.value)).endswith("token *** is old'")


# Addresses


@pytest.mark.parametrize(
    "address",
    [
        "169.254.169.254",
        "169.254.0.1",
        "fe80::1",
        "fe80::1%eth0",
        "fd00:ec2::254",
        "100.100.100.200",
        "192.0.0.192",
        "168.63.129.16",
        "127.0.0.1",
        "127.8.8.8",
        "::1",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "2002:7f00:1::",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b::7f00:1",
        "0.0.0.0",
        "::",
        "224.0.0.1",
        "ff02::1",
    ],
)
def test_a_name_may_not_lead_to_this_machine_or_to_a_clouds_secrets(address: str) -> None:
    for host in (
        "erp.example",
        "127.1",
        "0x7f.1",
        "2130706433",
        "10.0.0.7",
        "localhost.evil.example",
    ):
        with pytest.raises(RefusedAddressError, match="not an address a source may have"):
            check_address(address, host)


@pytest.mark.parametrize(
    ("address", "host"),
    [
        ("10.1.2.3", "erp.example"),
        ("192.168.1.1", "erp.example"),
        ("fd12:3456::1", "erp.example"),
        ("93.184.216.34", "erp.example"),
        ("127.0.0.1", "localhost"),
        ("::1", "LOCALHOST"),
        ("127.0.0.1", "127.0.0.1"),
        ("::ffff:127.0.0.1", "127.0.0.1"),
        ("169.254.10.5", "169.254.10.5"),  # a machine on the shop floor, named by the landscape
    ],
)
def test_a_plant_address_and_one_named_plainly_are_fine(address: str, host: str) -> None:
    check_address(address, host)


@pytest.mark.parametrize("host", ["127.1", "0x7f.1", "2130706433", "[::ffff:7f00:1]"])
def test_other_spellings_of_this_machine_are_refused_without_a_second_try(
    serve: Serve, host: str
) -> None:
    server, _, clock = serve(lambda request: answer())
    client = Client("mes", f"http://{host}:{server.port}", clock)
    with pytest.raises(ForbiddenRequestError, match="is not an address a source may have"):
        client.get("/items")
    client.close()
    assert (server.requests, clock.slept) == ([], [])


# TLS


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of 127.0.0.1 that signs itself, with its key beside it."""
    folder = tmp_path_factory.mktemp("tls")
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
    files = ["-keyout", "key.pem", "-out", "cert.pem"]
    names = ["-subj", "/CN=plant", "-addext", "subjectAltName=IP:127.0.0.1"]
    command = ["openssl", "req", "-x509", *key, *files, *names]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return folder / "cert.pem"


def tls_server(certificate: Path) -> Server:
    """A server that shows this certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, certificate.with_name("key.pem"))
    return Server(lambda request: answer({"items": []}), context)


def test_a_certificate_is_checked_against_the_sources_own_authority(certificate: Path) -> None:
    server = tls_server(certificate)
    trusting = Client("mes", server.address, SystemClock(), ca_file=str(certificate))
    assert trusting.get("/items").body == b'{"items": []}'
    trusting.close()
    for address in (server.address, server.address.replace("127.0.0.1", "localhost")):
        ca_file = str(certificate) if "localhost" in address else None
        client = Client("mes", address, SleepClock(), ca_file=ca_file)
        with pytest.raises(SourceUnavailableError, match="CERTIFICATE_VERIFY_FAILED"):
            client.get("/items")
        client.close()
    server.stop()
    assert len(server.requests) == 1


def test_a_plain_answer_where_tls_is_spoken_is_a_failure_and_no_crash(serve: Serve) -> None:
    server, _, _ = serve(lambda request: answer())
    address = server.address.replace("http", "https")
    client = Client("mes", address, SystemClock(), deadline_seconds=0.1, chance=Eager())
    with pytest.raises(SourceUnavailableError):
        client.get("/items")
    client.close()


class Eager(random.Random):
    """A chance that never lets anybody wait."""

    def uniform(self, a: float, b: float) -> float:
        return 0.0


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_an_authority_file_that_cannot_be_read_is_named(
    tmp_path: Path, content: str | None
) -> None:
    path = tmp_path / "ca.pem"
    if content:
        path.write_text(content, "utf-8")
    with pytest.raises(CollectError, match=r"mes: ca_file .*ca\.pem: (No such file|holds no cert)"):
        Client("mes", "https://erp.example", SleepClock(), ca_file=str(path))


def test_short_words_are_no_secrets_and_long_ones_go_first() -> None:
    assert (
        without("a tower-and-key of tower", ["a", "", "tower", "tower-and-key"]) == "a *** of ***"
    )
