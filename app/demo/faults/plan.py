"""Which faults to plant: all that shipped rules find, every one there is, none, or those of a file.

A file is YAML:

    decoys: true
    faults:
      - {mode: A1, count: 5}
      - {mode: H6, rate: 0.01, plants: ["1000"], from: 2026-10-05, until: 2026-10-12, size: 3}
"""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from app.demo.faults.coverage import COVERED
from app.demo.faults.modes import PLANTERS
from app.demo.group import Group
from app.landscape.document import LandscapeError, read, validate
from app.landscape.wording import nearest

_WORDS: Mapping[str, Iterable[str]] = {"all": COVERED, "every": PLANTERS}
_DAYS_APART = 22  # days of a plant between two faults of a mode, where each is planted


def _known(number: Any) -> Any:
    if number not in PLANTERS:
        raise ValueError(f"there is no mode '{number}' to plant{nearest(str(number), PLANTERS)}")
    return number


class Sowing(BaseModel):
    """Faults of one mode: how many, or which share of what it can befall; where, when, how large.

    Days are those of the plant, both included; `size` multiplies a wrong quantity or a duration.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    mode: Annotated[str, BeforeValidator(_known)]
    count: int | None = Field(default=None, ge=1)
    rate: float | None = Field(default=None, gt=0, le=1)
    plants: tuple[str, ...] = ()
    since: date | None = Field(default=None, alias="from")
    until: date | None = None
    size: int = Field(default=1, ge=1, le=1000)

    def wanted(self, candidates: int) -> int:
        """How many of so many candidates."""
        return self.count or max(1, round(candidates * (self.rate or 0)))

    @model_validator(mode="after")
    def _how_many(self) -> Self:
        if (self.count is None) == (self.rate is None):
            raise ValueError("say how many: either 'count' or 'rate'")
        return self


class Plan(BaseModel):
    """All faults to plant, and whether decoys stand among them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    faults: tuple[Sowing, ...] = ()
    decoys: bool = True


def plan_of(text: str, group: Group, first: int | None = None) -> Plan:
    """The plan for `none`, `all`, `every` or a file.

    `first` is the number of days that are told at once, where the group lives on after them: there
    is something of everything in them, and after them. Raises `LandscapeError` with all its
    mistakes.
    """
    if text == "none":
        return Plan(decoys=False)
    if text in _WORDS:
        parts: list[dict[str, Any]] = [{"count": _count(group, group.days)}]
        if first:
            parts = [_part(group, 0, first), _part(group, first, group.days)]
        sown = (Sowing(mode=number, **part) for number in _WORDS[text] for part in parts)
        return Plan(faults=tuple(sown))
    path = Path(text)
    document = read(path, path.parent)
    plan = validate(document, Plan)
    codes = [site.code for site in group.sites]
    mistakes = [
        document.mistake(
            ("faults", place, "plants"), f"there is no plant '{code}'{nearest(code, codes)}"
        )
        for place, sowing in enumerate(plan.faults)
        for code in sowing.plants
        if code not in codes
    ]
    if mistakes:
        raise LandscapeError(mistakes)
    return plan


def _count(group: Group, days: int) -> int:
    """How many faults of a mode so many days take."""
    return max(1, round(days * group.plants / _DAYS_APART))


def _part(group: Group, first: int, last: int) -> dict[str, Any]:
    """Faults of some days of a group, which are counted from 0."""
    days = {"since": timedelta(days=first), "until": timedelta(days=last - 1)}
    bounds = {name: group.start + day for name, day in days.items()}
    return {"count": _count(group, last - first), **bounds}
