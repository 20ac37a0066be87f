"""A landscape as read and checked: plants, sources with their feeds, rules, calendars."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from app.landscape.document import Mistake
from app.landscape.model import Calendar, Company, Source
from collectors.canonical import Target
from collectors.feed import Plan
from collectors.pack import Pack
from reconcilers.family import Family, Side, SideUse
from reconcilers.run import Pairing
from rules.model import Rule


@dataclass(frozen=True)
class SourceSetup:
    """One source of the landscape, completed by its pack."""

    name: str
    config: Source
    pack: Pack
    plans: tuple[Plan, ...]

    @property
    def plants(self) -> tuple[str, ...]:
        """Plants it speaks for."""
        return self.config.plants


@dataclass(frozen=True)
class LoadedRule:
    """A rule with its family and the parameters it gives it."""

    rule: Rule
    family: Family
    spec: Any

    @property
    def uses(self) -> Mapping[str, SideUse]:
        """Its sides."""
        return self.family.sides(self.spec)


@dataclass(frozen=True)
class Landscape:
    """What a company wrote: plants, sources, rules, calendars.

    `notes` says what is no mistake but missing on this machine: a secret, a folder.
    """

    folder: Path
    company: Company
    sources: Mapping[str, SourceSetup]
    rules: Mapping[str, LoadedRule]
    calendars: Mapping[str, Calendar] = field(default_factory=dict)
    notes: tuple[Mistake, ...] = ()

    @property
    def home(self) -> Path:
        """Folder of what tieout remembers."""
        return (self.folder / self.company.store.folder).resolve()

    @property
    def zones(self) -> dict[str, str]:
        """Time zone of each plant."""
        return self.company.zones

    def pairing(self, loaded: LoadedRule) -> Pairing | None:
        """Who speaks for each side of a rule and for which plants.

        None where a side has nobody, or the sides have no plant in common. A source of other
        plants only does not speak: what it tells without a plant is not theirs.
        """
        speakers: dict[str, list[SourceSetup]] = {}
        plants: set[str] | None = None
        for name, use in loaded.uses.items():
            chosen = [setup for setup in self.sources.values() if _speaks(use.side, setup)]
            speakers[name] = chosen
            if use.counted or use.is_needed:
                covered = {plant for setup in chosen for plant in setup.plants}
                plants = covered if plants is None else plants & covered
        wanted = (plants or set()) & (set(loaded.rule.plants) or set(self.company.plants))
        if not wanted:
            return None
        sources = {
            name: tuple(setup.name for setup in chosen if wanted & set(setup.plants))
            for name, chosen in speakers.items()
        }
        return Pairing(sources, tuple(sorted(wanted)))


def _speaks(side: Side, setup: SourceSetup) -> bool:
    """Whether a source can tell facts of this side at all.

    It can where its role fits and one of its mappings can give what is asked.
    """
    if side.role and setup.pack.role not in side.role:
        return False
    if side.source and setup.name not in side.source:
        return False
    return any(
        _can_give(target, side)
        for plan in setup.plans
        for target in plan.targets
        if target.table == side.table
    )


def _can_give(target: Target, side: Side) -> bool:
    for column, wanted in side.filters.items():
        given = target.select.constants.get(column)
        if given is not None and isinstance(wanted, tuple) and not given & set(wanted):
            return False
    return True
