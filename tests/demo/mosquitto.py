"""An MQTT broker of one's own: a private Mosquitto on loopback, gone after."""

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

CONFIG = "listener {port} 127.0.0.1\nallow_anonymous true\n"
STARTS_WITHIN = 30.0
_PLACES = "/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin"


def missing() -> str | None:
    """Why there can be no broker here, None where there can."""
    if _binary() is None:
        return "mosquitto is not there: apt-get install mosquitto"
    return None


@contextmanager
def broker(folder: Path) -> Iterator[str]:
    """Start one whose files are in `folder`, and end it; its address."""
    with socket.create_server(("127.0.0.1", 0)) as held:
        port = held.getsockname()[1]
    (folder / "mosquitto.conf").write_text(CONFIG.format(port=port), "utf-8")
    command = [_binary() or "", "-c", str(folder / "mosquitto.conf")]
    with (folder / "mosquitto.log").open("wb") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        _wait(port, server, folder / "mosquitto.log")
        yield f"mqtt://127.0.0.1:{port}"
    finally:
        server.kill()
        server.wait()


def _binary() -> str | None:
    return shutil.which("mosquitto") or shutil.which("mosquitto", path=_PLACES)


def _wait(port: int, server: "subprocess.Popen[bytes]", log: Path) -> None:
    until = time.monotonic() + STARTS_WITHIN
    while True:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        said = log.read_text("utf-8", "replace")[-2000:]
        assert server.poll() is None, f"the broker did not start:\n{said}"
        assert time.monotonic() < until, f"no answer after {STARTS_WITHIN:.0f} s:\n{said}"
        time.sleep(0.05)
