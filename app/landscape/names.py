"""Files of a landscape that nothing reads, because they are not called what they should be."""

from collections.abc import Iterable

from app.landscape.landscape import SourceSetup
from app.landscape.notebook import Notebook
from app.landscape.wording import nearest
from collectors.feed import Plan

FOLDERS = {
    "sources": ".yml",
    "calendars": ".yml",
    "rules": ".yml",
    "mappings": ".sql",
    "cross_reference": ".csv",
}
FILES = ("tieout.yml", "item_cost.csv")
WRITTEN = (".yml", ".yaml", ".sql", ".csv")  # endings of what a person writes for us


def check_names(notebook: Notebook, setups: Iterable[SourceSetup]) -> None:
    """Everything that looks as if it were meant for us is read by us."""
    for path in sorted(notebook.folder.iterdir()):
        known = FILES if path.is_file() else tuple(FOLDERS)
        if path.name not in known and (near := nearest(path.name, known)):
            notebook.file(notebook.name(path), 0, f"nothing reads this{near}")
    for folder, ending in FOLDERS.items():
        for path in sorted((notebook.folder / folder).rglob("*")):
            if path.suffix.lower() in WRITTEN and path.suffix != ending:
                message = f"nothing reads this: files in {folder} end in {ending}"
                notebook.file(notebook.name(path), 0, message)
    _check_mappings(notebook, list(setups))


def _check_mappings(notebook: Notebook, setups: list[SourceSetup]) -> None:
    """Each mapping belongs to a feed. Those of a source with mistakes of its own are left alone."""
    sound = {setup.name for setup in setups}
    broken = {path.stem for path in (notebook.folder / "sources").glob("*.yml")} - sound
    plans = [plan for setup in setups for plan in setup.plans]
    used = {target.file for plan in plans for target in plan.targets}
    possible = [name for plan in plans for name in _mappings(plan)]
    for path in sorted((notebook.folder / "mappings").glob("*.sql")):
        if notebook.name(path) not in used and path.name.partition(".")[0] not in broken:
            near = nearest(path.name, possible)
            notebook.file(notebook.name(path), 0, f"no feed uses this mapping{near}")


def _mappings(plan: Plan) -> list[str]:
    """What mappings of a feed are called."""
    if len(plan.feed.into) == 1:
        return [f"{plan.source}.{plan.name}.sql"]
    return [f"{plan.source}.{plan.name}.{table}.sql" for table in plan.feed.into]
