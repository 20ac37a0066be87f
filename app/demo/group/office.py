"""What happens around the flow of goods: counts, master data, periods, new software."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from random import Random

from app.demo.group.happenings import ZERO, Happening, Kind
from app.demo.group.masterdata import FINISHED, RAW, SPARES, UNRESTRICTED, Item, Period
from app.demo.group.stock import Balance
from app.demo.group.world import HOUR, MINUTE, Process, Site, World, multiple

_COUNTS = 8  # places counted each working day, at scale 1
_WRONG = 0.25  # of what is counted differs from what was thought
_BETWEEN_DEPLOYMENTS = 6 * 24 * HOUR
_SYSTEMS = ("erp", "mes", "wms", "middleware", "quality")
_CLOSING = time(18)


class Office:
    """Counting, closing and deploying in a plant."""

    def __init__(self, site: Site) -> None:
        self.site = site

    def processes(self) -> Iterator[Process]:
        """Everything that goes on for ever."""
        chance = self.site.world.group.chance
        yield self._count_all(chance(f"count/{self.site.code}"))
        yield self._close_periods()
        yield self._deploy(chance(f"deployment/{self.site.code}"))

    # Counting

    def _count_all(self, rng: Random) -> Process:
        between = float(24 * HOUR / (_COUNTS * self.site.world.group.scale))
        while True:
            yield self.site.work(rng.expovariate(1 / between))
            held = [
                balance
                for balance in self.site.world.stock.balances(self.site.code)
                if balance.place in (RAW, FINISHED, SPARES) and balance.status == UNRESTRICTED
            ]
            chosen = rng.choice(held)
            found = [b for b in held if (b.place, b.item) == (chosen.place, chosen.item)]
            self.site.world.env.process(self._count(found, rng))

    def _count(self, found: list[Balance], rng: Random) -> Process:
        """Count all lots of an item in a place; work goes on meanwhile."""
        site = self.site
        yield site.open_for_work()
        since = datetime.fromtimestamp(site.world.now, UTC)
        document, actor = site.number("count", "C"), site.someone(rng)
        yield site.work(rng.randint(5, 45) * MINUTE)
        for balance in found:
            item = site.world.group.items[balance.item]
            self._adjust(
                item, balance, self._difference(item, balance, rng), document, actor, since
            )

    def _difference(self, item: Item, balance: Balance, rng: Random) -> Decimal:
        """What was found more or less; pieces with a serial do not get more, nor lost by half."""
        if rng.random() >= _WRONG or item.tracking == "serial":
            return ZERO
        held = self.site.world.stock.of_lot(self.site.code, balance.place, item.code, balance.lot)
        if not held:
            return ZERO
        much = max(item.step, multiple(balance.quantity * rng.randint(1, 30) / 1000, item.step))
        return much if rng.random() < 0.35 else -min(much, held)

    def _adjust(
        self,
        item: Item,
        balance: Balance,
        difference: Decimal,
        document: str,
        actor: str,
        since: datetime,
    ) -> None:
        world = self.site.world
        world.tell(
            Happening(
                *world.stamp(),
                self.site.code,
                Kind.ADJUSTMENT_COUNTED,
                item=item.code,
                lot=item.lot(balance.lot),
                serial=item.serial(balance.lot),
                quantity=difference,
                unit=item.unit,
                to_place=balance.place,
                to_status=UNRESTRICTED,
                document=document,
                since=since,
                amount=self.site.price(item, difference),
                currency=self.site.plant.currency,
                reason="counted" if difference else "as thought",
                actor=actor,
            )
        )

    # Closing and deploying

    def _close_periods(self) -> Process:
        """A month is closed on the evening of the third working day after it."""
        site = self.site
        for period in site.plant.periods:
            at = self._closing_of(period)
            if at >= site.world.now:
                yield site.world.env.timeout(at - site.world.now)
                self._tell(Kind.PERIOD_CLOSED, "controlling", document=period.code)

    def _closing_of(self, period: Period) -> int:
        calendar = self.site.calendar
        days = sorted({x.day for x in calendar.shifts if x.day >= period.ends})
        day = days[2] if len(days) > 2 else period.ends + timedelta(days=3)
        return int(datetime.combine(day, _CLOSING, calendar.zone).timestamp())

    def _deploy(self, rng: Random) -> Process:
        """New software comes in the evening or at night."""
        site, env = self.site, self.site.world.env
        while True:
            yield site.world.pause(rng.expovariate(1 / _BETWEEN_DEPLOYMENTS))
            clock = time(rng.randint(19, 23), rng.randint(0, 59))
            yield env.timeout(site.calendar.next_local(env.now, clock) - site.world.now)
            self._tell(Kind.DEPLOYMENT, "release", reason=rng.choice(_SYSTEMS))

    def _tell(self, kind: Kind, actor: str, *, document: str = "", reason: str = "") -> None:
        world = self.site.world
        world.tell(
            Happening(
                *world.stamp(),
                self.site.code,
                kind,
                document=document,
                reason=reason,
                actor=actor,
            )
        )


def change_masters(world: World) -> Process:
    """Master data comes into force at midnight, in each plant that makes or uses the item."""
    changes = [
        (site.calendar.midnight(day), site, item, reason, value, revision)
        for site in world.sites.values()
        for item in world.group.items.values()
        for day, reason, value, revision in _changes(item)
        if item.code in site.usage or site.code in item.makers or item.kind == "spare"
    ]
    for at, site, item, reason, value, revision in sorted(changes, key=lambda change: change[0]):
        yield world.env.timeout(max(0, at - world.now))
        is_cost = reason == "cost"
        world.tell(
            Happening(
                *world.stamp(),
                site.code,
                Kind.MASTER_CHANGED,
                item=item.code,
                quantity=ZERO if is_cost else value,
                unit=item.unit,
                amount=value * site.plant.rate if is_cost else None,
                currency=site.plant.currency if is_cost else "",
                revision=revision,
                reason=reason,
                actor="master data",
            )
        )


def _changes(item: Item) -> Iterator[tuple[date, str, Decimal, str]]:
    """Day, what, new value, new revision: all that changes after the beginning."""
    for cost in item.costs[1:]:
        yield cost.valid_from, "cost", cost.amount, ""
    for bom in item.boms[1:]:
        yield bom.valid_from, "bom", ZERO, bom.revision
    first = {item.unit}
    for unit in item.units:
        if unit.unit in first:
            yield unit.valid_from, f"unit {unit.unit}", unit.factor, ""
        first.add(unit.unit)
