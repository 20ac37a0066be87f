"""Map kept raw pages again: a mapping was mended, a reject can be read, a cross-reference came.

Nothing is pulled. What maps as before is a repeat; what maps differently is a new revision; what
the mapping no longer yields is withdrawn, where the whole feed is replayed.
"""

import logging
import uuid
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from app.jobs.collect import Report, surroundings
from app.landscape.load import SourceSetup
from app.services import Services
from app.store.lake import KeptPull
from app.store.landing import Landed
from app.store.schema import tables
from app.store.state import REPLAYED
from collectors import mapping
from collectors.canonical import Mapped, Surroundings, canonical
from collectors.errors import CollectError, PayloadError
from collectors.feed import Plan, page_path, stamped
from collectors.page import Page, Records, Reject, records

log = logging.getLogger(__name__)


def replay_feed(services: Services, setup: SourceSetup, plan: Plan) -> Report:
    """Map every kept page of a feed again; for snapshots the newest accepted one."""
    pulls = services.store.lake.pulls(setup.name, plan.name)
    if plan.feed.snapshot:
        accepted = _accepted(pulls)
        return (
            _replay_snapshot(services, setup, plan, accepted[-1])
            if accepted
            else Report(setup.name, plan.name, "ok")
        )
    pages = ((page, pull.facts is not None) for pull in pulls for page in pull.pages())
    return _replay(services, setup, plan, pages, whole=True)


def replay_pages(
    services: Services, setup: SourceSetup, plan: Plan, references: Iterable[str]
) -> Report:
    """Map some kept pages of a feed again."""
    pages = (
        (services.store.lake.page(reference), True)
        for reference in sorted({reference.split("#")[0] for reference in references})
    )
    return _replay(services, setup, plan, pages, whole=False)


def replay_rejects(
    services: Services, source: str | None = None, feed: str | None = None
) -> Iterator[Report]:
    """Try open rejects again; those that map now are released."""
    waiting: dict[tuple[str, str], list[str]] = {}
    for row in services.reader.rejects(source, feed):
        waiting.setdefault((row["source"], row["feed"]), []).append(row["raw_ref"])
    for (name, feed_name), references in waiting.items():
        if found := _planned(services, name, feed_name):
            yield replay_pages(services, *found, references)


def resolve(services: Services) -> Iterator[Report]:
    """Map again the facts whose keys have got a cross-reference since they landed.

    A snapshot is held whole, so it is mapped again whole.
    """
    plants = services.landscape.company.plants
    for (source, feed), references in services.store.references.come(plants).items():
        if found := _planned(services, source, feed):
            log.info(
                "cross-references came",
                extra={"feed": f"{source}/{feed}", "facts": len(references)},
            )
            is_snapshot = found[1].feed.snapshot
            yield (
                replay_feed(services, *found)
                if is_snapshot
                else replay_pages(services, *found, references)
            )


def recall(services: Services) -> None:
    """Find again which facts wait for a cross-reference: a new match state does not know."""
    services.store.references.recall_plants(services.landscape.company.plants)
    for setup in services.landscape.sources.values():
        for plan in setup.plans:
            if surroundings(services, setup, plan.feed).expected:
                _recall(services, setup, plan)


def _recall(services: Services, setup: SourceSetup, plan: Plan) -> None:
    found = _Found()
    pulls = services.store.lake.pulls(setup.name, plan.name)
    told = _accepted(pulls)[-1:] if plan.feed.snapshot else pulls
    pages = ((page, False) for pull in told for page in pull.pages())
    try:
        _map(services, setup, plan, pages, found, Landed())
    except CollectError as error:
        log.warning("not recalled", extra={"feed": plan.label, "error": str(error)})
        return
    for name, members in found.mapped.items():
        services.store.references.note(tables()[name], setup.name, plan.name, _newest(members))


def _accepted(pulls: Iterable[KeptPull]) -> list[KeptPull]:
    return [pull for pull in pulls if pull.facts is not None]


def _planned(services: Services, source: str, feed: str) -> tuple[SourceSetup, Plan] | None:
    setup = services.landscape.sources.get(source)
    plan = next((plan for plan in setup.plans if plan.name == feed), None) if setup else None
    return (setup, plan) if setup and plan else None


def _replay(
    services: Services,
    setup: SourceSetup,
    plan: Plan,
    pages: Iterable[tuple[Page, bool]],
    *,
    whole: bool,
) -> Report:
    report = Report(setup.name, plan.name, "ok", pull_id=_pull_id(services.clock.now()))
    found = _Found()
    try:
        _map(services, setup, plan, pages, found, report.landed)
    except CollectError as error:
        report.outcome, report.error = error.outcome, str(error)
        return report
    store, now = services.store, services.clock.now()
    place = (setup.name, plan.name, report.pull_id)
    lines = [_newest(members) for members in found.mapped.values()]
    store.land(*place, lines, found.rejects, now, report.landed)
    if whole:
        told = {reject.raw_ref for reject in found.rejects}
        missing = store.missing(setup.name, plan.name, list(found.mapped), report.landed)
        gone = {name: _not_told(rows, told) for name, rows in missing.items()}
        report.landed.deleted += store.withdraw(report.pull_id, gone, now)
    store.rejects.release(setup.name, plan.name, found.references, found.rejects, now)
    return report


