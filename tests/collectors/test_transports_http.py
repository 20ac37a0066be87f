"""Lists over HTTP, followed to their end and no further: every style of paging, and OData."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from collectors.errors import ForbiddenRequestError, PayloadError
from collectors.page import Page
from collectors.transports import http_json, odata
from tests.collectors.feeds import ask_for
from tests.collectors.loopback import Request, Script, Serve, Server, answer, bench, routes

LIST = {"get": "/items", "records": "$.items"}


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Starts a scripted server and a client for it, whose clock only sleeps."""
    with bench() as start:
        yield start


def query_of(request: Request) -> dict[str, str]:
    """The query of a request, one value a name."""
    return {name: values[0] for name, values in parse_qs(urlsplit(request.target).query).items()}


def rows(first: int, last: int) -> list[dict[str, str]]:
    """Records numbered from first to last."""
    return [{"id": str(number)} for number in range(first, last + 1)]


def ids(pages: list[Page], path: str = "items") -> list[str]:
    """Ids of all records of some pages."""
    return [row["id"] for page in pages for row in json.loads(page.body)[path]]


def listing(count: int, most: int = 10**6, **more: Any) -> Script:
    """A list of so many records, cut by page or by offset; never more than `most` a page."""

    def script(request: Request) -> bytes:
        asked = query_of(request)
        size = min(int(asked.get("size", 500)), most)
        start = int(asked["from"]) if "from" in asked else (int(asked.get("page", 1)) - 1) * size
        return answer({"items": rows(start + 1, min(start + size, count)), **more})

    return script


# Pages by number and offset


@pytest.mark.parametrize("by", [{"by": "number"}, {"by": "offset", "ask": "from"}])
@pytest.mark.parametrize("count", [0, 1, 7, 8, 9, 16, 23])
@pytest.mark.parametrize("told", [True, False])
def test_a_list_is_read_to_its_last_record(
    serve: Serve, by: dict[str, str], count: int, told: bool
) -> None:
    paging = {**by, "size": 8, "size_ask": "size", **({"total": "$.total"} if told else {})}
    _, client, _ = serve(listing(count, total=count))
    pages = list(http_json.pages(ask_for("http_json", {**LIST, "page": paging}), client))
    assert ids(pages) == [str(number) for number in range(1, count + 1)]
    assert [page.number for page in pages] == list(range(1, len(pages) + 1))


@pytest.mark.parametrize("by", [{"by": "number"}, {"by": "offset", "ask": "from"}])
def test_a_source_that_gives_less_than_it_is_asked_for_is_read_to_its_end(
    serve: Serve, by: dict[str, str]
) -> None:
    server, client, _ = serve(listing(231, most=100))
    paging = {**by, "size": 500, "size_ask": "size"}
    pages = list(http_json.pages(ask_for("http_json", {**LIST, "page": paging}), client))
    assert len(ids(pages)) == 231
    assert len(server.requests) == 3


def test_a_page_after_the_last_may_be_no_page_at_all(serve: Serve) -> None:
    script = listing(10)

    def strict(request: Request) -> bytes:
        beyond = int(query_of(request)["page"]) > 1
        return answer({"detail": "Invalid page."}, 404) if beyond else script(request)

    server, client, _ = serve(strict)
    ask = ask_for("http_json", {**LIST, "page": {"size": 10}})
    assert len(ids(list(http_json.pages(ask, client)))) == 10
    assert len(server.requests) == 2


def test_a_list_that_is_not_there_is_an_error_all_the_same(serve: Serve) -> None:
    _, client, _ = serve(routes({}))
    with pytest.raises(PayloadError, match="GET /items: answered 404"):
        list(http_json.pages(ask_for("http_json", {**LIST, "page": {"size": 10}}), client))


@pytest.mark.parametrize("told", [9, 11, "500"])
def test_a_list_that_does_not_add_up_to_its_count_is_refused(serve: Serve, told: Any) -> None:
    _, client, _ = serve(listing(10, total=told))
    ask = ask_for("http_json", {**LIST, "page": {"size": 100, "total": "$.total"}})
    with pytest.raises(PayloadError, match=f"/items: the source counts {told} records, 10 came"):
        list(http_json.pages(ask, client))


