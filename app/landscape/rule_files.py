"""The rules of a landscape: the shipped ones, overridden and joined by its own."""

import hashlib
from collections.abc import Collection, Iterator
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path
from typing import Any, get_args

import duckdb

from app.landscape.document import Document, Place
from app.landscape.landscape import LoadedRule
from app.landscape.model import Company
from app.landscape.notebook import Notebook
from app.landscape.wording import nearest, offer
from app.store.schema import tables
from collectors.pack import Role
from reconcilers.family import Bind, Family, ReconcilerError, SideUse, wanted_values
from reconcilers.run import FAMILIES, Pairing, evaluate
from reconcilers.sql import Sql
from rules.model import OWN, Rule

SHIPPED = Path(str(resources.files("rules")))


def read_rules(
    notebook: Notebook, company: Company, sources: Collection[str]
) -> Iterator[LoadedRule]:
    """Every sound rule; a file of the landscape goes before the shipped one of the same name."""
    chosen: dict[str, tuple[Path, Path]] = {}
    for root in (SHIPPED, notebook.folder / "rules"):
        for path in sorted(root.glob("**/*.yml")):
            chosen[path.relative_to(root).with_suffix("").as_posix()] = (path, root)
    for name, (path, root) in chosen.items():
        document = notebook.read(path, root.parent)
        if document and (loaded := _rule(notebook, name, path, document)):
            _check_plants(notebook, document, loaded.rule, company)
            for side, use in loaded.uses.items():
                _check_side(notebook, document, side, use)
                _check_speakers(notebook, document, side, use, sources)
            if isinstance(loaded.family, Sql) and notebook.tries:
                _try(notebook, document, loaded)
            yield loaded


def _rule(notebook: Notebook, name: str, path: Path, document: Document) -> LoadedRule | None:
    if not isinstance(document.data, dict):
        notebook.wrong(document, (), "a rule is 'key: value' lines")
        return None
    if not document.comment:
        notebook.wrong(document, (), "a rule opens with a comment that says why the business cares")
    parameters = {key: value for key, value in document.data.items() if key not in OWN}
    written: dict[str, Any] = {
        **{key: value for key, value in document.data.items() if key in OWN},
        "id": name,
        "version": hashlib.sha256(path.read_bytes()).hexdigest()[:12],
        "why": document.comment,
        "parameters": parameters,
    }
    rule = notebook.valid(document, Rule, written)
    family = _family(notebook, document)
    if family is None:
        return None
    unknown = _unknown(notebook, document, family)
    known = {key: value for key, value in parameters.items() if key not in unknown}
    spec = notebook.valid(document, family.Spec, known)
    if rule is None or spec is None or unknown:
        return None
    return LoadedRule(rule, family, spec)


def _unknown(notebook: Notebook, document: Document, family: Family) -> set[str]:
    """Keys that neither a rule nor its family has."""
    allowed = OWN | family.Spec.model_fields.keys()
    unknown = {key for key in document.data if key not in allowed}
    for key in unknown:
        message = f"'{key}' is not known here{offer(str(key), sorted(allowed))}"
        notebook.wrong(document, (key,), message)
    return unknown


def _family(notebook: Notebook, document: Document) -> Family | None:
    name = document.data.get("reconciler")
    if not isinstance(name, str):
        return None
    if name not in FAMILIES:
        choice = offer(name, sorted(FAMILIES), "Reconcilers")
        notebook.wrong(document, ("reconciler",), f"there is no reconciler '{name}'{choice}")
    return FAMILIES.get(name)


def _check_plants(notebook: Notebook, document: Document, rule: Rule, company: Company) -> None:
    for plant in rule.plants:
        if plant not in company.plants:
            message = f"there is no plant '{plant}'{offer(plant, company.plants, 'Plants')}"
            notebook.wrong(document, ("plants",), message)


def _try(notebook: Notebook, document: Document, loaded: LoadedRule) -> None:
    """A statement its author wrote is run once over no facts: it may name what there is not."""
    never, nobody = datetime.min.replace(tzinfo=UTC), dict.fromkeys(loaded.uses, ())
    with duckdb.connect() as con:
        for table in tables().values():
            con.execute(table.empty())
        try:
            evaluate(con, loaded.family, loaded.spec, Pairing(nobody, ()), Bind(never, never))
        except (ReconcilerError, duckdb.Error) as error:
            notebook.wrong(document, ("select",), f"select: {str(error).splitlines()[0]}")


def _place(document: Document, side: str) -> Place:
    """Where a side stands in its file."""
    return (side,) if side in document.data else ("tables", side)


def _check_speakers(
    notebook: Notebook, document: Document, side: str, use: SideUse, sources: Collection[str]
) -> None:
    """Roles and sources a side names are those there are."""
    for key, known in (("role", get_args(Role)), ("source", sorted(sources))):
        for name in getattr(use.side, key):
            if name not in known:
                message = f"{key}: there is no {key} '{name}'{offer(name, known)}"
                notebook.wrong(document, (*_place(document, side), key), message)


def _check_side(notebook: Notebook, document: Document, side: str, use: SideUse) -> None:
    """The table a side reads from is one of ours, and so is every column it names."""
    known, name = tables(), use.side.table
    if name not in known:
        message = f"from: there is no table '{name}'{offer(name, known, 'Tables')}"
        notebook.wrong(document, (*_place(document, side), "from"), message)
        return
    columns = {column.name: column.words for column in known[name].columns}
    for column, values in use.side.filters.items():
        if column not in columns:
            message = f"{name} has no column '{column}'{nearest(column, columns)}"
            notebook.wrong(document, (*_place(document, side), column), message)
            continue
        words = columns[column]
        for value in wanted_values(values):
            if words and value not in words:
                message = f"{name}.{column} is never '{value}'{offer(value, words)}"
                notebook.wrong(document, (*_place(document, side), column), message)
    for column in sorted({column for key in use.links for column in key}):
        if column not in columns:
            message = f"keys: {name} has no column '{column}'{nearest(column, columns)}"
            place = "keys" if "keys" in document.data else "key"
            notebook.wrong(document, (place,), message)
