"""money: what stock is worth and its accounts, what clears, what is dated into a closed period."""

import random
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from reconcilers.family import Bind
from reconcilers.money import Money
from reconcilers.money.spec import MoneySpec
from reconcilers.run import Outcome, Pairing, evaluate
from tests.reconcilers import plant
from tests.reconcilers.plant import at
from tests.reconcilers.stock import Row, rows, snapshot

NOON = at("12:00")
LEDGER = {"from": "ledger_entry", "role": "erp"}
TIED = {
    "stock": {"from": "stock_balance", "role": "erp"}, "costs": {"from": "item_cost"},
    "ledger": LEDGER, "tolerance": "1 EUR",
}  # fmt: skip
CLEARED = {
    "ledger": LEDGER, "cleared": ["order_no", "order_line"], "due": timedelta(days=2),
    "tolerance": "1 EUR",
}  # fmt: skip
DATED = {"ledger": LEDGER, "periods": {"from": "fiscal_period", "role": "erp"}}


def entry(key: str, amount: object, when: str | None = "08:00", **more: Any) -> Row:
    """A line of the ledger, in the stock account of plant P1 and for item A unless said."""
    return {
        "source": "erp", "source_key": key, "company": "C1", "account": "300", "plant": "P1",
        "is_opening": False, "is_reversal": False, "posting_on": plant.DAY, "item": "A",
        "recorded_at": at(when) if when else None, "amount": Decimal(str(amount)),
        "currency": "EUR", "document_no": key, "fiscal_year": "2026", **more,
    }  # fmt: skip


def cost(item: str, unit_cost: str, **more: Any) -> Row:
    given = {"per_quantity": 1, "currency": "EUR", "valid_from": date(1900, 1, 1), **more}
    return {"source": "own", "source_key": str((item, more)), "item": item, **given} | {
        "unit_cost": Decimal(unit_cost)
    }


def line(item: str, quantity: object, **more: Any) -> Row:
    return {
        "source": "erp", "source_key": f"{item}/{more}", "item": item, "plant": "P1", "unit": "EA",
        "stock_status": "free", "quantity": Decimal(str(quantity)), **more,
    }  # fmt: skip


def judge(con: duckdb.DuckDBPyConnection, rule: Row, **bind: Any) -> Outcome:
    """One full run at noon."""
    family, spec = Money(), MoneySpec.model_validate(rule)
    sources = {
        name: ("own",) if use.side.table == "item_cost" else ("erp",)
        for name, use in family.sides(spec).items()
    }
    when = {"as_of": NOON, "horizon": NOON, **bind}
    return evaluate(con, family, spec, Pairing(sources, ("P1", "P2")), Bind(**when))


def told(con: duckdb.DuckDBPyConnection) -> list[tuple[Any, ...]]:
    """Of each finding what it is about, what it is off by and what that is worth."""
    found = rows(con, "SELECT subject, variance, unit, at_risk, note FROM finding ORDER BY subject")
    return [tuple(row.values()) for row in found]


def facts(con: duckdb.DuckDBPyConnection, role: str) -> list[str]:
    found = rows(
        con,
        "SELECT coalesce(e.source_key, s.source_key) AS source_key FROM part "
        "LEFT JOIN ledger_entry AS e ON of_table = 'ledger_entry' AND e.fact_no = part.fact_no "
        "LEFT JOIN stock_balance AS s ON of_table = 'stock_balance' AND s.fact_no = part.fact_no "
        f"WHERE role = '{role}' ORDER BY 1",
    )
    return [row["source_key"] for row in found]


def reasons(con: duckdb.DuckDBPyConnection) -> set[tuple[str, str | None]]:
    return {tuple(row.values()) for row in rows(con, "SELECT verdict, reason FROM verdict")}


def held(con: duckdb.DuckDBPyConnection, lines: list[Row], entries: list[Row]) -> None:
    """A list of stock of 11:00, and what the ledger has; A costs 2.50 and B 0.333 EUR a piece."""
    plant.add(con, "item_cost", [cost("A", "2.5"), cost("B", "0.333")])
    snapshot(con, "erp", at("11:00"), lines)
    plant.add(con, "ledger_entry", entries)


# Stock and its accounts


def test_stock_that_is_worth_what_its_account_says_is_matched(con):
    held(con, [line("A", 6), line("A", 4, lot="L2")], [entry("1", 30), entry("2", -5, "10:00")])
    outcome = judge(con, TIED)
    assert (told(con), outcome.accounts["stock"].matched) == ([], 2)