def test_a_source_that_ignores_which_page_is_asked_for_is_found_out(serve: Serve) -> None:
    served = iter(range(1000))

    def script(request: Request) -> bytes:
        return answer({"items": rows(1, 8), "served_at": next(served)})

    for paging in ({"size": 8}, {"by": "offset", "ask": "from", "size": 8}):
        server, client, _ = serve(script)
        pages = http_json.pages(ask_for("http_json", {**LIST, "page": paging}), client)
        with pytest.raises(PayloadError, match=r"page 2 repeats an earlier page; .* in circles"):
            list(pages)
        assert len(server.requests) == 2


# Tokens, links and ranges


def test_a_token_leads_from_page_to_page(serve: Serve) -> None:
    pages = {
        "/items?size=2": {"items": rows(1, 2), "next": "a/b=="},
        "/items?size=2&after=a%2Fb%3D%3D": {"items": [], "next": 7},
        "/items?size=2&after=7": {"items": rows(3, 3), "next": None},
    }
    _, client, _ = serve(routes(pages))
    paging = {"by": "token", "ask": "after", "size": 2, "size_ask": "size", "next": "$.next"}
    ask = ask_for("http_json", {**LIST, "page": paging})
    assert ids(list(http_json.pages(ask, client))) == ["1", "2", "3"]


@pytest.mark.parametrize("form", ["{address}/list?p=2", "/list?p=2", "list?p=2", "?p=2"])
def test_a_link_leads_from_page_to_page(serve: Serve, form: str) -> None:
    def script(request: Request) -> bytes:
        if "p=2" in request.target:
            return answer({"items": rows(2, 2), "next": ""})
        address = f"http://{request.headers['host']}"
        return answer({"items": rows(1, 1), "next": form.format(address=address)})

    server, client, _ = serve(script)
    feed = {
        **LIST,
        "get": "/list",
        "query": {"site": "1"},
        "page": {"by": "link", "next": "$.next"},
    }
    assert ids(list(http_json.pages(ask_for("http_json", feed), client))) == ["1", "2"]
    assert [request.target for request in server.requests] == ["/list?site=1", "/list?p=2"]


def test_a_link_may_stand_in_the_head(serve: Serve) -> None:
    links = '</items?p=1>; rel="first", </items?p=2>; rel="next"'
    answers = [answer({"items": rows(1, 1)}, link=links), answer({"items": rows(2, 2)}, link="<x>")]
    _, client, _ = serve(answers)
    ask = ask_for("http_json", {**LIST, "page": {"by": "link", "next": "header link"}})
    assert ids(list(http_json.pages(ask, client))) == ["1", "2"]


@pytest.mark.parametrize("link", ["/items", "/items?x=1"])
def test_a_link_that_leads_back_is_followed_once(serve: Serve, link: str) -> None:
    server, client, _ = serve(lambda request: answer({"items": rows(1, 1), "next": link}))
    ask = ask_for("http_json", {**LIST, "page": {"by": "link", "next": "$.next"}})
    with pytest.raises(PayloadError, match="in circles"):
        list(http_json.pages(ask, client))
    assert len(server.requests) == 2


def test_a_list_whose_tokens_never_end_is_found_out_by_its_records(serve: Serve) -> None:
    turns = iter(range(1000))
    server, client, _ = serve(
        lambda request: answer({"items": rows(1, 5), "next": f"t{next(turns)}"})
    )
    ask = ask_for("http_json", {**LIST, "page": {"by": "token", "ask": "t", "next": "$.next"}})
    with pytest.raises(PayloadError, match="in circles"):
        list(http_json.pages(ask, client))
    assert len(server.requests) == 3


def test_the_same_page_sent_twice_does_not_end_a_list(serve: Serve) -> None:
    answers = [
        answer({"items": rows(1, 5), "next": "a"}),
        answer({"items": rows(1, 5), "next": "b"}),
        answer({"items": rows(6, 7), "next": None}),
    ]
    _, client, _ = serve(answers)
    ask = ask_for("http_json", {**LIST, "page": {"by": "token", "ask": "t", "next": "$.next"}})
    assert len(ids(list(http_json.pages(ask, client)))) == 12


def test_a_link_to_another_host_ends_the_pull_and_nothing_is_sent_there(serve: Serve) -> None:
    thief, _, _ = serve(lambda request: answer({"items": []}))
    _, client, _ = serve([answer({"items": rows(1, 1), "next": thief.address + "/items"})])
    ask = ask_for("http_json", {**LIST, "page": {"by": "link", "next": "$.next"}})
    with pytest.raises(ForbiddenRequestError, match="next link leads to another origin"):
        list(http_json.pages(ask, client))
    assert thief.requests == []


