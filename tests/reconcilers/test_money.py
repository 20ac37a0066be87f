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
    assert [row[0] for row in told(con)] == ["stock/", "stock/300", "stock/4"]


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
