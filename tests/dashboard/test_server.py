"""The server: what it sends, what it refuses, and that looking changes nothing."""

import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa

from app.clock import SetClock
from app.dashboard.server import ServeError, create_dashboard, serve_forever
from app.store.reading import Reader
from app.store.sql import tables as t
from tests.dashboard import plant

DRAW = "..navigation.children...bar.children...main.children.."


def draw(client, path="/", search="", **headers):
    """Ask for a page as the browser does."""
    names = ("navigation", "bar", "main")
    return client.post(
        "/_dash-update-component",
        json={
            "output": DRAW,
            "outputs": [{"id": name, "property": "children"} for name in names],
            "inputs": [
                {"id": "url", "property": "pathname", "value": path},
                {"id": "url", "property": "search", "value": search},
                {"id": "tick", "property": "data", "value": None},
            ],
            "changedPropIds": ["url.pathname"],
        },
        headers=headers,
    )


def test_every_answer_carries_the_headers(served):
    for path in ("/", "/exceptions", "/_dash-layout", "/assets/app.js", "/nowhere/at-all"):
        headers = httpx.get(served.address + path).headers
        csp = headers["Content-Security-Policy"]
        assert "default-src 'none'" in csp
        assert "frame-ancestors 'none'" in csp
        assert "unsafe-eval" not in csp
        assert "'unsafe-inline'" not in csp.split("script-src")[1].split(";")[0]
        assert not re.search(r"https?:|\*", csp)
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "same-origin"


def test_the_document_names_its_language_and_only_its_own_files(served):
    text = served.client.get("/").text
    assert '<html lang="en">' in text
    links = re.findall(r'(?:src|href)="([^"]+)"', text)
    assert len(links) > 10
    assert [link for link in links if not link.startswith("/") or link.startswith("//")] == []


def test_answers_are_compressed_and_our_files_are_kept_by_the_browser(served):
    with httpx.Client(base_url=served.address) as client:
        page = client.get("/", headers={"Accept-Encoding": "gzip"})
        style = re.search(r'href="(/assets/1-tokens[^"]+)"', page.text)
        answer = client.get(style[1], headers={"Accept-Encoding": "br"})
    assert page.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Encoding"] == "br"
    assert "immutable" in answer.headers["Cache-Control"]


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "[::2]", ""])
def test_a_foreign_host_name_is_refused(served, host):
    assert served.client.get("/", headers={"Host": host}).status_code == 421


def test_another_page_cannot_drive_this_one(served):
    assert draw(served.client, Origin="http://evil.example").status_code == 403
    assert draw(served.client, Origin="http://localhost").status_code == 200
    plain = served.client.post("/_dash-update-component", data="{}", content_type="text/plain")
    assert plain.status_code == 415


@pytest.mark.parametrize(
    ("path", "search"),
    [
        ("/", ""),
        ("/", "?range=30d&plant=US03"),
        ("/exceptions", ""),
        ("/exceptions", "?open=EX-1&sev=critical"),
        ("/nowhere", ""),
    ],
)
def test_looking_writes_nothing_and_needs_few_queries(served, path, search):
    asked: list[str] = []
    sa.event.listen(
        served.store.engine,
        "before_cursor_execute",
        lambda _c, _cur, statement, *_: asked.append(statement),
    )
    before = _everything(served.store)
    asked.clear()
    assert draw(served.client, path, search).status_code == 200
    queries = [each for each in asked if not each.startswith(("BEGIN", "PRAGMA"))]
    assert all(each.lstrip().startswith("SELECT") for each in queries)
    assert len(queries) <= 7
    assert _everything(served.store) == before


def _everything(store):
    with store.read() as connection:
        return {
            name: connection.execute(sa.select(table)).all()
            for name, table in t.metadata.tables.items()
        }


def test_no_address_answers_a_get_with_a_change(served):
    before = _everything(served.store)
    for rule in served.client.application.url_map.iter_rules():
        if "GET" in rule.methods:
            path = re.sub(r"<[^>]+>", "x", rule.rule)
            answer = httpx.get(served.address + path)
            assert answer.status_code < 500 or "component-suites" in path
    assert _everything(served.store) == before


def test_a_store_that_cannot_be_read_gives_a_reference_and_no_traceback(served, caplog):
    with served.store.write() as connection:
        connection.exec_driver_sql("ALTER TABLE feed_state RENAME TO elsewhere")
    answer = draw(served.client)
    assert answer.status_code == 200
    assert "This page could not be drawn" in answer.text
    assert "feed_state" not in answer.text
    assert "Traceback" not in answer.text
    reference = re.search(r"under reference ([0-9a-f]{8})", answer.text)[1]
    assert [record.reference for record in caplog.records if record.msg == "page failed"] == [
        reference
    ]


@pytest.mark.parametrize("many", [120])
def test_a_long_queue_comes_in_pages(served, many):
    plant.add(served.store, t.exception, *[plant.an_exception(no) for no in range(100, 100 + many)])
    first = draw(served.client, "/exceptions").text
    last = draw(served.client, "/exceptions", "?page=3").text
    assert first.count('"data-row"') == 50
    assert "1–50 of 123" in first.encode().decode("unicode_escape", "replace") or "of 123" in first
    assert last.count('"data-row"') == 23


def test_money_of_two_currencies_is_never_one_sum(served):
    plant.add(
        served.store,
        t.exception,
        plant.an_exception(20, plant="US03", value=500, currency="USD"),
    )
    text = draw(served.client, "/exceptions").get_data(as_text=True)
    assert "$500 at risk" in text
    assert "73.1k at risk" in text


def test_more_than_five_plants_become_a_table(store, tmp_path):
    names = "\n".join(f"  P{no}: {{name: Plant {no}, zone: UTC}}" for no in range(7))
    (tmp_path / "many").mkdir()
    (tmp_path / "many" / "tieout.yml").write_text(
        f"company: Many\ncurrency: EUR\nplants:\n{names}\n", "utf-8"
    )
    many = plant.load(tmp_path / "many")
    app = create_dashboard(many, Reader(store), SetClock(plant.NOW, running=False))
    text = draw(app.server.test_client()).text
    assert "Golden signals by plant" in text
    assert '"Plant 3"' in text


def test_an_address_that_is_not_loopback_is_refused(store, landscape):
    with pytest.raises(ServeError, match=r"'0\.0\.0\.0' is not a loopback address"):
        serve_forever(landscape, store, SetClock(plant.NOW), host="0.0.0.0", port=8050)


def test_a_taken_port_is_said(store, landscape):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ServeError, match=f"cannot listen on 127.0.0.1:{port}"):
            serve_forever(landscape, store, SetClock(plant.NOW), port=port)


def test_serve_answers_and_stops_at_once_when_told(landscape, monkeypatch):
    monkeypatch.setenv("NOBODY_ASKS", "secret")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-c", "from app.cli import main; main()"]
    where = ["--landscape", str(landscape.folder), "serve", "--port", str(port)]
    process = subprocess.Popen(
        [*command, *where], cwd=Path(__file__).parents[2], stderr=subprocess.PIPE, text=True
    )
    try:
        with httpx.Client(transport=httpx.HTTPTransport(retries=8)) as client:
            assert client.get(f"http://127.0.0.1:{port}/", timeout=60).status_code == 200
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=60)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 0
    assert f"http://127.0.0.1:{port}/" in said
