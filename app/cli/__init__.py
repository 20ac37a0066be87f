"""The command line.

Commands are imported when they are called, so that `tieout --help` is quick.
"""

import importlib
import logging
import sys
from pathlib import Path
from typing import Any

import click

# command -> module of app.cli that has it, in the order of the help
COMMANDS = {
    "init": "configuring",
    "check": "configuring",
    "demo": "demo",
    "up": "running",
    "serve": "running",
    "work": "running",
    "collect": "collecting",
    "feed": "collecting",
    "rejects": "collecting",
    "raw": "raw",
    "replay-mapping": "collecting",
    "reconcile": "reconciling",
    "exceptions": "looking",
    "exception": "looking",
    "trace": "looking",
    "balance": "looking",
    "signals": "looking",
    "coverage": "looking",
    "feeds": "looking",
    "score": "scoring",
    "audit": "looking",
    "rebuild": "running",
}
# Exit codes: fine · found something and --fail-on asked · usage or configuration · could not look.
OK, FOUND, USAGE, BLIND = range(4)
FORMATS = ("table", "json", "jsonl", "csv")


class Failure(click.ClickException):
    """A command cannot go on. Printed as one line, never as a traceback."""

    def __init__(self, message: str, exit_code: int = BLIND) -> None:
        super().__init__(message)
        self.exit_code = exit_code  # type: ignore[misc] # click reads it from the instance


class _Lazy(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"app.cli.{COMMANDS[cmd_name]}")
        command: click.Command = getattr(module, cmd_name.replace("-", "_"))
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, SUMMARIES[name]) for name in COMMANDS])

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        if args and args[0] not in COMMANDS:
            from difflib import get_close_matches

            near = get_close_matches(args[0], COMMANDS, n=1)
            raise click.UsageError(
                f"there is no command '{args[0]}'"
                + (f"; did you mean '{near[0]}'?" if near else "")
            )
        return super().resolve_command(ctx, args)


SUMMARIES = {
    "init": "Write a commented starter landscape",
    "check": "Check a landscape, offline: every mistake at once",
    "demo": "Simulate a group with faults, or replay real systems, and show the result",
    "up": "Worker and dashboard in one",
    "serve": "The dashboard",
    "work": "The worker: collect, reconcile, notify, keep house",
    "collect": "Pull feeds now",
    "feed": "Try a feed: what it would store and reject",
    "rejects": "List rejected records and unresolved keys, or replay them",
    "raw": "The record a raw reference leads to, as it was sent",
    "replay-mapping": "Map the kept pages of a feed again",
    "reconcile": "Run rules now, or ask them about another time",
    "exceptions": "List or export exceptions",
    "exception": "One exception: both sides, why, history",
    "trace": "Everything known about an order, lot, document or message",
    "balance": "Stock of an item or lot on both sides, difference taken apart",
    "signals": "The golden signals",
    "coverage": "Which flows of which plants are watched, and what nobody looks at",
    "feeds": "How every feed is",
    "score": "Hold the exceptions against a truth that is known",
    "audit": "Verify the audit trail",
    "rebuild": "Make the match state anew from the lake, and prove it",
}


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--landscape",
    type=click.Path(path_type=Path),
    envvar="TIEOUT_LANDSCAPE",
    default=".",
    show_default="this folder",
    help="Folder of the landscape.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    default="table",
    show_default=True,
    help="How data is printed.",
)
@click.option("--verbose", is_flag=True, help="Narrate on stderr what happens.")
@click.version_option(package_name="tieout")
@click.pass_context
def tieout(ctx: click.Context, landscape: Path, form: str, verbose: bool) -> None:
    """Prove where the systems of a manufacturer agree, and explain every difference.

    stdout is data, stderr is narration. Exit: 0 ok, 1 found something when --fail-on asks, 2 usage
    or configuration, 3 could not look.
    """
    from app.logs import configure
    from app.settings import Settings

    ctx.obj = {"landscape": landscape, "format": form}
    settings = Settings()
    configure("INFO" if verbose else settings.log_level, settings.log_format)


def main() -> None:
    """Entry point: what goes wrong is said in one line."""
    try:
        status = tieout.main(standalone_mode=False)
    except click.exceptions.Abort:
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(OK)
    except Exception as error:
        if _configuration(error):
            click.echo(str(error), err=True)
            sys.exit(USAGE)
        logging.getLogger(__name__).debug("unexpected", exc_info=error)
        click.echo(f"Error: {told(error)}", err=True)
        sys.exit(BLIND)
    sys.exit(status if isinstance(status, int) else OK)


def told(error: Exception) -> str:
    """What went wrong, in one line; errors that are not ours are called by their name."""
    if isinstance(error, OSError) and error.filename and error.strerror:
        return f"{error.filename}: {error.strerror}"
    if hasattr(error, "orig"):  # what SQLAlchemy wraps
        from app.store.sql import said

        return f"the SQL store: {said(error)}"
    line = next(iter(str(error).splitlines()), "")
    ours = type(error).__module__.partition(".")[0] in ("app", "collectors", "reconcilers", "rules")
    return line if ours and line else f"{type(error).__name__}: {line}".removesuffix(": ")


def _configuration(error: Exception) -> bool:
    return type(error).__name__ in ("LandscapeError", "SecretError", "ValidationError")
