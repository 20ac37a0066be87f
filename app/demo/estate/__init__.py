"""The estate of a simulated group: its systems on loopback, and the landscape that reads them.

Everything stays under one folder: the landscape, what tieout remembers of it, the databases of the
systems, their secrets.
"""

import contextlib
import csv
import hashlib
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib import resources
from pathlib import Path

from app.clock import SetClock
from app.demo import shopfloor
from app.demo.estate.plants import calendar, declared
from app.demo.folder import emptied, filled, secret, write_landscape, write_secret
from app.demo.group import Group, Happening
from app.demo.group.masterdata import DOCK, FINISHED
from app.demo.ledgers import odoo_plants, sap_plants
from app.demo.middleware import Middleware
from app.demo.replay import Recording, Server
from app.demo.systems import cmms, edi, mes_files, odoo, qms, rabbitmq, wms
from app.demo.systems.broker import Broker
from app.demo.systems.cmms import Cmms
from app.demo.systems.edi import ADVICES, FINISHED_GOODS, Edi, partnered
from app.demo.systems.erp import Erp
from app.demo.systems.ledger import ACCOUNTS, GR_IR
from app.demo.systems.mes import Mes
from app.demo.systems.mes_files import Dialect, MesFiles
from app.demo.systems.odata import ODataService
from app.demo.systems.odoo import Odoo, OdooService
from app.demo.systems.qms import Qms
from app.demo.systems.rest import UNAVAILABLE, RestService
from app.demo.systems.sap import ROOT, SETS
from app.demo.systems.wms import Wms
from app.demo.wire import CMMS, ERP, MES, QMS, SUPPLIER, WMS, Punctual, System

MIDDLEWARE, THREEPL, ODOO = "middleware", "threepl", "odoo"
_TOWER = "tower"  # who reads the middleware
_PAGE = 2000
_BUSY = 40  # every so manyth request to the warehouse is one too many
_DOWN = 9  # every so manyth request to maintenance meets it restarting; it says not for how long
FLOORS: tuple[Dialect | None, ...] = (None, "us", "de")  # how a plant's MES drops files, if it does
_STATUSES = {"unrestricted": "free", "inspection": "inspect", "blocked": "blocked"}


@dataclass(frozen=True)
class Shared:
    """The warehouse of a plant whose finished goods a partner keeps: each hears of everything, and
    tells of its own places.
    """

    depot: Wms
    partner: Edi

    def hear(self, happening: Happening, at: datetime | None = None) -> None:
        """Enter something `at` an instant, by default when it happened."""
        self.depot.hear(happening, at)
        self.partner.hear(happening, at)

    def keep(self, happening: Happening, at: datetime | None = None) -> None:
        """The same, and the partner sends no advice of it."""
        self.partner.keep(happening, at)


@dataclass
class Estate:
    """The systems of a group as they run, by role and plant, and the landscape that reads them."""

    folder: Path
    clock: SetClock
    systems: Mapping[tuple[str, str], System]
    punctual: Sequence[Punctual]
    bus: Middleware

    @property
    def landscape(self) -> Path:
        """The landscape folder every other command can be pointed at."""
        return self.folder / "landscape"

    def system(self, role: str, plant: str) -> System | None:
        """The system of a role for a plant."""
        return self.systems.get((role, plant))

    def pass_time(self, until: datetime) -> None:
        """Everything before an instant was told: clocks show it, and systems do what is due."""
        self.clock.set(until)
        for system in self.punctual:
            system.pass_time(until)


@dataclass(frozen=True)
class Carriers:
    """Real brokers that carry what the embedded middleware and the shop floors would."""

    broker: rabbitmq.Address | None = None
    mqtt: shopfloor.Address | None = None


