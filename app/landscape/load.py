"""Read a landscape folder: everything checked, offline, and every mistake reported at once."""

from collections.abc import Mapping
from pathlib import Path
from zoneinfo import available_timezones

from app.landscape import references
from app.landscape.document import Document, LandscapeError
from app.landscape.landscape import Landscape, LoadedRule, SourceSetup
from app.landscape.model import Calendar, Company, Plant
from app.landscape.names import check_names
from app.landscape.notebook import Notebook
from app.landscape.own_tables import read_own_source
from app.landscape.rule_files import read_rules
from app.landscape.sources import OWN_SOURCE, read_sources
from app.landscape.wording import offer

__all__ = ["Landscape", "LoadedRule", "SourceSetup", "load"]


def load(folder: Path, *, tries: bool = True) -> Landscape:
    """The landscape in `folder`. Raises `LandscapeError` with every mistake found.

    Who collects nothing need not have the mappings tried.
    """
    notebook = Notebook(folder.resolve(), tries=tries)
    landscape = _landscape(notebook)
    if notebook.mistakes or landscape is None:
        raise LandscapeError(notebook.mistakes)
    return landscape


def _landscape(notebook: Notebook) -> Landscape | None:
    document = notebook.read(notebook.folder / "tieout.yml")
    company = _company(notebook, document) if document else None
    calendars = {name: calendar for name, _, calendar in notebook.each("calendars", Calendar)}
    if company is None or document is None:
        for kind in ("sources", "rules"):  # they lean on it; what is no YAML is told all the same
            for path in (notebook.folder / kind).glob("**/*.yml"):
                notebook.read(path)
        return None
    _check_calendars(notebook, document, company, calendars)
    named = {path.stem for path in (notebook.folder / "sources").glob("*.yml")}
    own = read_own_source(notebook, company, named)
    setups = {OWN_SOURCE: own} if own else {}  # first: the others are mapped by what it tells
    setups |= {setup.name: setup for setup in read_sources(notebook, company)}
    loaded = {
        found.rule.id: found for found in read_rules(notebook, company, named | setups.keys())
    }
    kept = _kept(notebook, document, company, loaded)
    if company.store.database:
        place = ("store", "database")
        references.look_up(notebook, document, place, company.store.database)
    check_names(notebook, setups.values())
    return Landscape(notebook.folder, company, setups, kept, calendars, tuple(notebook.notes))


def _company(notebook: Notebook, document: Document) -> Company | None:
    """What `tieout.yml` says. With mistakes in it, so much that the rest can be checked as well."""
    if found := notebook.valid(document, Company):
        return found
    given = document.data.get("plants") if isinstance(document.data, dict) else None
    codes = given if isinstance(given, dict) else {}
    zones = {code: plant.get("zone") for code, plant in codes.items() if isinstance(plant, dict)}
    plants = {
        code: Plant(name=code, zone=zone if zone in available_timezones() else "UTC")
        for code, zone in zones.items()
    }
    return Company.model_construct(company="", currency="", plants=plants) if plants else None


def _check_calendars(
    notebook: Notebook, document: Document, company: Company, calendars: Mapping[str, Calendar]
) -> None:
    for code, plant in company.plants.items():
        if plant.calendar and plant.calendar not in calendars:
            choice = offer(plant.calendar, calendars, "Calendars")
            message = f"there is no calendars/{plant.calendar}.yml{choice}"
            notebook.wrong(document, ("plants", code, "calendar"), message)


def _kept(
    notebook: Notebook, document: Document, company: Company, loaded: Mapping[str, LoadedRule]
) -> dict[str, LoadedRule]:
    """The rules a company did not switch off."""
    for name in company.rules.off:
        if name not in loaded:
            message = f"off: there is no rule '{name}'{offer(name, loaded, 'Rules')}"
            notebook.wrong(document, ("rules", "off"), message)
    return {name: rule for name, rule in loaded.items() if name not in company.rules.off}
