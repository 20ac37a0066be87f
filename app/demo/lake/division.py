"""A large group in divisions: plants that exchange goods with each other and with nobody else.

A division is simulated by itself, so that memory is what one needs, and cores are used. Master data
and numbers are those of the whole group: no two divisions share a plant, an order, a lot, a
document or the number of a happening.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cached_property

from app.demo.group import Group, Happening, simulate
from app.demo.group.masterdata import Plant
from app.demo.group.sites import plants

TOGETHER = 3  # plants of a division
_APART = 1_000_000_000  # between the numbers of what happens in two divisions


@dataclass(frozen=True)
class Division(Group):
    """The `plants` of a larger group that come after its first `before`."""

    before: int = 0

    @cached_property
    def sites(self) -> tuple[Plant, ...]:
        """Its own plants, supplied by each other."""
        count = self.before + self.plants
        first, *others = plants(count, Decimal(self.scale), self.first, self.last)[self.before :]
        return replace(first, supplied_by=[first, *others][-1].code), *others

    @property
    def name(self) -> str:
        """The code of its first plant."""
        return self.sites[0].code

    @property
    def base(self) -> int:
        """What the numbers of its happenings and facts begin after."""
        return self.before * _APART

    def history(self) -> Iterator[Happening]:
        """Everything that happens in it, numbered apart from other divisions."""
        told = simulate(self)
        return map(self._apart, told) if self.base else told

    def _apart(self, h: Happening) -> Happening:
        reverses = None if h.reverses is None else h.reverses + self.base
        return replace(h, no=h.no + self.base, reverses=reverses)


def divisions(group: Group) -> list[Division]:
    """The plants of a group by threes, the last by what is left."""
    return [
        Division(
            seed=group.seed,
            start=group.start,
            days=group.days,
            plants=min(TOGETHER, group.plants - before),
            scale=group.scale,
            before=before,
        )
        for before in range(0, group.plants, TOGETHER)
    ]
