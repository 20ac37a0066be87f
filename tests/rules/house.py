"""A house of five systems that drop JSON lines, and one shipped rule that is run over them.

Records are dicts of canonical columns and `source`; `at` is the business time, as `08:00` on the
day of the tests (UTC) or as `2026-11-03 08:00`. A record is dropped at the first run at or after
that time, or after `known`. Everything goes through real files, the real store and real jobs.

Cases of a rule live side by side in one house, each with keys of its own that begin with its tag,
so that a house is played once for all of them: no case may disturb another.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from itertools import chain
from pathlib import Path
from typing import Any

from app.clock import SetClock
from app.jobs import collect, reconcile
from app.landscape.load import LoadedRule
from app.plain import plain
from app.services import Services, opened
from app.store.exceptions import broken_audit
from app.store.reading import Wanted
from app.triage.lifecycle import STANDING

Record = dict[str, Any]
DAY = "2026-11-02"
_EVENTS = """\
  events:
    files: events*.ndjson
    format: ndjson
    into: business_event
    contract:
      {source_key: text, kind: text, state: text?, is_reversal: boolean?, reverses_key: text?,
       at: instant?, posting_on: text?, order_kind: text?, order_no: text?, op_no: text?,
       item: text?, lot: text?, location: text?, document_no: text?, correlation_id: text?,
       partner: text?, stock_status: text?, quantity: number?, unit: text?,
       labor_minutes: number?}
"""
_STOCK = """\
  stock:
    files: stock.ndjson
    format: ndjson
    into: stock_balance
    snapshot: {at: "instant(\\"at\\", 'UTC')"}
    contract:
      {item: text, lot: text?, location: text?, stock_status: text?, quantity: number, unit: text?,
       at: instant}
"""
_ORDERS = """\
  orders:
    files: orders*.ndjson
    format: ndjson
    into: order_state
    contract:
      {source_key: text?, order_no: text, status: text, item: text?, item_revision: text?,
       quantity: number?, unit: text?, at: instant}
"""
_HOLDS = """\
  holds:
    files: holds*.ndjson
    format: ndjson
    into: quality_disposition
    contract:
      {source_key: text, kind: text, status: text?, event_key: text?, item: text?, lot: text?,
       quantity: number?, quantity_free: number?, unit: text?, at: instant, ended_at: instant?}
"""
_MESSAGES = """\
  messages:
    files: messages*.ndjson
    format: ndjson
    into: message_hop
    contract:
      {source_key: text, status: text, channel: text?, at: instant?, entered_at: instant?,
       business_kind: text?, order_no: text?, item: text?, lot: text?, document_no: text?,
       correlation_id: text?, quantity: number?, unit: text?, error_text: text?,
       stuck_reason: text?}
"""
_FAILED = """\
  failed:
    files: failed.ndjson
    format: ndjson
    into: message_hop
    sweep: 0 minutes
    drains: true
    contract:
      {source_key: text, status: text, channel: text, at: instant, business_kind: text, plant: text,
       order_no: text?, item: text?, lot: text?, correlation_id: text?, quantity: number?,
       unit: text?, error_text: text?}
"""
_CHANNELS = """\
  channels:
    files: channels*.ndjson
    format: ndjson
    into: channel_depth
    contract:
      {channel: text, channel_role: text?, at: instant, ready: integer, in_flight: integer?,
       consumers: integer, idle_since: instant?, oldest_at: instant?, refused: integer?}
"""
_LINES = """\
  lines:
    files: lines*.ndjson
    format: ndjson
    into: order_line
    contract: {source_key: text, order_no: text, op_no: text, at: instant}
"""
_STOPS = """\
  stops:
    files: stops*.ndjson
    format: ndjson
    into: asset_state
    contract:
      {source_key: text, equipment: text, state: text?, at: instant, ended_at: instant?,
       maintenance_order_no: text?, reason: text?}
"""
_REPAIRS = """\
  repairs:
    files: repairs*.ndjson
    format: ndjson
    into: order_state
    contract: {source_key: text, order_no: text, status: text, at: instant}
