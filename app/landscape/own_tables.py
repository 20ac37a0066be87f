"""The landscape's own tables, cross-references and item costs, checked and read as a source."""

from collections.abc import Collection

from app.landscape import lists
from app.landscape.feeds import PACKS, SourceDraft, read_plans
from app.landscape.landscape import SourceSetup
from app.landscape.model import Company, Source
from app.landscape.notebook import Notebook
from app.landscape.sources import OWN_SOURCE
from app.landscape.wording import offer
from collectors import canonical
from collectors.pack import Pack

OBJECTS = (*canonical.OBJECTS, canonical.UNIT)


def read_own_source(
    notebook: Notebook, company: Company, sources: Collection[str]
) -> SourceSetup | None:
    """`cross_reference/*.csv` and `item_cost.csv` as a source; None where there are none."""
    feeds = _check_files(notebook, company, sources)
    folder = PACKS / "landscape" / "files"
    document = notebook.read(folder / "pack.yml", PACKS) if feeds else None
    if document is None:
        return None
    data = {**document.data, "feeds": {name: document.data["feeds"][name] for name in feeds}}
    pack = notebook.valid(document, Pack, data)
    if pack is None:
        return None
    config = Source(pack="landscape/files", folder=".", plants=tuple(company.plants))
    draft = SourceDraft(OWN_SOURCE, document, config, pack, folder, company)
    return SourceSetup(OWN_SOURCE, config, pack, read_plans(notebook, draft))


def _check_files(notebook: Notebook, company: Company, sources: Collection[str]) -> list[str]:
    """Check every table of the landscape; return the feeds that have one."""
    references = sorted((notebook.folder / "cross_reference").glob("*.csv"))
    cost = notebook.folder / "item_cost.csv"
    for path in references:
        if path.stem not in OBJECTS:
            choice = offer(path.stem, OBJECTS, "Objects")
            message = f"'{path.stem}' is not an object that has cross-references{choice}"
            notebook.file(notebook.name(path), 0, message)
        lists.check(notebook, path, lists.XREF, {"source": sources})
    if cost.is_file():
        lists.check(notebook, cost, lists.COST, {"plant": company.plants})
    return [
        *(["cross_reference"] if references else []),
        *(["item_cost"] if cost.is_file() else []),
    ]
