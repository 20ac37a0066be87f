"""masterdata/item_agrees: ERP, shop floor and warehouse know the same of an item."""

from typing import Any

import pytest

from tests.rules.house import IN_ORDER, Case, House, Played, Record

RULE = "masterdata/item_agrees"
BEFORE, DUE, LATER, MAJOR = (
    "2026-11-03 07:59:59", "2026-11-03 08:00", "2026-11-03 09:00", "2026-11-06 08:00",
)  # fmt: skip
RUNS = [BEFORE, DUE, LATER, MAJOR]
DRIFT = "Item not known alike, ERP and MES or WMS"
CLOSED = ("opened", "resolved")
AGED = ("opened", "graded")


def item(source: str, tag: str, **more: Any) -> Record:
    """An item kept by lots in pieces, as a system knows it since 08:00."""
    told = {"source": source, "feed": "items", "item": tag, "at": "08:00"}
    return {**told, "name": f"Part {tag}", "lot_controlled": True, "active": True, **more}


def both(tag: str, source: str = "mes", **more: Any) -> tuple[Record, ...]:
    """An item all three know; what is `more` only one of them says."""
    told = {one: more if one == source else {} for one in ("erp", "mes", "wms")}
    return tuple(item(one, tag, **said) for one, said in told.items())


def drift(tag: str, cause: str, **more: Any) -> Record:
    return {
        "code": "master_data_drift", "also": None, "title": DRIFT, "key": {"item": tag},
        "expected": [tag], "observed": [tag], "quantities": (None, None, None), "value": None,
        "owner": "master-data", "severity": "warning", "cause": cause,
        "due": "2026-11-03 08:00", "state": "open", **more,
    }  # fmt: skip


def missing(tag: str, cause: str, present: str, absent: str) -> Record:
    title = f"Item in {present}, unknown in {absent}"
    sides = ([tag], []) if present == "ERP" else ([], [tag])
    return drift(
        tag, cause, code="missing_counterpart", title=title, expected=sides[0], observed=sides[1]
    )


def ages(row: Record) -> dict[str, Record | None]:
    return {DUE: row, MAJOR: row | {"severity": "major"}}


def differs(says: str, tag: str, cause: str, source: str = "mes", **more: Any) -> Case:
    return Case(says, tag, both(tag, source, **more), ages(drift(tag, cause)), AGED)


def agrees(says: str, tag: str, source: str = "mes", **more: Any) -> Case:
    return Case(says, tag, both(tag, source, **more))


CASES = [
    agrees("an item all know alike ties out", "same"),
    differs("another base unit drifts", "unit", "unit EA against KG", unit="KG"),
    differs("lots kept on one side only drift", "lots", "lot controlled true against false",
            "wms", lot_controlled=False),
    differs("an item out of use in one system drifts", "blocked", "active true against false",
            active=False),
    Case("shelf lives are compared where both tell them", "life",
         (item("erp", "life", shelf_life_days=30), item("mes", "life", shelf_life_days=60),
          item("wms", "life")),
         ages(drift("life", "shelf life days 30 against 60")), AGED),
    differs("everything that differs is one exception", "much",
            "unit EA against KG; lot controlled true against false", unit="KG",
            lot_controlled=False),
    agrees("another name is no difference", "name", name="Somewhat else"),
    agrees("what a side does not tell does not differ", "silent", lot_controlled=None,
           active=None),
    Case("an item the ERP alone does not know is missed there", "ghost",
         (item("mes", "ghost"),),
         ages(missing("ghost", "unknown to the other side", "MES or WMS", "ERP")), AGED),
    Case("an item a warehouse does not know is missed there", "new",
         (item("erp", "new"), item("mes", "new")),
         ages(missing("new", "unknown to wms", "ERP", "MES or WMS")), AGED),
    Case("a shop floor need not know what it does not make", "bought",
         (item("erp", "bought"), item("wms", "bought"))),
    Case("a part each side keeps under its own key is told once", "theirs",
         (item("erp", "theirs", gtin="4012345678901"), item("wms", "theirs"),
          item("mes", "theirs-b", gtin="4012345678901")),
         ages(drift("theirs", "it carries the gtin of theirs-b", code="unmapped_key",
                    observed=["theirs-b"],
                    title="One item under two keys, ERP and MES or WMS")), AGED),
    Case("an item out of use need not be known", "old",
         (item("erp", "old", active=False), item("mes", "old", active=False))),
    Case("one that is known only there and out of use neither", "gone",
         (item("wms", "gone", active=False),)),
    Case("a part under two keys is told as that", "twice",
         (*both("twice"), item("mes", "twice-b", name="Part twice")),
         ages(drift("twice-b", "it carries the name of twice", code="unmapped_key", expected=[],
                    observed=["twice-b"],
                    title="One item under two keys, ERP and MES or WMS")), AGED),
    Case("just inside the grace nothing is said", "inside",
         (*both("inside", unit="KG"), item("mes", "inside", at=BEFORE))),
    Case("a change in one system gives the others time", "since",
         (*both("since"), item("wms", "since", unit="KG", at="09:00")),
         {LATER: drift("since", "unit EA against KG", due="2026-11-03 09:00"),
          MAJOR: {"severity": "warning"}}, ("opened",)),
    Case("a record told twice is one", "again", (*both("again"), *both("again", known=LATER))),
    Case("a late correction closes it", "mended",
         (*both("mended", unit="KG"), item("mes", "mended", at=LATER)),
         {DUE: drift("mended", "unit EA against KG"), LATER: None}, CLOSED),
    Case("an item that arrives late closes it", "arrived",
         (item("erp", "arrived"), item("mes", "arrived"), item("wms", "arrived", known=LATER)),
         {DUE: {"code": "missing_counterpart"}, LATER: None}, CLOSED),
    Case("one taken back on both sides is nobody's", "undone",
         (item("mes", "undone"), item("mes", "undone", gone=LATER, at=LATER)),
         {DUE: {"code": "missing_counterpart"}, LATER: None}, CLOSED),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_item_agrees(played: Played, case: Case) -> None:
    assert played.course(case) == case.course(RUNS)


def test_one_more_run_changes_nothing_and_all_is_in_order(played: Played) -> None:
    assert played.order() == IN_ORDER


@pytest.mark.parametrize("silent", ["erp", "wms"])
def test_nothing_is_said_of_what_a_side_has_not_told(house: House, silent: str) -> None:
    house.land(item("mes", "first"), item("wms", "first"))
    assert house.run(DUE, silent=[silent]) == []
    assert (house.report.outcome, house.report.reason) == (
        "not_evaluated", f"{silent}/items was never collected",
    )  # fmt: skip
    assert {row["code"] for row in house.run(DUE)} == {"missing_counterpart"}
