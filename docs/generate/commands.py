"""The reference of the command line."""

from collections.abc import Iterator

import click

from app.cli import SUMMARIES, tieout
from generate import sentence, table


def page() -> str:
    """Every command with its arguments and options."""
    with click.Context(tieout, info_name="tieout") as context:
        general = _options(tieout)
        rows = [_row(path, command) for path, command in each(context, tieout)]
        parts = [
            sentence(tieout.help),
            table(["command", "does"], rows),
            "Options of every command, before or after its name:\n\n" + general,
            *(_command(path, command) for path, command in each(context, tieout)),
        ]
    return "\n\n".join(parts) + "\n"


def each(
    context: click.Context, group: click.Group, path: str = "tieout"
) -> Iterator[tuple[str, click.Command]]:
    """Every command of a group and its groups, with the words one types for it."""
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from each(context, command, f"{path} {name}")
        elif command:
            yield f"{path} {name}", command


def _row(path: str, command: click.Command) -> tuple[str, str]:
    words = path.removeprefix("tieout ")
    link = f"[`{words}`](#{path.replace(' ', '-')})"
    return link, SUMMARIES.get(words) or sentence(command.help).split(".")[0]


def _command(path: str, command: click.Command) -> str:
    arguments = [
        (param.metavar or f"[{param.human_readable_name.upper()}]...") if param.nargs == -1
        else param.metavar or param.human_readable_name.upper()
        for param in command.params if isinstance(param, click.Argument)
    ]  # fmt: skip
    usage = " ".join([path, *(["[OPTIONS]"] if _own(command) else []), *arguments])
    parts = [f"## {path}", f"```text\n{usage}\n```", sentence(command.help), _options(command)]
    return "\n\n".join(filter(None, parts))


def _own(command: click.Command) -> list[click.Option]:
    """Options beyond those every command has."""
    return [
        param
        for param in command.params
        if isinstance(param, click.Option) and not (param.name or "").startswith("own_")
    ]


def _options(command: click.Command) -> str:
    options = _own(command)
    rows = [
        (f"`{', '.join(option.opts)}`", _takes(option), sentence(option.help)) for option in options
    ]
    return table(["option", "takes", "says"], rows) if rows else ""


def _takes(option: click.Option) -> str:
    if option.is_flag:
        return ""
    kind = (
        " ".join(option.type.choices) if isinstance(option.type, click.Choice) else option.type.name
    )
    default = option.show_default if isinstance(option.show_default, str) else option.default
    given = isinstance(default, str | int | float) or hasattr(default, "parts")
    return (
        kind
        + (", several times" if option.multiple else "")
        + (f"; default {default}" if given else "")
        + (f"; `{option.envvar}`" if option.envvar else "")
    )
