"""Who takes part in a division: its systems, what they are to a collector, and a silent bus."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from string import digits

from app.demo.estate import warehouse_words
from app.demo.group import Happening
from app.demo.lake.division import Division
from app.demo.lake.ears import Books, Ears, Lists, Place
from app.demo.lake.facts import Source, contract
from app.demo.systems.erp import Erp
from app.demo.systems.floor import Floor, Row
from app.demo.systems.qms import Qms
from app.demo.systems.wms import Wms
from app.demo.wire import ERP, MES, QMS, WMS, Delivery, Outage, System
from collectors.page import Page, Records

# The feeds of each kind of source, by where its system writes what they bring.
_FEEDS = {
    ERP: {
        "A_ProductionOrder_2": "orders",
        "A_ProductionOrderOperation_2": "operations",
        "ProdnOrdConf2": "confirmations",
        "A_MaterialDocumentItem": "goods_movements",
        "A_MatlStkInAcctMod": "stock",
        "A_InspectionLot": "inspection_lots",
    },
    MES: {
        "order": "orders",
        "completion": "completions",
        "consumption": "consumption",
        "labour": "labour",
        "downtime": "downtimes",
    },
    WMS: {name: name for name in ("movements", "shipments", "receipts", "balances")},
    QMS: {name: name for name in ("holds", "inspections")},
}
_PACKS = {ERP: "erp/sap_s4", MES: "mes/sql", WMS: "wms/json", QMS: "qms/json"}
_AGREED = (("maintenance_orders", "4[0-9]{9}"), ("production_version", "revision"))
_WORDS = tuple(
    (subject, own, word)
    for subject, words in warehouse_words().items()
    for own, word in words.items()
)


@dataclass(frozen=True)
class Cast:
    """The systems of a division by role and plant, its sources by name, and what they hear."""

    systems: Mapping[tuple[str, str], System]
    sources: Mapping[str, Source]
    ears: Ears

    def system(self, role: str, plant: str) -> System | None:
        """The system of a role for a plant."""
        return self.systems.get((role, plant))

    def heard(self) -> Iterator[tuple[str, list[tuple[Source, Page, Records]]]]:
        """What was heard since the last time: each feed of a pack with its pages, by source."""
        found: dict[tuple[str, str], list[tuple[Source, Page, Records]]] = defaultdict(list)
        for place, pages in self.ears.taken().items():
            source = self.sources[place.source]
            found[source.pack, place.feed] += [(source, *page) for page in pages]
        for (_, feed), told in found.items():
            yield feed, told


def cast_of(division: Division) -> Cast:
    """The same systems a simulated group has, each with ears in place of a server."""
    zones = {site.code: site.zone for site in division.sites}
    codes = tuple(zones)
    shared = next(iter(zones.values())) if len({*zones.values()}) == 1 else None
    sources = [
        Source(f"{ERP}{division.name}", _PACKS[ERP], shared, agreed=_AGREED),
        Source(f"{QMS}{division.name}", _PACKS[QMS], shared),
        *(Source(f"{MES}{code}", _PACKS[MES], zones[code]) for code in codes),
        *(Source(f"{WMS}{code}", _PACKS[WMS], zones[code], _WORDS) for code in codes),
    ]
    fields = {
        Place(source.name, feed): contract(source.pack, feed).tops
        for source in sources
        for feed in _FEEDS[source.name.rstrip(digits)].values()
    }
    ears = Ears(fields)

    def listed(path: str, plant: str) -> Place:
        """Quality speaks for all plants with one voice."""
        return Place(f"{QMS}{division.name}" if path in _FEEDS[QMS] else f"{WMS}{plant}", path)

    books = Books(
        ears, {name: Place(f"{ERP}{division.name}", feed) for name, feed in _FEEDS[ERP].items()}
    )
    erp, lists = Erp(division, books), Lists(ears, listed)
    depot, controls = Wms(division, lists, codes), Qms(division, lists)
    systems: dict[tuple[str, str], System] = {}
    for code in codes:
        systems |= {(ERP, code): erp, (WMS, code): depot, (QMS, code): controls}
        systems[MES, code] = Floor(division, code, partial(_note, ears, f"{MES}{code}"))
    return Cast(systems, {source.name: source for source in sources}, ears)


def _note(ears: Ears, source: str, name: str, row: Row) -> None:
    ears.hear(Place(source, _FEEDS[MES][name]), row)


class Quiet:
    """Nothing goes wrong on the way."""

    outages: Sequence[Outage] = ()
    extra: Sequence[Delivery] = ()

    def befall(self, happening: Happening, told: list[Delivery]) -> list[Delivery]:
        """Who is told of a happening after all: all."""
        return told

    def entered(self, delivery: Delivery, at: datetime) -> None:
        """A system was told something."""


class Silence:
    """A bus nobody watches."""

    def publish(self, queue: str, number: int, happening: Happening, at: datetime) -> None:
        """A message is sent."""

    refuse = take = give_up = publish

    def stop(self, queue: str, at: datetime) -> None:
        """Nobody listens."""

    start = stop
