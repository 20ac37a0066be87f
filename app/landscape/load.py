"""Read a landscape folder: everything checked, offline, and every mistake reported at once."""

import csv
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from app.landscape.document import Document, LandscapeError, Mistake, nearest, read, validate
from app.landscape.model import Calendar, Company, Source
from app.store.schema import Table, tables
from collectors import canonical, mapping
from collectors.ask import holes
from collectors.feed import FILE_PARAMETERS, Plan, place_expression
from collectors.pack import Feed, Lookup, Pack
from collectors.transports import sql
from reconcilers.family import Family, Side, SideUse
from reconcilers.run import FAMILIES, Pairing
from rules.model import OWN, Rule

PACKS = Path(mapping.__file__).parent
SHIPPED_RULES = Path(__import__("rules").__file__).parent
XREF_COLUMNS = ("source", "source_key", "key", "item", "factor", "valid_from", "valid_to")
COST_COLUMNS = ("item", "unit_cost", "currency", "plant", "per_quantity", "unit", "valid_from", "method")
OWN_SOURCE = "landscape"


@dataclass(frozen=True)
class SourceSetup:
    """One source of the landscape, completed by its pack."""

    name: str
    config: Source
    pack: Pack
    plans: tuple[Plan, ...]

    @property
    def plants(self) -> tuple[str, ...]:
        """Plants it speaks for."""
        return self.config.plants


@dataclass(frozen=True)
class LoadedRule:
    """A rule with its family and the parameters it gives it."""

    rule: Rule
    family: Family
    spec: Any

    @property
    def uses(self) -> Mapping[str, SideUse]:
        """Its sides."""
        return self.family.sides(self.spec)


@dataclass(frozen=True)
class Landscape:
    """What a company wrote: plants, sources, rules, calendars."""

    folder: Path
    company: Company
    sources: Mapping[str, SourceSetup]
    rules: Mapping[str, LoadedRule]
    calendars: Mapping[str, Calendar] = field(default_factory=dict)

    @property
    def home(self) -> Path:
        """Folder of what tieout remembers."""
        return (self.folder / self.company.store.folder).resolve()

    @property
    def zones(self) -> dict[str, str]:
        """Time zone of each plant."""
        return {code: plant.zone for code, plant in self.company.plants.items()}

    def pairing(self, loaded: LoadedRule) -> Pairing | None:
        """Who speaks for each side of a rule and for which plants; None where a side has nobody or no plant in common."""
        sources: dict[str, tuple[str, ...]] = {}
        plants: set[str] | None = None
        for name, use in loaded.uses.items():
            chosen = [setup for setup in self.sources.values() if _speaks(use.side, setup)]
            sources[name] = tuple(setup.name for setup in chosen)
            if use.counted or use.is_needed:
                covered = {plant for setup in chosen for plant in setup.plants}
                plants = covered if plants is None else plants & covered
        wanted = (plants or set()) & (set(loaded.rule.plants) or set(self.company.plants))
        if not wanted:
            return None
        return Pairing(sources, tuple(sorted(wanted)))


def load(folder: Path) -> Landscape:
    """The landscape in `folder`. Raises `LandscapeError` with every mistake found."""
    loader = _Loader(folder.resolve())
    landscape = loader.load()
    if loader.mistakes or landscape is None:
        raise LandscapeError(loader.mistakes)
    return landscape


def _speaks(side: Side, setup: SourceSetup) -> bool:
    """Whether a source can tell facts of this side at all: its role fits, and a mapping of it can give what is asked."""
    if (side.role and setup.pack.role not in side.role) or (side.source and setup.name not in side.source):
        return False
    return any(_can_give(target, side) for plan in setup.plans for target in plan.targets if target.table == side.table)


def _can_give(target: canonical.Target, side: Side) -> bool:
    for column, wanted in side.filters.items():
        given = target.select.constants.get(column)
        if given is not None and isinstance(wanted, tuple) and not given & set(wanted):
            return False
    return True