def test_an_account_that_is_off_is_told_with_the_item_it_is_off_by(con):
    held(
        con,
        [line("A", 10), line("B", 100)],
        [entry("1", 25), entry("2", "33.30", item="B"), entry("3", "-12.50", "10:00")],
    )
    judge(con, TIED)
    assert told(con) == [
        ("stock/P1/300", Decimal("-12.5"), "EUR", Decimal("12.5"),
         "Most of it in item A: -12.50 EUR")
    ]  # fmt: skip
    assert (facts(con, "expected"), facts(con, "observed")) == (["A/{}"], ["1", "3"])


@pytest.mark.parametrize(("amount", "is_told"), [("26", False), ("26.01", True)])
def test_what_is_within_the_tolerance_agrees(con, amount, is_told):
    held(con, [line("A", 10)], [entry("1", amount)])
    judge(con, TIED)
    assert bool(told(con)) is is_told


def test_a_tolerance_is_of_its_currency_alone(con):
    plant.add(con, "item_cost", [cost("A", "2.5", currency="USD")])
    snapshot(con, "erp", at("11:00"), [line("A", 10)])
    plant.add(con, "ledger_entry", [entry("1", "25.50", currency="USD")])
    judge(con, TIED)
    assert [row[1:3] for row in told(con)] == [(Decimal("0.5"), "USD")]


def test_worth_is_rounded_once_an_item_half_a_cent_up(con):
    # 15 of B are 4.995 EUR, which is 5.00; piece by piece it would be 4.95
    held(con, [line("B", 1, lot=f"L{n}") for n in range(15)], [entry("1", "5.00", item="B")])
    judge(con, TIED | {"tolerance": "0 EUR"})
    assert told(con) == []


@pytest.mark.parametrize(
    ("quantity", "unit_cost", "per_quantity", "worth"),
    [
        ("3", "10", "1000", "0.03"),
        ("1.5", "1", "1000", "0.00"),
        ("5", "1", "1000", "0.01"),
        ("-5", "1", "1000", "-0.01"),
        ("123456789.123456789", "98765.432109876", "7", "1741894732096.58"),
    ],
)
def test_worth_is_exact_whatever_a_cost_is_for(con, quantity, unit_cost, per_quantity, worth):
    plant.add(con, "item_cost", [cost("A", unit_cost, per_quantity=Decimal(per_quantity))])
    snapshot(con, "erp", at("11:00"), [line("A", quantity)])
    plant.add(con, "ledger_entry", [entry("1", worth)])
    judge(con, TIED | {"tolerance": "0 EUR"})
    assert told(con) == []


def test_the_cost_is_that_of_the_day_the_list_is_of_at_its_plant(con):
    begins = at("2026-11-02 06:00")
    con.execute(
        "INSERT INTO plant_day VALUES ('P1', DATE '2026-11-02', $b, $b + INTERVAL 1 DAY), "
        "('P1', DATE '2026-11-01', $b - INTERVAL 1 DAY, $b)",
        {"b": begins},
    )
    costs = [cost("A", "2.5"), cost("A", "3", valid_from=date(2026, 11, 2))]
    costs += [cost("A", "9", valid_from=date(2026, 11, 3)), cost("A", "8", plant="P2")]
    plant.add(con, "item_cost", costs)
    snapshot(con, "erp", at("05:59"), [line("A", 10)])
    plant.add(con, "ledger_entry", [entry("1", 25, "01:00"), entry("2", 5, "06:00")])
    judge(con, TIED | {"blur": timedelta(0)})
    assert told(con) == []
    snapshot(con, "erp", at("06:00"), [line("A", 10)])
    judge(con, TIED | {"blur": timedelta(0)})
    assert told(con) == []


def test_a_cost_of_the_plant_goes_before_that_of_all(con):
    plant.add(con, "item_cost", [cost("A", "2.5"), cost("A", "3", plant="P1")])
    snapshot(con, "erp", at("11:00"), [line("A", 10)])
    plant.add(con, "ledger_entry", [entry("1", 30)])
    judge(con, TIED)
    assert told(con) == []


