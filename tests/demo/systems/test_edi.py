"""A logistics partner and suppliers tell by EDI what happened, and it is collected as it was."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from app.clock import SetClock
from app.demo.group import MOVES, Group, Happening, Kind, simulate
from app.demo.group.masterdata import BLOCKED, FINISHED, INSPECTION, RAW, UNRESTRICTED, WIP
from app.demo.systems.edi import ADVICES, FINISHED_GOODS, Edi, counted, landscape, partnered
from app.demo.systems.erp import reference
from tests.collectors.conftest import plant

GROUP = Group(seed=7, days=2, plants=2)
PLANTS = tuple(site.code for site in GROUP.sites)
COMPANY = "company: Group\ncurrency: EUR\nplants:\n" + "".join(
    f'  "{site.code}": {{name: {site.name}, zone: {site.zone}}}\n' for site in GROUP.sites
)
WORDS = {UNRESTRICTED: "free", INSPECTION: "inspect", BLOCKED: "blocked", "": None}
LATE = timedelta(seconds=90)


def write(folder, drops, plants=PLANTS):
    for path, text in landscape(plants, drops).items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, "utf-8")


@pytest.fixture(scope="module", params=["lf", "crlf"])
def house(tmp_path_factory, request):
    """Two days of two plants: what happened, what was collected, the folder."""
    folder = tmp_path_factory.mktemp("edi")
    history = list(simulate(GROUP))
    partners = Edi(GROUP, PLANTS, folder / "drop", request.param)
    for happening in history:
        partners.hear(happening, happening.at + LATE)
    end = GROUP.ends_at + timedelta(minutes=20)
    partners.drop(end)
    write(folder / "landscape", folder / "drop")
    with plant(folder / "landscape", COMPANY, {}, SetClock(end, running=False)) as opened:
        yield history, opened, opened.collect(), folder / "drop"


def told(history, *kinds):
    """What a partner has to tell: nothing that is none of its stock, and no count without news."""
    return [
        h
        for h in history
        if h.kind in kinds and h.quantity and WIP not in (h.from_place, h.to_place)
    ]


def test_nothing_is_rejected_left_out_or_told_twice(house):
    _, opened, reports, _ = house
    assert opened.rejects() == []
    for report in reports.values():
        landed = report.landed
        assert (landed.rejects, landed.left_out, landed.unchanged) == (0, 0, 0)
    assert opened.services.store.state.doubled() == {}


@pytest.mark.parametrize(
    ("event", "signs"),
    [
        ("receipt", {Kind.PURCHASE_RECEIVED: 1, Kind.FINISHED_RECEIVED: 1}),
        ("ship_confirm", {Kind.DELIVERY_SHIPPED: -1}),
        (
            "adjust",
            {Kind.SCRAP_DECLARED: -1, Kind.ADJUSTMENT_COUNTED: 1, Kind.STOCK_OPENED: 1},
        ),
    ],
)
def test_every_advice_is_collected_as_it_happened(house, event, signs):
    history, opened, _, _ = house
    rows = opened.facts(
        "business_event",
        "correlation_id, plant, item, coalesce(lot, ''), quantity, unit_source, occurred_at",
        f"kind = '{event}' AND location = 'WH' || plant",
    )
    expected = Counter(
        (
            reference(h.reverses or h.no), h.plant, h.item.lstrip("0"), h.lot,
            signs[h.kind] * h.quantity,
            h.unit, h.at,
        )
        for h in told(history, *signs)
    )  # fmt: skip
    assert Counter(tuple(row.values()) for row in rows) == expected
    assert expected


def test_receipts_name_the_notice_and_shipments_the_delivery(house):
    history, opened, _, _ = house
    received, shipped = (
        {row["document_no"] for row in opened.facts("business_event", "document_no", where)}
        for where in ("kind = 'receipt'", "kind = 'ship_confirm'")
    )
    assert received == {None, *(h.reference for h in told(history, Kind.PURCHASE_RECEIVED))}
    assert shipped == {h.document.lstrip("0") for h in told(history, Kind.DELIVERY_SHIPPED)}


def test_a_change_of_status_goes_out_of_one_and_into_the_other(house):
    history, opened, _, _ = house
    found = Counter(
        tuple(row.values())
        for row in opened.facts(
            "business_event",
            "correlation_id, quantity, stock_status, to_stock_status",
            "kind = 'status_change'",
        )
    )
    expected = Counter()
    for h in told(history, Kind.STOCK_STATUS_CHANGED):
        was, became = WORDS[h.from_status], WORDS[h.to_status]
        expected[reference(h.no), -h.quantity, was, became] += 1
        expected[reference(h.no), h.quantity, became, None] += 1
    assert found == expected
    assert found


def test_every_notice_of_a_supplier_is_an_order_with_its_lines(house):
    history, opened, _, _ = house
    rows = opened.facts(
        "order_line", "plant, order_no, item, quantity, unit_source, reference_no, line_no"
    )
    expected = Counter(
        (h.plant, h.document, h.item.lstrip("0"), h.quantity, h.unit, h.order_no, h.position)
        for h in told(history, Kind.ASN_SENT)
    )
    assert Counter(tuple(row.values()) for row in rows) == expected
    notices = opened.facts("order_state", "order_kind, order_no, status, partner, actual_start_at")
    assert {tuple(row.values()) for row in notices} == {
        ("asn", h.document, "released", h.partner.lstrip("0"), h.at)
        for h in told(history, Kind.ASN_SENT)
    }
    assert notices


def test_the_newest_balances_are_what_lay_there_when_the_day_began(house):
    history, opened, _, _ = house
    rows = opened.rows(
        "SELECT plant, item, lot, stock_status, quantity, balance_at FROM stock_balance"
    )
    instants = {row["plant"]: row.pop("balance_at") for row in rows}
    assert instants == {
        "1000": datetime(2026, 10, 2, 22, tzinfo=UTC),
        "2000": datetime(2026, 10, 3, 5, tzinfo=UTC),
    }
    expected = Counter()
    for h in history:
        if h.kind not in MOVES:
            continue
        ends = (h.from_plant or h.plant, h.from_place, h.from_status, -h.quantity)
        for code, place, status, quantity in (ends, (h.plant, h.to_place, h.to_status, h.quantity)):
            if place not in ("", WIP) and h.at + LATE <= instants[code]:
                expected[code, h.item.lstrip("0"), h.lot, WORDS[status]] += quantity
    found = {
        (r["plant"], r["item"], r["lot"] or "", r["stock_status"]): r["quantity"] for r in rows
    }
    assert found == {line: quantity for line, quantity in expected.items() if quantity}


def test_a_file_of_each_set_comes_every_hour_and_control_numbers_count_up(house):
    _, _, _, drop = house
    hours = (GROUP.ends_at - GROUP.starts_at) // timedelta(hours=1)
    for code, days in (("1000", 2), ("2000", 3)):
        files = list((drop / code).iterdir())
        kinds = Counter(path.name[:3] for path in files)
        assert kinds == dict.fromkeys(("856", "944", "945", "947"), hours + 1) | {"846": days}
        numbers = sorted(path.read_bytes()[90:99].decode() for path in files)
        assert numbers == [f"{number:09}" for number in range(1, len(files) + 1)]
        newest = drop / code / "945_20261003052000.x12"
        assert newest.stat().st_mtime == (GROUP.ends_at + timedelta(minutes=20)).timestamp()


# Files by themselves ------------------------------------------------------------------------------

AT = datetime(2026, 10, 1, 6, 10, tzinfo=UTC)


def received(no, **more):
    return Happening(
        no, AT, "1000", Kind.PURCHASE_RECEIVED, item="0000100001", quantity=Decimal("1250.5"),
        unit="KG", to_place=RAW, to_status=UNRESTRICTED, order_no="4500", document="50",
        partner="0000700001", reference="A1", lot="B1", **more,
    )  # fmt: skip


def test_a_file_reads_as_a_partner_would_write_it(tmp_path):
    partners = Edi(GROUP, ["1000"], tmp_path, "crlf")
    partners.hear(received(3))
    partners.drop(AT)
    text = (tmp_path / "1000" / "944_20261001061000.x12").read_bytes().decode()
    isa, *rest = text.split("~\r\n")
    assert len(isa) == 105
    assert rest == [
        rest[0],
        "ST*944*0001",
        "W17*F*20261001*R3*4500*A1*X*081000",
        "N1*WH**92*WH1000",
        "N1*SF**92*700001",
        "W07*1250.5*KG**SK*100001***B1",
        f"N9*CO*{reference(3)}",
        "W14*1250.5",
        "SE*8*0001",
        rest[-3],
        rest[-2],
        "",
    ]


def test_lines_of_one_receipt_are_one_set_and_a_second_drop_in_a_second_loses_nothing(tmp_path):
    partners = Edi(GROUP, ["1000"], tmp_path)
    for no in (3, 4):
        partners.hear(received(no))
        partners.drop(AT)
    text = (tmp_path / "1000" / "944_20261001061000.x12").read_text()
    assert (text.count("ST*944"), text.count("W07*")) == (1, 2)
    assert list((tmp_path / "1000").glob("*.part")) == []


def test_plants_of_others_and_other_kinds_are_ignored(tmp_path):
    partners = Edi(GROUP, ["2000"], tmp_path)
    partners.hear(received(3))
    partners.drop(AT)
    text = (tmp_path / "2000" / "944_20261001061000.x12").read_text()
    assert text.splitlines()[1].startswith("IEA*0*")


def finished(no, **more):
    made = {"item": "0000200001", "quantity": Decimal(12), "unit": "EA", "to_place": FINISHED}
    return Happening(
        no, AT, "1000", Kind.FINISHED_RECEIVED, **made, to_status=UNRESTRICTED,
        order_no="000001000047", lot="L1", **more,
    )  # fmt: skip


def text_of(folder, name):
    return (folder / "1000" / f"{name}_20261001061000.x12").read_text()


def test_what_production_puts_away_is_a_receipt_of_its_order_and_taken_back_by_its_number(tmp_path):
    partners = Edi(GROUP, ["1000"], tmp_path, sets=ADVICES)
    partners.hear(finished(3))
    partners.hear(replace(finished(9), quantity=Decimal(-12), reverses=3))
    partners.drop(AT)
    segments = text_of(tmp_path, "944").split("~\n")
    assert [line for line in segments if line[:3] in ("W17", "W07", "N9*", "N1*")] == [
        "W17*F*20261001*R3*1000047**X*081000",
        "N1*WH**92*WH1000",
        "W07*12*EA**SK*200001***L1",
        f"N9*CO*{reference(3)}",
        "W17*F*20261001*R9*1000047**X*081000",
        "N1*WH**92*WH1000",
        "W07*-12*EA**SK*200001***L1",
        f"N9*CO*{reference(3)}",
    ]


def test_a_partner_of_some_places_tells_of_these_alone(tmp_path):
    partners = Edi(GROUP, ["1000"], tmp_path, sets=ADVICES, places=FINISHED_GOODS)
    partners.hear(received(2))
    partners.hear(finished(3))
    partners.drop(AT)
    assert text_of(tmp_path, "944").count("ST*944") == 1
    partners.pass_time(counted(AT, ZoneInfo("Europe/Berlin")))
    (balances,) = (tmp_path / "1000").glob("846_*")
    assert [line for line in balances.read_text().split("~\n") if line[:3] == "QTY"] == [
        "QTY*33*12*EA"
    ]


def test_what_a_partner_does_not_tell_is_in_its_balance_all_the_same(tmp_path):
    partners = Edi(GROUP, ["1000"], tmp_path, sets=ADVICES, places=FINISHED_GOODS)
    partners.keep(finished(3))
    partners.drop(AT)
    assert "ST*944" not in (tmp_path / "1000" / "944_20261001060000.x12").read_text()
    partners.pass_time(counted(AT, ZoneInfo("Europe/Berlin")))
    (balances,) = (tmp_path / "1000").glob("846_*")
    assert "QTY*33*12*EA" in balances.read_text()


def test_a_balance_is_told_with_the_first_full_hour_of_a_day():
    zone = ZoneInfo("America/Chicago")
    midnight = datetime(2026, 10, 2, 5, tzinfo=UTC)
    assert counted(midnight - timedelta(hours=23), zone) == midnight
    assert counted(midnight, zone) == midnight
    assert counted(midnight + timedelta(seconds=1), zone) == midnight + timedelta(days=1)


def test_every_third_plant_has_a_partner_from_the_second_on():
    assert partnered(Group(plants=5, days=1)) == ("2000", "5000")
