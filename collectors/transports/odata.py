"""OData V2 and V4: `$filter`, `$select`, server-side next links, and the server's own count."""

from collections.abc import Iterator

from collectors.ask import Ask, query
from collectors.client import Client
from collectors.pack import Paging
from collectors.page import Page
from collectors.transports import http_json

_COUNT = {
    "2": ("$inlinecount", "allpages", "$.d.__count"),
    "4": ("$count", "true", "$.@odata.count"),
}
_NEXT = {"2": "$.d.__next", "4": "$.@odata.nextLink"}


def pages(ask: Ask, client: Client) -> Iterator[Page]:
    """Every page of one pass; `{cursor}` in `filter` is an OData literal of the cursor's format.

    A `$filter` in `query` always holds, that in `filter` only where there is a cursor.
    """
    feed = ask.feed
    http_json.guard(ask, client)
    name, value, total = _COUNT[feed.version]
    options = {"$format": "json", name: value}
    if feed.select:
        options["$select"] = ",".join(feed.select)
    given = query(ask, feed.query)
    always = [condition for name, condition in given if name == "$filter"]
    if conditions := [*always, *filter(None, [ask.fill(feed.filter)])]:
        options["$filter"] = " and ".join(conditions)
    paging = Paging(by="link", next=_NEXT[feed.version])
    asked = [*((name, one) for name, one in given if name != "$filter"), *options.items()]
    yield from http_json.walk(ask, client, feed.get or "", asked, paging, total)
