"""The history as a whole: told in order, the same every time, busy when people work."""

import hashlib
import subprocess
import sys
from collections import Counter, defaultdict
from datetime import timedelta
from decimal import Decimal
from itertools import islice, pairwise

import pytest

from app.demo.group import ROUND_THE_CLOCK, Calendar, Group, Happening, Kind, simulate
from app.demo.group.masterdata import QUARANTINE, RAW, TRANSIT, WIP

PRINTED = """
import hashlib
from app.demo.group import Group, simulate
told = hashlib.sha256()
for happening in simulate(Group(seed=11, days=4, plants=2)):
    told.update(repr(happening).encode())
print(told.hexdigest())
"""


def printed(hash_seed: str) -> str:
    environment = {"PYTHONHASHSEED": hash_seed}
    command = [sys.executable, "-c", PRINTED]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_the_same_seed_tells_the_same_in_every_process() -> None:
    told = hashlib.sha256()
    for happening in simulate(Group(seed=11, days=4, plants=2)):
        told.update(repr(happening).encode())
    assert {printed("1"), printed("2")} == {told.hexdigest()}


def test_another_seed_tells_something_else() -> None:
    one, other = (list(simulate(Group(seed, days=2, plants=1))) for seed in (1, 2))
    assert [h.at for h in one] != [h.at for h in other]
    assert one[0].item != other[0].item or one[0].quantity != other[0].quantity


def test_it_is_told_in_order_of_number_and_time(group: Group, told: list[Happening]) -> None:
    assert [h.no for h in told] == list(range(1, len(told) + 1))
    assert all(before.at <= after.at for before, after in pairwise(told))
    assert group.starts_at == told[0].at
    assert group.ends_at - timedelta(hours=1) < told[-1].at < group.ends_at
    assert all(h.at.microsecond == 0 and h.at.utcoffset() == timedelta() for h in told)


def test_it_is_told_while_it_happens() -> None:
    assert len(list(islice(simulate(Group(days=2000)), 1000))) == 1000


def test_it_is_as_long_as_said(told: list[Happening]) -> None:
    assert 60_000 <= len(told) <= 80_000


def test_it_grows_with_scale() -> None:
    one, three = (
        sum(1 for _ in simulate(Group(days=8, plants=2, scale=scale))) for scale in (1, 3)
    )
    assert 2.4 < three / one < 3.3


def test_every_kind_happens_in_every_plant(group: Group, told: list[Happening]) -> None:
    seen = Counter((h.plant, h.kind) for h in told)
    rare = {Kind.MASTER_CHANGED, Kind.DEPLOYMENT, Kind.PERIOD_CLOSED, Kind.ORDER_CANCELLED}
    few = [
        (site.code, kind.value, seen[site.code, kind])
        for site in group.sites
        for kind in Kind
        if seen[site.code, kind] < (1 if kind in rare else 10)
    ]
    assert few == []


def test_people_work_when_the_plant_does(group: Group, told: list[Happening]) -> None:
    calendars = {site.code: Calendar(site, group.first, group.last) for site in group.sites}
    off = Counter(h.kind for h in told if not calendars[h.plant].shift_at(h.at))
    assert set(off) | {Kind.STOCK_OPENED} == ROUND_THE_CLOCK


