"""Write a workload: `python -m app.demo.lake --plants 3 --days 30 --to DIR`."""

import time
from decimal import Decimal
from pathlib import Path

import click

from app.demo.folder import FolderError
from app.demo.group import Group
from app.demo.lake import FaultsError, Wish, write
from app.landscape.document import LandscapeError


@click.command()
@click.option("--seed", default=7, show_default=True)
@click.option("--days", default=30, show_default=True, help="Days of history.")
@click.option("--plants", default=3, show_default=True, help="Plants of the group, 1 to 99.")
@click.option("--scale", default=1.0, show_default=True, help="Times the lines of each plant.")
@click.option(
    "--faults",
    default="none",
    show_default=True,
    help="none, all, every or a YAML file; 3 plants at most.",
)
@click.option("--processes", default=1, show_default=True, help="Divisions told at a time.")
@click.option("--to", "folder", required=True, type=click.Path(file_okay=False, path_type=Path))
def lake(
    seed: int, days: int, plants: int, scale: float, faults: str, processes: int, folder: Path
) -> None:
    """Write the facts of a simulated group into DIR/facts/<table>/, as Parquet."""
    began = time.perf_counter()
    try:
        group = Group(seed=seed, days=days, plants=plants, scale=Decimal(str(scale)))
        written = write(Wish(group, faults), folder, processes)
    except (FaultsError, FolderError, LandscapeError, ValueError, OSError) as error:
        raise click.ClickException(str(error)) from error
    seconds = time.perf_counter() - began
    click.echo(
        f"{written.facts:,} facts in {seconds:.1f} s, {written.facts / seconds:,.0f} a second,"
        f" at most {written.peak / 1e6:,.0f} MB a process"
    )


if __name__ == "__main__":
    lake()
