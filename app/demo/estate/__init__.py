"""The estate of a simulated group: its systems on loopback, and the landscape that reads them.

Everything stays under one folder: the landscape, what tieout remembers of it, the databases of the
systems, their secrets.
"""

import contextlib
import csv
import io
import secrets
import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from app.clock import Clock
from app.demo.group import Group
from app.demo.group.masterdata import DOCK, FINISHED
from app.demo.middleware import Middleware
from app.demo.replay import Recording, Server
from app.demo.systems import qms, wms
from app.demo.systems.broker import Broker
from app.demo.systems.erp import Erp
from app.demo.systems.mes import Mes
from app.demo.systems.odata import ODataService
from app.demo.systems.qms import Qms
from app.demo.systems.rest import RestService
from app.demo.systems.sap import ROOT, SETS
from app.demo.systems.wms import Wms
from app.demo.wire import ERP, MES, QMS, WMS, System

MIDDLEWARE = "middleware"
_PAGE = 2000
_BUSY = 40  # every so manyth request to the warehouse is one too many
WORDS = {"unrestricted": "free", "inspection": "inspect", "blocked": "blocked"}


@dataclass
class Estate:
    """The systems of a group as they run, by role and plant, and the landscape that reads them."""

    folder: Path
    systems: Mapping[tuple[str, str], System]
    bus: Middleware

    @property
    def landscape(self) -> Path:
        """The landscape folder every other command can be pointed at."""
        return self.folder / "landscape"

    def system(self, role: str, plant: str) -> System | None:
        """The system of a role for a plant."""
        return self.systems.get((role, plant))


@contextlib.contextmanager
def running(folder: Path, group: Group, clock: Clock) -> Iterator[Estate]:
    """Systems up, landscape written. What the systems knew of an earlier start is forgotten."""
    folder.mkdir(parents=True, exist_ok=True)
    keys = {name: _secret(folder, f"{name}.key") for name in (ERP, WMS, QMS, MIDDLEWARE)}
    codes = [site.code for site in group.sites]
    with contextlib.ExitStack() as stack:
        books = stack.enter_context(
            contextlib.closing(ODataService(ROOT, SETS, "tower", keys[ERP], page_size=_PAGE))
        )
        store = stack.enter_context(
            contextlib.closing(RestService(wms.LISTS, keys[WMS], paging="cursor", busy_every=_BUSY))
        )
        quality = stack.enter_context(contextlib.closing(RestService(qms.LISTS, keys[QMS])))
        erp, depot = Erp(group, books), Wms(group, store, tuple(codes), clock.now)
        controls = Qms(group, quality)
        systems: dict[tuple[str, str], System] = {}
        for code in codes:
            floor = Mes(group, code, _emptied(folder / "systems" / f"mes{code}.sqlite"))
            stack.callback(floor.close)
            systems |= {(ERP, code): erp, (WMS, code): depot, (QMS, code): controls}
            systems[MES, code] = floor
            _write_secret(folder, f"mes{code}.url", f"sqlite:///{folder}/systems/mes{code}.sqlite")
        broker, addresses = Broker("tower", keys[MIDDLEWARE]), {}
        served: dict[str, Recording] = {ERP: books, WMS: store, QMS: quality, MIDDLEWARE: broker}
        for name, service in served.items():
            server = Server(service, clock)
            stack.callback(server.stop)
            addresses[name] = server.address
        _write_landscape(folder / "landscape", group, addresses)
        yield Estate(folder, systems, Middleware(broker, group.starts_at))


# The landscape


def _write_landscape(target: Path, group: Group, addresses: Mapping[str, str]) -> None:
    """Templates with what is known of the group, and lists made from it."""
    plants = "\n".join(
        f'  "{site.code}": {{name: {site.name}, zone: {site.zone}}}' for site in group.sites
    )
    codes = "[" + ", ".join(f'"{site.code}"' for site in group.sites) + "]"
    fill = {**addresses, "plants": plants, "codes": codes}
    with resources.as_file(resources.files(__package__)) as package:
        shutil.copytree(package / "landscape", target, dirs_exist_ok=True)
        for path in [*target.glob("*.yml"), *target.glob("sources/*.yml")]:
            path.write_text(_filled(path.read_text("utf-8"), fill), "utf-8")
        for path in (package / "plant").glob("*.yml"):
            for site in group.sites:
                text = _filled(path.read_text("utf-8"), {**fill, "plant": site.code})
                (target / "sources" / f"{path.stem}{site.code}.yml").write_text(text, "utf-8")
    _write_words(target / "cross_reference", [f"wms{site.code}" for site in group.sites])
    costs = (
        (item.code.lstrip("0"), cost.amount, "EUR", cost.valid_from)
        for item in group.items.values()
        for cost in item.costs
    )
    _write_csv(target / "item_cost.csv", ("item", "unit_cost", "currency", "valid_from"), costs)


def _write_words(folder: Path, sources: Iterable[str]) -> None:
    """What the warehouse calls places and statuses. The books know no dock."""
    places = {own: FINISHED if place == DOCK else place for place, own in wms.LOCATIONS.items()}
    statuses = {own.lower(): WORDS[status] for status, own in wms.STATUSES.items()}
    for subject, words in (("location", places), ("stock_status", statuses)):
        rows = ((source, own, word) for source in sources for own, word in words.items())
        _write_csv(folder / f"{subject}.csv", ("source", "source_key", "key"), rows)


def _filled(text: str, fill: Mapping[str, str]) -> str:
    for name, value in fill.items():
        text = text.replace(f"{{{name}}}", value)
    return text


def _write_csv(path: Path, header: Iterable[str], rows: Iterable[Iterable[object]]) -> None:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text.getvalue(), "utf-8")


# Files


def _emptied(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    for old in path.parent.glob(f"{path.name}*"):
        old.unlink()
    return path


def _secret(folder: Path, name: str) -> str:
    path = folder / "secrets" / name
    if not path.exists():
        _write_secret(folder, name, secrets.token_urlsafe(24))
    return path.read_text("utf-8").strip()


def _write_secret(folder: Path, name: str, text: str) -> None:
    path = folder / "secrets" / name
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.touch(mode=0o600)
    path.write_text(text, "utf-8")