def test_without_a_cost_nothing_is_said_of_the_account_and_much_of_the_others(con):
    held(
        con,
        [line("A", 10), line("X", 1), line("B", 100)],
        [entry("1", 99), entry("2", 1, item="X"), entry("3", 0, item="B", account="400")],
    )
    judge(con, TIED)
    assert [row[0] for row in told(con)] == ["stock/P1/400"]
    assert ("unknown", "an item of the account has no cost in its unit") in reasons(con)


def test_a_cost_that_was_read_after_the_question_holds_all_the_same(con):
    held(con, [line("C", 10)], [entry("1", 25, item="C")])
    plant.add(con, "item_cost", [cost("C", "2.5", observed_at=at("2026-11-09 08:00"))])
    assert (judge(con, TIED).accounts["stock"].matched, told(con)) == (1, [])


def test_a_cost_in_another_unit_is_none(con):
    plant.add(con, "item_cost", [cost("A", "2.5", unit="KG")])
    snapshot(con, "erp", at("11:00"), [line("A", 10)])
    plant.add(con, "ledger_entry", [entry("1", 99)])
    assert judge(con, TIED).accounts["stock"].unknown == 1
    assert told(con) == []


def test_currencies_are_never_mixed(con):
    held(con, [line("A", 10)], [entry("1", 25, currency="USD")])
    judge(con, TIED)
    assert told(con) == []
    assert reasons(con) == {("unknown", "costs and account are in different currencies")}


def test_stock_of_others_is_worth_nothing_here(con):
    held(con, [line("A", 10), line("A", 5, stock_owner="consignment:7")], [entry("1", 25)])
    outcome = judge(con, TIED)
    assert told(con) == []
    assert (outcome.accounts["stock"].matched, outcome.accounts["stock"].excluded) == (1, 1)


def test_a_journal_without_an_item_explains_its_share_and_the_rest_is_left(con):
    held(
        con,
        [line("A", 10)],
        [entry("1", 20), entry("2", "7.25", item=None)],
    )
    judge(con, TIED)
    (found,) = rows(con, "SELECT variance, unexplained FROM finding")
    assert found == {"variance": Decimal("2.25"), "unexplained": Decimal("-5")}
    explains = rows(con, "SELECT cause, quantity FROM part WHERE role = 'explains'")
    assert explains == [{"cause": "journal", "quantity": Decimal("7.25")}]
    assert facts(con, "observed") == ["1", "2"]


def test_a_balance_carried_forward_stands_for_the_years_before(con):
    held(
        con,
        [line("A", 10)],
        [
            entry("old", 999, "2025-10-01 08:00", fiscal_year="2025"),
            entry("opening", 20, "2026-01-01 00:00", is_opening=True, item=None),
            entry("late", 5, "2026-01-05 08:00"),
        ],
    )
    judge(con, TIED, since=at("2026-01-01 00:00"))
    assert told(con) == []
    assert reasons(con) == {("matched", None)}


def test_entries_told_from_a_certain_day_on_are_no_balance(con):
    held(con, [line("A", 10)], [entry("1", 5)])
    judge(con, TIED, since=at("2026-11-01 00:00"))
    assert told(con) == []
    assert reasons(con) == {("unknown", "entries are not told from the beginning")}


@pytest.mark.parametrize(
    ("when", "is_told"),
    [("10:54", True), ("10:56", False), ("11:04", False), ("11:06", False)],
)
def test_what_is_posted_near_the_list_may_be_in_it_or_not(con, when, is_told):
    """The list does not have what was posted at `when`; after it nobody expects that."""
    held(con, [line("A", 10)], [entry("1", 25), entry("2", 5, when)])
    judge(con, TIED)
    assert bool(told(con)) is is_told


def test_a_list_may_have_what_is_posted_just_after_it(con):
    held(con, [line("A", 12)], [entry("1", 25), entry("2", 5, "11:01"), entry("3", 5, "11:02")])
    judge(con, TIED)
    assert told(con) == []


def test_a_list_waits_until_what_may_be_in_it_is_told(con):
    held(con, [line("A", 10)], [entry("1", 25)])
    assert judge(con, TIED, horizon=at("11:04")).accounts["stock"].in_scope == 0
    assert judge(con, TIED, horizon=at("11:05")).accounts["stock"].matched == 1


def test_before_there_is_a_list_nothing_is_said(con):
    plant.add(con, "item_cost", [cost("A", "2.5")])
    plant.add(con, "ledger_entry", [entry("1", 25)])
    assert judge(con, TIED).accounts["stock"].in_scope == 0
    assert told(con) == []


