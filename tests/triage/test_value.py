"""What an exception is worth: quantity at risk times the cost of its item on its day and plant."""

from decimal import Decimal

import pytest

from app.store.reading import Wanted
from tests import works
from tests.works import NOON, drop, made, minutes

HEAD = "item,unit_cost,currency,plant,per_quantity,valid_from\n"


def weighed(
    folder, costs: str, quantity: object = 5, head: str = HEAD
) -> tuple[str | None, str | None, str]:
    """Value, currency and severity of a completion of A that is not posted, with these costs."""
    (folder / "item_cost.csv").write_text(head + costs, "utf-8")
    drop(folder, "mes", [made("1", "O1", quantity, NOON - minutes(60))])
    drop(folder, "erp", [])
    with works.working(folder) as services:
        works.work(services)
        (row,) = [
            row for row in services.reader.exceptions(Wanted()) if row["flow"] == "completion"
        ]
    value = None if row["value"] is None else str(row["value"])
    assert float(row["value"] or 0) == row["value_rank"]
    return value, row["currency"], row["severity"]


def standing(folder) -> tuple[Decimal | None, str | None, str]:
    """The same of what stands, ten minutes later."""
    with works.working(folder, NOON + minutes(10)) as services:
        works.work(services)
        (row,) = [
            row for row in services.reader.exceptions(Wanted()) if row["flow"] == "completion"
        ]
    return row["value"], row["currency"], row["severity"]


@pytest.mark.parametrize(
    ("costs", "value"),
    [
        ("A,2.5,EUR,,,\n", "12.50"),
        ("A,2.5,EUR,,100,\n", "0.13"),
        ("A,10,EUR,,3,\n", "16.67"),
        ("A,2.5,EUR,,,\nA,4,EUR,P1,,\n", "20.00"),
        ("A,2.5,EUR,,,2026-01-01\nA,3,EUR,,,2026-11-03\n", "15.00"),
        ("A,2.5,EUR,,,2026-01-01\nA,3,EUR,,,2026-11-04\n", "12.50"),
        ("A,0,EUR,,,\n", "0.00"),
        ("A,0.000000001,EUR,,,\n", "0.00"),
    ],
    ids=["each", "by the hundred", "not a round number", "of its plant first", "the newest",
         "not tomorrow's", "worth nothing", "less than a cent"],
)  # fmt: skip
def test_a_value_is_at_the_cost_of_its_item_plant_and_day_to_the_cent(fresh, costs, value):
    assert weighed(fresh, costs) == (value, "EUR", "warning")


UNITS = "source,source_key,key,item,factor,valid_from\n"


@pytest.mark.parametrize(
    ("cost", "conversions", "value"),
    [
        ("A,2.5,EUR,,EA", "", "12.50"),
        ("A,2.5,EUR,,", "", "12.50"),
        ("A,60,EUR,,CS", "", None),
        ("A,60,EUR,,CS", "erp,CS,KG,,24,\n", None),
        ("A,60,EUR,,CS", "erp,CS,EA,B,24,\n", None),
        ("A,60,EUR,,CS", "erp,CS,EA,,24,\n", "12.50"),
        ("A,60,EUR,,CS", "erp,EA,CS,,0.05,\n", "15.00"),
        ("A,10,EUR,3,CS", "erp,CS,EA,,7,\n", "2.38"),
        ("A,60,EUR,,CS", "erp,CS,EA,,12,\nerp,CS,EA,A,24,\n", "12.50"),
        ("A,60,EUR,,CS", "erp,CS,EA,,24,\nwms,CS,EA,,12,\n", None),
        ("A,60,EUR,,CS", "erp,CS,EA,,24,\nwms,CS,EA,,24,\n", "12.50"),
        ("A,60,EUR,,CS", "erp,CS,EA,,12,\nerp,CS,EA,,24,2026-11-03\n", "12.50"),
        ("A,60,EUR,,CS", "erp,CS,EA,,24,\nerp,CS,EA,,12,2026-11-04\n", "12.50"),
    ],
    ids=["in the unit itself", "in a unit not told", "in another one", "that leads elsewhere",
         "for another item", "by the case", "told the other way round", "not a round number",
         "of the item first", "where two do not agree", "where two agree", "the newest",
         "not tomorrow's"],
)  # fmt: skip
def test_a_cost_in_another_unit_needs_a_conversion_that_is_known(fresh, cost, conversions, value):
    (fresh / "cross_reference").mkdir()
    (fresh / "cross_reference/unit.csv").write_text(UNITS + conversions, "utf-8")
    head = "item,unit_cost,currency,per_quantity,unit\n"
    assert weighed(fresh, f"{cost}\n", head=head)[0] == value


def test_a_conversion_that_becomes_known_later_gives_a_standing_exception_its_value(fresh):
    head = "item,unit_cost,currency,unit\n"
    assert weighed(fresh, "A,60,EUR,CS\n", head=head) == (None, None, "warning")
    (fresh / "cross_reference").mkdir()
    (fresh / "cross_reference/unit.csv").write_text(f"{UNITS}erp,CS,EA,,24,\n", "utf-8")
    assert standing(fresh) == (Decimal("12.5"), "EUR", "warning")


@pytest.mark.parametrize(
    "costs",
    ["B,2.5,EUR,,,\n", "A,2.5,EUR,,,2026-11-04\n"],
    ids=["of another item", "from tomorrow on"],
)
def test_without_a_cost_there_is_no_value_and_age_alone_makes_it_severe(fresh, costs):
    assert weighed(fresh, costs, 10**9) == (None, None, "warning")


@pytest.mark.parametrize(
    ("quantity", "currency", "severity"),
    [
        ("3999.996", "EUR", "warning"),
        ("4000", "EUR", "critical"),
        ("4000", "USD", "warning"),
    ],
)
def test_much_value_is_critical_from_the_first_run_on(fresh, quantity, currency, severity):
    value, known, level = weighed(fresh, f"A,2.5,{currency},,,\n", quantity)
    assert (Decimal(value), known) == (Decimal(quantity) * Decimal("2.5"), currency)
    assert level == severity


def test_a_cost_that_becomes_known_later_gives_a_standing_exception_its_value(fresh):
    assert weighed(fresh, "B,1,EUR,,,\n", 4000) == (None, None, "warning")
    (fresh / "item_cost.csv").write_text(HEAD + "A,2.5,EUR,,,\n", "utf-8")
    assert standing(fresh) == (10000, "EUR", "critical")
