"""Feeds written out by hand, asked by the real transports."""

from typing import Any

from collectors.ask import Ask, Place
from collectors.pack import Pack


def ask_for(
    transport: str, feed: dict[str, Any], since: Place | None = None, **parameters: str | None
) -> Ask:
    """What one pull of a feed called items asks for."""
    described = {"into": "master_record", "contract": {"id": "text"}, **feed}
    rpc = {"dialect": "odoo", "path": "/jsonrpc"} if transport == "jsonrpc" else None
    pack = Pack.model_validate(
        {
            "system": "test",
            "role": "mes",
            "transport": transport,
            "rpc": rpc,
            "feeds": {"items": described},
        }
    )
    return Ask("mes", "items", pack, pack.feeds["items"], parameters, since)