@dataclass
class _Found:
    """What some pages gave: rows by table, rejects, and the references of the pages."""

    mapped: dict[str, list[Mapped]] = field(default_factory=dict)
    rejects: list[Reject] = field(default_factory=list)
    references: list[str] = field(default_factory=list)


def _map(
    services: Services,
    setup: SourceSetup,
    plan: Plan,
    pages: Iterable[tuple[Page, bool]],
    into: _Found,
    landed: Landed,
) -> None:
    """Map pages; one that cannot be read is passed over where its pull had failed over it."""
    around = surroundings(services, setup, plan.feed)
    with mapping.connect(services.landscape.zones) as con:
        for page, was_read in pages:
            try:
                found = records(setup.name, page, page_path(plan), plan.contract, plan.feed.dialect)
            except PayloadError as error:
                if was_read:
                    raise
                log.info("page passed over", extra={"page": page.ref, "error": str(error)})
                continue
            mapped, refused, left_out = _mapped(con, [(page, found)], plan, around)
            for member in mapped:
                into.mapped.setdefault(member.table, []).append(member)
            into.rejects += [*found.rejects, *refused]
            into.references.append(page.ref)
            landed.pages += 1
            landed.records += found.count
            landed.left_out += left_out


def _mapped(
    con: duckdb.DuckDBPyConnection,
    pages: list[tuple[Page, Records]],
    plan: Plan,
    around: Surroundings,
) -> tuple[list[Mapped], list[Reject], int]:
    try:
        return canonical(con, pages, plan.contract, plan.targets, around)
    except duckdb.Error as error:
        what = f"{plan.name}: the mapping failed on {pages[0][0].request}"
        raise PayloadError(plan.source, f"{what}: {str(error).splitlines()[0]}") from error


def _not_told(rows: pa.Table, told: Collection[str]) -> pa.Table:
    """Facts whose record is not a reject today: what is not understood is not gone."""
    return rows.filter(pc.invert(pc.is_in(rows["raw_ref"], pa.array(sorted(told), pa.string()))))


def _newest(members: list[Mapped]) -> Mapped:
    """The last version of every record: replaying history must not bring it back."""
    facts = pa.concat_tables([member.facts for member in members], promote_options="default")
    facts = facts.append_column("arrival", pa.array(range(facts.num_rows), pa.int64()))
    order = pc.sort_indices(
        facts,
        sort_keys=[("revised_at", "ascending", "at_start"), ("arrival", "ascending", "at_start")],
    )
    facts = facts.take(order)
    last = {key: place for place, key in enumerate(facts["source_key"].to_pylist())}
    waiting = pa.concat_tables([member.unresolved for member in members])
    unresolved = waiting.group_by(waiting.column_names).aggregate([])
    return Mapped(
        members[0].table, facts.take(sorted(last.values())).drop_columns("arrival"), unresolved
    )


def _replay_snapshot(services: Services, setup: SourceSetup, plan: Plan, pull: KeptPull) -> Report:
    report = Report(setup.name, plan.name, "ok", pull_id=_pull_id(services.clock.now()))
    state = services.store.feed_state(setup.name, plan.name) or {}
    con = mapping.connect(services.landscape.zones)
    try:
        pages = [
            (page, records(setup.name, page, page_path(plan), plan.contract, plan.feed.dialect))
            for page in pull.pages()
        ]
        around = surroundings(services, setup, plan.feed)
        mapped: list[Mapped] = []
        refused: list[Reject] = []
        if pages:
            mapped, refused, _ = _mapped(con, pages, plan, around)
    except CollectError as error:
        report.outcome, report.error = error.outcome, str(error)
        return report
    finally:
        con.close()
    rejects = [reject for _, found in pages for reject in found.rejects] + refused
    if rejects:
        report.outcome = "refused"
        report.error = f"{len(rejects)} records are still rejects; first: {rejects[0].reason}"
        return report
    balance_at: datetime = state["snapshot_at"]
    lines = stamped(mapped, balance_at, plan.feed)
    report.landed = Landed(records=sum(found.count for _, found in pages), pages=len(pages))
    services.store.land(
        setup.name, plan.name, report.pull_id, lines, [], services.clock.now(), report.landed
    )
    services.store.accept_snapshot(
        setup.name, plan.name, report.pull_id, balance_at, report.landed.news, services.clock.now()
    )
    return report


def _pull_id(now: datetime) -> str:
    return f"{now:%Y%m%dT%H%M%S}{REPLAYED}{uuid.uuid4().hex[:8]}"
