"""The sources of a landscape: what `sources/*.yml` says, completed by the pack it names."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from app.landscape import references
from app.landscape.document import Document
from app.landscape.feeds import PACKS, SourceDraft, read_plans
from app.landscape.landscape import SourceSetup
from app.landscape.model import Company, Source
from app.landscape.notebook import Notebook
from app.landscape.wording import offer
from collectors.pack import NAME, Pack

OWN_SOURCE = "landscape"  # the landscape's own tables, as a source

REACHED_BY = {
    "http_json": "address",
    "odata": "address",
    "jsonrpc": "address",
    "sql": "database",
    "files": "folder",
}
TOLD_BY_PACK = {"system", "transport", "rpc"}
SIGNED_IN_BY = {
    "basic": ("user", "password"),
    "bearer": ("bearer",),
    "header": ("header", "value"),
    "oauth2": ("token_url", "client_id", "client_secret"),
    "login": ("user", "password"),
    "none": (),
}


def read_sources(notebook: Notebook, company: Company) -> Iterator[SourceSetup]:
    """Every source of `sources/` without a mistake in it, its pack or its mappings."""
    for name, document, config in notebook.each("sources", Source):
        references.check(notebook, document, config)
        before = len(notebook.mistakes)
        setup = _setup(notebook, name, document, config, company)
        if setup is not None and len(notebook.mistakes) == before:
            yield setup


def _setup(
    notebook: Notebook, name: str, document: Document, config: Source, company: Company
) -> SourceSetup | None:
    for at, plant in enumerate(config.plants):
        if plant not in company.plants:
            message = f"there is no plant '{plant}'{offer(plant, company.plants, 'Plants')}"
            notebook.wrong(document, ("plants", at), message)
    if name == OWN_SOURCE:
        message = f"a source cannot be called '{OWN_SOURCE}': that is the landscape itself"
        notebook.wrong(document, (), message)
    if not re.match(NAME, name):
        message = f"'{name}' cannot be the name of a source: small letters, digits, - and _ only"
        notebook.file(document.file, 0, message)
    folder, pack = _pack(notebook, document, config)
    if pack is None:
        return None
    _check_reach(notebook, document, config, pack)
    draft = SourceDraft(name, document, config, pack, folder, company)
    return SourceSetup(name, config, pack, read_plans(notebook, draft))


def _pack(
    notebook: Notebook, document: Document, config: Source
) -> tuple[Path | None, Pack | None]:
    """The pack of a source: shipped and adjusted, or written out in the source itself."""
    own = {key: value for key, value in document.data.items() if key in Pack.model_fields}
    if config.pack is None:
        own["auth"] = _signs_in_by(config)
        return None, notebook.valid(document, Pack, own)
    for key in sorted(own.keys() & TOLD_BY_PACK):
        message = f"{key}: the pack {config.pack} says that; leave it out"
        notebook.wrong(document, (key,), message)
    folder = PACKS / config.pack
    shipped = _shipped(notebook, document, config.pack)
    if shipped is None:
        return None, None
    _check_parameters(notebook, document, config, shipped)
    merged = {
        **shipped.data,
        **{key: own[key] for key in ("role", "cross_reference", "allow") if key in own},
        "feeds": _feeds(notebook, document, config, shipped),
    }
    for key in ("parameters", "headers"):
        merged[key] = {**shipped.data.get(key, {}), **document.data.get(key, {})}
    return folder, notebook.valid(document, Pack, merged)


def _signs_in_by(config: Source) -> str:
    """How a source without a pack signs in: by what it gives."""
    given = config.auth
    if given.token_url or given.client_id or given.client_secret:
        return "oauth2"
    if given.bearer:
        return "bearer"
    if given.header or given.value:
        return "header"
    if given.user or given.password:
        return "login" if config.transport == "jsonrpc" else "basic"
    return "none"


def _shipped(notebook: Notebook, document: Document, name: str) -> Document | None:
    found = (path.parent.relative_to(PACKS).as_posix() for path in PACKS.glob("*/*/pack.yml"))
    known = sorted(pack for pack in found if not pack.startswith(OWN_SOURCE))
    if name in known:
        return notebook.read(PACKS / name / "pack.yml", PACKS)
    notebook.wrong(document, ("pack",), f"there is no pack '{name}'{offer(name, known, 'Packs')}")
    return None


def _feeds(
    notebook: Notebook, document: Document, config: Source, shipped: Document
) -> Mapping[str, Any]:
    """The feeds of the pack: switched off, adjusted or joined by those of the source."""
    feeds = dict(shipped.data["feeds"])
    for feed, change in config.feeds.items():
        if change is None:
            feeds.pop(feed, None)
        elif feed in feeds:
            feeds[feed] = _merged(feeds[feed], document.data["feeds"][feed])
        elif "into" in change:
            feeds[feed] = document.data["feeds"][feed]
        else:
            message = f"{config.pack} has no feed '{feed}'{offer(feed, feeds, 'Feeds')}"
            notebook.wrong(document, ("feeds", feed), message)
    return feeds


def _check_parameters(
    notebook: Notebook, document: Document, config: Source, shipped: Document
) -> None:
    known = shipped.data.get("parameters", {})
    for name in config.parameters:
        if name not in known:
            choice = offer(name, known, "Parameters")
            message = f"{config.pack} has no parameter '{name}'{choice}"
            notebook.wrong(document, ("parameters", name), message)


def _check_reach(notebook: Notebook, document: Document, config: Source, pack: Pack) -> None:
    """The source says what its transport and its way of signing in need."""
    wanted = REACHED_BY[pack.transport]
    if getattr(config, wanted) is None:
        message = f"'{wanted}' is missing: a source with transport {pack.transport} needs it"
        notebook.wrong(document, (), message)
    for key in SIGNED_IN_BY[pack.auth]:
        if getattr(config.auth, key) is None:
            message = f"auth: '{key}' is missing: this source signs in by {pack.auth}"
            notebook.wrong(document, ("auth",), message)
    if pack.rpc and pack.rpc.dialect == "odoo" and config.auth.database is None:
        message = "auth: 'database' is missing: Odoo wants to know which"
        notebook.wrong(document, ("auth",), message)


def _merged(base: Any, change: Any) -> Any:
    if isinstance(base, dict) and isinstance(change, dict):
        return {**base, **{key: _merged(base.get(key), value) for key, value in change.items()}}
    return change