class _Loader:
    """Collects mistakes while it reads; what is broken is left out, so that the rest is checked as well."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.mistakes: list[Mistake] = []

    def load(self) -> Landscape | None:
        document = self._read(self.folder / "tieout.yml")
        company = self._valid(document, Company) if document else None
        calendars = dict(self._calendars())
        if company is None or document is None:
            return None
        self._check_company(document, company, calendars)
        sources = {setup.name: setup for setup in self._sources(company)}
        if own := self._own_source(company):
            sources[OWN_SOURCE] = own
        rules = {loaded.rule.id: loaded for loaded in self._rules(company, sources)}
        for off in company.rules.off:
            if off not in rules:
                self.mistakes.append(document.mistake(("rules", "off"), f"off: there is no rule '{off}'{nearest(off, rules)}"))
        kept = {name: loaded for name, loaded in rules.items() if name not in company.rules.off}
        return Landscape(self.folder, company, sources, kept, calendars)

    # Files

    def _read(self, path: Path, root: Path | None = None) -> Document | None:
        try:
            return read(path, root or self.folder)
        except LandscapeError as error:
            self.mistakes += error.mistakes
            return None

    def _valid(self, document: Document, model: Any, data: Any = None, at: tuple[str | int, ...] = ()) -> Any:
        try:
            return validate(document, model, data, at)
        except LandscapeError as error:
            self.mistakes += error.mistakes
            return None

    def _calendars(self) -> Iterator[tuple[str, Calendar]]:
        for path in sorted((self.folder / "calendars").glob("*.yml")):
            document = self._read(path)
            calendar = self._valid(document, Calendar) if document else None
            if calendar is not None:
                yield path.stem, calendar

    def _check_company(self, document: Document, company: Company, calendars: Mapping[str, Calendar]) -> None:
        for code, plant in company.plants.items():
            if plant.calendar and plant.calendar not in calendars:
                message = f"there is no calendars/{plant.calendar}.yml{nearest(plant.calendar, calendars)}"
                self.mistakes.append(document.mistake(("plants", code, "calendar"), message))

    # Sources

    def _sources(self, company: Company) -> Iterator[SourceSetup]:
        for path in sorted((self.folder / "sources").glob("*.yml")):
            document = self._read(path)
            config = self._valid(document, Source) if document else None
            if document is None or config is None:
                continue
            before = len(self.mistakes)
            setup = self._setup(path.stem, document, config, company)
            if setup is not None and len(self.mistakes) == before:
                yield setup

    def _setup(self, name: str, document: Document, config: Source, company: Company) -> SourceSetup | None:
        for at, plant in enumerate(config.plants):
            if plant not in company.plants:
                self.mistakes.append(document.mistake(("plants", at), f"there is no plant '{plant}'{nearest(plant, company.plants)} Plants: {', '.join(company.plants)}"))
        if name == OWN_SOURCE:
            self.mistakes.append(document.mistake((), f"a source cannot be called '{OWN_SOURCE}': that is the landscape itself"))
        folder, pack = self._pack(document, config)
        if pack is None:
            return None
        self._check_reach(document, config, pack)
        plans = [plan for feed in pack.feeds if (plan := self._plan(name, feed, document, config, pack, folder, company))]
        return SourceSetup(name, config, pack, tuple(plans))

    def _pack(self, document: Document, config: Source) -> tuple[Path | None, Pack | None]:
        """The pack of a source: shipped and adjusted, or written out in the source itself."""
        own = {key: value for key, value in document.data.items() if key in Pack.model_fields}
        if config.pack is None:
            return None, self._valid(document, Pack, own)
        folder = PACKS / config.pack
        if not (folder / "pack.yml").is_file():
            known = sorted(path.parent.relative_to(PACKS).as_posix() for path in PACKS.glob("*/*/pack.yml"))
            self.mistakes.append(document.mistake(("pack",), f"there is no pack '{config.pack}'{nearest(config.pack, known)} Packs: {', '.join(known)}"))
            return None, None
        shipped = self._read(folder / "pack.yml", PACKS)
        if shipped is None:
            return None, None
        feeds = dict(shipped.data["feeds"])
        for feed, change in config.feeds.items():
            if change is None:
                feeds.pop(feed, None)
            elif feed in feeds:
                feeds[feed] = _merged(feeds[feed], document.data["feeds"][feed])
            elif "into" in change:
                feeds[feed] = document.data["feeds"][feed]
            else:
                self.mistakes.append(document.mistake(("feeds", feed), f"{config.pack} has no feed '{feed}'{nearest(feed, feeds)} Feeds: {', '.join(feeds)}"))
        parameters = {**shipped.data.get("parameters", {})}
        for parameter in config.parameters:
            if parameter not in parameters:
                self.mistakes.append(document.mistake(("parameters", parameter), f"{config.pack} has no parameter '{parameter}'{nearest(parameter, parameters)} Parameters: {', '.join(parameters) or 'none'}"))
        merged = {**shipped.data, **{key: value for key, value in own.items() if key in ("role", "cross_reference", "allow")}}
        merged |= {"feeds": feeds, "parameters": {**parameters, **document.data.get("parameters", {})}, "headers": {**shipped.data.get("headers", {}), **dict(config.headers)}}
        return folder, self._valid(document, Pack, merged)

    def _check_reach(self, document: Document, config: Source, pack: Pack) -> None:
        wanted = {"http_json": "address", "odata": "address", "jsonrpc": "address", "sql": "database", "files": "folder"}[pack.transport]
        if getattr(config, wanted) is None:
            self.mistakes.append(document.mistake((), f"'{wanted}' is missing: a source with transport {pack.transport} needs it"))
        needed = {"basic": ("user", "password"), "bearer": ("bearer",), "header": ("header", "value"), "oauth2": ("token_url", "client_id", "client_secret"), "login": ("user", "password"), "none": ()}
        for key in needed[pack.auth]:
            if getattr(config.auth, key) is None:
                self.mistakes.append(document.mistake(("auth",), f"auth: '{key}' is missing: this source signs in by {pack.auth}"))
        if pack.rpc and pack.rpc.dialect == "odoo" and config.auth.database is None:
            self.mistakes.append(document.mistake(("auth",), "auth: 'database' is missing: Odoo wants to know which"))

    # Feeds

    def _plan(self, source: str, name: str, document: Document, config: Source, pack: Pack, folder: Path | None, company: Company) -> Plan | None:
        feed = pack.feeds[name]
        place: tuple[str | int, ...] = ("feeds", name)
        targets = []
        known = tables()
        for table in feed.into:
            if table not in known:
                self.mistakes.append(document.mistake((*place, "into"), f"into: there is no table '{table}'{nearest(table, known)} Tables: {', '.join(known)}"))
                continue
            target = self._target(source, name, feed, known[table], document, place, folder)
            targets += [target] if target else []
        parameters = {key: value for key, value in {**pack.parameters, **feed.parameters}.items() if isinstance(value, str)}
        zones = {company.plants[plant].zone for plant in config.plants if plant in company.plants}
        if len(zones) == 1:
            parameters["plant_zone"] = next(iter(zones))
        if len(config.plants) == 1:
            parameters["plant"] = config.plants[0]
        parameters["source"] = source
        passes = self._passes(feed, pack, document, place)
        plan = Plan(source, name, pack, feed, tuple(targets), parameters, passes)
        self._check_words(plan, document, place)
        if len(targets) == len(feed.into):
            self._check_mapping(plan, document, place, company)
        return plan

    def _passes(self, feed: Feed, pack: Pack, document: Document, place: tuple[str | int, ...]) -> tuple[Mapping[str, str], ...]:
        if not isinstance(feed.for_each, str):
            return ()
        value = pack.parameters.get(feed.for_each)
        if not isinstance(value, tuple):
            self.mistakes.append(document.mistake((*place, "for_each"), f"for_each: parameter '{feed.for_each}' must be a list of 'name: value' lines"))
            return ()
        return value

    def _target(self, source: str, name: str, feed: Feed, table: Table, document: Document, place: tuple[str | int, ...], folder: Path | None) -> canonical.Target | None:
        stem = name if len(feed.into) == 1 else f"{name}.{table.name}"
        own = self.folder / "mappings" / f"{source}.{stem}.sql"
        path = own if own.is_file() or folder is None else folder / f"{stem}.sql"
        shown = path.relative_to(self.folder if path == own else PACKS).as_posix()
        if not path.is_file():
            self.mistakes.append(document.mistake(place, f"its mapping {shown} is missing: one SELECT from page into {table.name}"))
            return None
        try:
            return canonical.Target(table.name, table.arrow, mapping.parse(path.read_text("utf-8"), table.arrow.names), shown)
        except mapping.MappingError as error:
            self.mistakes.append(Mistake(shown, error.line or 1, str(error)))
            return None

    def _check_words(self, plan: Plan, document: Document, place: tuple[str | int, ...]) -> None:
        """Every `{name}` a request wants filled in must be known; an SQL feed must only read; a cursor must have its field."""
        feed, known = plan.feed, set(page_parameters(plan)) | {"cursor"}
        for key in ("get", "post", "body", "query", "headers", "filter", "domain", "context", "files"):
            for word in holes(getattr(feed, key)):
                if word not in known:
                    self.mistakes.append(document.mistake((*place, key), f"{key}: '{{{word}}}' is not known{nearest(word, known)} Known: {', '.join(sorted(known))}"))
        if feed.statement and (wrong := sql.problem(feed.statement)):
            self.mistakes.append(document.mistake((*place, "statement"), f"statement: {wrong}"))
        if feed.cursor and feed.cursor.field and feed.cursor.field not in feed.contract:
            self.mistakes.append(document.mistake((*place, "cursor", "field"), f"field: the contract has no '{feed.cursor.field}'{nearest(feed.cursor.field, feed.contract)}"))

    def _check_mapping(self, plan: Plan, document: Document, place: tuple[str | int, ...], company: Company) -> None:
        zones = {code: plant.zone for code, plant in company.plants.items()}
        con = mapping.connect(zones)
        try:
            for target in plan.targets:
                try:
                    canonical.check(con, plan.contract, page_parameters(plan), target)
                except mapping.MappingError as error:
                    self.mistakes.append(Mistake(target.file, error.line or 1, str(error)))
            snapshot = plan.feed.snapshot
            expressions = {("cursor", "value"): place_expression(plan.feed) if _cursor_sound(plan.feed) else None, ("snapshot", "at"): snapshot and snapshot.at, ("snapshot", "id"): snapshot and snapshot.id}
            for where, expression in expressions.items():
                if expression and (wrong := canonical.problem_of(con, expression)):
                    self.mistakes.append(document.mistake((*place, *where), f"{where[1]}: {wrong}"))
        finally:
            con.close()

    # The landscape's own facts: cross-references and costs

    def _own_source(self, company: Company) -> SourceSetup | None:
        xref = sorted((self.folder / "cross_reference").glob("*.csv"))
        cost = self.folder / "item_cost.csv"
        for path in xref:
            if path.stem not in (*canonical.OBJECTS, canonical.UNIT):
                objects = (*canonical.OBJECTS, canonical.UNIT)
                self.mistakes.append(Mistake(path.relative_to(self.folder).as_posix(), 0, f"'{path.stem}' is not an object that has cross-references{nearest(path.stem, objects)} Objects: {', '.join(objects)}"))
            self._check_table(path, XREF_COLUMNS, ("source", "source_key", "key"))
        if cost.is_file():
            self._check_table(cost, COST_COLUMNS, ("item", "unit_cost", "currency"))
        feeds = [*(["cross_reference"] if xref else []), *(["item_cost"] if cost.is_file() else [])]
        if not feeds:
            return None
        folder = PACKS / "landscape" / "files"
        document = self._read(folder / "pack.yml", PACKS)
        pack = self._valid(document, Pack, {**document.data, "feeds": {name: document.data["feeds"][name] for name in feeds}}) if document else None
        if document is None or pack is None:
            return None
        config = Source(pack="landscape/files", folder=".", plants=tuple(company.plants))
        plans = [plan for name in feeds if (plan := self._plan(OWN_SOURCE, name, document, config, pack, folder, company))]
        return SourceSetup(OWN_SOURCE, config, pack, tuple(plans))

    def _check_table(self, path: Path, allowed: tuple[str, ...], required: tuple[str, ...]) -> None:
        """A CSV of the landscape: known columns, required values, numbers and dates where they belong."""
        name = path.relative_to(self.folder).as_posix()
        try:
            with path.open(encoding="utf-8-sig", newline="") as file:
                reader = csv.DictReader(file, strict=True)
                header = reader.fieldnames or []
                for column in header:
                    if column not in allowed:
                        self.mistakes.append(Mistake(name, 1, f"unknown column '{column}'{nearest(column, allowed)} Allowed: {', '.join(allowed)}"))
                for column in required:
                    if column not in header:
                        self.mistakes.append(Mistake(name, 1, f"column '{column}' is missing"))
                if not set(required) <= set(header):
                    return
                for row in reader:
                    self._check_row(name, reader.line_num, row, required)
        except (csv.Error, UnicodeDecodeError) as error:
            self.mistakes.append(Mistake(name, 0, f"not CSV in UTF-8: {error}"))

    def _check_row(self, name: str, line: int, row: Mapping[str | None, Any], required: tuple[str, ...]) -> None:
        if None in row or None in row.values():
            self.mistakes.append(Mistake(name, line, "more or fewer fields than the header has"))
            return
        for column in required:
            if not row[column]:
                self.mistakes.append(Mistake(name, line, f"{column} is empty"))
        for column in ("factor", "unit_cost", "per_quantity"):
            if row.get(column) and not _is(Decimal, row[column]):
                self.mistakes.append(Mistake(name, line, f"{column}: '{row[column]}' is not a number"))
        for column in ("valid_from", "valid_to"):
            if row.get(column) and not _is(date.fromisoformat, row[column]):
                self.mistakes.append(Mistake(name, line, f"{column}: '{row[column]}' is not a date such as 2026-11-20"))

    # Rules

    def _rules(self, company: Company, sources: Mapping[str, SourceSetup]) -> Iterator[LoadedRule]:
        chosen: dict[str, tuple[Path, Path]] = {}
        for root in (SHIPPED_RULES, self.folder / "rules"):
            for path in sorted(root.glob("**/*.yml")):
                chosen[path.relative_to(root).with_suffix("").as_posix()] = (path, root)
        for name, (path, root) in chosen.items():
            if loaded := self._rule(name, path, root, company):
                yield loaded

    def _rule(self, name: str, path: Path, root: Path, company: Company) -> LoadedRule | None:
        document = self._read(path, root.parent)
        if document is None:
            return None
        if not isinstance(document.data, dict):
            self.mistakes.append(document.mistake((), "a rule is 'key: value' lines"))
            return None
        own = {key: value for key, value in document.data.items() if key in OWN}
        parameters = {key: value for key, value in document.data.items() if key not in OWN}
        if not document.comment:
            self.mistakes.append(document.mistake((), "a rule opens with a comment that says why the business cares"))
        version = hashlib.sha256(path.read_bytes()).hexdigest()[:12]
        rule = self._valid(document, Rule, {**own, "id": name, "version": version, "why": document.comment, "parameters": parameters})
        if rule is None:
            return None
        if rule.reconciler not in FAMILIES:
            self.mistakes.append(document.mistake(("reconciler",), f"there is no reconciler '{rule.reconciler}'{nearest(rule.reconciler, FAMILIES)} Reconcilers: {', '.join(sorted(FAMILIES))}"))
            return None
        family = FAMILIES[rule.reconciler]
        spec = self._valid(document, family.Spec, parameters)
        if spec is None:
            return None
        self._check_rule(document, rule, family, spec, company)
        return LoadedRule(rule, family, spec)

    def _check_rule(self, document: Document, rule: Rule, family: Family, spec: Any, company: Company) -> None:
        for plant in rule.plants:
            if plant not in company.plants:
                self.mistakes.append(document.mistake(("plants",), f"there is no plant '{plant}'{nearest(plant, company.plants)}"))
        known = tables()
        for name, use in family.sides(spec).items():
            if use.side.table not in known:
                self.mistakes.append(document.mistake((name, "from"), f"from: there is no table '{use.side.table}'{nearest(use.side.table, known)}"))
                continue
            columns = [column.name for column in known[use.side.table].columns]
            for column in use.side.filters:
                if column not in columns:
                    self.mistakes.append(document.mistake((name, column), f"{use.side.table} has no column '{column}'{nearest(column, columns)}"))
            for column in {column for key in use.links for column in key}:
                if column not in columns:
                    self.mistakes.append(document.mistake(("keys",), f"keys: {use.side.table} has no column '{column}'{nearest(column, columns)}"))


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


def _cursor_sound(feed: Feed) -> bool:
    return feed.cursor is not None and (feed.cursor.field is None or feed.cursor.field in feed.contract)


def _merged(base: Any, change: Any) -> Any:
    if isinstance(base, dict) and isinstance(change, dict):
        return {**base, **{key: _merged(base.get(key), value) for key, value in change.items()}}
    return change


def _is(kind: Any, text: str) -> bool:
    try:
        kind(text)
    except (ValueError, InvalidOperation):
        return False
    return True


