"""Planting: every mode has room, no two faults meet, the truth can be read, mistakes are told."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest

from app.demo.faults import COVERED, PLANTERS, Plan, Planting, Sowing, plan_of
from app.demo.faults.books import Books
from app.demo.faults.coverage import catalogue
from app.demo.faults.past import Past
from app.demo.faults.strike import LAG
from app.demo.group import Group, Kind, simulate
from app.demo.ledgers import odoo_plants, sap_plants
from app.demo.systems.edi import partnered
from app.demo.wire import CMMS, ERP, MES, SUPPLIER, WMS, Delivery, Fate, Wire, routes
from app.landscape.document import LandscapeError
from app.score.truth import read_truth

EARLY = date(2026, 11, 2)


@pytest.fixture(scope="module")
def group():
    return Group(seed=7, days=30, plants=2)


@pytest.fixture(scope="module")
def history(group):
    return list(simulate(group))


@pytest.fixture(scope="module")
def turn():
    """A week around the end of a month, until that is closed."""
    return Group(seed=7, start=date(2026, 10, 29), days=7, plants=2)


@pytest.fixture(scope="module")
def around(turn):
    return list(simulate(turn))


@pytest.fixture(scope="module")
def three():
    """The same week in a group of three plants, the third with an Odoo: it and its history."""
    group = Group(seed=7, start=date(2026, 10, 29), days=7, plants=3)
    return group, list(simulate(group))


def one(number, group, history, until=None):
    """A fault of a mode, planted alone, until a day if it is to be over at the end."""
    sowing = Sowing(mode=number, count=1, until=until)
    plan = Plan(faults=(sowing,), decoys=False)
    return Planting(group, history, plan, None, partnered(group))


def struck(planting, history):
    """What is told otherwise: the happening, who is told if all is well, and who is after all."""
    for h in history:
        usual = routes(h, Random(1))
        if (told := planting.befall(h, usual)) != usual:
            yield h, usual, told


class Ear:
    """Every system and the bus between them: what was heard by whom, in order, and what failed."""

    def __init__(self, group, history, planting):
        self.heard, self.refused, self.given_up = [], [], []
        Wire(group, history, self._system, self, planting).run(group.ends_at)

    def of(self, role, *, order_no):
        """The kinds of what a system heard of an order."""
        return [h.kind for who, _, h in self.heard if who == role and h.order_no == order_no]

    def _system(self, role, plant):
        return SimpleNamespace(hear=lambda h, at: self.heard.append((role, at, h)))

    def refuse(self, queue, number, happening, at):
        self.refused.append(happening.no)

    def give_up(self, queue, number, happening, at):
        self.given_up.append(happening.no)

    @classmethod
    def quiet(cls):
        """The bus alone, and nobody who hears."""
        ear = cls.__new__(cls)
        ear.refused, ear.given_up = [], []
        return ear

    def publish(self, *_):
        pass

    take = stop = start = publish


def test_every_mode_can_be_planted_alone(group, history, turn, around, tmp_path):
    at_the_turn = ("H9", "H13")  # what falls between two months, or shows at a close
    for number in PLANTERS:
        place = (turn, around) if number in at_the_turn else (group, history)
        one(number, *place).write(tmp_path / "truth.csv")
        assert {fault.mode for fault in read_truth(tmp_path / "truth.csv")} == {number}


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


def test_all_is_what_rules_find_and_every_is_all_there_is(group):
    assert [sowing.mode for sowing in plan_of("all", group).faults] == list(COVERED)
    assert [sowing.mode for sowing in plan_of("every", group).faults] == list(PLANTERS)
    assert {*COVERED} == {mode.number for mode in catalogue() if mode.rules}


def test_every_mode_has_room_beside_all_others(turn, around):
    plan = plan_of("every", turn)
    rows = Planting(turn, around, plan, None, partnered(turn)).truth()
    assert {row.mode for row in rows} - {""} == {*PLANTERS}


@pytest.mark.parametrize(
    ("number", "kind", "deaf"),
    [
        ("A9", Kind.COMPONENT_ISSUED, {MES, ERP, WMS}),
        ("B10", Kind.OPERATION_SCRAPPED, {MES, ERP}),
        ("C5", Kind.STOCK_STATUS_CHANGED, {ERP}),
        ("G1", Kind.DOWNTIME_STARTED, {CMMS}),
        ("G2", Kind.MAINTENANCE_COMPLETED, {CMMS}),
        ("G3", Kind.SPARE_ISSUED, {ERP, WMS}),
        ("H4", Kind.SUPPLIER_INVOICED, {ERP}),
        ("H7", Kind.CUSTOMER_INVOICED, {ERP}),
        ("H13", Kind.ORDER_COMPLETED, {MES, ERP}),
    ],
)
def test_some_are_not_told(turn, around, number, kind, deaf):
    changes = struck(one(number, turn, around), around)
    _, usual, told = next(change for change in changes if change[0].kind is kind)
    assert {x.system for x in usual} - {x.system for x in told} == deaf


@pytest.mark.parametrize(
    ("number", "field", "misled"),
    [
        ("A5", "quantity", {MES, ERP}),
        ("B7", "revision", {MES}),
        ("C10", "lot", {ERP}),
        ("F4", "quantity", {ERP}),
        ("F5", "lot", {MES, ERP}),
        ("H1", "quantity", {SUPPLIER}),
        ("H10", "at", {ERP}),
    ],
)
def test_some_are_told_otherwise(turn, around, number, field, misled):
    for h, _, told in struck(one(number, turn, around), around):
        wrong = {x.system for x in told if getattr(x.happening, field) != getattr(h, field)}
        assert wrong == misled


@pytest.mark.parametrize("number", ["A1", "A2", "A4", "A8", "A10", "A11", "D1", "D10", "H9"])
def test_what_presupposes_an_sap_does_not_strike_where_there_is_an_odoo(three, number):
    (odoo,) = odoo_plants(three[0])
    for plants, is_struck in ((sap_plants(three[0]), True), ((odoo,), False)):
        sowing = Sowing(mode=number, count=1, plants=plants)
        rows = Planting(*three, Plan(faults=(sowing,), decoys=False)).truth()
        assert bool(rows) is is_struck


def test_where_an_sap_has_all_books_it_strikes_everywhere(three):
    sowing = Sowing(mode="A1", count=1, plants=odoo_plants(three[0]))
    plan = Plan(faults=(sowing,), decoys=False)
    assert Planting(*three, plan, sap=[site.code for site in three[0].sites]).truth()


def test_an_issue_an_odoo_takes_a_return_off_is_left_alone(three):
    past = Past(*three, three[0].ends_at)
    told = {h.no for h in past.plain(Kind.COMPONENT_ISSUED)}
    left = [past.by_no[no] for no in told - {h.no for h in past.issues()}]
    assert {h.plant for h in left} == {*odoo_plants(three[0])}
    assert all(past.of_order(h.order_no, Kind.COMPONENT_RETURNED) for h in left)


@pytest.mark.parametrize("number", ["H4", "H10", "H11"])
def test_what_the_ledger_will_say_is_what_it_says_when_all_is_entered(turn, around, number):
    """A row of the plan is a forecast; the books that are followed are the truth."""
    (row,) = one(number, turn, around).truth()
    planting = one(number, turn, around)
    keeper = SimpleNamespace(hear=lambda h, at: None, move=lambda h, at: None)
    Wire(turn, around, lambda role, plant: keeper, Ear.quiet(), planting).run(turn.ends_at)
    followed = [other for other in planting.truth() if other.code == row.code]
    carried = timedelta(minutes=5)  # until then a message has arrived
    assert [replace(other, since=row.since) for other in followed] == [row]
    assert row.since <= followed[0].since <= row.since + carried


def test_a_movement_whose_value_is_lost_is_entered_all_the_same(turn, around):
    for _, usual, told in struck(one("H11", turn, around), around):
        assert [x.fate for x in told if x.system == ERP] == [Fate.UNVALUED]
        assert {x.system for x in told} == {x.system for x in usual}


def test_what_waits_behind_a_message_arrives_with_it_in_order(turn, around):
    planting = one("D8", turn, around, until=EARLY)
    ear = Ear(turn, around, planting)
    ((first, *_),) = struck(planting, around)
    ends = next(row.until for row in planting.truth() if row.mode == "D8")
    late = [h for who, at, h in ear.heard if who == ERP and at == ends and h.kind == first.kind]
    assert late[0] == first
    assert sorted(late, key=lambda h: h.no) == late
    assert ear.refused == []


def test_a_receipt_that_fails_stands_in_the_list_until_somebody_deletes_it(turn, around):
    for number, fates in (("A2", [Fate.FAILED]), ("A3", [Fate.FAILED, Fate.DELETED])):
        for h, usual, told in struck(one(number, turn, around), around):
            assert [x.fate for x in told if x.system == ERP] == fates
            assert {x.system for x in told} == {x.system for x in usual}
            assert h.kind is Kind.FINISHED_RECEIVED


def test_what_is_deleted_was_seen_by_who_looks_two_days_before_the_end(turn, around):
    (first, *_), *_ = [told for *_, told in struck(one("A3", turn, around), around)]
    deleted = [
        told[-1].at
        for *_, told in struck(one("A3", turn, around), around)
        if told[-1].interface is None
    ]
    assert first.at < turn.ends_at - timedelta(days=2) < min(deleted) < turn.ends_at


def of_partner(number, group, history):
    """What a fault of a mode changes at a plant with a logistics partner, and the planting."""
    sowing = Sowing(mode=number, count=1, plants=partnered(group))
    plan = Plan(faults=(sowing,), decoys=False)
    planting = Planting(group, history, plan, None, partnered(group))
    return planting, list(struck(planting, history))


def test_where_an_advice_is_lost_the_partner_alone_knows_and_its_next_balance_shows_it(
    turn, around
):
    planting, changes = of_partner("H5", turn, around)
    for _, _, told in changes:
        assert [(x.system, x.fate) for x in told] == [(WMS, Fate.UNTOLD)]
    day = ZoneInfo("America/Chicago")
    rows = planting.truth()
    shown = {(row.code, (row.since - LAG).astimezone(day).hour) for row in rows}
    assert ("balance_variance", 0) in shown
    # what is invoiced all the same was shipped by nobody
    assert {row.code for row in rows} == {"balance_variance", "orphan_posting"}


def test_a_partner_ships_what_it_tells(turn, around):
    assert of_partner("H6", turn, around)[1] == []


def test_a_book_corrected_without_an_advice_is_told_to_nobody(turn, around):
    (delivery,) = one("C14", turn, around).extra
    assert (delivery.system, delivery.fate) == (WMS, Fate.UNTOLD)
    assert delivery.happening.kind is Kind.ADJUSTMENT_COUNTED


def test_a_message_is_tried_for_ever(turn, around):
    planting = one("D3", turn, around, until=EARLY)
    ((h, *_),) = struck(planting, around)
    ear = Ear(turn, around, planting)
    assert {*ear.refused} == {h.no}
    assert len(ear.refused) >= 40
    assert [who for who, _, x in ear.heard if x == h and who == ERP] == [ERP]


def test_a_cancellation_overtakes_its_order(turn, around):
    planting = one("D9", turn, around, until=EARLY)
    ((h, *_),) = struck(planting, around)
    ear = Ear(turn, around, planting)
    assert ear.of(MES, order_no=h.order_no) == [Kind.ORDER_CANCELLED, Kind.ORDER_RELEASED]
    assert ear.refused == [h.no] * 2


def test_a_message_given_up_is_entered_with_another_quantity(turn, around):
    planting = one("D10", turn, around, until=EARLY)
    ((h, *_),) = struck(planting, around)
    ear = Ear(turn, around, planting)
    (quantity,) = (x.quantity for who, _, x in ear.heard if who == ERP and x.no == h.no)
    assert (quantity, ear.given_up) == (h.quantity - 1, [h.no])


def test_a_second_stop_lies_within_the_first(turn, around):
    begun, ended = (delivery.happening for delivery in one("G5", turn, around).extra)
    first = next(
        h
        for h in around
        if h.kind is Kind.DOWNTIME_ENDED
        and h.equipment == begun.equipment
        and h.since < begun.at < h.at
    )
    assert ended.since == begun.at
    assert ended.at > first.at


def test_the_same_notice_comes_in_two_files(turn, around):
    ((_, _, (first, second)),) = struck(one("H2", turn, around), around)
    assert first.happening == second.happening
    assert second.at - first.at > timedelta(hours=1)


def test_the_catalogue_has_every_mode_and_says_of_each_what_finds_it_or_why_nothing():
    modes = {mode.number: mode for mode in catalogue()}
    assert len(modes) == 94
    assert {*PLANTERS} <= {*modes}
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


def test_what_the_list_of_the_books_never_shows_is_known_to_everybody_else(turn, around):
    planting = one("C1", turn, around)
    for h, usual, told in struck(planting, around):
        assert {x.system: x.fate for x in told} == {
            x.system: Fate.UNCOUNTED if x.system == ERP else Fate.ENTERED for x in usual
        }
        Ear(turn, around, planting)
        (row,) = planting.truth()
        assert (row.code, row.quantity) == ("ledger_mismatch", h.quantity)


def test_what_the_books_have_below_zero_is_true_until_it_comes(turn, around):
    h = next(h for h in around if h.kind is Kind.PURCHASE_RECEIVED and h.lot)
    books = Books(Past(turn, around, turn.ends_at))
    books.enter(Delivery(ERP, h.at, replace(h, quantity=-h.quantity)), h.at)
    ((row, first),) = books.below()
    assert (row.code, row.quantity, row.until) == ("negative_stock", -h.quantity, None)
    assert (row.since, first.no) == (h.at + timedelta(minutes=30), h.no)
    later = h.at + timedelta(hours=5)
    books.enter(Delivery(ERP, later, h), later)
    assert [(row.until, row.quantity) for row, _ in books.below()] == [(later, None)]
