"""A small landscape without a mistake, to be spoilt in one place or many."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from app.landscape.document import LandscapeError
from app.landscape.load import Landscape, load

SOUND = {
    "tieout.yml": """\
company: Works
currency: EUR
plants:
  P1: {name: One, zone: Europe/Berlin}
""",
    "sources/mes.yml": """\
system: a shop floor
role: mes
transport: files
folder: drop
plants: P1
feeds:
  orders:
    files: "*.csv"
    into: business_event
    contract: {id: text, qty: number, at: instant}
""",
    "mappings/mes.orders.sql": """\
-- Completions, one a row.
SELECT
    id                        AS source_key,
    'op_complete'             AS kind,
    exact(qty)                AS quantity_source,
    instant("at", plant_zone) AS occurred_at
FROM page
""",
    "rules/production/mine.yml": """\
# What is made is booked.
reconciler: match
flow: completion
expected: {kind: op_complete, role: mes}
observed: {kind: op_complete, role: erp}
keys:
  - [order_no]
due: 30 minutes
severity: {warning: at due}
owner: production
runbook: mine.md
""",
}
Files = Mapping[str, str | bytes]


def write(folder: Path, files: Files) -> Path:
    """Write files below a folder."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


@pytest.fixture
def sound() -> dict[str, str]:
    """The files of a landscape without a mistake."""
    return dict(SOUND)


@pytest.fixture
def landscape(tmp_path: Path) -> Callable[[Files], Landscape]:
    """Reads the sound landscape with some files in place of its own."""
    return lambda files: load(write(tmp_path, {**SOUND, **files}))


@pytest.fixture
def mistakes(landscape: Callable[[Files], Landscape]) -> Callable[[Files], list[str]]:
    """What a check says of the sound landscape with some files in place of its own."""

    def check(files: Files) -> list[str]:
        try:
            landscape(files)
        except LandscapeError as error:
            return [str(mistake) for mistake in error.mistakes]
        return []

    return check