def test_an_account_with_money_and_no_stock_is_told_where_the_plant_has_a_list(con):
    held(con, [line("A", 10)], [entry("1", 25), entry("2", 9, account="400", item="B")])
    plant.add(con, "ledger_entry", [entry("3", 9, plant="P2")])
    judge(con, TIED)
    assert [row[:2] for row in told(con)] == [("stock/P1/400", Decimal(9))]


def test_without_the_account_in_the_grain_nobody_need_name_items(con):
    held(con, [line("A", 10)], [entry("1", 20, item=None), entry("2", 5, item=None, account="4")])
    judge(con, TIED | {"grain": ["plant"]})
    assert told(con) == []
    judge(con, TIED | {"grain": ["account"]})
    assert told(con) == []
    assert reasons(con) == {("unknown", "no account is known for an item of the plant")}


def opened(key: str, amount: object, when: str = "2026-01-01 00:00", **more: Any) -> Row:
    """A balance carried forward into a year."""
    return entry(key, amount, when, is_opening=True, **more)


@pytest.mark.parametrize(("when", "is_told"), [("10:59", True), ("11:01", False)])
def test_a_balance_carried_forward_stands_for_nothing_before_it_is_entered(con, when, is_told):
    """Once it is, and wrongly, the list differs; until then the years before say what it is."""
    years = [entry("old", 25, "2025-10-01 08:00", fiscal_year="2025")]
    held(con, [line("A", 10)], [*years, opened("opening", 99, when)])
    judge(con, TIED | {"blur": timedelta(0)})
    assert bool(told(con)) is is_told


def test_a_plant_is_opened_for_itself(con):
    years = [
        entry(f"old {of}", 25, "2025-10-01 08:00", fiscal_year="2025", plant=of)
        for of in ("P1", "P2")
    ]
    lines = [line("A", 10), line("A", 10, plant="P2")]
    held(con, lines, [*years, opened("opening", 25)])
    judge(con, TIED)
    assert told(con) == []


def test_an_item_keeps_its_account_from_the_years_before(con):
    years = [
        entry("a", 25, "2025-10-01 08:00", fiscal_year="2025"),
        entry("b", "33.30", "2025-10-01 08:00", fiscal_year="2025", item="B"),
    ]
    held(con, [line("A", 10), line("B", 100)], [*years, opened("opening", "58.30", item=None)])
    judge(con, TIED)
    assert (told(con), reasons(con)) == ([], {("matched", None)})


def test_an_item_no_account_is_known_for_is_unknown(con):
    held(con, [line("A", 10), line("B", 100)], [entry("1", 25)])
    outcome = judge(con, TIED)
    assert told(con) == []
    assert ("unknown", "no account is known for an item of the plant") in reasons(con)
    assert (outcome.accounts["stock"].matched, outcome.accounts["stock"].unknown) == (1, 1)


def test_what_lies_in_no_known_account_may_be_in_one_that_is_compared_as_a_whole(con):
    """Carried forward without items, and B has not moved since."""
    held(con, [line("A", 10), line("B", 100)], [opened("1", "53.30", item=None), entry("2", 5)])
    outcome = judge(con, TIED, since=at("2026-01-01 00:00"))
    assert (told(con), outcome.accounts["stock"].unknown) == ([], 2)


def test_entries_of_no_plant_are_told_by_account(con):
    """A journal by hand names none, whoever speaks for several."""
    lines = [line("A", 10), line("A", 10, plant="P2")]
    entries = [entry("1", 25), entry("2", 25, plant="P2")]
    journals = [entry("3", 40, plant=None, item=None), entry("4", 2, plant=None, account="310")]
    held(con, lines, [*entries, *journals])
    judge(con, TIED)
    euro, said = "EUR", "Entries that name no plant"
    assert told(con) == [
        ("stock//300", Decimal(40), euro, Decimal(40), said),
        ("stock//310", Decimal(2), euro, Decimal(2), said),
    ]
    assert facts(con, "observed") == ["3", "4"]
    judge(con, TIED, since=at("2026-01-01 00:00"))
    assert told(con) == []


