"""The simulated warehouse: what it tells, collected, is what the books say of its places."""

import json
from collections import Counter
from decimal import Decimal

import pytest

from app.clock import SetClock
from app.demo.group import MOVES, Group, Happening, Kind, simulate
from app.demo.group.masterdata import DOCK, FINISHED, RAW, TRANSIT, UNRESTRICTED, WIP
from app.demo.replay import Server
from app.demo.systems.erp import Erp
from app.demo.systems.odata import ODataService
from app.demo.systems.rest import RestService
from app.demo.systems.sap import ROOT, SETS
from app.demo.systems.wms import LISTS, LOCATIONS, STATUSES, Wms
from app.jobs.collect import collect
from app.services import opened
from tests.collectors.conftest import CURRENT, Plant
from tests.demo.systems.house import write

TOKEN = "warehouse token"
WHO = {"Authorization": f"Bearer {TOKEN}"}
WORDS = {"unrestricted": "free", "inspection": "inspect", "blocked": "blocked"}
# Its plants share no time zone, and it tells wall time: one source for each.
SOURCE = """\
pack: wms/json
address: "%(address)s"
auth: {bearer: "file:../wms.token"}
plants: ["%(plant)s"]
feeds:
  holds: off
  movements: &asked
    query: {plant: "%(plant)s"}
    page: {by: token, ask: cursor, size: 200, size_ask: limit, next: $.next}
  shipments: *asked
  receipts: *asked
  balances: *asked
  items: *asked
"""


def files(group, address):
    """The sources of the warehouse and its words for places and statuses."""
    sources = {plant.code: f"wms{plant.code}" for plant in group.sites}
    places = {own: FINISHED if place == DOCK else place for place, own in LOCATIONS.items()}
    statuses = {own.lower(): WORDS[status] for status, own in STATUSES.items()}
    told = {"wms.token": TOKEN}
    for plant, name in sources.items():
        text = SOURCE % {"address": address, "plant": plant}
        told[f"landscape/sources/{name}.yml"] = text
    for subject, words in (("location", places), ("stock_status", statuses)):
        rows = (f"{name},{own},{word}" for name in sources.values() for own, word in words.items())
        told[f"landscape/cross_reference/{subject}.csv"] = "\n".join(
            ["source,source_key,key", *rows]
        )
    return told


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    """A group of two plants after two days, as its ERP and its warehouse tell it."""
    group = Group(seed=7, days=2, plants=2)
    folder = tmp_path_factory.mktemp("house")
    clock = SetClock(group.ends_at, running=False)
    books = ODataService(ROOT, SETS, "tower", "pass")
    lists = RestService(LISTS, TOKEN, paging="cursor", busy_every=7)
    history = list(simulate(group))
    erp, wms = Erp(group, books), Wms(group, lists, tuple(plant.code for plant in group.sites))
    for happening in history:
        erp.hear(happening)
        wms.hear(happening)
    servers = Server(books, clock), Server(lists, clock)
    landscape = write(folder, group, servers[0].address, files(group, servers[1].address))
    with opened(landscape, clock=clock) as services:
        reports = list(collect(services))
        yield history, Plant(services), reports
    for server in servers:
        server.stop()
    for service in (books, lists):
        service.close()


def sums(plant, sql):
    """Both sides of a query with a column `is_erp`, as line and quantity."""
    rows = [tuple(row.values()) for row in plant.rows(sql)]
    return [{row[1:-1]: row[-1] for row in rows if row[0] is side} for side in (True, False)]


def test_everything_is_held_exactly_once(house):
    _, plant, reports = house
    for report in reports:
        assert report.error is None
        landed = report.landed
        assert (landed.rejects, landed.unresolved, landed.unchanged) == (0, 0, 0)
    assert plant.rejects() == []
    assert plant.services.store.state.doubled() == {}


def test_it_books_every_movement_the_erp_books(house):
    """Receipts of products and of bought parts are one list, shipments tell no status."""
    _, plant, _ = house
    erp, wms = sums(
        plant,
        "SELECT source = 'erp' AS is_erp, replace(kind, 'fg_receipt', 'receipt') AS kind, "
        "is_reversal, plant, location, item, lot, unit, correlation_id, "
        "CASE WHEN kind NOT IN ('receipt', 'fg_receipt', 'ship_confirm') THEN stock_status END "
        f"AS status, sum(quantity) FROM business_event WHERE {CURRENT} AND location <> 'WIP1' "
        "AND feed NOT IN ('confirmations', 'orders') "
        "GROUP BY ALL",
    )
    assert erp == wms
    kinds = Counter(line[0] for line in wms)
    assert set(kinds) == {
        "adjust", "goods_issue", "receipt", "scrap", "ship_confirm", "status_change", "transfer"
    }  # fmt: skip
    assert any(is_reversal for _, is_reversal, *_ in wms)


