"""What an exception is worth: quantity at risk times the cost of its item on its day and plant.

All cases are played at once in one works: each is a completion of its own item, never posted.
"""

from dataclasses import dataclass
from typing import Any

import pytest

from app.store.reading import Wanted
from tests import works
from tests.works import NOON, drop, minutes

COSTS = "item,unit_cost,currency,per_quantity,unit,plant,valid_from\n"
UNITS = "source,source_key,key,item,factor,valid_from\n"


@dataclass(frozen=True)
class Case:
    """Costs and conversions of an item `A`, in the columns above, and what comes of them.

    `CS` is a unit of the case's own. `later`: what is known besides when tieout looks again.
    """

    says: str
    costs: tuple[str, ...]
    becomes: tuple[str | None, str | None, str]
    units: tuple[str, ...] = ()
    quantity: str = "5"
    later: tuple[tuple[str, ...], tuple[str, ...], tuple[str | None, str | None, str]] | None = None

    def __str__(self) -> str:
        return self.says


def worth(value: str | None) -> tuple[str | None, str | None, str]:
    """So many EUR, or nothing known; neither much nor old."""
    return value, "EUR" if value else None, "warning"


CASES = (
    Case("at the cost of each", ("A,2.5,EUR",), worth("12.50")),
    Case("at the cost of a hundred", ("A,2.5,EUR,100",), worth("0.13")),
    Case("at a cost that is not a round number", ("A,10,EUR,3",), worth("16.67")),
    Case("at the cost of its plant first", ("A,2.5,EUR", "A,4,EUR,,,P1"), worth("20.00")),
    Case(
        "at the newest cost", ("A,2.5,EUR,,,,2026-01-01", "A,3,EUR,,,,2026-11-03"), worth("15.00")
    ),
    Case("not at tomorrow's", ("A,2.5,EUR,,,,2026-01-01", "A,3,EUR,,,,2026-11-04"), worth("12.50")),
    Case("nothing where it costs nothing", ("A,0,EUR",), worth("0.00")),
    Case("less than a cent", ("A,0.000000001,EUR",), worth("0.00")),
    Case("at a cost in the unit itself", ("A,2.5,EUR,,EA",), worth("12.50")),
    Case("unknown in another unit", ("A,60,EUR,,CS",), worth(None)),
    Case(
        "unknown where a unit leads elsewhere", ("A,60,EUR,,CS",), worth(None), ("erp,CS,KG,,24",)
    ),
    Case(
        "unknown where it leads so for another item",
        ("A,60,EUR,,CS",),
        worth(None),
        ("erp,CS,EA,B,24",),
    ),
    Case("by the case", ("A,60,EUR,,CS",), worth("12.50"), ("erp,CS,EA,,24",)),
    Case(
        "by the case, told the other way round",
        ("A,60,EUR,,CS",),
        worth("15.00"),
        ("erp,EA,CS,,0.05",),
    ),
    Case("by the case, not a round number", ("A,10,EUR,3,CS",), worth("2.38"), ("erp,CS,EA,,7",)),
    Case(
        "by the case of the item first",
        ("A,60,EUR,,CS",),
        worth("12.50"),
        ("erp,CS,EA,,12", "erp,CS,EA,A,24"),
    ),
    Case(
        "unknown where two do not agree",
        ("A,60,EUR,,CS",),
        worth(None),
        ("erp,CS,EA,,24", "wms,CS,EA,,12"),
    ),
    Case(
        "by the case where two agree",
        ("A,60,EUR,,CS",),
        worth("12.50"),
        ("erp,CS,EA,,24", "wms,CS,EA,,24"),
    ),
    Case(
        "by the newest case",
        ("A,60,EUR,,CS",),
        worth("12.50"),
        ("erp,CS,EA,,12", "erp,CS,EA,,24,2026-11-03"),
    ),
    Case(
        "by today's case",
        ("A,60,EUR,,CS",),
        worth("12.50"),
        ("erp,CS,EA,,24", "erp,CS,EA,,12,2026-11-04"),
    ),
    Case(
        "unknown without a cost, and age alone makes it severe",
        (),
        worth(None),
        quantity=str(10**9),
    ),
    Case(
        "unknown before the first cost",
        ("A,2.5,EUR,,,,2026-11-04",),
        worth(None),
        quantity=str(10**9),
    ),
    Case(
        "a little less than much",
        ("A,2.5,EUR",),
        ("9999.99", "EUR", "warning"),
        quantity="3999.996",
    ),
    Case(
        "much, and critical from the first run on",
        ("A,2.5,EUR",),
        ("10000.00", "EUR", "critical"),
        quantity="4000",
    ),
    Case(
        "much of another currency", ("A,2.5,USD",), ("10000.00", "USD", "warning"), quantity="4000"
    ),
    Case(
        "known later, with a conversion",
        ("A,60,EUR,,CS",),
        worth(None),
        later=((), ("erp,CS,EA,,24",), ("12.50", "EUR", "warning")),
    ),
    Case(
        "known later, with a cost",
        (),
        worth(None),
        quantity="4000",
        later=(("A,2.5,EUR",), (), ("10000.00", "EUR", "critical")),
    ),
)
ITEMS = {f"I{number}": case for number, case in enumerate(CASES)}


