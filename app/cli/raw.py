"""`raw`: back from a fact or a reject to the record as it was sent."""

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from app.cli import OK, USAGE, Failure
from app.cli.looking import reading
from app.cli.options import shared
from app.cli.output import emit, say, shown
from app.landscape.load import Landscape
from app.store.lake import Lake, LakeError
from collectors.feed import Plan, page_path
from collectors.page import Dialect, Page, records, text_of
from collectors.record import MAX_RECORD

REFERENCE = re.compile(r"[\w-]+/[\w-]+/[\w-]+/\d{6}\.page\.zst(#\d+)?")
BINARY = ("xlsx", "parquet")


@click.command()
@click.argument("reference", metavar="RAW_REF")
@shared
def raw(landscape: Path, form: str, reference: str) -> int:
    """Print the record a raw reference leads to, as it was sent; without #RECORD its whole page.

    Characters that could steer a terminal are written out, as \\x1b.
    """
    if not REFERENCE.fullmatch(reference):
        such = "such as mes/moves/20261103T120000Z-1/000001.page.zst#3"
        where = "rejects list, trace and exception show them"
        raise Failure(f"'{shown(reference)}' is not a raw reference {such}; {where}", USAGE)
    with reading(landscape) as (found, _):
        page = _page(Lake(found.home / "lake"), reference)
    plan, number = _plan(found, reference), record_number(reference)
    text = _whole(page) if number is None else _record(plan, page, number)
    told = {"raw_ref": reference, "request": page.request, **_place(plan, page, number)}
    if form == "table":
        parts = [f"{name} {told[name]}" for name in ("line", "record") if told[name] is not None]
        parts.append(f"received {shown(page.received_at)} UTC")
        say(", ".join([shown(page.request), *parts]))
        click.echo("\n".join(shown(line) for line in text.rstrip("\r\n").split("\n")))
    else:
        emit([{**told, "received_at": page.received_at, "raw": text}], [], form)
    return OK


def placed(rows: Sequence[Mapping[str, Any]], landscape: Landscape) -> Iterator[dict[str, Any]]:
    """Rejects with where they stood: `request` (a file or a request), `line` and `record`.

    None where the page is not kept, or its format has no lines.
    """
    lake, pages = Lake(landscape.home / "lake"), {}
    for row in rows:
        reference = row["raw_ref"]
        name = reference.partition("#")[0]
        if name not in pages:
            pages = {name: _kept(lake, reference)}  # one at a time: a page may be large
            starts = lines_of(_plan(landscape, reference), pages[name])
        page, number = pages[name], record_number(reference)
        request = page.request if page else None
        yield {**row, "request": request, "line": _nth(starts, number), "record": number}


def record_number(reference: str) -> int | None:
    """The place in its page a raw reference names, counted from 1."""
    number = reference.partition("#")[2]
    return int(number) if number.isdigit() else None


def lines_of(plan: Plan | None, page: Page | None) -> list[int]:
    """The line each record of a page begins in, counted from 1; empty where it has no lines."""
    if plan is None or page is None:
        return []
    if page.format == "ndjson":
        lines = enumerate(page.body.split(b"\n"), 1)
        return [number for number, line in lines if line.strip()]
    return list(_csv_lines(page.body, plan.feed.csv.dialect)) if page.format == "csv" else []


def _csv_lines(body: bytes, dialect: Dialect) -> Iterator[int]:
    """As the records were cut: a quoted field may go on in the next line, empty lines are none."""
    csv.field_size_limit(MAX_RECORD)
    text = body.decode(dialect.encoding, "surrogateescape").removeprefix("\ufeff")
    lines = list(io.StringIO(text, newline=""))[dialect.skip_lines :]
    reader = csv.reader(lines, delimiter=dialect.delimiter, quotechar=dialect.quote, strict=True)
    is_header = dialect.header
    while True:
        begins = reader.line_num
        try:
            row: list[str] | None = next(reader)
        except StopIteration:
            return
        except csv.Error:
            row = None  # a record like any other, which nobody can read
        if row is None or len(row) > 1 or "".join(row).strip():
            if not is_header:
                yield dialect.skip_lines + begins + 1
            is_header = False


def _plan(landscape: Landscape, reference: str) -> Plan | None:
    source, feed, *_ = reference.split("/")
    setup = landscape.sources.get(source)
    return next((plan for plan in setup.plans if plan.name == feed), None) if setup else None


def _page(lake: Lake, reference: str) -> Page:
    name = reference.partition("#")[0]
    try:
        return lake.page(reference)
    except FileNotFoundError as error:
        what = "no page is kept as"
        why = "a pull that brought nothing new is not kept"
        raise Failure(f"{what} {name}: {why}", USAGE) from error
    except (OSError, ValueError, KeyError) as error:
        raise LakeError(f"{name}: the page is damaged") from error


def _kept(lake: Lake, reference: str) -> Page | None:
    try:
        return _page(lake, reference)
    except (Failure, LakeError):
        return None


def _place(plan: Plan | None, page: Page, number: int | None) -> dict[str, int | None]:
    return {"line": _nth(lines_of(plan, page), number), "record": number}


def _nth(starts: Sequence[int], number: int | None) -> int | None:
    return starts[number - 1] if number and number <= len(starts) else None


def _whole(page: Page) -> str:
    if page.format in BINARY:
        raise Failure(f"{page.ref} is no text but {page.format}; name a record: #1", USAGE)
    return page.body.decode("utf-8", "backslashreplace")


def _record(plan: Plan | None, page: Page, number: int) -> str:
    """The text of one record, cut out of its page as it is collected."""
    if plan is None:
        why = "no feed of the landscape says how to find a record in it"
        raise Failure(f"{why}; see the whole page with: tieout raw {page.ref}", USAGE)
    found = records(plan.source, page, page_path(plan), plan.contract, plan.feed.dialect)
    texts = dict(zip(found.table["#"].to_pylist(), map(text_of, found.raws), strict=True))
    texts |= {record_number(reject.raw_ref): reject.raw for reject in found.rejects}
    if number not in texts:
        count = f"{found.count} record{'' if found.count == 1 else 's'}"
        raise Failure(f"{page.ref} has {count}, so there is no record {number}", USAGE)
    return str(texts[number])
