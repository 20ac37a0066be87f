"""Supply: goods moved between places and plants, bought parts ordered, announced and received."""

from collections.abc import Iterator
from decimal import Decimal
from random import Random

from app.demo.group.happenings import Happening, Kind
from app.demo.group.masterdata import (
    FINISHED,
    RAW,
    SPARES,
    TRANSIT,
    UNRESTRICTED,
    WIP,
    Item,
)
from app.demo.group.world import DAY, HOUR, MINUTE, Process, Site, multiple

_ROUND = 15  # minutes between two looks at the line-side stock
_REORDER, _LOT = 5, 4  # days of usage


def move(
    site: Site, item: Item, quantity: Decimal, source: str, target: str, rng: Random
) -> Process:
    """Somebody drives goods from a place to another; on the way they are in transit."""
    document, actor = site.number("transfer", "T"), site.someone(rng)
    parts = [
        (part.lot, part.quantity)
        for part in site.world.stock.pick(site.code, source, item.code, quantity)
    ]
    for lot, part in parts:
        _ship(site, item, lot, part, document=document, source=source, actor=actor)
    yield site.work(rng.randint(4, 25) * MINUTE + rng.randint(0, 59))
    for lot, part in parts:
        _receive(site, item, lot, part, document=document, target=target, actor=actor)


def _ship(
    site: Site,
    item: Item,
    lot: str,
    quantity: Decimal,
    *,
    document: str,
    source: str,
    actor: str,
    partner: str = "",
    carrier: str = "",
) -> None:
    site.world.tell(
        Happening(
            *site.world.stamp(),
            site.code,
            Kind.TRANSFER_SHIPPED,
            item=item.code,
            lot=lot,
            quantity=quantity,
            unit=item.unit,
            from_place=source,
            to_place=TRANSIT,
            from_status=UNRESTRICTED,
            to_status=UNRESTRICTED,
            document=document,
            partner=partner,
            carrier=carrier,
            actor=actor,
        )
    )


def _receive(
    site: Site,
    item: Item,
    lot: str,
    quantity: Decimal,
    *,
    document: str,
    target: str,
    actor: str,
    sender: str = "",
) -> None:
    site.world.tell(
        Happening(
            *site.world.stamp(),
            site.code,
            Kind.TRANSFER_RECEIVED,
            item=item.code,
            lot=lot,
            quantity=quantity,
            unit=item.unit,
            from_plant=sender,
            from_place=TRANSIT,
            to_place=target,
            from_status=UNRESTRICTED,
            to_status=UNRESTRICTED,
            document=document,
            partner=sender,
            actor=actor,
        )
    )


