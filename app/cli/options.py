"""Options every command takes, before or after its name."""

import functools
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click

from app.cli import FORMATS, USAGE, Failure


class _Count(click.IntRange):
    name = "whole number"


POSITIVE = _Count(min=1)


def shared(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add --landscape and --format; the command gets `landscape` (existing folder) and `form`."""

    @click.option(
        "--landscape",
        "own_landscape",
        type=click.Path(path_type=Path),
        help="Folder of the landscape.",
    )
    @click.option(
        "--format",
        "own_form",
        type=click.Choice(FORMATS),
        help="How data is printed.",
    )
    @click.pass_context
    @functools.wraps(command)
    def wrapped(
        ctx: click.Context, /, own_landscape: Path | None, own_form: str | None, **options: Any
    ) -> Any:
        folder = own_landscape or ctx.obj["landscape"]
        if not (folder / "tieout.yml").is_file():
            what = f"{folder} is not a landscape: there is no tieout.yml in it"
            raise Failure(f"{what}. Write one with: tieout init", USAGE)
        return command(landscape=folder, form=own_form or ctx.obj["format"], **options)

    return wrapped


def listening(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add --host and --port of the web server."""
    host = click.option(
        "--host",
        envvar="TIEOUT_HOST",
        default="127.0.0.1",
        show_default=True,
        help="Address to listen on; only loopback.",
    )
    port = click.option("--port", envvar="TIEOUT_PORT", default=8050, show_default=True)
    return host(port(command))


class Instant(click.ParamType[datetime]):
    """An instant: ISO 8601; without an offset it is UTC."""

    name = "instant"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        """The instant, or a usage error that says what one looks like."""
        if isinstance(value, datetime):
            return value
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"'{value}' is not an instant such as 2026-11-20T14:30:00Z", param, ctx)
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def local(moment: datetime | None, zone: str) -> str:
    """An instant on the clock of a plant, with its zone."""
    return "—" if moment is None else f"{moment.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M %Z}"
