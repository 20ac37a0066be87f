"""The feeds of a source: requests, cursors and mappings, checked and ready to run."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from pathlib import Path

from app.landscape.document import Document, Place
from app.landscape.model import Company, Source
from app.landscape.notebook import Notebook
from app.landscape.wording import nearest, offer
from app.store.schema import Table, tables
from collectors import canonical, mapping
from collectors.ask import holes
from collectors.contract import Contract
from collectors.feed import FILE_PARAMETERS, Plan, place_expression
from collectors.pack import Feed, Lookup, Pack
from collectors.transports import sql

PACKS = Path(str(resources.files("collectors")))
FILLED_IN = (
    "get",
    "post",
    "body",
    "query",
    "headers",
    "filter",
    "domain",
    "context",
    "files",
)  # keys of a feed whose `{names}` are filled in for each request


@dataclass(frozen=True)
class SourceDraft:
    """A source as written, with its pack; `folder` is where a shipped pack lies."""

    name: str
    document: Document
    config: Source
    pack: Pack
    folder: Path | None
    company: Company


def read_plans(notebook: Notebook, draft: SourceDraft) -> tuple[Plan, ...]:
    """One plan a feed; what is wrong with it is noted, and its plan may then lack targets.

    A feed that is asked for each of a list, and the list is empty, is as good as switched off.
    """
    return tuple(
        _plan(notebook, draft, name, feed)
        for name, feed in draft.pack.feeds.items()
        if not isinstance(feed.for_each, str) or draft.pack.parameters.get(feed.for_each) != ()
    )


def page_parameters(plan: Plan) -> list[str]:
    """Names of everything a page of this feed carries beside its fields."""
    found = dict.fromkeys(plan.parameters)
    for chosen in plan.passes:
        found |= dict.fromkeys(chosen)
    if isinstance(plan.feed.for_each, Lookup):
        found |= dict.fromkeys(plan.feed.for_each.take)
    if plan.pack.transport == "files":
        found |= dict.fromkeys(FILE_PARAMETERS)
    return list(found)


def _plan(notebook: Notebook, draft: SourceDraft, name: str, feed: Feed) -> Plan:
    place: Place = ("feeds", name)
    known, targets = tables(), []
    for table in feed.into:
        if table not in known:
            message = f"into: there is no table '{table}'{offer(table, known, 'Tables')}"
            notebook.wrong(draft.document, (*place, "into"), message)
        elif target := _target(notebook, draft, name, feed, known[table]):
            targets.append(target)
    passes = _passes(notebook, draft, name, feed)
    parameters = _parameters(draft, feed)
    plan = Plan(draft.name, name, draft.pack, feed, tuple(targets), parameters, passes)
    _check_words(notebook, draft.document, place, plan)
    if notebook.tries and len(targets) == len(feed.into):
        _check_mapping(notebook, draft, place, plan)
    return plan


def _parameters(draft: SourceDraft, feed: Feed) -> dict[str, str]:
    """What is the same for every page: declared parameters, source, plant and zone if one."""
    declared = {**draft.pack.parameters, **feed.parameters}
    parameters = {key: value for key, value in declared.items() if isinstance(value, str)}
    plants, zones = draft.config.plants, draft.company.zones
    own_zones = {zones[plant] for plant in plants if plant in zones}
    if len(own_zones) == 1:
        parameters["plant_zone"] = next(iter(own_zones))
    elif not own_zones:
        parameters["plant_zone"] = "UTC"  # its plants are a mistake of their own
    if len(plants) == 1:
        parameters["plant"] = plants[0]
    return parameters | {"source": draft.name}


def _passes(
    notebook: Notebook, draft: SourceDraft, name: str, feed: Feed
) -> tuple[Mapping[str, str], ...]:
    if not isinstance(feed.for_each, str):
        return ()
    value = draft.pack.parameters.get(feed.for_each)
    if isinstance(value, tuple):
        return value
    message = f"for_each: parameter '{feed.for_each}' must be a list of 'name: value' lines"
    notebook.wrong(draft.document, ("feeds", name, "for_each"), message)
    return ()


def _target(
    notebook: Notebook, draft: SourceDraft, name: str, feed: Feed, table: Table
) -> canonical.Target | None:
    """The mapping of a feed into one table: the landscape's own file, else the one of the pack."""
    stem = name if len(feed.into) == 1 else f"{name}.{table.name}"
    own = notebook.folder / "mappings" / f"{draft.name}.{stem}.sql"
    shipped = draft.folder / f"{stem}.sql" if draft.folder else own
    path, root = (own, notebook.folder) if own.is_file() or shipped == own else (shipped, PACKS)
    shown = path.relative_to(root).as_posix()
    if not path.is_file():
        message = f"its mapping {shown} is missing: one SELECT from page into {table.name}"
        notebook.wrong(draft.document, ("feeds", name), message)
        return None
    text = notebook.text(path, shown)
    if text is None:
        return None
    try:
        select = mapping.parse(text, table.arrow.names)
    except mapping.MappingError as error:
        notebook.file(shown, error.line or _line_of(text, str(error)), str(error))
        return None
    return canonical.Target(table.name, table.arrow, select, shown)