"""
_ITEMS = """\
  items:
    files: items*.ndjson
    format: ndjson
    into: master_record
    contract:
      {item: text, name: text?, unit: text?, lot_controlled: boolean?, active: boolean?,
       shelf_life_days: integer?, gtin: text?, at: instant, gone: text?}
"""
_ENTRIES = """\
  entries:
    files: entries*.ndjson
    format: ndjson
    into: ledger_entry
    contract:
      {source_key: text, account: text, account_kind: text, document_no: text, order_no: text?,
       order_line: text?, item: text?, amount: number, currency: text?, posting_on: text?,
       at: instant}
"""
_PERIODS = """\
  periods:
    files: periods*.ndjson
    format: ndjson
    into: fiscal_period
    contract:
      {period: text, ledger: text?, starts_on: text, ends_on: text, closed_at: instant?,
       at: instant}
"""
_MAPPINGS = {
    "items": """\
-- What is known of an item.
SELECT item AS source_key, instant("at", 'UTC') AS revised_at, gone IS NOT NULL AS is_deleted,
    'item' AS object, item AS key, name, active AS is_active, instant("at", 'UTC') AS changed_at,
    json_object('lot_controlled', lot_controlled, 'shelf_life_days', shelf_life_days,
        'gtin', gtin) AS attributes,
    item, 1 AS quantity_source, coalesce(unit, 'EA') AS unit_source
FROM page
""",
    "events": """\
-- What took place.
SELECT source_key, kind, coalesce(state, 'posted') AS state,
    coalesce(is_reversal, false) AS is_reversal, reverses_key,
    instant("at", 'UTC') AS occurred_at, date_of(posting_on) AS posting_on,
    order_kind, order_no, op_no, item, lot, location, document_no, correlation_id, partner,
    stock_status,
    exact(quantity) AS quantity_source,
    coalesce(unit, 'EA') AS unit_source, exact(labor_minutes) AS labor_minutes
FROM page
""",
    "stock": """\
-- What is where.
SELECT concat_ws('/', item, lot, location, stock_status) AS source_key, item, lot, location,
    coalesce(stock_status, 'free') AS stock_status, exact(quantity) AS quantity_source,
    coalesce(unit, 'EA') AS unit_source
FROM page
""",
    "orders": """\
-- Where an order stands.
SELECT coalesce(source_key, order_no) AS source_key, 'production' AS order_kind, order_no, status,
    item, item_revision, exact(quantity) AS quantity_source,
    CASE WHEN quantity IS NULL THEN NULL ELSE coalesce(unit, 'EA') END AS unit_source,
    instant("at", 'UTC') AS changed_at, instant("at", 'UTC') AS revised_at
FROM page
""",
    "holds": """\
-- What quality decided.
SELECT source_key, kind, coalesce(status, 'decided') AS status, event_key, item, lot,
    exact(quantity) AS quantity_source, exact(quantity_free) AS quantity_free,
    CASE WHEN quantity IS NULL THEN NULL ELSE coalesce(unit, 'EA') END AS unit_source,
    instant("at", 'UTC') AS changed_at, instant("at", 'UTC') AS revised_at,
    instant("at", 'UTC') AS effective_at, instant(ended_at, 'UTC') AS ended_at
FROM page
""",
    "lines": """\
-- What is to be done.
SELECT source_key, 'production' AS order_kind, order_no, 'operation' AS line_kind,
    op_no AS line_no, op_no
FROM page
""",
    "messages": """\
-- What is on its way.
SELECT source_key, status, channel, instant("at", 'UTC') AS occurred_at,
    instant(entered_at, 'UTC') AS started_at, business_kind, order_no, item, lot, document_no,
    correlation_id, exact(quantity) AS quantity_source,
    CASE WHEN quantity IS NULL THEN NULL ELSE coalesce(unit, 'EA') END AS unit_source, error_text,
    stuck_reason
FROM page
""",
    "entries": """\
-- What the ledger says.
SELECT source_key, 'C1' AS company, account, account_kind, document_no, '2026' AS fiscal_year,
    order_no, order_line, item, exact(amount) AS amount, coalesce(currency, 'EUR') AS currency,
    coalesce(date_of(posting_on), CAST(instant("at", 'UTC') AS DATE)) AS posting_on,
    instant("at", 'UTC') AS recorded_at