@contextlib.contextmanager
def running(
    folder: Path, group: Group, clock: SetClock, carriers: Carriers | None = None
) -> Iterator[Estate]:
    """Systems up, landscape written. What the systems knew of an earlier start is forgotten.

    Raises `CarrierError` where a carrier cannot be reached.
    """
    carriers = carriers or Carriers()
    folder.mkdir(parents=True, exist_ok=True)
    keys = {name: secret(folder, f"{name}.key") for name in (ERP, ODOO, WMS, QMS, CMMS, MIDDLEWARE)}
    codes, in_odoo = tuple(site.code for site in group.sites), odoo_plants(group)
    with contextlib.ExitStack() as stack:
        books = ODataService(ROOT, SETS, "tower", keys[ERP], page_size=_PAGE)
        ledger = OdooService("group", "tower", keys[ODOO])
        store = RestService(wms.LISTS, keys[WMS], paging="cursor", busy_every=_BUSY)
        quality = RestService(qms.LISTS, keys[QMS])
        repair = RestService(cmms.LISTS, keys[CMMS], busy_every=_DOWN, busy=UNAVAILABLE)
        room = _room(folder)
        broker, fill = _middleware(stack, carriers.broker, room, keys[MIDDLEWARE], clock)
        floors = stack.enter_context(shopfloor.opened(carriers.mqtt, room))
        for service in (books, store, quality, repair):
            stack.enter_context(contextlib.closing(service))
        served: dict[str, Recording] = {
            ERP: books, WMS: store, QMS: quality, CMMS: repair, MIDDLEWARE: broker
        }  # fmt: skip
        served |= {ODOO: ledger} if in_odoo else {}
        addresses = {name: _address(stack, one, clock) for name, one in served.items()}
        outside = partnered(group)
        kept = {(code, place) for code in outside for place in FINISHED_GOODS}
        depot = Wms(group, store, codes, kept)
        advices = emptied(folder / "systems" / THREEPL)
        partner = Edi(group, outside, advices, sets=ADVICES, places=FINISHED_GOODS)
        portal = Edi(group, codes, emptied(folder / "systems" / SUPPLIER), sets=("856",))
        first = Erp(group, books, sap_plants(group))
        first.enter_items()
        depot.enter_items()
        everywhere: dict[str, System] = {
            ERP: first,
            WMS: depot,
            QMS: Qms(group, quality),
            CMMS: Cmms(group, repair),
            SUPPLIER: portal,
        }
        systems = {(role, code): one for code in codes for role, one in everywhere.items()}
        systems |= {(WMS, code): Shared(depot, partner) for code in outside}
        punctual: list[Punctual] = [broker, floors, depot, portal, partner]
        texts = edi.landscape(codes, folder / "systems" / SUPPLIER, [SUPPLIER])
        texts |= edi.landscape(outside, advices, [THREEPL])
        if in_odoo:
            other = Odoo(group, ledger, in_odoo)
            systems |= {(ERP, code): other for code in in_odoo}
            password = f"file:../secrets/{ODOO}.key"
            texts[f"sources/{ODOO}.yml"] = odoo.source(addresses[ODOO], password, in_odoo)
        for number, code in enumerate(codes):
            dialect = FLOORS[number % len(FLOORS)]
            if dialect:
                systems[MES, code] = files = _dropping(folder, group, code, dialect, texts)
                punctual.append(files)
            else:
                systems[MES, code] = floor = _database(folder, group, code, texts)
                stack.callback(floor.close)
            systems[MES, code] = floors.plant(code, systems[MES, code])
            texts[f"sources/{WMS}{code}.yml"] = _template("wms.yml", plant=code, wms=addresses[WMS])
        _write_landscape(folder / "landscape", group, fill | addresses, texts)
        yield Estate(folder, clock, systems, punctual, Middleware(broker, group.starts_at))


def _room(folder: Path) -> str:
    """What belongs to this folder's demo on brokers it may share: a name nobody else takes."""
    return f"tieout-demo-{hashlib.sha256(secret(folder, 'room.key').encode()).hexdigest()[:12]}"


def _middleware(
    stack: contextlib.ExitStack,
    server: rabbitmq.Address | None,
    room: str,
    password: str,
    clock: SetClock,
) -> tuple[Broker | rabbitmq.RabbitMQ, dict[str, str]]:
    """The broker, real or embedded, and what its source is told: who may look, and where."""
    if server is None:
        told = {"middleware_user": _TOWER, "middleware_vhost": "%2F"}
        return Broker(_TOWER, password, clock), told
    broker = stack.enter_context(rabbitmq.opened(server, room, password, clock))
    return broker, {"middleware_user": room, "middleware_vhost": room}


