"""Map kept raw pages again: after a mapping was mended, a reject has become readable, or a cross-reference has come.

Nothing is pulled. What maps as before is a repeat; what maps differently is a new revision; what the mapping no longer
yields is withdrawn, where the whole feed is replayed.
"""

import logging
import uuid
from collections.abc import Iterable, Iterator
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

from app.jobs.collect import Report, surroundings
from app.landscape.load import SourceSetup
from app.services import Services
from app.store.lake import KeptPull
from app.store.landing import Landed
from collectors import mapping
from collectors.canonical import Mapped, canonical
from collectors.errors import CollectError
from collectors.feed import Plan, page_path, stamped
from collectors.page import Page, Reject, records

log = logging.getLogger(__name__)


def replay_feed(services: Services, setup: SourceSetup, plan: Plan) -> Report:
    """Map every kept page of a feed again; for snapshots the newest accepted one."""
    pulls = list(services.store.lake.pulls(setup.name, plan.name))
    if plan.feed.snapshot:
        accepted = [pull for pull in pulls if pull.facts is not None]
        return _replay_snapshot(services, setup, plan, accepted[-1]) if accepted else Report(setup.name, plan.name, "ok")
    return _replay(services, setup, plan, (page for pull in pulls for page in pull.pages()), whole=True)


def replay_pages(services: Services, setup: SourceSetup, plan: Plan, references: Iterable[str]) -> Report:
    """Map some kept pages of a feed again."""
    pages = (services.store.lake.page(reference) for reference in sorted({reference.split("#")[0] for reference in references}))
    return _replay(services, setup, plan, pages, whole=False)


def replay_rejects(services: Services, source: str | None = None, feed: str | None = None) -> Iterator[Report]:
    """Try open rejects again; those that map now are released."""
    waiting: dict[tuple[str, str], list[str]] = {}
    for row in services.reader.rejects(source, feed):
        waiting.setdefault((row["source"], row["feed"]), []).append(row["raw_ref"])
    for (name, feed_name), references in waiting.items():
        if found := _planned(services, name, feed_name):
            yield replay_pages(services, *found, references)


def resolve(services: Services) -> Iterator[Report]:
    """Map again the facts whose keys have got a cross-reference since they landed."""
    for (source, feed), references in services.store.resolvable().items():
        if found := _planned(services, source, feed):
            log.info("cross-references came", extra={"feed": f"{source}/{feed}", "facts": len(references)})
            yield replay_pages(services, *found, references)


def _planned(services: Services, source: str, feed: str) -> tuple[SourceSetup, Plan] | None:
    setup = services.landscape.sources.get(source)
    plan = next((plan for plan in setup.plans if plan.name == feed), None) if setup else None
    return (setup, plan) if setup and plan and not plan.feed.snapshot else None


def _replay(services: Services, setup: SourceSetup, plan: Plan, pages: Iterable[Page], *, whole: bool) -> Report:
    report = Report(setup.name, plan.name, "ok", pull_id=_pull_id(services.clock.now()))
    newest: dict[str, list[Mapped]] = {}
    references = []
    rejects: list[Reject] = []
    con = mapping.connect(services.landscape.zones)
    try:
        around = surroundings(services, setup, plan.feed)
        for page in pages:
            found = records(setup.name, page, page_path(plan), plan.contract, plan.feed.csv.dialect)
            mapped, refused, left_out = canonical(con, [(page, found)], plan.contract, plan.targets, around)
            for member in mapped:
                newest.setdefault(member.table, []).append(member)
            rejects += [*found.rejects, *refused]
            references.append(page.ref)
            report.landed.pages += 1
            report.landed.records += found.count
            report.landed.left_out += left_out
    except CollectError as error:
        report.outcome, report.error = error.outcome, str(error)
        return report
    finally:
        con.close()
    now = services.clock.now()
    services.store.land(setup.name, plan.name, report.pull_id, [_newest(members) for members in newest.values()], rejects, now, report.landed)
    if whole:
        services.store.sweep(setup.name, plan.name, report.pull_id, list(newest), now, report.landed)
    services.store.release_rejects(setup.name, plan.name, references, rejects, now)
    return report


def _newest(members: list[Mapped]) -> Mapped:
    """The last version of every record: replaying history must not bring it back."""
    facts = pa.concat_tables([member.facts for member in members], promote_options="default")
    facts = facts.append_column("arrival", pa.array(range(facts.num_rows), pa.int64()))
    order = pc.sort_indices(facts, sort_keys=[("revised_at", "ascending"), ("arrival", "ascending")], null_placement="at_start")
    facts = facts.take(order)
    last = {key: place for place, key in enumerate(facts["source_key"].to_pylist())}
    unresolved = pa.concat_tables([member.unresolved for member in members])
    return Mapped(members[0].table, facts.take(sorted(last.values())).drop_columns("arrival"), unresolved)


def _replay_snapshot(services: Services, setup: SourceSetup, plan: Plan, pull: KeptPull) -> Report:
    report = Report(setup.name, plan.name, "ok", pull_id=_pull_id(services.clock.now()))
    state = services.store.feed_state(setup.name, plan.name) or {}
    con = mapping.connect(services.landscape.zones)
    try:
        pages = [(page, records(setup.name, page, page_path(plan), plan.contract, plan.feed.csv.dialect)) for page in pull.pages()]
        mapped, refused, _ = canonical(con, pages, plan.contract, plan.targets, surroundings(services, setup, plan.feed)) if pages else ([], [], 0)
    except CollectError as error:
        report.outcome, report.error = error.outcome, str(error)
        return report
    finally:
        con.close()
    rejects = [reject for _, found in pages for reject in found.rejects] + refused
    if rejects:
        report.outcome, report.error = "refused", f"{len(rejects)} records are still rejects; first: {rejects[0].reason}"
        return report
    balance_at: datetime = state["snapshot_at"]
    lines = stamped(mapped, balance_at, plan.feed)
    report.landed = Landed(records=sum(found.count for _, found in pages), pages=len(pages))
    services.store.land(setup.name, plan.name, report.pull_id, lines, [], services.clock.now(), report.landed)
    services.store.accept_snapshot(setup.name, plan.name, report.pull_id, balance_at, report.landed.news, services.clock.now())
    return report


def _pull_id(now: datetime) -> str:
    return f"{now:%Y%m%dT%H%M%S}-replay-{uuid.uuid4().hex[:8]}"