def _csv(head: str, lines: list[str]) -> str:
    """The lines under their head, each as long as it."""
    commas = head.count(",")
    return head + "".join(f"{line}{',' * (commas - line.count(','))}\n" for line in lines)


def _own(item: str, lines: tuple[str, ...]) -> list[str]:
    """The lines of a case, about its own item and unit."""
    names = {"A": item, "CS": f"CS-{item}"}
    return [",".join(names.get(word, word) for word in line.split(",")) for line in lines]


def _tell(folder, *, later: bool) -> None:
    """Write what costs and conversions are known."""
    costs, units = [], []
    for item, case in ITEMS.items():
        more = case.later[:2] if later and case.later else ((), ())
        costs += _own(item, case.costs + more[0])
        units += _own(item, case.units + more[1])
    (folder / "item_cost.csv").write_text(_csv(COSTS, costs), "utf-8")
    (folder / "cross_reference").mkdir(exist_ok=True)
    (folder / "cross_reference/unit.csv").write_text(_csv(UNITS, units), "utf-8")


def _weighed(folder, when) -> dict[str, tuple[Any, str | None, str]]:
    """Value, currency and severity of each item's exception, after a look at an instant."""
    with works.working(folder, when) as services:
        works.work(services)
        rows = services.reader.exceptions(Wanted())
    found = {}
    for row in rows:
        assert float(row["value"] or 0) == row["value_rank"]
        value = None if row["value"] is None else f"{row['value']:.2f}"
        found[row["expected"][0]["source_key"]] = (value, row["currency"], row["severity"])
    return found


@pytest.fixture(scope="module")
def weighed(tmp_path_factory):
    """What each item's exception is worth at first, and when more is known."""
    folder = works.write_works(tmp_path_factory.mktemp("value") / "works")
    lines = [
        f"{item},{item},{item},,{case.quantity},{NOON - minutes(60):%Y-%m-%dT%H:%M:%SZ},"
        for item, case in ITEMS.items()
    ]
    drop(folder, "mes", lines)
    _tell(folder, later=False)
    first = _weighed(folder, NOON)
    _tell(folder, later=True)
    return first, _weighed(folder, NOON + minutes(10))


@pytest.mark.parametrize(("item", "case"), ITEMS.items(), ids=map(str, CASES))
def test_a_completion_that_is_not_posted_is_worth(weighed, item, case):
    first, later = weighed
    assert first[item] == case.becomes
    assert later[item] == (case.later[2] if case.later else case.becomes)
    assert len(first) == len(later) == len(CASES)