FROM page
""",
    "periods": """\
-- What is closed.
SELECT concat_ws('/', ledger, period) AS source_key, 'C1' AS company,
    coalesce(ledger, 'gl') AS ledger, period,
    date_of(starts_on) AS starts_on, date_of(ends_on) AS ends_on,
    instant(closed_at, 'UTC') AS closed_at
FROM page
""",
    "stops": """\
-- What stood.
SELECT source_key, equipment, coalesce(state, 'down') AS state, instant("at", 'UTC') AS started_at,
    instant(ended_at, 'UTC') AS ended_at, maintenance_order_no, reason
FROM page
""",
    "repairs": """\
-- What is repaired.
SELECT source_key, 'maintenance' AS order_kind, order_no, status,
    instant("at", 'UTC') AS changed_at, instant("at", 'UTC') AS revised_at
FROM page
""",
    "failed": """\
-- What could not be posted.
SELECT source_key, status, channel, instant("at", 'UTC') AS started_at, business_kind, plant,
    order_no, item, lot, correlation_id, exact(quantity) AS quantity_source,
    coalesce(unit, 'EA') AS unit_source, error_text
FROM page
""",
    "channels": """\
-- How much waits.
SELECT channel AS source_key, channel, coalesce(channel_role, 'main') AS channel_role,
    instant("at", 'UTC') AS sampled_at, ready, in_flight, consumers,
    instant(idle_since, 'UTC') AS idle_since, instant(oldest_at, 'UTC') AS oldest_at,
    refused AS refused_last_hour