def test_its_balances_are_those_of_the_books(house):
    history, plant, _ = house
    erp, wms = sums(
        plant,
        "SELECT source = 'erp' AS is_erp, plant, location, item, lot, stock_status, unit, "
        "sum(quantity) FROM stock_balance WHERE location <> 'WIP1' GROUP BY ALL",
    )
    assert erp == wms
    assert {line[4] for line in wms} == {"free", "inspect", "blocked"}
    at = plant.rows("SELECT DISTINCT balance_at FROM stock_balance WHERE source <> 'erp'")
    assert [row["balance_at"] for row in at] == [history[-1].at]


# What it makes of single happenings -------------------------------------------------------------

GROUP = Group(days=1, plants=2)
HERE, THERE = (plant.code for plant in GROUP.sites)


def moved(number, kind, quantity, **more):
    told = {"item": "000123", "lot": "L1", "unit": "KG", "quantity": Decimal(quantity)}
    told |= {"from_status": UNRESTRICTED, "to_status": UNRESTRICTED}
    return Happening(number, GROUP.starts_at, HERE, kind, **(told | more))


@pytest.fixture
def tell():
    """What a warehouse of some plants tells in a list after it heard something."""
    held = []

    def listed(path, heard, plants=(HERE, THERE)):
        held.append(RestService(LISTS, TOKEN))
        wms = Wms(GROUP, held[-1], plants)
        for happening in heard:
            wms.hear(happening)
        return json.loads(held[-1].answer("GET", f"/{path}", WHO, b"")[1])["items"]

    yield listed
    for service in held:
        service.close()


BETWEEN = moved(
    5, Kind.TRANSFER_RECEIVED, 3, from_plant=THERE, from_place=TRANSIT, to_place=RAW
)  # fmt: skip


def ends(rows):
    names = ("movement_id", "plant", "from_location", "to_location")
    return [tuple(row[name] for name in names) for row in rows]


def test_a_transfer_between_plants_is_a_movement_of_each_plant(tell):
    rows = tell("movements", [BETWEEN])
    assert ends(rows) == [
        ("W00000005-1", THERE, "ROAD", None),
        ("W00000005-2", HERE, None, "HALL-R"),
    ]
    assert len({row["reference"] for row in rows}) == 1
    assert len({row["at"] for row in rows}) == 2  # wall time of each


@pytest.mark.parametrize(("plant", "leg"), [(THERE, "W00000005-1"), (HERE, "W00000005-2")])
def test_of_a_transfer_between_plants_it_tells_what_its_plants_see(tell, plant, leg):
    rows = tell("movements", [BETWEEN], (plant,))
    assert [row["movement_id"] for row in rows] == [leg]
    assert {row["plant"] for row in tell("balances", [BETWEEN], (plant,))} == {plant}


@pytest.mark.parametrize(
    ("quantity", "ends_at"), [(2, (None, "HALL-R")), (-2, ("HALL-R", None))]
)  # fmt: skip
def test_a_count_goes_in_or_out_without_a_sign_and_so_does_what_takes_it_back(
    tell, quantity, ends_at
):
    counted = moved(1, Kind.ADJUSTMENT_COUNTED, quantity, to_place=RAW)
    back = moved(2, Kind.ADJUSTMENT_COUNTED, -quantity, to_place=RAW, reverses=1)
    rows = tell("movements", [counted, back])
    assert [(row["from_location"], row["to_location"]) for row in rows] == [ends_at] * 2
    assert [(row["qty"], row["reverses"]) for row in rows] == [(2, None), (2, "W00000001")]
    assert tell("balances", [counted, back]) == []


def test_the_line_side_is_not_its_own_but_goods_go_there(tell):
    to_line = moved(1, Kind.TRANSFER_RECEIVED, 3, from_place=TRANSIT, to_place=WIP)
    used = moved(2, Kind.COMPONENT_ISSUED, 3, from_place=WIP)
    assert ends(tell("movements", [to_line, used])) == [("W00000001", HERE, "ROAD", "LINE")]
    assert [row["location"] for row in tell("balances", [to_line, used])] == ["ROAD"]


def test_what_is_picked_lies_at_the_gate_and_is_no_movement(tell):
    picked = moved(1, Kind.DELIVERY_PICKED, 3, from_place=FINISHED, to_place=DOCK)
    assert tell("movements", [picked]) == []
    rows = tell("balances", [picked])
    assert {row["location"]: row["qty"] for row in rows} == {"GATE": 3, "HALL-F": -3}


def test_every_kind_that_moves_stock_is_told_or_left_out_on_purpose(tell):
    told = {
        kind
        for kind in MOVES
        for path in ("movements", "shipments", "receipts")
        if tell(path, [moved(1, kind, 1, from_place=RAW, to_place=FINISHED)])
    }
    assert MOVES - told == {Kind.DELIVERY_PICKED}