class Supply:
    """The material flow into the lines of a plant."""

    def __init__(self, site: Site) -> None:
        self.site, world = site, site.world
        items = world.group.items
        self._components = [items[code] for code in site.usage]
        self._foreign = [
            item
            for item in self._components
            if item.kind == "semi" and site.code not in item.makers
        ]
        self._routes = [
            (item, site.container(item), site.line_side(item)) for item in self._components
        ]
        self._under_way: dict[str, int] = {}  # trips to the line, by item

    def processes(self) -> Iterator[Process]:
        """Everything that goes on for ever."""
        chance = self.site.world.group.chance
        yield self._feed_lines(chance(f"feed/{self.site.code}"))
        yield self._draw_from_plant(chance(f"transfer/{self.site.code}"))

    # Within the plant

    def _feed_lines(self, rng: Random) -> Process:
        """Bring containers to the lines before what lies there is used up."""
        site, env = self.site, self.site.world.env
        yield site.open_for_work()
        while True:
            for item, size, level in self._routes:
                for _ in range(self._trips(item, size, level)):
                    env.process(self._trip(item, size, rng))
                    self._under_way[item.code] = self._under_way.get(item.code, 0) + 1
                    yield site.work(rng.randint(5, 60))
                    if site.on_hand(RAW, item.code) < size:
                        break
            yield site.work(_ROUND * MINUTE)

    def _trips(self, item: Item, size: Decimal, level: Decimal) -> int:
        """How many containers are to be brought, and are there."""
        coming = self._under_way.get(item.code, 0) * size
        wanted = level - self.site.on_hand(WIP, item.code) - coming
        if wanted < size:
            return 0
        return int(min(wanted, self.site.on_hand(RAW, item.code)) // size)

    def _trip(self, item: Item, size: Decimal, rng: Random) -> Process:
        if self.site.on_hand(RAW, item.code) >= size:
            yield from move(self.site, item, size, RAW, WIP, rng)
        self._under_way[item.code] -= 1

    # Between plants

    def _draw_from_plant(self, rng: Random) -> Process:
        """Order semi-finished items of the supplying plant when they get scarce."""
        site = self.site
        while self._foreign:
            yield site.work(rng.randint(60, 300) * MINUTE)
            for item in self._foreign:
                lot = _lot_size(site, item)
                coming = self._under_way.get(f"{item.code}/plant", 0) * lot
                if site.on_hand(RAW, item.code) + coming < site.cover(item, _REORDER):
                    sender = site.world.sites[item.makers[0]]
                    site.world.env.process(self._transfer(sender, item, lot, rng))

    def _transfer(self, sender: Site, item: Item, quantity: Decimal, rng: Random) -> Process:
        """A lorry of another plant, as soon as that has the goods and works."""
        site, world, key = self.site, self.site.world, f"{item.code}/plant"
        self._under_way[key] = self._under_way.get(key, 0) + 1
        yield sender.work(rng.randint(20, 200) * MINUTE)
        while sender.on_hand(RAW, item.code) < quantity:
            yield sender.work(2 * HOUR)
        document, carrier = sender.number("transfer", "T"), rng.choice(world.group.carriers)
        actor = sender.someone(rng)
        parts = [
            (part.lot, part.quantity)
            for part in world.stock.pick(sender.code, RAW, item.code, quantity)
        ]
        for lot, part in parts:
            _ship(
                sender,
                item,
                lot,
                part,
                document=document,
                source=RAW,
                actor=actor,
                partner=site.code,
                carrier=carrier,
            )
        yield world.pause(rng.randint(20 * HOUR, 4 * DAY))
        yield site.work(rng.randint(5, 120) * MINUTE)
        actor = site.someone(rng)
        for lot, part in parts:
            _receive(
                site,
                item,
                lot,
                part,
                document=document,
                target=RAW,
                actor=actor,
                sender=sender.code,
            )
            yield site.work(rng.randint(60, 600))
        self._under_way[key] -= 1


def _lot_size(site: Site, item: Item) -> Decimal:
    return multiple(site.usage[item.code] * _LOT + 2 * site.container(item), item.pack, up=True)


def open_stock(site: Site) -> None:
    """What lies in the plant when the history begins; enough to work until supply comes."""
    world = site.world
    rng = world.group.chance(f"opening/{site.code}")
    for code in site.usage:
        item = world.group.items[code]
        level = site.cover(item, rng.randint(4, 7))
        for place, needed in ((RAW, level), (WIP, site.line_side(item))):
            quantity = multiple(needed, item.pack, up=True)
            lot = site.number("opening", "A") if item.tracking == "lot" else ""
            _open(site, item, place, quantity, lot=lot)
    for item in world.group.items.values():
        if item.kind == "finished" and site.code in item.makers:
            quantity = item.batch * rng.randint(2, 5)
            _open_finished(site, item, quantity)
        elif item.kind == "spare":
            _open(site, item, SPARES, Decimal(rng.randint(4, 12)))


def _open_finished(site: Site, item: Item, quantity: Decimal) -> None:
    if item.tracking == "serial":
        for _ in range(int(quantity)):
            _open(site, item, FINISHED, Decimal(1), serial=site.number("serial", "S"))
    else:
        lot = site.number("opening", "A") if item.tracking == "lot" else ""
        _open(site, item, FINISHED, quantity, lot=lot)


def _open(
    site: Site, item: Item, place: str, quantity: Decimal, *, lot: str = "", serial: str = ""
) -> None:
    site.world.tell(
        Happening(
            *site.world.stamp(),
            site.code,
            Kind.STOCK_OPENED,
            item=item.code,
            lot=lot,
            serial=serial,
            quantity=quantity,
            unit=item.unit,
            to_place=place,
            to_status=UNRESTRICTED,
        )
    )