def ranged(count: int, told: str) -> Script:
    """A list that is asked by Range."""

    def script(request: Request) -> bytes:
        start, end = map(int, request.headers["range"].removeprefix("records=").split("-"))
        if start >= count:
            return answer({}, 416, content_range=f"records */{told}")
        found = rows(start + 1, min(end, count))
        last = start + len(found)
        return answer({"items": found}, 206, content_range=f"records {start}-{last}/{told}")

    return script


@pytest.mark.parametrize("told", ["7", "*"])
def test_a_range_is_read_to_its_end(serve: Serve, told: str) -> None:
    server, client, _ = serve(ranged(7, told))
    ask = ask_for("http_json", {**LIST, "page": {"by": "range", "size": 3}})
    assert len(ids(list(http_json.pages(ask, client)))) == 7
    assert server.requests[1].headers["range"] == "records=3-6"


def test_a_range_that_ends_before_its_count_is_refused(serve: Serve) -> None:
    _, client, _ = serve(ranged(6, "9"))
    ask = ask_for("http_json", {**LIST, "page": {"by": "range", "size": 3}})
    with pytest.raises(PayloadError, match="counts 9 records, 6 came"):
        list(http_json.pages(ask, client))


# What a request says


def test_a_cursor_is_asked_for_where_there_is_one(serve: Serve) -> None:
    feed = {
        **LIST,
        "contract": {"id": "text", "at": "instant"},
        "cursor": {"field": "at", "ask": "since"},
        "query": {"site": "{site}", "where": {"json": {"from": "{cursor}", "open": True}}},
        "headers": {"X-Site": "{site}"},
    }
    moment = datetime(2026, 11, 20, 14, 30, tzinfo=UTC)
    server, client, _ = serve(lambda request: answer({"items": []}))
    list(http_json.pages(ask_for("http_json", feed, site="HAM"), client))
    list(http_json.pages(ask_for("http_json", feed, moment, site="HAM"), client))
    first, second = (query_of(request) for request in server.requests)
    assert first == {"site": "HAM"}
    assert second["since"] == "2026-11-20T14:30:00Z"
    assert json.loads(second["where"]) == {"from": "2026-11-20T14:30:00Z", "open": True}
    assert server.requests[0].headers["x-site"] == "HAM"


def test_a_search_is_posted_only_where_the_pack_lists_it(serve: Serve) -> None:
    feed = {"post": "/search", "records": "$.items", "body": {"from": "{cursor|int}", "all": True}}
    feed |= {"contract": {"id": "integer"}, "cursor": {"field": "id", "format": "number"}}
    ask = ask_for("http_json", feed, Decimal(7))
    server, client, _ = serve(lambda request: answer({"items": []}))
    with pytest.raises(ForbiddenRequestError, match="POST /search is not on the list"):
        list(http_json.pages(ask, client))
    assert server.requests == []


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ({"mode": "read"}, None),
        ({"mode": "write"}, "items: $.mode is write, must be read: looking would lock"),
        ({}, "items: $.mode is absent"),
        ([], "items: $.mode is absent"),
        (b"{", "not JSON"),
        (b"oops", "items: $.mode is absent"),
    ],
)
def test_a_guard_is_looked_at_before_anything_is_asked(
    serve: Serve, state: Any, said: str | None
) -> None:
    guard = {
        "get": "/state",
        "require": {"$.mode": "read"},
        "why": "looking would lock",
        "total": "$.n",
    }
    pages = {"/state": state if isinstance(state, bytes) else {**dict(state), "n": "2"}}
    server, client, _ = serve(routes({**pages, "/items": {"items": rows(1, 2)}}))
    ask = ask_for("http_json", {**LIST, "guard": guard})
    if said is None:
        assert len(list(http_json.pages(ask, client))) == 1
        return
    with pytest.raises((ForbiddenRequestError, PayloadError)) as caught:
        list(http_json.pages(ask, client))
    assert said in str(caught.value)
    assert len(server.requests) == 1


def test_parameters_asked_from_the_source_make_one_pass_each(serve: Serve) -> None:
    feed = {
        **LIST,
        "for_each": {
            "get": "/sites",
            "records": "$.sites",
            "take": {"site": "code", "lot": "lot"},
            "only": {"open": "True"},
        },
    }
    sites = [{"code": 1, "open": True}, {"code": "B", "open": False}, {"code": "C", "open": True}]
    _, client, _ = serve(routes({"/sites": {"sites": sites}}))
    assert http_json.lookup(ask_for("http_json", feed), client) == [
        {"site": "1", "lot": None},
        {"site": "C", "lot": None},
    ]
    for wrong in ({"sites": {}}, {"sites": ["A"]}, {}, b"oops"):
        _, client, _ = serve(routes({"/sites": wrong}))
        with pytest.raises(PayloadError):
            http_json.lookup(ask_for("http_json", feed), client)


