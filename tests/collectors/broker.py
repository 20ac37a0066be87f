"""A RabbitMQ of one's own: a private node of the installed package, on loopback, gone after."""

import json
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx

# The one in /usr/sbin wants to be root and changes the user; the one beside the library does not.
SERVER = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
STARTS_WITHIN = 180.0
CONFIG = """\
listeners.tcp.1 = 127.0.0.1:{amqp}
management.tcp.ip = 127.0.0.1
management.tcp.port = {http}
collect_statistics_interval = 500
management.sample_retention_policies.global.minute = 1
management.sample_retention_policies.basic.minute = 1
management.sample_retention_policies.detailed.minute = 1
loopback_users.guest = true
vm_memory_high_watermark.absolute = 512MB
disk_free_limit.absolute = 50MB
"""


def missing() -> str | None:
    """Why there can be no node here, None where there can."""
    if not SERVER.is_file():
        return f"{SERVER} is not there: apt-get install rabbitmq-server"
    if shutil.which("epmd") is None:
        return "epmd of Erlang is not on the path: apt-get install erlang-base"
    return None


class Broker:
    """The management API of a node, asked as its administrator; `amqp` is where it is spoken to."""

    def __init__(self, address: str, amqp: str) -> None:
        self.address, self.amqp = address, amqp
        self._http = httpx.Client(base_url=f"{address}/api", auth=("guest", "guest"), timeout=30)

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """One call that must work."""
        answer = self._http.request(method, path, json=body)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def queue(self, name: str, **arguments: Any) -> None:
        """Declare a durable queue."""
        self.call("PUT", f"/queues/%2F/{name}", {"durable": True, "arguments": arguments})

    def send(self, queue: str, number: int, **headers: Any) -> None:
        """One completion as a message."""
        body = {"correlation_id": f"EV-{number}", "order": f"MO-{number}", "quantity": number}
        properties = {"message_id": f"m{number}", "timestamp": 1793437320 + number}
        message = {"routing_key": queue, "payload_encoding": "string", "payload": json.dumps(body)}
        message["properties"] = properties | ({"headers": headers} if headers else {})
        sent = self.call("POST", "/exchanges/%2F/amq.default/publish", message)
        assert sent == {"routed": True}

    def take(self, queue: str, count: int, how: str) -> list[tuple[str, bool]]:
        """Messages taken out of a queue, in order: id, and whether anybody had them before."""
        asked = {"count": count, "ackmode": how, "encoding": "auto"}
        found = self.call("POST", f"/queues/%2F/{queue}/get", asked)
        return [(row["properties"]["message_id"], row["redelivered"]) for row in found]

    def depth(self, queue: str) -> int | None:
        """How many messages wait, as the statistics have it by now."""
        return self.call("GET", f"/queues/%2F/{queue}").get("messages_ready")

    def settled(self, **depths: int) -> None:
        """Wait until the statistics say what is true; `__` in a name is a dot."""
        until = time.monotonic() + 60
        wanted = {name.replace("__", "."): depth for name, depth in depths.items()}
        while {name: self.depth(name) for name in wanted} != wanted:
            assert time.monotonic() < until, f"the statistics never said {wanted}"
            time.sleep(0.2)

    def reader(self, password: str, queues: str) -> None:
        """A user who may list everything and read the queues of a pattern."""
        self.call("PUT", "/users/tower", {"password": password, "tags": "monitoring"})
        rights = {"configure": "^$", "write": "^$", "read": queues}
        self.call("PUT", "/permissions/%2F/tower", rights)

    def close(self) -> None:
        """Hang up."""
        self._http.close()


@contextmanager
def node(folder: Path) -> Iterator[Broker]:
    """Start a node whose every file is in `folder`, and end it."""
    amqp, http, inner, names = _free_ports(4)
    (folder / "enabled_plugins").write_text("[rabbitmq_management].", "utf-8")
    (folder / "rabbitmq.conf").write_text(CONFIG.format(amqp=amqp, http=http), "utf-8")
    environment = {
        "PATH": os.defpath,
        "HOME": str(folder),
        "LANG": "C.UTF-8",
        "RABBITMQ_NODENAME": f"tieout{amqp}@localhost",
        "RABBITMQ_MNESIA_BASE": str(folder / "db"),
        "RABBITMQ_LOG_BASE": str(folder / "log"),
        "RABBITMQ_PID_FILE": str(folder / "pid"),
        "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "enabled_plugins"),
        "RABBITMQ_CONF_ENV_FILE": os.devnull,
        "RABBITMQ_DIST_PORT": str(inner),
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+S 1:1 +sbwt none "
        "-kernel inet_dist_use_interface {127,0,0,1}",
        "ERL_EPMD_ADDRESS": "127.0.0.1",
        "ERL_EPMD_PORT": str(names),
    }
    with (folder / "console.log").open("wb") as log:
        server = subprocess.Popen(
            [SERVER], env=environment, stdout=log, stderr=log, start_new_session=True
        )
    broker = Broker(f"http://127.0.0.1:{http}", f"amqp://guest:guest@127.0.0.1:{amqp}")
    try:
        _wait(broker, server, folder / "console.log")
        yield broker
    finally:
        broker.close()
        with suppress(ProcessLookupError):
            os.killpg(server.pid, signal.SIGKILL)
        server.wait()
        subprocess.run(["epmd", "-port", str(names), "-kill"], check=False, capture_output=True)


def _wait(broker: Broker, server: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + STARTS_WITHIN
    while True:
        with suppress(httpx.HTTPError):
            broker.call("GET", "/overview")
            return
        said = log.read_text("utf-8", "replace")[-2000:]
        assert server.poll() is None, f"the node did not start:\n{said}"
        assert time.monotonic() < until, f"no answer after {STARTS_WITHIN:.0f} s:\n{said}"
        time.sleep(0.3)


def _free_ports(count: int) -> list[int]:
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in held]
    for one in held:
        one.close()
    return ports