def _check_words(notebook: Notebook, document: Document, place: Place, plan: Plan) -> None:
    """Every `{name}` is known, an SQL feed only reads, a cursor has its field."""
    feed, known = plan.feed, sorted({*page_parameters(plan), "cursor"})
    for key in FILLED_IN:
        for word in holes(getattr(feed, key)):
            if word not in known:
                message = f"{key}: '{{{word}}}' is not known{offer(word, known, 'Known')}"
                notebook.wrong(document, (*place, key), message)
    if feed.statement and (wrong := sql.problem(feed.statement)):
        notebook.wrong(document, (*place, "statement"), f"statement: {wrong}")
    field = feed.cursor.field if feed.cursor else None
    if field and field not in feed.contract:
        message = f"field: the contract has no '{field}'{nearest(field, feed.contract)}"
        notebook.wrong(document, (*place, "cursor", "field"), message)


def _check_mapping(notebook: Notebook, draft: SourceDraft, place: Place, plan: Plan) -> None:
    """Mappings and expressions fit contract and tables: tried on an empty page."""
    zones, parameters = tuple(draft.company.zones.items()), tuple(page_parameters(plan))
    expressions = tuple(_expressions(plan.feed).items())
    found, wrong_at = _tried(zones, plan.contract, parameters, plan.targets, expressions)
    for target, misfits in zip(plan.targets, found, strict=True):
        _note_plantless(notebook, draft, place, target)
        for wrong in misfits:
            message = _in_words(wrong, plan)
            notebook.file(target.file, _line_of(_text(notebook, target), message), message)
    for at, wrong in wrong_at.items():
        notebook.wrong(draft.document, (*place, *at), f"{at[1]}: {wrong}")


@lru_cache(maxsize=256)  # landscapes of a process read the same packs
def _tried(
    zones: tuple[tuple[str, str], ...],
    contract: Contract,
    parameters: tuple[str, ...],
    targets: tuple[canonical.Target, ...],
    expressions: tuple[tuple[tuple[str, str], str], ...],
) -> tuple[list[list[str]], dict[tuple[str, str], str]]:
    """What is wrong with each mapping, and with each expression over the same empty page."""
    with mapping.connect(dict(zones)) as con:
        misfits = [canonical.check(con, contract, parameters, target) for target in targets]
        wrong = {at: canonical.problem_of(con, expression) for at, expression in expressions}
    return misfits, {at: said for at, said in wrong.items() if said}


def _note_plantless(
    notebook: Notebook, draft: SourceDraft, place: Place, target: canonical.Target
) -> None:
    """An author's mapping of a source for several plants that does not say which: easily missed."""
    is_own = (notebook.folder / target.file).is_file()
    is_open = "plant" in target.schema.names and "plant" not in target.select.columns
    if is_own and is_open and len(draft.config.plants) > 1:
        message = f"{target.file} gives no plant, and the source speaks for several"
        notebook.note(draft.document, place, f"{message}: its facts count for all of them")


def _in_words(wrong: str, plan: Plan) -> str:
    """What an engine says of a mapping, in the words of the feed."""
    found = re.search(r'Referenced column "(.+?)" not found', wrong)
    if not found:
        return wrong
    fields = [field.column for field in plan.contract.fields]
    known = [*fields, *page_parameters(plan), "page_no", "received_at", "record"]
    return f"'{found[1]}' is not a field of the page{offer(found[1], known, 'Fields')}"


def _text(notebook: Notebook, target: canonical.Target) -> str:
    own = notebook.folder / target.file
    return (own if own.is_file() else PACKS / target.file).read_text("utf-8-sig")


def _line_of(text: str, message: str) -> int:
    """The line of a mapping a message is about: where the column it names is given, else used."""
    named = re.search(r"'(\w+)'|^(\w+) is |: (\w+)$", message)
    word = next((part for part in named.groups() if part), None) if named else None
    lines = [line.partition("--")[0] for line in text.splitlines()]
    for pattern in (rf"\bas\s+\"?{word}\b", rf"\b{word}\b") if word else ():
        for number, line in enumerate(lines, 1):
            if re.search(pattern, line, re.IGNORECASE):
                return number
    return next((number for number, line in enumerate(lines, 1) if line.strip()), 1)


def _expressions(feed: Feed) -> dict[tuple[str, str], str]:
    """The expressions over `page` that a feed has, by their place in it."""
    expressions: dict[tuple[str, str], str | None] = {}
    if feed.cursor and (feed.cursor.field is None or feed.cursor.field in feed.contract):
        expressions["cursor", "value"] = place_expression(feed)
    if feed.snapshot:
        expressions["snapshot", "at"] = feed.snapshot.at
        expressions["snapshot", "id"] = feed.snapshot.id
    return {at: expression for at, expression in expressions.items() if expression}