FROM page
""",
}
WHOLE = ("stock", "failed")  # one file, whole each time
_FEEDS = {
    "mes": {
        "events": _EVENTS,
        "orders": _ORDERS,
        "holds": _HOLDS,
        "stops": _STOPS,
        "items": _ITEMS,
    },
    "erp": {
        "events": _EVENTS,
        "orders": _ORDERS,
        "lines": _LINES,
        "stock": _STOCK,
        "holds": _HOLDS,
        "failed": _FAILED,
        "items": _ITEMS,
        "entries": _ENTRIES,
        "periods": _PERIODS,
    },
    "wms": {"events": _EVENTS, "stock": _STOCK, "items": _ITEMS},
    "supplier": {"events": _EVENTS},
    "cmms": {"events": _EVENTS, "stops": _STOPS, "repairs": _REPAIRS},
    "qms": {"holds": _HOLDS},
    "middleware": {"messages": _MESSAGES, "channels": _CHANNELS},
}


def write_house(folder: Path) -> Path:
    """The landscape with every shipped rule; every list is empty yet.

    Item A costs 12.5 EUR, and so do M1 to M19, for rules that need an item a case.
    """
    files = {
        "tieout.yml": "company: House\ncurrency: EUR\nplants:\n  P1: {name: One, zone: UTC}\n"
        "store: {folder: var}\n",
        "item_cost.csv": "item,unit_cost,currency\n"
        + "".join(f"{item},12.5,EUR\n" for item in ("A", *(f"M{no}" for no in range(1, 20)))),
    }
    for source, feeds in _FEEDS.items():
        head = f"system: {source}\nrole: {source}\ntransport: files\n"
        files[f"sources/{source}.yml"] = (
            f"# What the {source} tells.\n{head}folder: drop/{source}\nplants: P1\nfeeds:\n"
            + "".join(feeds.values())
        )
        for feed in feeds:
            files[f"mappings/{source}.{feed}.sql"] = _MAPPINGS[feed]
            if feed not in WHOLE:
                files[f"drop/{source}/{feed}000.ndjson"] = ""
    files["drop/erp/failed.ndjson"] = ""
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, "utf-8")
    return folder


@dataclass(frozen=True)
class Case:
    """What happens around one business fact, and what the rule says of it.

    `becomes`: from a run on, the exception that stands (the named fields of `told`), None: none.
    `history`: what the audit tells of the exception at the end.
    """

    says: str
    tag: str
    facts: tuple[Record, ...]
    becomes: Mapping[str, Record | None] = field(default_factory=dict)
    history: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.says

    def course(self, runs: Sequence[str]) -> Record:
        """What stands after each run, and the history at the end."""
        assert set(self.becomes) <= set(runs), "a case is about the runs there are"
        course: Record = {}
        standing: Record | None = None
        for when in runs:
            standing = self.becomes.get(when, standing)
            course[when] = [] if standing is None else [standing]
        return {**course, "history": list(self.history)}


@dataclass(repr=False)
class Played:
    """What stood after each run, and how it was at the end; `again`: after one more run."""

    runs: dict[str, list[Record]]
    reports: list[reconcile.Report]
    again: reconcile.Report
    known: list[Record]
    known_again: list[Record]
    histories: Mapping[str, list[str]]
    differences: list[str]
    broken_audit: Sequence[int]

    def course(self, case: Case) -> Record:
        """How a case came out, of each exception the fields the case names at that run."""
        wanted: Record | None = None
        course: Record = {}
        for when, rows in self.runs.items():
            wanted = case.becomes.get(when, wanted)
            mine = [row for row in rows if _is_of(row, case.tag)]
            course[when] = [{name: row[name] for name in wanted or row} for row in mine]
        return {**course, "history": self.histories[case.tag]}

    def order(self) -> Record:
        """What must be so whatever the cases: see `IN_ORDER`."""
        return {
            "not evaluated": [report.reason for report in self.reports if report.reason],
            "changed by one more run": {**self.again.changes},
            "known after one more run": self.known_again == self.known,
            "held but not the answer from all facts": self.differences,
            "broken audit": list(self.broken_audit),
        }


IN_ORDER = {
    "not evaluated": [],
    "changed by one more run": {},
    "known after one more run": True,
    "held but not the answer from all facts": [],
    "broken audit": [],
}


def play(folder: Path, rule: str, cases: Sequence[Case], runs: Sequence[str]) -> Played:
    """Let all cases happen in one house and run the rule at each of the times."""
    tags = [case.tag for case in cases]
    assert len(tags) == len(set(tags)), "every case has a tag of its own"
    with inhabited(write_house(folder), rule) as house:
        waiting = [fact for case in cases for fact in case.facts]
        seen, reports = {}, []
        for when in runs:
            due = [fact for fact in waiting if _shows(fact) <= instant(when)]
            waiting = [fact for fact in waiting if _shows(fact) > instant(when)]
            house.land(*due)
            seen[when] = house.run(when)
            reports.append(house.report)
        assert waiting == [], "every fact is seen by some run"
        known = house.known()
        house.run(runs[-1])
        rows = {case.tag: [row for row in known if _is_of(row, case.tag)] for case in cases}
        assert sum(map(len, rows.values())) == len(known), "every exception is of one case"
        histories = {
            tag: [action for row in mine for action in house.history(row["id"])]
            for tag, mine in rows.items()
        }
        return Played(
            seen, reports, house.report, known, house.known(), histories,
            reconcile.differences(house.services, house.loaded),
            broken_audit(house.services.store.sql),
        )  # fmt: skip


@dataclass
class House:
    """The house while its worker is there; `report` is how the last run of its rule went."""

    services: Services
    clock: SetClock
    rule: str
    report: reconcile.Report = field(default_factory=lambda: reconcile.Report("", ""))
    dropped: int = 0
    failed: dict[str, Record] = field(default_factory=dict)

    @property
    def loaded(self) -> LoadedRule:
        """The rule."""
        return self.services.landscape.rules[self.rule]

    def land(self, *records: Record) -> None:
        """Drop the records of each source and feed as a file; they are read at the next run.

        The list of failed postings keeps what was dropped until a record with `gone` comes.
        """
        if failed := [record for record in records if record.get("feed") == "failed"]:
            self.failed |= {record["source_key"]: record for record in failed}
            listed = [record for record in self.failed.values() if "gone" not in record]
            records = (*(one for one in records if one not in failed), *listed)
            (self.services.landscape.folder / "drop/erp/failed.ndjson").write_text("", "utf-8")
        files: dict[tuple[str, str], list[Record]] = {}
        for record in records:
            place = (record["source"], record.get("feed", "events"))
            files.setdefault(place, []).append(record)
        self.dropped += 1
        for (source, feed), members in files.items():
            # other files are read once
            name = feed if feed in WHOLE else f"{feed}{self.dropped:03}"
            path = self.services.landscape.folder / "drop" / source / f"{name}.ndjson"
            path.write_text("".join(f"{json.dumps(_wire(one))}\n" for one in members), "utf-8")

    def collect(self, when: str, *, silent: Sequence[str] = ()) -> None:
        """Set the clock and collect what the rule reads, but for silent sources or feeds."""
        self.clock.set(instant(when))
        tables = {use.side.table for use in self.loaded.uses.values()}
        landscape = self.services.landscape
        pairing = landscape.pairing(self.loaded)
        assert pairing, "somebody speaks for each side"
        for name in dict.fromkeys(chain.from_iterable(pairing.sources.values())):
            feeds = {
                plan.name
                for plan in landscape.sources[name].plans
                if tables & set(plan.feed.into) and not {name, plan.label} & set(silent)
            }
            if feeds:
                for report in collect.collect(self.services, {name: feeds}):
                    assert report.outcome == "ok", report.error

    def run(self, when: str, *, silent: Sequence[str] = ()) -> list[Record]:
        """Collect, run the rule; return what stands then."""
        self.collect(when, silent=silent)
        [self.report] = reconcile.reconcile(self.services, [self.rule])
        return self.known(STANDING)

    def known(self, states: Sequence[str] = ()) -> list[Record]:
        """The exceptions of the rule as `told` shows them, by default resolved ones too."""
        wanted = Wanted(states=states, rules=[self.rule])
        return [told(row) for row in self.services.reader.exceptions(wanted)]

    def history(self, name: str) -> list[str]:
        """What happened to an exception, oldest first."""
        entries = self.services.reader.history("exception", name)
        return [entry["action"] for entry in entries]


def told(row: Record) -> Record:
    """What a reader sees of an exception: words, who and how bad, both sides, quantities, times."""
    quantities = (row["quantity_expected"], row["quantity_observed"], row["variance"])
    sides = row["evidence"]["sides"]
    return {
        "id": row["id"],
        "code": row["code"],
        "also": row["also"],
        "title": row["title"],
        "key": row["key"],
        **{role: [fact["source_key"] for fact in sides.get(role, [])]
           for role in ("expected", "observed", "carried")},
        "quantities": tuple(plain(value) for value in quantities),
        "value": None if row["value"] is None else f"{row['value']:.2f} {row['currency']}",
        "owner": row["owner"],
        "severity": row["severity"],
        "cause": row["cause"],
        "explained": {part["cause"]: part["quantity"] for part in row["explained"]},
        "explained_value": plain(sum(Decimal(part["value"] or 0) for part in row["explained"])),
        "unexplained": plain(row["unexplained"]),
        "due": f"{row['due_at']:%Y-%m-%d %H:%M}",
        "state": row["state"],
    }  # fmt: skip


def instant(text: str) -> datetime:
    """`08:00` or `08:29:59` on the day of the tests, or with a date before it; UTC."""
    day, _, clock = text.rpartition(" ")
    return datetime.fromisoformat(f"{day or DAY}T{clock}+00:00")


def _shows(fact: Record) -> datetime:
    return instant(fact.get("known") or fact.get("gone") or fact["at"])


def _is_of(row: Record, tag: str) -> bool:
    keys = [*row["expected"], *row["observed"]]
    return any(key == tag or key.startswith(f"{tag}-") or f"/{tag}/" in key for key in keys)


def _wire(record: Record) -> Record:
    sent = {}
    for name, value in record.items():
        if value is None:
            sent[name] = None
        elif name in ("at", "ended_at", "entered_at", "idle_since", "oldest_at"):
            sent[name] = instant(value).isoformat()
        elif name not in ("source", "feed", "known"):
            sent[name] = str(value) if name == "quantity" else value
    return sent


@contextmanager
def inhabited(folder: Path, rule: str) -> Iterator[House]:
    """The house opened by its only worker, with one rule to run."""
    clock = SetClock(instant("2026-10-01 00:00"), running=False)
    with opened(folder, clock=clock) as services:
        [report] = collect.collect(services, {"landscape": None})
        assert report.outcome == "ok", report.error
        yield House(services, clock, rule)
