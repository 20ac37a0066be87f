"""The history of a group, told as it happens."""

from collections.abc import Iterator

from app.demo.group.happenings import Happening
from app.demo.group.maintenance import Workshop
from app.demo.group.office import Office, change_masters
from app.demo.group.production import Floor
from app.demo.group.purchasing import Purchasing
from app.demo.group.quality import Quality
from app.demo.group.sales import Sales
from app.demo.group.spec import Group
from app.demo.group.supply import Supply, open_stock
from app.demo.group.world import Process, Site, World


def simulate(group: Group) -> Iterator[Happening]:
    """Everything that happens in `[group.starts_at, group.ends_at)`, in order of `no` and time.

    The same group gives the same history in every process. Only open orders and stock are held.
    """
    world = World(group)
    for site in world.sites.values():
        open_stock(site)
    for site in world.sites.values():
        for process in _processes(site):
            world.env.process(process)
    world.env.process(change_masters(world))
    yield from _told(world)


def _processes(site: Site) -> Iterator[Process]:
    quality, workshop = Quality(site), Workshop(site)
    yield from quality.processes()
    yield from workshop.processes()
    yield from Floor(site, workshop.machines, quality).processes()
    yield from Supply(site).processes()
    yield from Purchasing(site, quality).processes()
    yield from Sales(site).processes()
    yield from Office(site).processes()


def _told(world: World) -> Iterator[Happening]:
    ends = world.group.ends_at.timestamp()
    while world.env.peek() < ends:
        if world.told:
            told, world.told = world.told, []
            yield from told
        world.env.step()
    yield from world.told
