"""Inspection of receipts, holds on lots, and what becomes of stock nobody may use."""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from random import Random

from app.demo.group.happenings import ZERO, Happening, Kind
from app.demo.group.masterdata import (
    BLOCKED,
    FINISHED,
    INSPECTION,
    QUARANTINE,
    RAW,
    UNRESTRICTED,
    WIP,
)
from app.demo.group.stock import Balance
from app.demo.group.supply import move
from app.demo.group.world import HOUR, MINUTE, Process, Site, multiple

_REJECTED, _SPLIT = 0.04, 0.06
_BETWEEN_HOLDS = 12 * HOUR  # of working time, at scale 1
_DEFECTS = ("dimension", "surface", "contamination", "wrong label", "supplier notice")


class Quality:
    """The quality department of a plant."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self._rng = site.world.group.chance(f"inspection/{site.code}")

    def processes(self) -> Iterator[Process]:
        """Everything that goes on for ever."""
        yield self._hold(self.site.world.group.chance(f"hold/{self.site.code}"))

    def inspect(self, happenings: Iterable[Happening]) -> None:
        """Open an inspection of each receipt among these that waits for one."""
        for happening in happenings:
            if happening.to_status == INSPECTION:
                self.site.world.env.process(self._inspect(happening, self._rng))

    def _inspect(self, receipt: Happening, rng: Random) -> Process:
        number = self.site.number("inspection", "3")
        held = _as_balance(receipt)
        yield self.site.open_for_work()
        self._tell(Kind.INSPECTION_OPENED, held, held.quantity, number, "", "quality")
        yield self.site.work(rng.randint(1, 14) * HOUR + rng.randint(0, HOUR))
        item = self.site.world.group.items[held.item]
        actor, fate = self.site.someone(rng), rng.random()
        bad = ZERO
        if fate < _REJECTED:
            bad = held.quantity
        elif fate < _REJECTED + _SPLIT:
            bad = multiple(held.quantity * rng.randint(1, 5) / 10, item.step)
        for quantity, status in ((held.quantity - bad, UNRESTRICTED), (bad, BLOCKED)):
            if quantity:
                reason = "accepted" if status == UNRESTRICTED else rng.choice(_DEFECTS)
                self._tell(Kind.INSPECTION_DECIDED, held, quantity, number, status, actor, reason)
                self._restate(held, quantity, status, number, actor)
        if held.quantity - bad:
            yield from self._store(held, held.quantity - bad, rng)
        if bad:
            yield from self._dispose(held, bad, number, rng)

    def _store(self, held: Balance, quantity: Decimal, rng: Random) -> Process:
        """What was accepted leaves quarantine for the store."""
        if held.place == QUARANTINE:
            item = self.site.world.group.items[held.item]
            yield self.site.work(rng.randint(5, 60) * MINUTE)
            yield from move(self.site, item, quantity, QUARANTINE, RAW, rng)

    def _hold(self, rng: Random) -> Process:
        """Somebody doubts a lot: all of it in the plant is blocked until that is settled."""
        between = float(_BETWEEN_HOLDS / self.site.world.group.scale)
        while True:
            yield self.site.work(rng.expovariate(1 / between))
            found = self._doubtful(rng)
            if found:
                number, actor = self.site.number("hold", "6"), self.site.someone(rng)
                reason, total = rng.choice(_DEFECTS), _total(found)
                self.site.world.held.add((self.site.code, found[0].item, found[0].lot))
                self._tell(Kind.HOLD_PLACED, found[0], total, number, BLOCKED, actor, reason)
                for held in found:
                    self._restate(held, held.quantity, BLOCKED, number, actor)
                self.site.world.env.process(self._settle(found[0], number, rng))

    def _doubtful(self, rng: Random) -> list[Balance]:
        """All there is of some lot that lies still: all in this plant, all free to be used."""
        stock = self.site.world.stock
        lots = [
            balance
            for balance in stock.balances(self.site.code)
            if balance.place in (RAW, FINISHED) and balance.lot
        ]
        for lot in rng.sample(lots, min(len(lots), 5)):
            found = stock.everywhere(lot.item, lot.lot)
            is_still = not self.site.world.busy[lot.lot]
            if is_still and all(self._is_free(balance) for balance in found):
                return found
        return []

    def _is_free(self, balance: Balance) -> bool:
        is_here = balance.plant == self.site.code and balance.place in (RAW, WIP, FINISHED)
        return is_here and balance.status == UNRESTRICTED

    def _settle(self, lot: Balance, number: str, rng: Random) -> Process:
        """It was harmless, or all of it is thrown away; what was returned meanwhile as well."""
        yield self.site.work(rng.randint(2, 40) * HOUR)
        actor, stock = self.site.someone(rng), self.site.world.stock
        found = [b for b in stock.everywhere(lot.item, lot.lot) if b.status == BLOCKED]
        if rng.random() < 0.2:
            for held in found:
                self._scrap(held, held.quantity, number, actor)
            return
        total = _total(found)
        self.site.world.held.discard((self.site.code, lot.item, lot.lot))
        self._tell(Kind.HOLD_RELEASED, found[0], total, number, UNRESTRICTED, actor, "harmless")
        for held in found:
            self._restate(held, held.quantity, UNRESTRICTED, number, actor)

    def _dispose(self, held: Balance, quantity: Decimal, number: str, rng: Random) -> Process:
        """Blocked stock is used after all now and then, and thrown away otherwise."""
        yield self.site.work(rng.randint(1, 30) * HOUR)
        actor = self.site.someone(rng)
        if rng.random() < 0.25:
            self._restate(held, quantity, UNRESTRICTED, number, actor, BLOCKED)
            yield from self._store(held, quantity, rng)
            return
        self._scrap(held, quantity, number, actor)

    def _scrap(self, held: Balance, quantity: Decimal, number: str, actor: str) -> None:
        world, item = self.site.world, self.site.world.group.items[held.item]
        world.tell(
            Happening(
                *world.stamp(),
                self.site.code,
                Kind.SCRAP_DECLARED,
                item=item.code,
                lot=item.lot(held.lot),
                serial=item.serial(held.lot),
                quantity=quantity,
                unit=item.unit,
                from_place=held.place,
                from_status=BLOCKED,
                reference=number,
                reason="rejected",
                actor=actor,
            )
        )

    def _restate(
        self,
        held: Balance,
        quantity: Decimal,
        status: str,
        number: str,
        actor: str,
        before: str = "",
    ) -> None:
        """Stock gets another status where it lies."""
        world, item = self.site.world, self.site.world.group.items[held.item]
        world.tell(
            Happening(
                *world.stamp(),
                self.site.code,
                Kind.STOCK_STATUS_CHANGED,
                item=item.code,
                lot=item.lot(held.lot),
                serial=item.serial(held.lot),
                quantity=quantity,
                unit=item.unit,
                from_place=held.place,
                to_place=held.place,
                from_status=before or held.status,
                to_status=status,
                reference=number,
                actor=actor,
            )
        )

    def _tell(
        self,
        kind: Kind,
        held: Balance,
        quantity: Decimal,
        number: str,
        status: str,
        actor: str,
        reason: str = "",
    ) -> None:
        world, item = self.site.world, self.site.world.group.items[held.item]
        world.tell(
            Happening(
                *world.stamp(),
                self.site.code,
                kind,
                item=item.code,
                lot=item.lot(held.lot),
                serial=item.serial(held.lot),
                quantity=quantity,
                unit=item.unit,
                document=number,
                from_status=held.status,
                to_status=status,
                reason=reason,
                actor=actor,
            )
        )


def _total(found: Iterable[Balance]) -> Decimal:
    return sum((balance.quantity for balance in found), ZERO)


def _as_balance(receipt: Happening) -> Balance:
    return Balance(
        receipt.plant,
        receipt.to_place,
        receipt.item,
        receipt.lot or receipt.serial,
        receipt.to_status,
        receipt.quantity,
    )