def test_what_is_carried_forward_without_plants_is_no_entry_of_no_plant(con):
    """Where plants are opened, what names none is carried forward for what named none."""
    years = [entry("old", 25, "2025-10-01 08:00", fiscal_year="2025")]
    none = opened("none", 25, plant=None, item=None)
    held(con, [line("A", 10)], [*years, none])
    judge(con, TIED)
    assert told(con) == []
    plant.add(con, "ledger_entry", [opened("own", 25, item=None)])
    judge(con, TIED)
    assert [row[:2] for row in told(con)] == [("stock//300", Decimal(25))]


def test_an_account_told_twice_is_unknown(con):
    entries = [entry("1", 25, ledger="0L"), entry("2", 25, ledger="2L")]
    held(con, [line("A", 10)], entries)
    judge(con, TIED)
    more_than_one = {("unknown", "more than one company or ledger tells the account")}
    assert (told(con), reasons(con)) == ([], more_than_one)
    judge(con, TIED | {"grain": ["account"]})
    assert (told(con), reasons(con)) == ([], more_than_one)


def test_companies_are_added_where_plants_are(con):
    lines = [line("A", 10), line("A", 10, plant="P2")]
    held(con, lines, [entry("1", 25), entry("2", 25, plant="P2", company="C2")])
    judge(con, TIED | {"grain": ["account"]})
    assert (told(con), reasons(con)) == ([], {("matched", None)})


def test_nothing_of_an_item_costs_nothing(con):
    held(con, [line("A", 10), line("X", 0)], [entry("1", 25), entry("2", 0, item="X")])
    judge(con, TIED)
    assert (told(con), reasons(con)) == ([], {("matched", None)})


def test_a_journal_that_may_be_in_the_list_explains_nothing(con):
    """Parts come to the variance: of 5 too little nothing is a journal's of a minute before."""
    held(con, [line("A", 10)], [entry("1", 20), entry("2", "7.25", "10:59", item=None)])
    judge(con, TIED)
    (found,) = rows(con, "SELECT variance, unexplained FROM finding")
    assert found == {"variance": Decimal(-5), "unexplained": Decimal(-5)}
    assert facts(con, "explains") == []


def test_an_account_that_is_compared_as_a_whole_names_no_item(con):
    held(con, [line("A", 10)], [entry("1", 20, item=None), entry("2", 1)])
    plant.add(con, "ledger_entry", [opened("3", 1, item=None)])
    judge(con, TIED)
    assert [row[4] for row in told(con)] == [None]


def test_an_item_that_changes_its_account_is_in_the_one_it_went_to(con):
    went = [entry("2", -25, "09:00", document_no="t"), entry("3", 25, "09:00", account="310")]
    held(con, [line("A", 10)], [entry("1", 25), went[1], went[0]])
    judge(con, TIED)
    assert told(con) == []


# What clears


def open_(key: str, amount: object, when: str = "2026-10-20 08:00", **more: Any) -> Row:
    return entry(key, amount, when, order_no="45", order_line="10", account="190", **more)


def test_what_was_received_and_is_invoiced_is_cleared(con):
    plant.add(con, "ledger_entry", [open_("1", -30), open_("2", -70), open_("3", 100)])
    outcome = judge(con, CLEARED)
    assert (told(con), outcome.accounts["ledger"].matched) == ([], 3)


@pytest.mark.parametrize(
    ("amounts", "variance", "note"),
    [
        ([-30], -30, "Received and not invoiced"),
        ([30], 30, "Invoiced and not received"),
        ([-30, -70, 30], -70, "Less invoiced than received"),
        ([-30, 31.01], "1.01", "More invoiced than received"),
    ],
)
def test_what_is_not_cleared_in_time_is_told(con, amounts, variance, note):
    plant.add(con, "ledger_entry", [open_(str(n), one) for n, one in enumerate(amounts)])
    judge(con, CLEARED)
    variance = Decimal(str(variance))
    assert told(con) == [("open/erp/C1/EUR/45/10", variance, "EUR", abs(variance), note)]


def test_the_oldest_is_cleared_first_and_what_is_left_is_as_old_as_it_is(con):
    """The first receipt of 30 is cleared by the invoice of 40, and so is a part of the second."""
    early, later = "2026-10-20 08:00", "2026-10-31 13:00"
    plant.add(con, "ledger_entry", [open_("1", -30, early), open_("2", -30, later)])
    plant.add(con, "ledger_entry", [open_("3", 40, "2026-11-01 08:00")])
    outcome = judge(con, CLEARED)
    assert (told(con), outcome.accounts["ledger"].not_due) == ([], 3)
    judge(con, CLEARED | {"due": timedelta(hours=22, minutes=59)})
    (found,) = rows(con, "SELECT occurred_at, due_at, variance FROM finding")
    due_at = at("2026-11-01 11:59")
    assert found == {"occurred_at": at(later), "due_at": due_at, "variance": Decimal(-20)}


