"""`init` and `check`: write a landscape, and check it offline."""

from collections.abc import Iterator, Sequence
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

import click

from app.cli import OK, USAGE, Failure
from app.cli.options import shared
from app.cli.output import emit, say
from app.landscape.document import LandscapeError, Mistake
from app.landscape.load import load


@click.command()
@click.argument("folder", type=click.Path(path_type=Path), default=".")
def init(folder: Path) -> None:
    """Write a commented starter landscape into FOLDER (default: here)."""
    starter = dict(_files(resources.files("app.landscape") / "starter"))
    if held := [name for name in starter if (folder / name).exists()]:
        names = ", ".join(str(folder / name) for name in held)
        raise Failure(f"nothing was written, because there is already: {names}", USAGE)
    try:
        for name, text in starter.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text, "utf-8")
            say(f"wrote {folder / name}")
    except OSError as error:
        raise Failure(f"cannot write {error.filename}: {error.strerror}") from error
    say(f"Next: change what is marked with <-, then: tieout check --landscape {folder}")


def _files(folder: Traversable, under: str = "") -> Iterator[tuple[str, str]]:
    """Every file below a folder: its name relative to it, and its text."""
    for entry in sorted(folder.iterdir(), key=lambda found: found.name):
        if entry.is_dir():
            yield from _files(entry, f"{under}{entry.name}/")
        else:
            yield f"{under}{entry.name}", entry.read_text("utf-8")


@click.command()
@shared
def check(landscape: Path, form: str) -> int:
    """Check the landscape, offline: plants, sources, mappings, cross-references, calendars, rules.

    Every mistake is said at once, with its file and line, on stdout.
    """
    try:
        found = load(landscape)
    except LandscapeError as error:
        _tell(error.mistakes, form)
        count = len(error.mistakes)
        say(f"{count} mistake{'' if count == 1 else 's'}")
        return USAGE
    _tell((), form)
    for note in found.notes:
        say(f"note: {note}")
    used = [name for name, loaded in found.rules.items() if found.pairing(loaded)]
    feeds = sum(len(setup.plans) for setup in found.sources.values())
    plants, sources = len(found.company.plants), len(found.sources)
    say(
        f"No mistakes: {_many(plants, 'plant')}, {_many(sources, 'source')} with "
        f"{_many(feeds, 'feed')}, {len(used)} of {len(found.rules)} rules apply."
    )
    for name in found.rules:
        if name not in used:
            say(f"  not watched: {name} (no plant has sources for both sides)")
    return OK


def _tell(mistakes: Sequence[Mistake], form: str) -> None:
    if form != "table":
        emit([vars(mistake) for mistake in mistakes], ["file", "line", "message"], form)
        return
    for mistake in mistakes:
        click.echo(str(mistake))


def _many(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