def test_weekends_and_holidays_are_quiet(group: Group, told: list[Happening]) -> None:
    zones = {site.code: Calendar(site, group.first, group.last).zone for site in group.sites}
    days = Counter(h.at.astimezone(zones[h.plant]).date() for h in told if h.plant == "1000")
    week = sorted(count for day, count in days.items() if day.weekday() < 5)
    sundays = [count for day, count in days.items() if day.weekday() == 6]
    saturdays = [count for day, count in days.items() if day.weekday() == 5]
    # The first Saturday is a holiday.
    middle = week[len(week) // 2]
    assert max(sundays) < middle
    assert sum(saturdays) / len(saturdays) < middle * 0.7
    golden_week = [h for h in told if h.plant == "3000" and h.at.day < 7 and h.at.month == 10]
    assert {h.kind for h in golden_week} <= ROUND_THE_CLOCK


def test_labour_is_booked_in_a_burst_before_the_shift_ends(
    group: Group, told: list[Happening]
) -> None:
    calendar = Calendar(group.sites[0], group.first, group.last)
    left = []
    for h in told:
        if h.kind is Kind.LABOUR_BOOKED and h.plant == "1000":
            shift = calendar.shift_at(h.at)
            assert shift is not None
            left.append(shift.closes - h.at)
    last_minutes = sum(x <= timedelta(minutes=5) for x in left)
    assert last_minutes > len(left) / 5


def test_what_is_in_transit_arrives_once_or_is_still_on_the_road(
    group: Group, told: list[Happening]
) -> None:
    on_the_road: dict[tuple[str, str, str, Decimal], Happening] = {}
    between_plants = 0
    for h in told:
        key = (h.document, h.item, h.lot, h.quantity)
        if h.kind is Kind.TRANSFER_SHIPPED:
            assert h.to_place == TRANSIT
            on_the_road[key] = h
        elif h.kind is Kind.TRANSFER_RECEIVED:
            shipped = on_the_road.pop(key)
            assert (h.from_plant or h.plant) == shipped.plant
            assert (shipped.partner or shipped.plant) == h.plant
            between_plants += h.plant != shipped.plant
    assert between_plants > 20
    # A lorry takes up to four days, and a weekend or holidays in between.
    assert all(group.ends_at - h.at < timedelta(days=12) for h in on_the_road.values())


def test_places_serve_their_purpose(told: list[Happening]) -> None:
    routes = {(h.from_place, h.to_place) for h in told if h.kind is Kind.TRANSFER_SHIPPED}
    assert routes == {(RAW, TRANSIT), (QUARANTINE, TRANSIT)}
    issued = {h.from_place: h.reason for h in told if h.kind is Kind.COMPONENT_ISSUED}
    assert set(issued) == {RAW, WIP}


def test_an_inspection_decides_on_all_it_was_opened_for(told: list[Happening]) -> None:
    opened = {h.document: h for h in told if h.kind is Kind.INSPECTION_OPENED}
    decided: dict[str, Decimal] = defaultdict(Decimal)
    for h in told:
        if h.kind is Kind.INSPECTION_DECIDED:
            assert opened[h.document].no < h.no
            decided[h.document] += h.quantity
    assert len(decided) > 500
    assert all(opened[no].quantity == quantity for no, quantity in decided.items())


def test_a_delivery_ships_and_bills_what_was_picked(group: Group, told: list[Happening]) -> None:
    lines: dict[Kind, dict[tuple[str, str], Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for h in told:
        if h.kind in (Kind.DELIVERY_PICKED, Kind.DELIVERY_SHIPPED, Kind.CUSTOMER_INVOICED):
            delivery = h.reference if h.kind is Kind.CUSTOMER_INVOICED else h.document
            lines[h.kind][delivery, h.position] += h.quantity
    picked, shipped = lines[Kind.DELIVERY_PICKED], lines[Kind.DELIVERY_SHIPPED]
    billed = lines[Kind.CUSTOMER_INVOICED]
    assert len(billed) > 1000
    assert all(picked[line] == quantity for line, quantity in shipped.items())
    assert all(shipped[line] == quantity for line, quantity in billed.items())
    left_in_time = {
        (h.document, h.position)
        for h in told
        if h.kind is Kind.DELIVERY_SHIPPED and group.ends_at - h.at > timedelta(days=2)
    }
    assert left_in_time <= set(billed)


def test_quantities_are_multiples_of_the_items_step(group: Group, told: list[Happening]) -> None:
    odd = [h for h in told if h.item and h.kind is not Kind.MASTER_CHANGED]
    odd = [h for h in odd if h.quantity % group.items[h.item].step]
    assert odd == []


def test_lots_and_serials_are_kept_as_the_item_wants(group: Group, told: list[Happening]) -> None:
    moving = (Kind.FINISHED_RECEIVED, Kind.DELIVERY_SHIPPED, Kind.PURCHASE_RECEIVED)
    seen = set()
    for h in told:
        if h.kind in moving:
            tracking = group.items[h.item].tracking
            seen.add(tracking)
            assert (bool(h.lot), bool(h.serial)) == (tracking == "lot", tracking == "serial")
            assert tracking != "serial" or abs(h.quantity) == 1
    assert seen == {"none", "lot", "serial"}


def test_master_data_changes_on_the_day_it_says(group: Group, told: list[Happening]) -> None:
    changes = [h for h in told if h.kind is Kind.MASTER_CHANGED]
    assert {h.reason.split()[0] for h in changes} == {"cost", "bom", "unit"}
    for h in changes:
        site = next(site for site in group.sites if site.code == h.plant)
        at = h.at.astimezone(Calendar(site, group.first, group.last).zone)
        item = group.items[h.item]
        before = at.date() - timedelta(days=1)
        assert (at.hour, at.minute) == (0, 0)
        if h.reason == "cost":
            assert h.amount == item.cost(at.date()) * site.rate
            assert item.cost(before) != item.cost(at.date())
        elif h.reason == "bom":
            assert item.bom(at.date()).revision == h.revision != item.bom(before).revision
        else:
            unit = h.reason.split()[1]
            assert item.factor(unit, at.date()) == h.quantity != item.factor(unit, before)


def test_a_group_of_no_size_is_refused() -> None:
    for sizes in ({"plants": 0}, {"days": 0}, {"scale": 0}):
        with pytest.raises(ValueError, match="are no group"):
            Group(**sizes)