def test_lines_of_orders_companies_and_currencies_do_not_clear_each_other(con):
    other = [{"order_line": "20"}, {"company": "C2"}, {"currency": "USD"}, {"order_no": "46"}]
    plant.add(con, "ledger_entry", [open_("1", -30)])
    plant.add(con, "ledger_entry", [open_(f"o{n}", 30) | one for n, one in enumerate(other)])
    judge(con, CLEARED)
    assert len(told(con)) == 5


def test_an_entry_that_names_no_order_is_left_out(con):
    plant.add(con, "ledger_entry", [entry("1", -30)])
    judge(con, CLEARED)
    assert (told(con), reasons(con)) == ([], {("excluded", "names no key")})


def test_with_working_time_nights_do_not_count(con):
    con.execute(
        "INSERT INTO working VALUES ('P1', $a, $b, 0, 28800), ('P1', $b, $c, 28800, 28800)",
        {"a": at("2026-11-01 06:00"), "b": at("06:00"), "c": at("2026-11-03 06:00")},
    )
    plant.add(con, "ledger_entry", [open_("1", -30, "2026-11-01 12:00")])
    judge(con, CLEARED | {"due": {"working": timedelta(hours=4)}})
    (found,) = rows(con, "SELECT due_at FROM finding")
    assert found["due_at"] == at("08:00")


@pytest.mark.parametrize(
    ("entries", "reason"),
    [
        ([(100, "2026-10-10 08:00")], "what came before is not told"),  # an invoice: received when?
        ([(-50, "2026-10-03 08:00"), (100, "2026-10-04 08:00")], "what came before is not told"),
        ([(100, "2026-10-10 08:00"), (-40, "2026-10-20 08:00")], "what came before is not told"),
        ([(100, "2026-10-13 08:01")], None),  # so late that its receipt was due
        ([(-100, "2026-10-10 08:00")], None),  # received and never invoiced
    ],
)
def test_what_is_told_from_a_day_on_may_lack_its_receipt(con, entries, reason):
    plant.add(con, "ledger_entry", [open_(str(n), *one) for n, one in enumerate(entries)])
    rule = CLEARED | {"due": timedelta(days=12)}
    judge(con, rule, since=at("2026-10-01 08:00"))
    assert bool(told(con)) is (reason is None)
    assert {said for _, said in reasons(con)} == {reason}
    judge(con, rule)
    assert len(told(con)) == 1


def test_with_a_balance_carried_forward_what_came_before_is_told(con):
    opening = open_("1", 40, "2026-01-01 00:00", is_opening=True)
    old = open_("0", 100, "2025-12-30 08:00", fiscal_year="2025")
    plant.add(con, "ledger_entry", [old, opening, open_("2", 10)])
    judge(con, CLEARED, since=at("2025-12-29 08:00"))
    assert [row[1] for row in told(con)] == [Decimal(50)]
    assert ("excluded", "in a balance carried forward") in reasons(con)
    assert facts(con, "observed") == ["1", "2"]


def test_where_all_is_told_what_is_carried_forward_is_told_twice(con):
    """And makes nothing younger than it is."""
    old = open_("0", -100, "2025-12-30 08:00", fiscal_year="2025")
    opening = open_("1", -100, "2026-01-01 00:00", is_opening=True)
    plant.add(con, "ledger_entry", [old, opening])
    judge(con, CLEARED)
    (found,) = rows(con, "SELECT variance, occurred_at FROM finding")
    assert found == {"variance": Decimal(-100), "occurred_at": at("2025-12-30 08:00")}
    assert ("excluded", "a balance carried forward") in reasons(con)


def test_a_rest_that_is_tolerated_makes_nothing_older(con):
    early, later = "2026-10-20 08:00", "2026-11-01 08:00"
    plant.add(con, "ledger_entry", [open_("1", -100, early), open_("2", "99.50", early)])
    plant.add(con, "ledger_entry", [open_("3", -70, later)])
    outcome = judge(con, CLEARED)
    assert (told(con), outcome.accounts["ledger"].not_due) == ([], 3)


