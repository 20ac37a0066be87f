"""The simulated web service: pages by number and by cursor, what changed, and its bad days."""

import json
from decimal import Decimal

import httpx
import pytest

from app.demo.replay import Server
from app.demo.systems.rest import THROTTLED, UNAVAILABLE, Listing, RestService

PARTS = Listing("parts", ("plant", "no"), ("plant", "no", "qty", "changed_at"))
WHO = {"Authorization": "Bearer letmein"}


def part(number, **more):
    told = {"plant": "P1", "no": f"{number:02}", "qty": Decimal(number) / 8}
    return told | {"changed_at": f"2026-10-01T06:00:{number // 2:02}Z"} | more


@pytest.fixture
def a_service():
    held = []

    def serve(paging, **more):
        held.append(RestService([PARTS], "letmein", paging=paging, **more))
        held[-1].put("parts", map(part, range(7)))
        return held[-1]

    yield serve
    for service in held:
        service.close()


def ask(service, query="", path="/parts", headers=WHO, method="GET"):
    status, body, _ = service.answer(method, f"{path}?{query}", headers, b"")
    return status, json.loads(body)


def numbers(told):
    return [row["no"] for row in told["items"]]


def test_pages_by_number_cover_the_list_and_tell_how_long_it_is(a_service):
    service = a_service("number")
    pages = [ask(service, f"page={page}&size=3")[1] for page in range(1, 5)]
    assert [numbers(page) for page in pages] == [
        ["00", "01", "02"], ["03", "04", "05"], ["06"], []
    ]  # fmt: skip
    assert {page["total"] for page in pages} == {7}


def walk(service, query, meanwhile=lambda: None):
    """The numbers of each page from the first to the last."""
    told = ask(service, query)[1]
    yield numbers(told)
    while told["next"]:
        meanwhile()
        told = ask(service, f"{query}&cursor={told['next']}")[1]
        yield numbers(told)


def test_pages_by_cursor_lead_to_the_end(a_service):
    service = a_service("cursor")
    pages = [["00", "01", "02"], ["03", "04", "05"], ["06"]]
    assert list(walk(service, "limit=3")) == pages
    assert list(walk(service, "limit=7")) == [[number for page in pages for number in page]]


def test_rows_added_while_paging_move_no_other_and_are_found_where_they_come_last(a_service):
    service = a_service("cursor")
    early = [part(8, changed_at="2026-10-01T05:00:00Z")]
    pages = walk(service, "limit=3", lambda: service.put("parts", [*early, part(9)]))
    assert list(pages) == [["00", "01", "02"], ["03", "04", "05"], ["06", "09"]]


@pytest.mark.parametrize("paging", ["number", "cursor"])
def test_asked_for_changes_the_instant_itself_counts(a_service, paging):
    service = a_service(paging)
    assert numbers(ask(service, "changed_since=2026-10-01T06:00:02Z")[1]) == ["04", "05", "06"]
    service.put("parts", [part(0, changed_at="2026-10-01T07:00:00Z")])
    assert numbers(ask(service, "changed_since=2026-10-01T09:00:00%2B02:00")[1]) == ["00"]


def test_asked_for_a_field_only_rows_with_that_text_count(a_service):
    service = a_service("number")
    service.put("parts", [part(8, plant="P2"), part(0, plant="P2")])
    told = ask(service, "plant=P2&size=1")[1]
    assert (numbers(told), told["total"]) == (["00"], 2)


def test_decimals_are_numbers_to_the_last_digit(a_service):
    service = a_service("number")
    service.put("parts", [part(0, qty=Decimal("12345678901234567.100000001"))])
    body = service.answer("GET", "/parts?size=1", WHO, b"")[1]
    assert b'"qty":12345678901234567.100000001,' in body
    assert json.loads(body, parse_float=Decimal)["items"][0] == part(
        0, qty=Decimal("12345678901234567.100000001")
    )


def test_a_row_is_replaced_by_its_key_and_gone_when_it_is_dropped(a_service):
    service = a_service("number")
    service.put("parts", [{"plant": "P1", "no": "00"}], [part(1), part(99)])
    told = ask(service)[1]
    assert (told["total"], told["items"][0]) == (
        6, {"plant": "P1", "no": "00", "qty": None, "changed_at": None}
    )  # fmt: skip
    with pytest.raises(KeyError, match="parts has no field colour"):
        service.put("parts", [part(1, colour="red")])


def test_a_stamp_is_told_when_it_is_asked_for_and_the_same_on_every_row(a_service):
    service, hours = a_service("number"), iter(range(9))
    service.stamp("parts", lambda: {"told_at": next(hours)})
    for hour in range(2):
        assert {row["told_at"] for row in ask(service)[1]["items"]} == {hour}


@pytest.mark.parametrize(
    ("paging", "query"),
    [
        ("number", "page=0"),
        ("number", "page=-1"),
        ("number", "page=9999999999"),
        ("number", "size=many"),
        ("number", "cursor=abc"),
        ("number", "changed_since=yesterday"),
        ("number", "changed_since=2026-10-01T06:00:00"),
        ("number", "colour=red"),
        ("cursor", "limit=0"),
        ("cursor", "page=2"),
        ("cursor", "cursor=abc"),
        ("cursor", "cursor="),
        ("cursor", "cursor=WzEsMl0="),
    ],
)
def test_a_parameter_that_makes_no_sense_is_refused_with_the_reason(a_service, paging, query):
    status, told = ask(a_service(paging), query)
    assert status == 400
    assert query.partition("=")[0] in told["error"]


def test_only_reading_what_is_there_by_who_may(a_service):
    service = a_service("number")
    assert ask(service, path="/nothing")[0] == 404
    assert ask(service, method="POST")[0] == 405
    for headers in ({}, {"Authorization": "Bearer guess"}):
        status, told = ask(service, headers=headers)
        assert (status, told["error"]) == (401, "the token is not valid")


@pytest.mark.parametrize(("busy", "after"), [(THROTTLED, "1"), (UNAVAILABLE, None)])
def test_every_so_many_requests_one_is_turned_away(a_service, busy, after):
    server = Server(a_service("number", busy_every=3, busy=busy))
    answers = [httpx.get(f"{server.address}/parts", headers=WHO) for _ in range(6)]
    server.stop()
    assert [answer.status_code for answer in answers] == [200, 200, busy[0]] * 2
    assert answers[2].headers.get("Retry-After") == after
    assert answers[2].json()["error"]