def _dropping(
    folder: Path, group: Group, code: str, dialect: Dialect, texts: dict[str, str]
) -> MesFiles:
    """The MES of a plant that drops files; its source is added to `texts`."""
    name = f"{MES}{code}"
    drop = emptied(folder / "systems" / name)
    texts |= mes_files.landscape(name, code, drop, dialect)
    return MesFiles(group, code, drop, dialect)


def _database(folder: Path, group: Group, code: str, texts: dict[str, str]) -> Mes:
    """The MES of a plant that is a database; its source is added to `texts`."""
    name = f"{MES}{code}"
    database = emptied(folder / "systems" / name) / "mes.sqlite"
    write_secret(folder, f"{name}.url", f"sqlite:///{database}")
    texts[f"sources/{name}.yml"] = _template("mes.yml", plant=code)
    return Mes(group, code, database)


def _address(stack: contextlib.ExitStack, service: Recording, clock: SetClock) -> str:
    """Where a service answers from now on."""
    server = Server(service, clock)
    stack.callback(server.stop)
    return server.address


def _template(name: str, **fill: str) -> str:
    """The source of one plant."""
    text = resources.files(__package__).joinpath("plant", name).read_text("utf-8")
    return filled(text, fill)


# The landscape


def _write_landscape(
    target: Path, group: Group, addresses: Mapping[str, str], texts: Mapping[str, str]
) -> None:
    """Templates with what is known of the group, files by path, and lists made from the group."""
    plants = "\n".join(map(declared, group.sites))
    codes = [site.code for site in group.sites]
    fill = {**addresses, "plants": plants, "codes": _listed(codes)}
    fill["sap"] = _listed(sap_plants(group))
    kinds = {**dict.fromkeys(ACCOUNTS.values(), "stock"), GR_IR: "gr_ir"}
    accounts = (f'{{account: "{one}", account_kind: {kind}}}' for one, kind in kinds.items())
    fill["accounts"] = f"[{', '.join(accounts)}]"
    write_landscape(resources.files(__package__) / "landscape", target, fill)
    calendars = {f"calendars/{site.code}.yml": calendar(site) for site in group.sites}
    for path, text in (*texts.items(), *calendars.items()):
        (target / path).parent.mkdir(parents=True, exist_ok=True)
        (target / path).write_text(text, "utf-8")
    words = {f"{WMS}{code}": warehouse_words() for code in codes}
    # To a partner a plant is one warehouse.
    words |= {
        f"{THREEPL}{code}": {"location": {f"WH{code}": FINISHED}} for code in partnered(group)
    }
    if in_odoo := odoo_plants(group):
        words[ODOO] = {"location": odoo.places(in_odoo)}
    _write_words(target / "cross_reference", words)
    costs = (
        (item.code.lstrip("0"), cost.amount, "EUR", cost.valid_from)
        for item in group.items.values()
        for cost in item.costs
    )
    _write_csv(target / "item_cost.csv", ("item", "unit_cost", "currency", "valid_from"), costs)


def warehouse_words() -> dict[str, dict[str, str]]:
    """What the warehouse calls places, statuses and units, by subject. The books know no dock."""
    places = {own: FINISHED if place == DOCK else place for place, own in wms.LOCATIONS.items()}
    statuses = {own.lower(): _STATUSES[status] for status, own in wms.STATUSES.items()}
    units = {own: unit for unit, own in wms.UNITS.items()}
    return {"location": places, "stock_status": statuses, "unit": units}


def _write_words(folder: Path, words: Mapping[str, Mapping[str, Mapping[str, str]]]) -> None:
    """What sources call things: by source and subject, our word for each of theirs."""
    for subject in sorted({subject for told in words.values() for subject in told}):
        rows = (
            (source, own, word)
            for source, told in words.items()
            for own, word in told.get(subject, {}).items()
        )
        _write_csv(folder / f"{subject}.csv", ("source", "source_key", "key"), rows)


def _listed(codes: Iterable[str]) -> str:
    return "[" + ", ".join(f'"{code}"' for code in codes) + "]"


def _write_csv(path: Path, header: Iterable[str], rows: Iterable[Iterable[object]]) -> None:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text.getvalue(), "utf-8")
