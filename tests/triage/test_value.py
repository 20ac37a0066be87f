"""What an exception is worth: quantity at risk times the cost of its item on its day and plant."""

from decimal import Decimal

import pytest

from app.store.reading import Wanted
from tests import works
from tests.works import NOON, drop, made, minutes

HEAD = "item,unit_cost,currency,plant,per_quantity,valid_from\n"


def weighed(folder, costs: str, quantity: object = 5) -> tuple[str | None, str | None, str]:
    """Value, currency and severity of a completion of A that is not posted, with these costs."""
    (folder / "item_cost.csv").write_text(HEAD + costs, "utf-8")
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


@pytest.mark.parametrize(
    ("costs", "value"),
    [
        ("A,2.5,EUR,,,\n", "12.50"),
        ("A,2.5,EUR,,100,\n", "0.12"),
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
    with works.working(fresh, NOON + minutes(10)) as services:
        works.work(services)
        (row,) = [
            row for row in services.reader.exceptions(Wanted()) if row["flow"] == "completion"
        ]
    assert (row["value"], row["currency"], row["severity"]) == (10000, "EUR", "critical")
