"""The general ledger of the simulated ERP, collected by the ordinary pack and held by the rules."""

from collections import defaultdict
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from app.clock import SetClock
from app.demo.group import MOVES, Group, Kind, simulate
from app.demo.replay import Server
from app.demo.systems.erp import Erp
from app.demo.systems.ledger import ACCOUNTS, BOUGHT, GR_IR, Uncleared, account_of, worth
from app.demo.systems.odata import ODataService
from app.demo.systems.sap import ROOT, SETS
from app.jobs.collect import collect
from app.jobs.reconcile import reconcile
from app.services import opened
from app.store.reading import Wanted
from tests.collectors.conftest import Plant
from tests.demo.systems.house import write

TIED, INVOICED = "finance/stock_value_tied", "finance/received_invoiced"
DATED = "finance/posted_in_period"


def landscape_of(folder, group, address):
    """The landscape with the accounts of the ledger, in EUR, and what items cost."""
    kinds = {**dict.fromkeys(ACCOUNTS.values(), "stock"), GR_IR: "gr_ir"}
    accounts = "".join(f'    - {{account: "{a}", account_kind: {k}}}\n' for a, k in kinds.items())
    costs = "".join(
        f"{item.code.lstrip('0')},{cost.amount},EUR,{cost.valid_from}\n"
        for item in group.items.values()
        for cost in item.costs
    )
    landscape = write(
        folder,
        group,
        address,
        {"landscape/item_cost.csv": f"item,unit_cost,currency,valid_from\n{costs}"},
    )
    with (landscape / "sources" / "erp.yml").open("a") as source:
        source.write(
            f"parameters:\n  ledger_currency: group\n  ledger_accounts:\n{accounts}"
            "  period_lists: [{service: ZTOWER_PERIODS_CDS, set: ZTOWER_PERIODS}]\n"
        )
    return landscape


@contextmanager
def kept(folder, group, history, enter=None, journal=()):
    """A landscape that read the ERP's books of a history twice, an hour apart.

    `enter` may enter a happening otherwise; it says whether it did. A `journal` is entered by hand.
    """
    clock = SetClock(group.ends_at, running=False)
    service = ODataService(ROOT, SETS, "tower", "pass", page_size=500)
    erp = Erp(group, service)
    for happening in history:
        if not (enter and enter(erp, happening)):
            erp.hear(happening)
    service.put("GLAccountLineItem", journal)
    server = Server(service, clock)
    try:
        with opened(landscape_of(folder, group, server.address), clock=clock) as services:
            for hour in range(2):
                clock.set(group.ends_at + timedelta(hours=hour))
                for report in collect(services):
                    assert report.error is None
            yield services
    finally:
        server.stop()
        service.close()


@pytest.fixture(scope="module")
def group():
    """Two plants, seven days into a month: the one before is closed meanwhile."""
    return Group(days=7, plants=2)


@pytest.fixture(scope="module")
def history(group):
    return list(simulate(group))


@pytest.fixture(scope="module")
def books(group, history, tmp_path_factory):
    with kept(tmp_path_factory.mktemp("ledger"), group, history) as services:
        yield services


def test_a_stock_account_is_worth_what_lies_there_to_the_cent(books, group, history):
    held = defaultdict(Decimal)
    for h in history:
        if h.kind in MOVES:
            if h.from_place:
                held[h.from_plant or h.plant, h.item] -= h.quantity
            if h.to_place:
                held[h.plant, h.item] += h.quantity
    expected = defaultdict(Decimal)
    for (plant, code), quantity in held.items():
        item = group.items[code]
        expected[plant, account_of(item).lstrip("0")] += worth(quantity, item.cost(group.last))
    rows = Plant(books).rows(
        "SELECT plant, account, sum(amount) AS amount FROM ledger_entry "
        "WHERE account_kind = 'stock' AND superseded_at IS NULL GROUP BY ALL"
    )
    assert {(row["plant"], row["account"]): row["amount"] for row in rows} == expected
    assert any(h.kind is Kind.MASTER_CHANGED and h.reason == "cost" for h in history)


def test_every_entry_is_held_once_with_its_document(books):
    rows = Plant(books).facts(
        "ledger_entry", "source_key, account_kind, currency, period, is_opening, order_no, partner"
    )
    assert len({row["source_key"] for row in rows}) == len(rows)
    assert {row["currency"] for row in rows} == {"EUR"}
    assert {row["is_opening"] for row in rows} == {False}
    gr_ir = [row for row in rows if row["account_kind"] == "gr_ir"]
    assert all(row["order_no"].startswith("45") and row["partner"] for row in gr_ir)
    assert Plant(books).rejects() == []


