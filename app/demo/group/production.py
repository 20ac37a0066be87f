"""Production: orders are released to lines, go through their operations batch by batch, end."""

from collections.abc import Generator, Iterator
from decimal import Decimal
from random import Random
from typing import Any

import simpy

from app.demo.group import orders
from app.demo.group.happenings import ZERO, Happening, Kind
from app.demo.group.maintenance import Machine
from app.demo.group.masterdata import RAW, Item, Line, Operation
from app.demo.group.orders import Order, Run
from app.demo.group.quality import Quality
from app.demo.group.world import HOUR, MINUTE, Process, Site, whole

_QUEUE = 3  # orders released ahead of a line
_COVER = 4  # days of usage of a semi-finished item that are enough
_CHANGED, _CANCELLED, _SHORT, _SPLIT = 0.10, 0.04, 0.05, 0.15
_SCRAP, _REWORK, _MISTAKE, _LATE = 0.18, 0.04, 0.015, 0.02


class Floor:
    """The shop floor of a plant: its machines, and the operations being worked on."""

    def __init__(self, site: Site, machines: dict[str, Machine], quality: Quality) -> None:
        self.site, self.machines, self.quality = site, machines, quality
        self.runs: dict[tuple[str, str], Run] = {}

    def processes(self) -> Iterator[Process]:
        """Everything that goes on for ever on the floor."""
        chance = self.site.world.group.chance
        for line in self.site.plant.lines:
            queue = simpy.Store(self.site.world.env, _QUEUE)
            yield self._plan(line, queue, chance(f"plan/{line.code}"))
            yield self._run(line, queue, chance(f"line/{line.code}"))
        yield self._book_at_shift_end(chance(f"labour/{self.site.code}"))

    # Planning

    def _plan(self, line: Line, queue: simpy.Store, rng: Random) -> Process:
        """Release orders ahead of a line; the store's size keeps them few."""
        site, calendar = self.site, self.site.calendar_of(line)
        yield site.work(rng.randint(1, 40) * MINUTE, calendar)
        while True:
            item = self._wanted(line, rng)
            if item is not None and len(queue.items) < _QUEUE:
                order = self._release(line, item, rng)
                yield queue.put(order)
                site.world.env.process(self._change(order, rng))
            yield site.work(rng.randint(15, 90) * MINUTE, calendar)

    def _wanted(self, line: Line, rng: Random) -> Item | None:
        """What to make next: any finished item, a semi-finished one only if it gets scarce."""
        items = self.site.world.group.items
        choice = [items[code] for code in line.makes]
        if choice[0].kind == "finished":
            return rng.choice(choice)
        cover = {i.code: self.site.on_hand(RAW, i.code) / self._enough(i) for i in choice}
        scarce = min(choice, key=lambda item: cover[item.code])
        return scarce if cover[scarce.code] < 1 else None

    def _enough(self, item: Item) -> Decimal:
        """Days of use of an item here and in the plants supplied by this one."""
        users = [site for site in self.site.world.sites.values() if item.code in site.usage]
        return sum((site.cover(item, _COVER) for site in users), item.batch * 3)

    def _release(self, line: Line, item: Item, rng: Random) -> Order:
        site = self.site
        number = site.number("order")
        batches = rng.randint(2, 3) if item.tracking == "serial" else rng.randint(3, 8)
        order = Order(
            no=number.zfill(12),
            site=site,
            line=line,
            item=item,
            bom=item.bom(site.today()),
            planned=item.batch * batches,
            due=site.due_in(rng.randint(1, 4)),
            lot=f"{number}-1" if item.tracking == "lot" else "",
        )
        orders.tell(order, Kind.ORDER_RELEASED, order.planned, "planner")
        return order

    def _change(self, order: Order, rng: Random) -> Process:
        """Some orders are cancelled or changed before they start; the date also while they run."""
        fate = rng.random()
        if fate > _CHANGED + _CANCELLED:
            return
        yield self.site.work(rng.randint(5, 150) * MINUTE, self.site.calendar_of(order.line))
        if order.status == "completed":
            return
        is_waiting = order.status == "released"
        if fate < _CANCELLED and not is_waiting:
            return
        if fate < _CANCELLED:
            order.status = "cancelled"
            orders.tell(order, Kind.ORDER_CANCELLED, order.planned, "planner", "no demand")
            return
        if is_waiting and rng.random() < 0.6:
            order.planned += order.item.batch * rng.choice((-1, 1, 2))
        else:
            order.due = self.site.due_in(rng.randint(1, 6))
        orders.tell(order, Kind.ORDER_CHANGED, order.planned, "planner", "rescheduled")

    # A line

    def _run(self, line: Line, queue: simpy.Store, rng: Random) -> Process:
        site, calendar = self.site, self.site.calendar_of(line)
        while True:
            order = yield queue.get()
            yield site.work(rng.randint(2, 15) * MINUTE, calendar)
            if order.status == "cancelled":
                continue
            order.status = "started"
            site.world.begin(_lots(order))
            yield from self._pick(order, rng)
            yield from self._make(order, rng)
            site.world.env.process(self._close(order, rng))

    def _pick(self, order: Order, rng: Random) -> Process:
        """The store brings what is picked for the order; the line waits for what is missing."""
        calendar = self.site.calendar_of(order.line)
        for component in order.bom.lines:
            if component.backflush:
                continue
            quantity = orders.pick_quantity(order, component)
            while self.site.on_hand(RAW, component.item) < quantity:
                yield self.site.work(30 * MINUTE, calendar)
            actor = self.site.someone(rng)
            order.picked[component.item] = orders.issue(order, component, RAW, quantity, actor)
            yield self.site.work(rng.randint(60, 400), calendar)

    def _make(self, order: Order, rng: Random) -> Process:
        """Batches flow from operation to operation; one that is over does not wait for the next."""
        env, routing = self.site.world.env, order.item.routing
        boxes = [simpy.Store(env) for _ in range(len(routing) + 1)]
        batches = int(order.planned / order.item.batch)
        if batches > 1 and rng.random() < _SHORT:
            batches, order.is_short = rng.randint(1, batches - 1), True
        for _ in range(batches):
            boxes[0].put(order.item.batch)
        boxes[0].put(None)
        split_after = rng.randint(1, batches) if rng.random() < _SPLIT else batches
        works = [
            self._operate(order, operation, boxes[n], boxes[n + 1], rng, split_after)
            for n, operation in enumerate(routing)
        ]
        yield env.all_of([env.process(work) for work in works])
        self.site.world.end(_lots(order))
        order.status, reason = "completed", "short" if order.is_short else ""
        orders.hand_back(order, self.site.someone(rng))
        orders.tell(order, Kind.ORDER_COMPLETED, order.received, self.site.someone(rng), reason)

    def _close(self, order: Order, rng: Random) -> Process:
        """The controller closes it days later; now and then a booking is put right after that."""
        yield self.site.work(rng.randint(8, 40) * HOUR)
        reason = "short" if order.is_short else ""
        orders.tell(order, Kind.ORDER_CLOSED, order.received, self.site.someone(rng), reason)

    # An operation

    def _operate(
        self,
        order: Order,
        operation: Operation,
        inbox: simpy.Store,
        outbox: simpy.Store,
        rng: Random,
        split_after: int,
    ) -> Process:
        site, calendar = self.site, self.site.calendar_of(order.line)
        machine = self.machines[order.line.machines[operation.machine]]
        run = Run(order, operation, machine.code)
        count = 0
        while (quantity := (yield inbox.get())) is not None:
            if not quantity:
                continue
            yield from machine.running()
            yield from self._supplied(run, quantity)
            if not count:
                orders.report(run, Kind.OPERATION_STARTED, ZERO, site.someone(rng))
                self.runs[order.no, operation.no] = run
                yield site.work(operation.setup_minutes * MINUTE, calendar)
            if _is_last(run) and count == split_after and order.lot:
                order.lot = order.lot[:-1] + "2"
            good = yield from self._batch(run, machine, quantity, rng)
            outbox.put(good)
            count += 1
        outbox.put(None)
        self.runs.pop((order.no, operation.no), None)
        orders.book_labour(run, site.someone(rng))
        if run.last and rng.random() < _LATE:
            site.world.env.process(self._rebook(run, rng))

    def _supplied(self, run: Run, quantity: Decimal) -> Process:
        """Wait for line-side stock and working time; nobody else gets between this and its use."""
        calendar = self.site.calendar_of(run.order.line)
        yield self.site.open_for_work(calendar)
        while orders.lacks(run.order, run.operation.no, quantity):
            yield self.site.work(10 * MINUTE, calendar)

    def _batch(
        self, run: Run, machine: Machine, quantity: Decimal, rng: Random
    ) -> Generator[simpy.Event, Any, Decimal]:
        """Work on a batch and report it; return what is good of it."""
        calendar = self.site.calendar_of(run.order.line)
        minutes = run.operation.minutes_per_unit * quantity * rng.randint(90, 115) / 100
        yield self.site.work(int(minutes * MINUTE), calendar)
        if quantity > 1 and rng.random() < _REWORK:
            again = whole(rng, 1, max(1, int(quantity / 8)))
            orders.report(run, Kind.OPERATION_REWORKED, again, self.site.someone(rng))
            yield self.site.work(int(again * run.operation.minutes_per_unit * MINUTE), calendar)
            minutes += again * run.operation.minutes_per_unit
        yield from machine.running()
        yield from self._supplied(run, quantity)
        run.minutes += minutes.quantize(Decimal("0.1"))
        scrap = whole(rng, 1, max(1, int(quantity / 16))) if rng.random() < _SCRAP else ZERO
        if rng.random() < _MISTAKE:
            yield from self._mistake(run, quantity, scrap, rng)
        else:
            self.quality.inspect(self._post(run, quantity, scrap, self.site.someone(rng)))
        return quantity - scrap

    def _post(self, run: Run, quantity: Decimal, scrap: Decimal, actor: str) -> list[Happening]:
        """A count at a machine and what follows from it at once."""
        order, no, good = run.order, run.operation.no, quantity - scrap
        posted = []
        if good:
            posted.append(orders.report(run, Kind.OPERATION_COMPLETED, good, actor))
        if scrap:
            posted.append(orders.report(run, Kind.OPERATION_SCRAPPED, scrap, actor, "defect"))
        if run.operation.reporting:
            posted += orders.backflush(order, no, quantity, "backflush")
        if _is_last(run):
            posted += orders.receive(order, good, actor)
        order.done[no] = order.done.get(no, ZERO) + quantity
        return posted

    def _mistake(self, run: Run, quantity: Decimal, scrap: Decimal, rng: Random) -> Process:
        """Count wrongly, notice, take it back and count again.

        What goes into stock was counted right but for the wrong machine operator, and stays so when
        the products are gone by the time somebody notices.
        """
        site, order, calendar = self.site, run.order, self.site.calendar_of(run.order.line)
        wrong = quantity
        if not _is_last(run):
            wrong = max(scrap + 1, quantity + rng.choice((-2, -1, 1, 2)))
            yield from self._supplied(run, wrong)
        posted = self._post(run, wrong, scrap, site.someone(rng))
        lots = [x.lot or x.serial for x in posted]
        site.world.begin(lots)
        yield site.work(rng.randint(4, 40) * MINUTE, calendar)
        site.world.end(lots)
        received = [x for x in posted if x.kind is Kind.FINISHED_RECEIVED]
        if not all(_is_there(site, happening) for happening in received):
            self.quality.inspect(posted)
            return
        actor = site.someone(rng)
        for happening in reversed(posted):
            site.world.reverse(happening, actor, "miscounted")
        order.done[run.operation.no] -= wrong
        order.received -= sum((happening.quantity for happening in received), ZERO)
        yield site.work(rng.randint(20, 120), calendar)
        yield from self._supplied(run, quantity)
        self.quality.inspect(self._post(run, quantity, scrap, actor))

    # Labour

    def _book_at_shift_end(self, rng: Random) -> Process:
        """Everybody books the shift's work in its last minutes."""
        site, env = self.site, self.site.world.env
        while True:
            yield site.open_for_work()
            closes = site.calendar.closing(site.world.now)
            yield env.timeout(max(0, closes - 4 * MINUTE - site.world.now))
            for run in list(self.runs.values()):
                if site.world.now < closes - 5:
                    yield env.timeout(rng.randint(0, 4))
                orders.book_labour(run, site.someone(rng))
            yield env.timeout(closes - site.world.now)

    def _rebook(self, run: Run, rng: Random) -> Process:
        """Somebody booked the wrong minutes; found out in days, perhaps after the order closed."""
        yield self.site.work(rng.randint(4, 60) * HOUR)
        if run.last:
            actor = self.site.someone(rng)
            self.site.world.reverse(run.last, actor, "wrong minutes")
            run.minutes = (run.last.minutes * rng.randint(50, 95) / 100).quantize(Decimal("0.1"))
            orders.book_labour(run, actor, "correction")


def _lots(order: Order) -> tuple[str, ...]:
    """The lots an order can put its product into."""
    return (f"{order.lot[:-1]}1", f"{order.lot[:-1]}2") if order.lot else ()


def _is_last(run: Run) -> bool:
    return run.operation is run.order.item.routing[-1]


def _is_there(site: Site, happening: Happening) -> bool:
    """Whether a receipt still lies where it was put."""
    lot = happening.lot or happening.serial
    held = site.world.stock.of_lot(
        site.code, happening.to_place, happening.item, lot, happening.to_status
    )
    return held >= happening.quantity
