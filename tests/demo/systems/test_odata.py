"""The simulated gateway speaks OData V2 as a real one does."""

import base64
import json
from datetime import UTC, date, datetime, time
from decimal import Decimal
from urllib.parse import quote

import pytest

from app.demo.systems.odata import EntitySet, Link, ODataService

HEADER = EntitySet("S", "Heads", ("No",), {"No": "String", "Day": "DateTime"})
ITEM = EntitySet(
    "S",
    "Items",
    ("No", "Pos"),
    {
        "No": "String",
        "Pos": "String",
        "Qty": "Decimal",
        "At": "DateTimeOffset",
        "Time": "Time",
        "Done": "Boolean",
    },
    {"to_Head": Link("Heads", ("No",))},
)
WHO = {"Authorization": "Basic " + base64.b64encode(b"tower:pass").decode(), "Host": "s4"}


@pytest.fixture
def service():
    one = ODataService("/sap", [HEADER, ITEM], "tower", "pass", page_size=3)
    one.put("Heads", [{"No": "1", "Day": date(2026, 11, 1)}, {"No": "2", "Day": date(2026, 11, 2)}])
    at = datetime(2026, 11, 1, 12, tzinfo=UTC)
    one.put(
        "Items",
        [
            {"No": str(1 + n % 2), "Pos": f"{n:02}", "Qty": Decimal(n) / 4, "At": at,
             "Time": time(14, 30), "Done": n == 0}
            for n in range(7)
        ],
    )  # fmt: skip
    yield one
    one.close()


def ask(service, query, name="Items", headers=WHO, method="GET"):
    status, body, _ = service.answer(method, f"/sap/S/{name}?{query}", headers, b"")
    return status, json.loads(body)


def items(service, condition):
    status, told = ask(service, f"$filter={quote(condition)}&$top=99")
    assert status == 200, told
    return [row["Pos"] for row in told["d"]["results"]]


def test_values_are_written_as_odata_v2_writes_them(service):
    _, told = ask(service, "$top=1&$expand=to_Head")
    (row,) = told["d"]["results"]
    assert row == {
        "__metadata": {"uri": "http://s4/sap/S/Items", "type": "S.ItemsType"},
        "No": "1",
        "Pos": "00",
        "Qty": "0",
        "At": "/Date(1793534400000+0000)/",
        "Time": "PT14H30M00S",
        "Done": True,
        "to_Head": {"No": "1", "Day": "/Date(1793491200000)/"},
    }


def test_pages_follow_each_other_to_the_end_with_the_whole_count(service):
    status, told = ask(service, "$inlinecount=allpages&$select=Pos")
    seen, counts = [], []
    while True:
        assert status == 200
        seen += [row["Pos"] for row in told["d"]["results"]]
        counts.append(told["d"]["__count"])
        if "__next" not in told["d"]:
            break
        status, told = ask(service, told["d"]["__next"].partition("?")[2])
    assert seen == [f"{n:02}" for n in range(7)]
    assert set(counts) == {"7"}


def test_a_record_added_while_paging_moves_no_other(service):
    _, told = ask(service, "")
    service.put("Items", [{"No": "0", "Pos": "99"}])
    service.put("Items", [{"No": "1", "Pos": "00", "Qty": Decimal(9)}])
    following = told["d"]["__next"].partition("?")[2]
    assert [row["Pos"] for row in ask(service, following)[1]["d"]["results"]] == ["03", "04", "05"]


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ("Pos eq '03'", ["03"]),
        ("Pos ge '05' or Pos lt '01'", ["00", "05", "06"]),
        ("Qty gt 1.20M and not (Pos eq '06')", ["05"]),
        ("to_Head/Day ge datetime'2026-11-02T00:00:00'", ["01", "03", "05"]),
        ("At ge datetimeoffset'2026-11-01T13:00:00Z'", []),
        ("Done eq true", ["00"]),
        ("No eq 'it''s'", []),
        ("Pos eq '01' and (Pos eq '01' or Pos eq '02') and Pos ne '09'", ["01"]),
    ],
)
def test_filters(service, condition, found):
    assert items(service, condition) == found


@pytest.mark.parametrize(
    "query",
    [
        "$filter=Strange eq '1'",
        "$filter=Pos like '1'",
        "$filter=(Pos eq '1'",
        "$filter=Pos eq '1' garbage",
        "$filter=Pos eq",
        "$filter=Qty gt datetime'yesterday'",
        "$filter=Pos eq '1'; DROP TABLE Items",
        "$select=Strange",
        "$select=to_Head/Day",
        "$top=many",
    ],
)
def test_what_makes_no_sense_is_told_as_a_gateway_tells_it(service, query):
    status, told = ask(service, query)
    assert status == 400
    assert told["error"]["message"]["value"]
    assert told["error"]["innererror"]["transactionid"]


def test_only_reading_what_is_there_by_who_may(service):
    assert ask(service, "", name="Nothing")[0] == 404
    assert ask(service, "", method="POST")[0] == 405
    status, body, headers = service.answer("GET", "/sap/S/Items", {}, b"")
    assert (status, headers["Content-Type"]) == (401, "text/html")
    assert b"Logon" in body


def test_a_change_is_of_the_same_entity(service):
    service.put("Items", [{"No": "1", "Pos": "00", "Qty": Decimal(7)}])
    assert service.count("Items") == 7
    assert items(service, "Qty eq 7") == ["00"]
    with pytest.raises(KeyError, match="Items has no field Colour"):
        service.put("Items", [{"Colour": "red"}])
