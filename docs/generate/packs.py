"""The catalogue of packs: what can be read without writing anything."""

import itertools
from pathlib import Path

from app.landscape.document import read
from app.landscape.feeds import PACKS
from collectors.pack import Feed, Pack
from generate import code, table

ASKED = ("get", "post", "model", "statement", "files")
SECRETS = {
    "none": "nothing",
    "basic": "`auth: {user, password}`",
    "bearer": "`auth: {bearer}`",
    "header": "`auth: {header, value}`",
    "oauth2": "`auth: {token_url, client_id, client_secret}`",
    "login": "`auth: {database, user, password}`",
}


def page() -> str:
    """Every pack: how it is reached, what it may ask, and its feeds."""
    return "\n\n".join(map(_pack, sorted(PACKS.glob("*/*/pack.yml")))) + "\n"


def _pack(path: Path) -> str:
    document = read(path, PACKS)
    pack = Pack.model_validate(document.data)
    name = path.parent.relative_to(PACKS).as_posix()
    beyond = ", ".join(f"`{line}`" for line in pack.allow)
    signs = f"Signs in with {SECRETS[pack.auth]}." if pack.auth != "none" else ""
    asks = _asks(pack) + (f" Beyond that it asks {beyond}, which reads." if beyond else "")
    rows = [
        (f"`{feed}`", ", ".join(plan.into), code(_request(plan)), _mode(pack, plan))
        for feed, plan in pack.feeds.items()
    ]
    head = f"Role `{pack.role}`, transport `{pack.transport}`. {asks} {signs}".strip()
    return "\n\n".join(
        [f"### {name}", head, table(["feed", "into", "asks", "how"], rows), _opening(path)]
    )


def _opening(path: Path) -> str:
    """The comment a pack opens with, as it stands."""
    lines = itertools.takewhile(
        lambda line: line.startswith("#"), path.read_text("utf-8").splitlines()
    )
    return (
        "```text\n"
        + "\n".join(line.removeprefix("#").removeprefix(" ") for line in lines)
        + "\n```"
    )


def _asks(pack: Pack) -> str:
    return {
        "files": "It reads files.",
        "sql": "It runs SELECT statements in transactions that only read.",
        "jsonrpc": "It calls what searches and reads.",
    }.get(pack.transport, "It asks by GET.")


def _request(feed: Feed) -> str:
    asked = next(text for name in ASKED if (text := getattr(feed, name)))
    return " ".join(asked.split())[:80]


def _mode(pack: Pack, feed: Feed) -> str:
    if feed.snapshot:
        how = f"snapshot, accepted whole ({feed.snapshot.basis})"
    elif feed.cursor:
        how = (
            f"by cursor `{feed.cursor.field or 'expression'}`, overlap {code(feed.cursor.overlap)}"
        )
    elif pack.transport == "files":
        how = "every file once, again when it changed"
    else:
        how = "complete listing; what is gone is seen"
    return how + (f", swept every {code(feed.sweep)}" if feed.sweep else "")
