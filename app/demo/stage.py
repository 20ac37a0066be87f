"""The demo set up and played: servers, secrets, a landscape; recordings at their own times."""

import contextlib
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path

from app.clock import SetClock
from app.demo.folder import claim, secret, write_landscape
from app.demo.replay import Odoo, RabbitMQ, Server, Tryton
from app.jobs.collect import Report, collect
from app.services import Services

RECORDED = Path(__file__).resolve().parents[2] / "data" / "recorded"
# When the answers were recorded: three pulls of the Odoo, then everything else.
PULLS = {
    "inc_20260907": datetime(2026, 9, 7, 4, tzinfo=UTC),
    "inc_20260914": datetime(2026, 9, 14, 4, tzinfo=UTC),
    "asof": datetime(2026, 9, 19, 6, tzinfo=UTC),
}
NOW = datetime(2026, 11, 21, 1, 15, tzinfo=UTC)


@dataclass
class Stage:
    """A running demo: its folder, its clock, and the one server that has a history."""

    folder: Path
    clock: SetClock
    odoo: Odoo

    @property
    def landscape(self) -> Path:
        """The landscape folder every other command can be pointed at."""
        return self.folder / "landscape"


@contextlib.contextmanager
def staged(folder: Path) -> Iterator[Stage]:
    """Servers up, landscape written; everything stays under `folder`.

    Raises `FolderError` where the folder holds something else.
    """
    claim(folder, "--recorded")
    keys = {name: secret(folder, f"{name}.key") for name in ("tryton", "rabbitmq", "odoo")}
    odoo = Odoo(RECORDED / "odoo", keys["odoo"])
    clock = SetClock(NOW)
    servers = {
        "tryton": Server(Tryton(RECORDED / "tryton", keys["tryton"]), clock),
        "rabbitmq": Server(RabbitMQ(RECORDED / "rabbitmq", "tower", keys["rabbitmq"]), clock),
        "odoo": Server(odoo, clock),
    }
    try:
        _write(folder / "landscape", {name: server.address for name, server in servers.items()})
        yield Stage(folder, clock, odoo)
    finally:
        for server in servers.values():
            server.stop()


def play(stage: Stage, services: Services) -> Iterator[Report]:
    """Collect everything as of the last recording; the first time, Odoo's earlier pulls before.

    Its stock was asked for at the last pull only.
    """
    if services.store.feed_state("odoo", "productions") is None:
        feeds = {plan.name for plan in services.landscape.sources["odoo"].plans}
        for generation, moment in PULLS.items():
            stage.odoo.generation = generation
            stage.clock.set(moment)
            asked = feeds if generation == "asof" else feeds - {"quants"}
            yield from collect(services, {"odoo": asked})
    stage.odoo.generation = "asof"
    stage.clock.set(max(NOW, last_looked(services) or NOW))
    yield from collect(services)


def last_looked(services: Services) -> datetime | None:
    """When the last pull of an earlier run was over; time does not go back behind what is known."""
    states = (
        services.store.feed_state(name, plan.name)
        for name, setup in services.landscape.sources.items()
        for plan in setup.plans
    )
    return max((state["last_pull_at"] for state in states if state), default=None)


def _write(target: Path, addresses: dict[str, str]) -> None:
    """The demo's landscape, with the addresses of this start."""
    write_landscape(resources.files(__package__) / "landscape", target, addresses)
    drop = target / "drop"
    drop.mkdir(exist_ok=True)
    orders = drop / "mes_simulator.orders.json"
    if not orders.exists():
        shutil.copy(RECORDED / "tryton" / orders.name, orders)