@pytest.mark.parametrize(
    ("amounts", "sides", "note"),
    [
        ([-100, -40, +40], (100, 0), "Received and not invoiced"),
        ([100, 40, -40], (0, 100), "Invoiced and not received"),
    ],
)
def test_what_is_taken_back_is_of_the_side_it_was_of(con, amounts, sides, note):
    entries = [open_(str(n), one, is_reversal=n == 2) for n, one in enumerate(amounts)]
    plant.add(con, "ledger_entry", entries)
    judge(con, CLEARED)
    (found,) = rows(con, "SELECT quantity_expected, quantity_observed, note FROM finding")
    assert tuple(found.values()) == (*map(Decimal, sides), note)
    assert (facts(con, "expected"), facts(con, "observed")).count([]) == 1


# Closed periods


def period(name: str, starts: str, closed: str | None, **more: Any) -> Row:
    first = date.fromisoformat(starts)
    return {
        "source": "erp", "source_key": f"{name}/{more}", "company": "C1", "ledger": "gl",
        "period": name, "starts_on": first, "ends_on": first + timedelta(days=31),
        "closed_at": at(closed) if closed else None, **more,
    }  # fmt: skip


OCTOBER, NOVEMBER = period("10", "2026-10-01", "09:00"), period("11", "2026-11-01", None)
LAST = date(2026, 10, 31)


@pytest.mark.parametrize(("when", "is_told"), [("09:00", False), ("09:01", True)])
def test_what_is_dated_into_a_period_after_it_was_closed_is_told(con, when, is_told):
    plant.add(con, "fiscal_period", [OCTOBER, NOVEMBER])
    plant.add(con, "ledger_entry", [entry("1", 5, when, posting_on=LAST), entry("2", 5, "11:00")])
    judge(con, DATED)
    said = "Dated 2026-10-31, entered after period 10 was closed"
    found = [("dated/erp/C1/2026/1", None, "EUR", Decimal(5), said)]
    assert told(con) == (found if is_told else [])


def test_a_document_is_told_once_and_moves_the_larger_of_its_sides(con):
    plant.add(con, "fiscal_period", [OCTOBER])
    lines = [(5, "300"), (7, "310"), (-9, "190")]
    entries = [
        entry(f"d/{n}", amount, "10:00", posting_on=LAST, document_no="d", account=account)
        for n, (amount, account) in enumerate(lines)
    ]
    plant.add(con, "ledger_entry", entries)
    judge(con, DATED)
    assert [row[3] for row in told(con)] == [Decimal(12)]
    assert facts(con, "observed") == ["d/0", "d/1", "d/2"]


def test_opened_again_is_closed_all_the_same(con):
    again = period("10", "2026-10-01", "09:00", reopened_at=at("09:30"))
    plant.add(con, "fiscal_period", [again])
    plant.add(con, "ledger_entry", [entry("1", 5, "10:00", posting_on=LAST)])
    judge(con, DATED)
    assert [row[4] for row in told(con)] == [
        "Dated 2026-10-31, entered after period 10 was closed and opened again"
    ]


def test_a_period_that_was_read_after_the_question_holds_all_the_same(con):
    later = period("001", "2026-10-01", "2026-11-03 17:00", observed_at=at("2026-11-09 08:00"))
    plant.add(con, "fiscal_period", [later])
    plant.add(con, "ledger_entry", [entry("1", 5, posting_on=date(2026, 10, 30))])
    assert judge(con, DATED).accounts["ledger"].matched == 1


def test_a_period_holds_for_its_company_and_plant(con):
    plant.add(con, "fiscal_period", [OCTOBER | {"company": "C2"}, OCTOBER | {"plant": "P2"}])
    plant.add(con, "ledger_entry", [entry("1", 5, "10:00", posting_on=LAST)])
    outcome = judge(con, DATED)
    assert told(con) == []
    assert reasons(con) == {("unknown", "no period is known for its date")}
    assert outcome.accounts["ledger"].unknown == 1