# OData


def odata_pages(
    serve: Serve, script: Any, feed: dict[str, Any], since: Any = None
) -> tuple[Server, list[Page]]:
    """A feed read from an OData service."""
    server, client, _ = serve(script, path="/sap/opu/odata")
    described = {"get": "/A_Order", "contract": {"id": "text", "at": "text"}, **feed}
    return server, list(odata.pages(ask_for("odata", described, since), client))


@pytest.mark.parametrize("form", ["{address}/sap/opu/odata/", "/sap/opu/odata/", ""])
def test_v2_is_followed_by_its_next_links_to_its_count(serve: Serve, form: str) -> None:
    def script(request: Request) -> bytes:
        if "skiptoken" in request.target:
            return answer({"d": {"results": rows(3, 3), "__count": "3"}})
        address = form.format(address=f"http://{request.headers['host']}")
        link = f"{address}A_Order?$skiptoken=2"
        return answer({"d": {"results": rows(1, 2), "__count": "3", "__next": link}})

    feed = {"records": "$.d.results", "select": ["id", "at"], "filter": "at ge {cursor}"}
    feed |= {"cursor": {"field": "at", "format": "odata_datetime"}}
    server, pages = odata_pages(serve, script, feed, datetime(2026, 11, 20, tzinfo=UTC))
    assert [row["id"] for page in pages for row in json.loads(page.body)["d"]["results"]] == [
        "1",
        "2",
        "3",
    ]
    assert query_of(server.requests[0]) == {
        "$format": "json",
        "$inlinecount": "allpages",
        "$select": "id,at",
        "$filter": "at ge datetime'2026-11-20T00:00:00'",
    }
    assert server.requests[1].target == "/sap/opu/odata/A_Order?$skiptoken=2"


@pytest.mark.parametrize(
    ("since", "asked"),
    [
        (None, "kind eq 'A'"),
        (datetime(2026, 11, 20, tzinfo=UTC), "kind eq 'A' and at ge datetime'2026-11-20T00:00:00'"),
    ],
)
def test_a_filter_of_the_query_holds_with_a_cursor_and_without(
    serve: Serve, since: datetime | None, asked: str
) -> None:
    feed = {"records": "$.d.results", "query": {"$filter": "kind eq 'A'"}}
    feed |= {"filter": "at ge {cursor}", "cursor": {"field": "at", "format": "odata_datetime"}}
    page = answer({"d": {"results": rows(1, 1), "__count": "1"}})
    server, _ = odata_pages(serve, [page], feed, since)
    assert query_of(server.requests[0])["$filter"] == asked


def test_v4_is_followed_by_its_next_links_to_its_count(serve: Serve) -> None:
    pages = [
        answer({"value": rows(1, 2), "@odata.count": 3, "@odata.nextLink": "A_Order?$skiptoken=2"}),
        answer({"value": rows(3, 3)}),
    ]
    server, read = odata_pages(serve, pages, {"records": "$.value", "version": "4"})
    assert ids(read, "value") == ["1", "2", "3"]
    assert query_of(server.requests[0])["$count"] == "true"


@pytest.mark.parametrize(
    ("version", "page"),
    [
        ("2", {"d": {"results": rows(1, 2), "__count": "5"}}),
        ("4", {"value": rows(1, 2), "@odata.count": 5}),
    ],
)
def test_a_service_that_ends_before_its_count_is_refused(
    serve: Serve, version: str, page: dict[str, Any]
) -> None:
    records = "$.value" if version == "4" else "$.d.results"
    with pytest.raises(PayloadError, match="the source counts 5 records, 2 came"):
        odata_pages(serve, [answer(page)], {"records": records, "version": version})


def test_a_service_says_what_is_wrong_with_a_filter(serve: Serve) -> None:
    said = {"error": {"code": "005056", "message": {"lang": "en", "value": "Invalid token"}}}
    with pytest.raises(PayloadError, match=r"A_Order: answered 400: .*Invalid token"):
        odata_pages(serve, [answer(said, 400)], {"records": "$.d.results"})
