"""`init` and `check`: write a landscape, and check it offline."""

from importlib import resources
from pathlib import Path
from typing import Any

import click

from app.cli import OK, USAGE, Failure
from app.cli.options import shared
from app.cli.output import emit, say
from app.landscape.document import LandscapeError
from app.landscape.load import load


@click.command()
@click.argument("folder", type=click.Path(path_type=Path), default=".")
def init(folder: Path) -> None:
    """Write a commented starter landscape into FOLDER (default: here)."""
    if (folder / "tieout.yml").exists():
        raise Failure(f"{folder / 'tieout.yml'} is there already; nothing was written", USAGE)
    starter = resources.files("app.landscape") / "starter"
    written = _copy(starter, folder)
    for name in written:
        say(f"wrote {folder / name}")
    say(f"Next: edit {folder / 'tieout.yml'} and the sources, then: tieout check --landscape {folder}")


def _copy(source: Any, target: Path, under: str = "") -> list[str]:
    written = []
    for entry in sorted(source.iterdir(), key=lambda found: found.name):
        name = f"{under}{entry.name}"
        if entry.is_dir():
            written += _copy(entry, target, f"{name}/")
        else:
            path = target / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(entry.read_text("utf-8"), "utf-8")
            written.append(name)
    return written


@click.command()
@shared
def check(landscape: Path, form: str) -> int:
    """Check the landscape, offline: plants, sources, mappings, cross-references, calendars, rules. All mistakes at once."""
    try:
        found = load(landscape)
    except LandscapeError as error:
        if form == "table":
            for mistake in error.mistakes:
                click.echo(str(mistake))
        else:
            emit([vars(mistake) for mistake in error.mistakes], ["file", "line", "message"], form)
        count = len(error.mistakes)
        say(f"{count} mistake{'' if count == 1 else 's'}")
        return USAGE
    used = sum(found.pairing(loaded) is not None for loaded in found.rules.values())
    feeds = sum(len(setup.plans) for setup in found.sources.values())
    say(f"No mistakes: {len(found.company.plants)} plants, {len(found.sources)} sources with {feeds} feeds, {used} of {len(found.rules)} rules apply.")
    for name, loaded in found.rules.items():
        if found.pairing(loaded) is None:
            say(f"  not watched: {name} (no plant has sources for both sides)")
    return OK
