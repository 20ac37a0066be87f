"""The items of a group, their bills and routings, drawn from its seed."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal
from random import Random

from app.demo.group.chance import chance
from app.demo.group.happenings import ZERO
from app.demo.group.masterdata import Bom, BomLine, Cost, Item, Operation, Plant, Unit
from app.demo.group.sites import FINISHED_LINES, MADE, item_code

RAWS, PACKAGING, SPARE_PARTS = 30, 6, 20
LONG_AGO = date(2020, 1, 1)
_ONE = Decimal(1)
_STEP = {"KG": Decimal("0.001"), "L": Decimal("0.001"), "M": Decimal("0.001"), "EA": _ONE}
_SMALLER = {"KG": "G", "L": "ML", "M": "MM"}
_RAW_PACK = {"KG": Decimal(5), "L": Decimal(5), "M": Decimal(10), "EA": Decimal(20)}
_BATCHES_A_DAY = 14  # of one line, about; what supply is planned for


def items(seed: int, plants: Sequence[Plant], start: date, days: int) -> dict[str, Item]:
    """All items by code. Those that change do so on a day after `start`, within `days`."""
    shared = [*_bought(seed, start, days)]
    found = {item.code: item for item in shared}
    for plant in plants:
        for item in _semi_finished(chance(seed, f"semi/{plant.code}"), plant, shared):
            found[item.code] = item
    for plant in plants:
        rng = chance(seed, f"finished/{plant.code}")
        for item in _finished(rng, plant, found, start, days):
            found[item.code] = item
    return found


def daily_usage(plant: Plant, known: dict[str, Item]) -> dict[str, Decimal]:
    """What a plant of scale 1 uses of each component on a working day, about; base unit."""
    made = {
        item.code: item.batch * _BATCHES_A_DAY * FINISHED_LINES / MADE["finished"]
        for item in known.values()
        if item.kind == "finished"
    }
    demand = _exploded(made, known)  # also of other plants, for what is made here
    semi = {
        item.code: max(demand.get(item.code, ZERO), item.batch / 2)
        for item in known.values()
        if item.kind == "semi" and plant.code in item.makers
    }
    own = {code: amount for code, amount in made.items() if plant.code in known[code].makers}
    usage = _exploded(own, known)
    for code, amount in _exploded(semi, known).items():
        usage[code] = usage.get(code, ZERO) + amount
    return usage


def largest_batch(plant: Plant, known: dict[str, Item]) -> dict[str, Decimal]:
    """What the hungriest batch made in a plant takes of each component; base unit."""
    takes: dict[str, Decimal] = {}
    for item in known.values():
        if plant.code in item.makers:
            for line in (line for bom in item.boms for line in bom.lines):
                takes[line.item] = max(takes.get(line.item, ZERO), line.per_unit * item.batch)
    return takes


def _exploded(made: dict[str, Decimal], known: dict[str, Item]) -> dict[str, Decimal]:
    usage: dict[str, Decimal] = {}
    for code, amount in made.items():
        for line in known[code].boms[0].lines:
            usage[line.item] = usage.get(line.item, ZERO) + line.per_unit * amount
    return usage


def _day(rng: Random, start: date, days: int) -> date:
    return start + timedelta(days=rng.randrange(2, max(3, days - 3)))


def _costs(rng: Random, amount: Decimal, start: date, days: int) -> tuple[Cost, ...]:
    """The cost, and for one item in ten another one from some day on."""
    costs: tuple[Cost, ...] = (Cost(LONG_AGO, amount),)
    if rng.random() < 0.1:
        changed = (amount * rng.randint(90, 115) / 100).quantize(Decimal("0.0001"))
        costs += (Cost(_day(rng, start, days), changed),)
    return costs


def _units(unit: str, rng: Random) -> tuple[Unit, ...]:
    if unit in _SMALLER:
        return (Unit(_SMALLER[unit], Decimal("0.001"), LONG_AGO),)
    return (Unit("BOX", Decimal(rng.choice((6, 10, 12, 24))), LONG_AGO),)


def _bought(seed: int, start: date, days: int) -> Iterator[Item]:
    rng = chance(seed, "bought")
    for number in range(1, RAWS + 1):
        unit = rng.choice(("KG", "KG", "L", "M", "EA", "EA"))
        yield Item(
            code=f"1{number:05d}".zfill(10),
            name=f"Raw material {number}",
            kind="raw",
            unit=unit,
            units=_units(unit, rng),
            tracking="lot" if number % 2 else "none",
            step=_STEP[unit],
            pack=_RAW_PACK[unit],
            batch=_ONE,
            inspected=number % 5 == 1,
            costs=_costs(rng, Decimal(rng.randint(50, 2500)) / 100, start, days),
        )
    for kind, count, series in (("packaging", PACKAGING, 2), ("spare", SPARE_PARTS, 7)):
        for number in range(1, count + 1):
            units = _units("EA", rng)
            if kind == "packaging" and number == 1:
                # A supplier packs differently from some day on.
                changed = units[0].factor - 2
                units += (Unit("BOX", changed, _day(rng, start, days)),)
            yield Item(
                code=f"{series}{number:05d}".zfill(10),
                name=f"{kind.capitalize()} {number}",
                kind=kind,
                unit="EA",
                units=units,
                tracking="none",
                step=_ONE,
                pack=Decimal(50 if kind == "packaging" else 1),
                batch=_ONE,
                inspected=False,
                costs=_costs(rng, Decimal(rng.randint(10, 30000)) / 100, start, days),
            )


def _semi_finished(rng: Random, plant: Plant, shared: list[Item]) -> Iterator[Item]:
    raws = [item for item in shared if item.kind == "raw"]
    for number in range(MADE["semi"]):
        unit = rng.choice(("KG", "EA"))
        batch = Decimal(rng.choice((120, 160, 240)))
        routing = _routing(rng, batch, rng.randint(2, 3))
        lines = [_component(rng, item, routing) for item in rng.sample(raws, rng.randint(2, 3))]
        yield Item(
            code=item_code(plant.code, "semi", number),
            name=f"Semi-finished {plant.code}-{number + 1}",
            kind="semi",
            unit=unit,
            units=_units(unit, rng),
            tracking="lot",
            step=_STEP[unit],
            pack=Decimal(20),
            batch=batch,
            inspected=number % 4 == 0,
            costs=(Cost(LONG_AGO, Decimal(rng.randint(800, 6000)) / 100),),
            boms=(Bom("A", LONG_AGO, tuple(lines)),),
            routing=routing,
            makers=(plant.code,),
        )


def _finished(
    rng: Random, plant: Plant, known: dict[str, Item], start: date, days: int
) -> Iterator[Item]:
    """Every third one takes a semi-finished item of the plant that supplies this one."""
    for number in range(MADE["finished"]):
        is_serial = number % 6 == 5
        batch = Decimal(4 if is_serial else rng.choice((24, 36, 48, 60)))
        routing = _routing(rng, batch, rng.randint(3, 4))
        semis = [known[item_code(plant.code, "semi", n)] for n in range(MADE["semi"])]
        used = rng.sample(semis, rng.randint(1, 2))
        if number % 3 == 0 and plant.supplied_by != plant.code:
            used[-1] = known[item_code(plant.supplied_by, "semi", number // 3 % 3)]
        raws = [item for item in known.values() if item.kind == "raw"]
        packaging = [item for item in known.values() if item.kind == "packaging"]
        used += rng.sample(raws, rng.randint(1, 2))
        lines = [_component(rng, item, routing) for item in used]
        lines.append(BomLine(rng.choice(packaging).code, _ONE, ZERO, routing[-1].no, True))
        boms: tuple[Bom, ...] = (Bom("A", LONG_AGO, tuple(lines)),)
        if number % 4 == 1:
            revised = (_revised(lines[0]), *lines[1:])
            boms += (Bom("B", _day(rng, start, days), revised),)
        yield Item(
            code=item_code(plant.code, "finished", number),
            name=f"Finished {plant.code}-{number + 1}",
            kind="finished",
            unit="EA",
            units=_units("EA", rng),
            tracking="serial" if is_serial else "none" if number % 6 == 4 else "lot",
            step=_ONE,
            pack=_ONE,
            batch=batch,
            inspected=number % 3 == 0,
            costs=_costs(rng, Decimal(rng.randint(4000, 40000)) / 100, start, days),
            boms=boms,
            routing=routing,
            makers=(plant.code,),
        )


def _routing(rng: Random, batch: Decimal, count: int) -> tuple[Operation, ...]:
    """Operations 0010, 0020, ...: a batch takes each of them 45 to 95 minutes."""
    return tuple(
        Operation(
            no=f"{10 * (number + 1):04d}",
            machine=number,
            minutes_per_unit=(rng.randint(45, 95) / batch).quantize(Decimal("0.001")),
            setup_minutes=rng.choice((5, 10, 15, 20)),
            reporting=number == count - 1 or (number == 0 and rng.random() < 0.5),
        )
        for number in range(count)
    )


def _component(rng: Random, item: Item, routing: Sequence[Operation]) -> BomLine:
    """A quantity that times any count of pieces is a multiple of the component's step."""
    point = rng.choice([operation.no for operation in routing if operation.reporting])
    backflush = rng.random() < 0.65
    if item.unit == "EA":
        return BomLine(item.code, Decimal(rng.randint(1, 3)), ZERO, point, backflush)
    share = Decimal(rng.choice((0, 2, 4, 10))) / 100
    return BomLine(item.code, Decimal(rng.randint(1, 8)) / 20, share, point, backflush)


def _revised(line: BomLine) -> BomLine:
    more = line.quantity + (1 if line.quantity >= 1 else Decimal("0.05"))
    return BomLine(line.item, more, line.scrap_share, line.operation, line.backflush)
