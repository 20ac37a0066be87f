"""Loopback servers that replay recorded answers of real software, byte for byte where complete.

A list that the real server would page is cut by the header, or the limit and offset, of the
request. Nothing is computed.
"""

import base64
import json
import re
import threading
from collections.abc import Mapping
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar, Protocol
from urllib.parse import unquote, urlsplit

from app.clock import Clock, SystemClock

Answer = tuple[int, bytes, Mapping[str, str]]
NOT_FOUND: Answer = (404, b'{"error": "not found"}', {})


class Recording(Protocol):
    """Answers requests from what was recorded."""

    def answer(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Status, body and headers for one request."""


class Server:
    """A recording served on a free loopback port, by a server with the time of `clock`."""

    def __init__(self, recording: Recording, clock: Clock | None = None) -> None:
        own = {"recording": recording, "clock": clock or SystemClock()}
        handler = type("Handler", (_Handler,), own)
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._http.daemon_threads = True
        threading.Thread(target=self._http.serve_forever, daemon=True).start()

    @property
    def address(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._http.server_port}"

    def stop(self) -> None:
        """Stop listening."""
        self._http.shutdown()
        self._http.server_close()


class _Handler(BaseHTTPRequestHandler):
    recording: Recording
    clock: Clock
    protocol_version = "HTTP/1.1"

    def date_time_string(self, timestamp: float | None = None) -> str:
        """The time as the server's Date header tells it."""
        return formatdate(timestamp or self.clock.now().timestamp(), usegmt=True)

    def _reply(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        asked = dict(self.headers.items())
        status, content, headers = self.recording.answer(self.command, self.path, asked, body)
        self.send_response(status)
        for name, value in {
            "Content-Type": "application/json",
            "Content-Length": str(len(content)),
            **headers,
        }.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = _reply  # noqa: N815 - names the standard library calls

    def log_message(self, format: str, *args: object) -> None:
        """Keep quiet."""


class Tryton:
    """Two Tryton databases, `erp` and `wms`, over the REST interface they were recorded from."""

    MODELS: ClassVar[dict[str, str]] = {
        "production": "productions",
        "stock.move": "moves",
        "stock.lot": "lots",
        "product.product": "products",
        "stock.location": "locations",
        "production.work": "works",
        "quality.inspection": "inspections",
    }

    def __init__(self, folder: Path, key: str) -> None:
        self._key = key
        self._records = {
            path.stem: json.loads(path.read_text("utf-8")) for path in folder.glob("*.json")
        }

    def answer(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """One page of a model, cut by the Range header."""
        if headers.get("Authorization") != f"Bearer {self._key}":
            refusal = b"<!doctype html><title>401 Unauthorized</title>"
            return 401, refusal, {"Content-Type": "text/html"}
        found = re.fullmatch(r"/(erp|wms)/rest/model/([a-z._]+)", urlsplit(path).path)
        if method != "GET" or not found:
            return NOT_FOUND
        rows = self._rows(found[1], found[2], headers.get("X-Tryton-Context"))
        wanted = re.fullmatch(r"records=(\d+)-(\d+)", headers.get("Range", ""))
        if not wanted:
            return 200, json.dumps(rows).encode(), {}
        start, end = int(wanted[1]), int(wanted[2])
        if rows and start >= len(rows):
            return 416, b"", {}
        page = rows[start:end]
        return (
            206,
            json.dumps(page).encode(),
            {"Content-Range": f"records {start}-{start + len(page)}/{len(rows)}"},
        )

    def _rows(self, database: str, model: str, context: str | None) -> list[Any]:
        if context is None:
            return list(self._records.get(f"{database}.{self.MODELS.get(model, '')}", []))
        place = json.loads(base64.urlsafe_b64decode(context))["locations"][0]
        code = next(
            (row["code"] for row in self._records[f"{database}.locations"] if row["id"] == place),
            None,
        )
        return list(self._records[f"{database}.stock_by_location"].get(code, {}).get(model, []))


class RabbitMQ:
    """The management API of one broker."""

    def __init__(self, folder: Path, user: str, password: str) -> None:
        self._folder = folder
        self._credentials = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()

    def answer(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """The file that was recorded for this call."""
        if headers.get("Authorization") != self._credentials:
            return 401, b'{"error":"not_authorized","reason":"Login failed"}', {}
        parts = [unquote(part) for part in urlsplit(path).path.removeprefix("/api/").split("/")]
        match method, parts:
            case "GET", [name]:
                file = self._folder / f"{name}.json"
            case "GET", ["queues", _, queue]:
                file = self._folder / f"queue.{queue}.json"
            case "POST", ["queues", _, queue, "get"]:
                file = self._folder / f"get.{queue}.json"
            case _:
                return NOT_FOUND
        return (200, file.read_bytes(), {}) if file.is_file() else NOT_FOUND


class Odoo:
    """One Odoo over JSON-RPC, as it was at one of three pulls; `generation` chooses which.

    The first pull asked for everything, the others for what had changed since. Asked for changes,
    it answers what that pull was answered, whatever the exact time. Asked for everything, it
    answers every record as it was last seen until then.
    """

    GENERATIONS = ("inc_20260907", "inc_20260914", "asof")

    def __init__(self, folder: Path, password: str) -> None:
        self._password = password
        self.generation = self.GENERATIONS[-1]
        manifest = json.loads((folder / "raw" / "manifest.json").read_text("utf-8"))
        self._recorded = {
            (pull["label"], model): _records(folder / "raw" / pull["label"], model)
            for pull in manifest["pulls"]
            for model in pull["models"]
        }

    def answer(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """The recorded records of the model that is asked for, cut by limit and offset."""
        if method != "POST" or urlsplit(path).path != "/jsonrpc":
            return NOT_FOUND
        call = json.loads(body)
        arguments = call["params"]["args"]
        if call["params"]["service"] == "common":
            return self._result(call, 2 if arguments[2] == self._password else False)
        if arguments[2] != self._password:
            return self._error(call, "odoo.exceptions.AccessDenied", "Access Denied")
        _, _, _, model, _, [domain], options = arguments
        rows = self._rows(model, domain)
        if rows is None:
            said = f"{model} was not recorded at {self.generation}"
            return self._error(call, "builtins.KeyError", said)
        return self._result(call, rows[options["offset"] :][: options["limit"]])

    def _rows(self, model: str, domain: list[list[Any]]) -> list[Any] | None:
        """Records in the order they came; None for a model that pull did not ask for."""
        changed = self._recorded.get((self.generation, model))
        if changed is None or any(condition[0] == "write_date" for condition in domain):
            return changed
        until = self.GENERATIONS[: self.GENERATIONS.index(self.generation) + 1]
        pulls = [self._recorded.get((name, model), []) for name in until]
        return list({row["id"]: row for rows in pulls for row in rows}.values())

    def _result(self, call: Any, result: Any) -> Answer:
        return self._answer(call, {"result": result})

    def _error(self, call: Any, name: str, said: str) -> Answer:
        data = {"name": name, "message": said, "debug": "Traceback"}
        error = {"code": 200, "message": "Odoo Server Error", "data": data}
        return self._answer(call, {"error": error})

    def _answer(self, call: Any, said: dict[str, Any]) -> Answer:
        return 200, json.dumps({"jsonrpc": "2.0", "id": call.get("id"), **said}).encode(), {}


def _records(folder: Path, model: str) -> list[Any]:
    """All pages of one model in one recorded pull."""
    pages = (
        json.loads(page.read_text("utf-8")) for page in sorted(folder.glob(f"{model}.p*.json"))
    )
    return [row for page in pages for row in page["response"]["result"]]
