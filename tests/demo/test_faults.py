"""Planting: every mode has room, no two faults meet, the truth can be read, mistakes are told."""

from datetime import timedelta
from decimal import Decimal

import pytest

from app.demo.faults import MODES, Plan, Planting, Sowing, plan_of
from app.demo.faults.books import Books
from app.demo.faults.coverage import catalogue
from app.demo.faults.past import Past
from app.demo.group import Group, Kind, simulate
from app.demo.wire import ERP, WMS, Delivery
from app.landscape.document import LandscapeError
from app.score.truth import read_truth


@pytest.fixture(scope="module")
def group():
    return Group(seed=7, days=30, plants=2)


@pytest.fixture(scope="module")
def history(group):
    return list(simulate(group))


def test_every_mode_can_be_planted_alone(group, history, tmp_path):
    for number in MODES:
        planting = Planting(group, history, Plan(faults=(Sowing(mode=number, count=1),)))
        planting.write(tmp_path / "truth.csv")
        faults = read_truth(tmp_path / "truth.csv")
        modes = {fault.mode for fault in faults if not fault.is_decoy}
        # what falls between two months needs a month's end; this history ends with one
        assert modes == ({number} if modes else set())
        assert modes or number == "H9"


def test_the_same_seed_plants_the_same(group, history):
    plan = plan_of("all", group)
    first, second = (Planting(group, history, plan).truth() for _ in range(2))
    assert first == second
    assert len(first) > 100


def test_place_time_and_number_are_as_asked(group, history):
    sowing = Sowing.model_validate(
        {"mode": "H6", "count": 3, "plants": ("2000",), "from": "2026-10-10", "until": "2026-10-12"}
    )
    rows = Planting(group, history, Plan(faults=(sowing,), decoys=False)).truth()
    assert [row.plant for row in rows] == ["2000"] * 3
    assert {row.since.day for row in rows} <= {10, 11, 12, 13}


def test_a_rate_is_a_share_of_what_can_happen(group, history):
    few, many = (
        len(Planting(group, history, Plan(faults=(Sowing(mode="A1", rate=rate),))).truth())
        for rate in (0.0005, 0.005)
    )
    assert few < many


def test_size_makes_a_wrong_quantity_larger(group, history):
    small, large = (
        Planting(
            group, history, Plan(faults=(Sowing(mode="H6", count=1, size=size),), decoys=False)
        )
        .truth()[0]
        .quantity
        for size in (1, 4)
    )
    assert large == small * 4


def test_decoys_stand_among_them_unless_they_are_not_wanted(group, history, tmp_path):
    for decoys in (True, False):
        Planting(group, history, Plan(decoys=decoys)).write(tmp_path / "truth.csv")
        found = read_truth(tmp_path / "truth.csv")
        assert all(fault.is_decoy for fault in found)
        assert bool(found) is decoys


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("faults: [{mode: Z9, count: 1}]", "there is no mode 'Z9' to plant"),
        ("faults: [{mode: A1}]", "say how many: either 'count' or 'rate'"),
        ("faults: [{mode: A1, count: 0}]", "count"),
        ("faults: [{mode: A1, count: 1, plants: ['9000']}]", "there is no plant '9000'"),
        ("fault: []", "fault"),
        ("faults: [{mode: A1, count: 1", "not YAML"),
    ],
)
def test_a_mistake_in_the_file_is_told_with_its_line(tmp_path, group, text, said):
    path = tmp_path / "faults.yml"
    path.write_text(text, "utf-8")
    with pytest.raises(LandscapeError) as caught:
        plan_of(str(path), group)
    assert said in str(caught.value)
    assert str(caught.value).startswith("faults.yml:1")


def test_a_file_that_is_not_there_is_told(tmp_path, group):
    with pytest.raises(LandscapeError, match="cannot be read"):
        plan_of(str(tmp_path / "none.yml"), group)


def test_the_catalogue_has_every_mode_and_says_of_each_what_finds_it_or_why_nothing():
    modes = {mode.number: mode for mode in catalogue()}
    assert len(modes) == 94
    assert {*MODES} <= {*modes}
    for mode in modes.values():
        assert bool(mode.rules) != bool(mode.missing), mode.number
        assert not mode.rules or mode.is_planted, mode.number


def test_books_differ_from_when_one_side_knows_until_both_do(group, history):
    past = Past(group, history, group.ends_at)
    books = Books(past)
    h = next(one for one in past.plain(Kind.DELIVERY_SHIPPED) if one.lot)
    books.enter(Delivery(WMS, h.at, h), h.at)
    late = h.at + timedelta(hours=2)
    books.enter(Delivery(ERP, late, h), late)
    ((row, first),) = books.rows()
    assert (first, row.since, row.until, row.quantity) == (
        h, h.at + timedelta(minutes=30), late, None
    )  # fmt: skip


def test_a_difference_that_stays_is_what_both_hold_differently(group, history):
    past = Past(group, history, group.ends_at)
    books = Books(past)
    h = next(one for one in past.plain(Kind.PURCHASE_RECEIVED) if one.lot)
    books.enter(Delivery(WMS, h.at, h), h.at)
    other = history[-1]
    books.enter(Delivery(ERP, other.at, h), h.at + timedelta(minutes=1))
    assert list(books.rows()) == []
    books.enter(Delivery(ERP, h.at, h), h.at + timedelta(hours=1))
    books.now = h.at + timedelta(hours=3)
    ((row, _),) = books.rows()
    assert (row.quantity, row.until) == (Decimal(-1) * h.quantity, None)
