"""What a page is drawn from: landscape, address, moment, and what the store knows. Read only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from dash.development.base_component import Component

from app.dashboard.address import VIEWS, Address
from app.dashboard.trust import Check, Feed, Trust, judge
from app.landscape.load import Landscape
from app.store.reading import Reader
from app.triage.lifecycle import STANDING
from app.triage.words import ROLES

OWN = "landscape"  # the source of what the landscape itself brings
OLD = timedelta(minutes=15)  # a worker that judged nothing for so long is not at work


@dataclass(frozen=True)
class Page:
    """A drawn page: its name in the browser's title, and its content."""

    title: str
    body: list[Component]


@dataclass(frozen=True)
class View:
    """Everything a page may use. `zone` is where its times are told."""

    landscape: Landscape
    reader: Reader
    address: Address
    now: datetime
    trust: Trust
    tally: Sequence[Mapping[str, Any]]
    runs: Sequence[Mapping[str, Any]]

    @property
    def plants(self) -> list[str]:
        """The plants asked for, in the order of the landscape; all where none is asked for."""
        wanted = self.address.plants
        return [plant for plant in self.landscape.company.plants if not wanted or plant in wanted]

    @property
    def zone(self) -> str:
        """The zone these plants share; UTC where they do not."""
        zones = {self.landscape.zones[plant] for plant in self.plants}
        return zones.pop() if len(zones) == 1 else "UTC"

    @property
    def as_of(self) -> datetime | None:
        """When something was last judged."""
        return max((run["as_of"] for run in self.runs), default=None)

    @property
    def is_old(self) -> bool:
        """Whether nothing was judged for long: everything shown is then a last known value."""
        return self.as_of is not None and self.now - self.as_of > OLD

    def name(self, plant: str | None) -> str:
        """What a plant is called."""
        known = self.landscape.company.plants.get(plant or "")
        return known.name if known else plant or "no plant"

    def role(self, source: str) -> str:
        """What the system behind a source is called."""
        setup = self.landscape.sources.get(source)
        if setup and setup.pack.system == OWN:
            return "Landscape files"
        return ROLES.get(setup.pack.role, setup.pack.role) if setup else source

    def tallied(
        self, *, plant: str | None = None, flow: str | None = None
    ) -> list[Mapping[str, Any]]:
        """What stands open, of a plant and a flow where they are named."""
        return [
            row
            for row in self.tally
            if row["state"] in VIEWS["open"]
            and (plant is None or row["plant"] == plant)
            and (flow is None or row["flow"] == flow)
        ]


def count(rows: Sequence[Mapping[str, Any]]) -> int:
    """How many exceptions these rows stand for."""
    return sum(row["count"] for row in rows)


def at_risk(rows: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """Value at risk by currency: currencies are never mixed in one sum."""
    found: dict[str, float] = {}
    for row in rows:
        if row["currency"]:
            found[row["currency"]] = found.get(row["currency"], 0) + row["value"]
    return found


def look(
    landscape: Landscape,
    reader: Reader,
    address: Address,
    now: datetime,
    checks: Sequence[Check],
) -> View:
    """Read what every page needs: three queries."""
    every: dict[Feed, timedelta] = {
        (source, plan.name): plan.feed.every or setup.config.every
        for source, setup in landscape.sources.items()
        for plan in setup.plans
    }
    runs = reader.last_runs()
    trust = judge(checks, reader.feeds(), runs, every, now)
    tally = reader.tally((*STANDING, "resolved"))
    return View(landscape, reader, address, now, trust, tally, runs)