def test_the_period_an_entry_names_goes_before_that_of_its_date(con):
    """The thirteenth lies within the twelfth and is closed later."""
    special = period("13", "2026-10-01", None)
    plant.add(con, "fiscal_period", [OCTOBER, special])
    entries = [entry("1", 5, "10:00", posting_on=LAST, period="13")]
    plant.add(con, "ledger_entry", [*entries, entry("2", 5, "10:00", posting_on=LAST, period="7")])
    judge(con, DATED)
    assert [row[0] for row in told(con)] == ["dated/erp/C1/2026/2"]


def test_a_period_of_no_company_is_of_all_of_its_source(con):
    other = OCTOBER | {"source": "mes", "company": None}
    plant.add(con, "fiscal_period", [other])
    plant.add(con, "ledger_entry", [entry("1", 5, "10:00", posting_on=LAST)])
    sources = {"ledger": ("erp",), "periods": ("erp", "mes")}
    spec = MoneySpec.model_validate(DATED)
    evaluate(con, Money(), spec, Pairing(sources, ("P1",)), Bind(as_of=NOON, horizon=NOON))
    assert reasons(con) == {("unknown", "no period is known for its date")}
    plant.add(con, "fiscal_period", [other | {"source": "erp"}])
    judge(con, DATED)
    assert len(told(con)) == 1


def test_what_is_entered_after_the_horizon_is_not_due(con):
    plant.add(con, "fiscal_period", [OCTOBER])
    plant.add(con, "ledger_entry", [entry("1", 5, "10:00", posting_on=LAST)])
    outcome = judge(con, DATED, horizon=at("09:59"))
    assert (told(con), outcome.accounts["ledger"].unknown) == ([], 1)  # by now it is
    (row,) = rows(con, "SELECT verdict, check_at FROM verdict")
    assert row == {"verdict": "not_due", "check_at": at("10:00")}
    judge(con, DATED, horizon=at("10:00"))
    assert len(told(con)) == 1


def test_what_is_carried_forward_or_has_no_time_is_left_out(con):
    plant.add(con, "fiscal_period", [OCTOBER])
    opening = entry("1", 5, "10:00", posting_on=LAST, is_opening=True)
    plant.add(con, "ledger_entry", [opening, entry("2", 5, None, posting_on=LAST)])
    judge(con, DATED)
    assert told(con) == []
    assert reasons(con) == {
        ("excluded", "a balance carried forward"),
        ("excluded", "does not tell when it was entered"),
    }


# What a rule may ask


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ({"ledger": LEDGER}, "asks either 'stock', 'cleared' or 'periods'"),
        (TIED | CLEARED, "asks either"),
        ({**TIED, "costs": None}, "'stock' and 'costs' go together"),
        ({**CLEARED, "due": None}, "'cleared' and 'due' go together"),
        (DATED | {"tolerance": "1 EUR"}, "no 'tolerance'"),
        (TIED | {"tolerance": 1}, "'1' is not an amount such as '1 EUR'"),
        (TIED | {"ledger": {"role": "erp"}}, "'ledger' is 'from: ledger_entry'"),
        (TIED | {"grain": []}, "at least 1 item"),
        (TIED | {"grain": ["item"]}, "Input should be 'plant' or 'account'"),
    ],
)
def test_what_a_rule_may_not_ask_is_said(rule, said):
    with pytest.raises(ValidationError, match=said):
        MoneySpec.model_validate(rule)


# Laws

AMOUNTS = st.lists(st.sampled_from([-30, -7, 7, 23, 30]), max_size=8)


@settings(max_examples=10, deadline=None)
@given(AMOUNTS, st.integers(0, 20), st.randoms(use_true_random=False))
def test_the_order_facts_arrive_in_changes_nothing(
    amounts: list[int], quantity: int, chance: random.Random
) -> None:
    answers = []
    entries = [
        open_(str(n), one, f"2026-10-2{n} 08:00", item="AB"[n % 2]) for n, one in enumerate(amounts)
    ]
    entries += [entry("from", -1, item="B"), entry("to", 1, item="B", account="310")]
    for _ in range(2):
        with plant.ledger() as con:
            held(con, [line("A", quantity), line("B", 3)], entries)
            seen: list[Any] = []
            for rule in (TIED, CLEARED):
                outcome = judge(con, rule)
                seen.append((told(con), outcome.accounts, facts(con, "observed")))
                for finding in rows(con, "SELECT * FROM finding"):
                    both = finding["quantity_observed"] - finding["quantity_expected"]
                    assert both == finding["variance"]
            answers.append(seen)
        chance.shuffle(entries)
    assert answers[0] == answers[1]