def test_periods_are_closed_when_the_group_closes_them(books, group, history):
    rows = Plant(books).facts("fiscal_period", "company, period, starts_on, ends_on, closed_at")
    closed = {(row["company"], row["period"]): row["closed_at"] for row in rows if row["closed_at"]}
    plants = {site.code: site for site in group.sites}
    now = {
        (plants[h.plant].company, h.document.replace("-", "0")): h.at
        for h in history
        if h.kind is Kind.PERIOD_CLOSED
    }
    assert now
    assert now.items() <= closed.items()
    assert {period for _, period in closed} == {"2026008", "2026009"}
    assert date(2026, 9, 1) in {row["starts_on"] for row in rows}


@pytest.mark.parametrize("rule", [TIED, INVOICED, DATED])
def test_where_nothing_goes_wrong_the_ledger_ties_out(books, rule):
    [report] = reconcile(books, [rule])
    assert (report.outcome, report.reason) == ("tied_out", None)
    judged = next(iter(report.accounts.values()))
    assert judged.in_scope > 100
    assert judged.unknown == 0


def by_hand(group, account, amount):
    """A line somebody entered who named neither plant nor item."""
    when = group.ends_at - timedelta(hours=2)
    return {
        "CompanyCode": group.sites[0].company,
        "FiscalYear": "2026",
        "AccountingDocument": "100000001",
        "LedgerGLLineItem": "000001",
        "SourceLedger": "0L",
        "Ledger": "0L",
        "GLAccount": account,
        "FiscalYearPeriod": f"{when:%Y0%m}",
        "PostingDate": when.date(),
        "CreationDateTime": when,
        "AmountInGlobalCurrency": amount,
        "GlobalCurrency": "EUR",
        "AmountInCompanyCodeCurrency": amount,
        "CompanyCodeCurrency": "EUR",
        "AccountingDocumentType": "SA",
        "IsReversal": False,
    }


def test_what_is_lost_dated_back_or_entered_for_no_plant_is_told(group, history, tmp_path):
    receipts = [h for h in history if h.kind is Kind.FINISHED_RECEIVED]
    lost = receipts[10]
    invoices = [h for h in history if h.kind is Kind.SUPPLIER_INVOICED]
    closed = next(h.at for h in history if h.kind is Kind.PERIOD_CLOSED)
    late = next(h for h in invoices if h.at > closed)
    back = datetime(2026, 8, 31, 12, tzinfo=UTC)

    def enter(erp, h):
        if h is lost:
            erp.move(h, h.at)
        elif h is late:
            erp.hear(replace(h, at=back), h.at)
        else:
            return False
        return True

    manual = Decimal("40.00")
    journal = [by_hand(group, ACCOUNTS["raw"], manual)]
    with kept(tmp_path, group, history, enter, journal) as services:
        list(reconcile(services, [TIED, DATED]))
        found = services.reader.exceptions(Wanted(states=()))
    value = worth(lost.quantity, group.items[lost.item].cost(lost.at.date()))
    amount = worth(late.quantity, group.items[late.item].cost(late.at.date()))
    account = account_of(group.items[lost.item]).lstrip("0")
    assert {
        (row["rule"], row["plant"]): (row["code"], row["key"], row["variance"], row["value"])
        for row in found
    } == {
        (TIED, None): (
            "cutoff_balance",
            {"company": group.sites[0].company, "account": ACCOUNTS["raw"].lstrip("0")},
            manual,
            manual,
        ),
        (TIED, lost.plant): ("cutoff_balance", key_of(group, lost, account=account), -value, value),
        (DATED, late.plant): (
            "wrong_period",
            key_of(group, late, document_no=late.document),
            None,
            amount,
        ),
    }


def key_of(group, h, **more):
    """The business key of something in the ledger of a plant."""
    plants = {site.code: site for site in group.sites}
    own = {"plant": h.plant} if "account" in more else {"fiscal_year": "2026"}
    return {"company": plants[h.plant].company, **own, **more}


@pytest.mark.parametrize(
    ("posted", "amounts"),
    [
        ([(-10, "2.5"), (10, "3")], ["-25.00", "25.00"]),  # an invoice clears what was received
        ([(-10, "2.5"), (4, "9"), (6, "9")], ["-25.00", "10.00", "15.00"]),
        ([(-3, "0.333"), (1, "1"), (2, "1")], ["-1.00", "0.33", "0.67"]),
        ([(10, "2"), (-4, "5"), (-6, "5")], ["20.00", "-8.00", "-12.00"]),  # the invoice came first
        ([(-10, "2.5"), (12, "3")], ["-25.00", "31.00"]),  # more than was received
    ],
)
def test_what_clears_an_order_line_posts_its_share(posted, amounts):
    line = Uncleared()
    told = [line.post(Decimal(quantity), Decimal(cost)) for quantity, cost in posted]
    assert told == [Decimal(amount) for amount in amounts]
    assert line.amount == sum(told)


def test_nothing_is_received_but_what_is_bought():
    assert {Kind.PURCHASE_RECEIVED, Kind.SPARE_RECEIVED} == {*BOUGHT}
