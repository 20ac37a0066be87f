"""A shop floor that drops files says the same as one with a database, in both dialects."""

import csv
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from app.clock import SetClock
from app.demo.group import Group, Happening, Kind, simulate
from app.demo.systems.mes import Mes
from app.demo.systems.mes_files import FILES, MesFiles, landscape
from tests.collectors.conftest import plant

GROUP = Group(seed=7, days=2, plants=2)
DIALECTS = {"1000": "de", "2000": "us"}
COMPANY = """\
company: Group
currency: EUR
plants:
  "1000": {name: One, zone: Europe/Berlin}
  "2000": {name: Two, zone: America/Chicago}
"""
DATABASE = """\
pack: mes/sql
database: "file:../%(name)s.url"
plants: "%(code)s"
feeds:
  holds: off
  lot_links: off
  completions:
    statement: >
      SELECT event_id, order_no, op, item, qty_good, qty_scrap, qty_rework, uom, lot, equipment,
        ended_at, reverses, changed_at
      FROM v_completion
      WHERE :cursor IS NULL OR changed_at >= :cursor
  consumption:
    statement: >
      SELECT event_id, order_no, op, item, lot, qty, uom, location, at, reverses, changed_at
      FROM v_consumption
      WHERE :cursor IS NULL OR changed_at >= :cursor
  labour:
    statement: >
      SELECT event_id, order_no, op, minutes, equipment, at, reverses, changed_at
      FROM v_labour
      WHERE :cursor IS NULL OR changed_at >= :cursor
"""


def sources(folder, code):
    """The two ways into one plant: `sql...` and `files...`."""
    url = folder / f"sql{code}.url"
    url.touch(mode=0o600)
    url.write_text(f"sqlite:///{folder}/{code}.sqlite", "utf-8")
    block = DATABASE % {"name": f"sql{code}", "code": code}
    files = landscape(f"files{code}", code, folder / f"drop{code}", DIALECTS[code])
    return {f"sources/sql{code}.yml": block, **files}


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """Two days of two plants, each heard by a database and by files, and collected."""
    folder = tmp_path_factory.mktemp("floors")
    floors = [
        floor
        for code, dialect in DIALECTS.items()
        for floor in (
            Mes(GROUP, code, folder / f"{code}.sqlite"),
            MesFiles(GROUP, code, folder / f"drop{code}", dialect),
        )
    ]
    for happening in simulate(GROUP):
        for floor in floors:
            floor.hear(happening, happening.at + timedelta(seconds=90))
    for floor in floors:
        if isinstance(floor, MesFiles):
            floor.drop(GROUP.ends_at + timedelta(minutes=20))
        floor.close()
    written = {path: text for code in DIALECTS for path, text in sources(folder, code).items()}
    for path, text in written.items():
        (folder / "landscape" / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / "landscape" / path).write_text(text, "utf-8")
    clock = SetClock(GROUP.ends_at + timedelta(minutes=20), running=False)
    with plant(folder / "landscape", COMPANY, {}, clock) as opened:
        yield opened, opened.collect(), folder


def facts(told, way, table, columns):
    """The facts of one way in, the plants one after the other."""
    return told[0].rows(
        f"SELECT {columns} FROM {table} WHERE superseded_at IS NULL "
        f"AND source LIKE '{way}%' ORDER BY plant, source_key"
    )


@pytest.mark.parametrize(
    ("table", "columns"),
    [
        (
            "business_event",
            "source_key, kind, plant, location, item, lot, quantity, unit_source, occurred_at, "
            "time_basis, order_no, op_no, equipment, labor_minutes, is_reversal, reverses_key, "
            "correlation_id",
        ),
        ("order_state", "order_no, status, changed_at, plant, item, item_revision, quantity"),
        ("asset_state", "source_key, equipment, state, plant, started_at, ended_at, reason"),
    ],
)
def test_files_tell_what_the_database_tells(told, table, columns):
    by_file, by_query = (facts(told, way, table, columns) for way in ("files", "sql"))
    assert by_file == by_query
    assert {row["plant"] for row in by_file} == set(DIALECTS)


def test_nothing_is_rejected_and_every_kind_of_event_is_among_it(told):
    opened, reports, _ = told
    assert opened.rejects() == []
    assert sum(report.landed.left_out for report in reports.values()) == 0
    events = facts(told, "files", "business_event", "kind, is_reversal, quantity")
    assert {row["kind"] for row in events} == {
        "op_complete", "scrap", "rework", "goods_issue", "labor",
    }  # fmt: skip
    assert len(events) > 1500
    assert any(row["is_reversal"] for row in events)


def test_a_file_comes_every_hour_and_the_last_one_by_hand(told):
    _, _, folder = told
    names = sorted(path.name for path in (folder / "drop1000").glob("completions*"))
    hours = (GROUP.ends_at - GROUP.starts_at) // timedelta(hours=1)
    assert len(names) == hours + 1
    newest = folder / "drop1000" / names[-1]
    assert newest.stat().st_mtime == (GROUP.ends_at + timedelta(minutes=20)).timestamp()
    assert list((folder / "drop1000").glob("*.part")) == []


# Files by themselves ------------------------------------------------------------------------------

AT = datetime(2026, 10, 1, 6, 10, tzinfo=UTC)


def completion(no, at, quantity="1250.5", **more):
    """A yield of a piece that is counted in plant 1000."""
    return Happening(
        no, at, "1000", Kind.OPERATION_COMPLETED, item="0000500001", quantity=Decimal(quantity),
        unit="KG", order_no="000010000001", operation="0010", equipment="M;1", **more,
    )  # fmt: skip


def read(folder, name, encoding, delimiter):
    """The rows of the one file a pattern finds."""
    (path,) = folder.glob(name)
    with path.open(encoding=encoding, newline="") as file:
        return list(csv.DictReader(file, delimiter=delimiter))


@pytest.fixture
def floor(tmp_path, request):
    """A shop floor whose files lie in `tmp_path`, with the hours before the test swept away."""
    floor = MesFiles(GROUP, "1000", tmp_path, request.param)
    floor.drop(AT)
    for path in tmp_path.iterdir():
        path.unlink()
    return floor


@pytest.mark.parametrize("floor", ["de"], indirect=True)
def test_the_german_dialect_has_decimal_commas_points_and_the_clock_on_the_wall(floor, tmp_path):
    floor.hear(completion(1, AT), AT + timedelta(minutes=1))
    floor.drop(AT + timedelta(minutes=2))
    text = (tmp_path / "completions_20261001061200.csv").read_text("cp1252")
    assert '"M;1"' in text
    (row,) = read(tmp_path, "completions*", "cp1252", ";")
    assert (row["Gutmenge"], row["Ausschuss"]) == ("1.250,5", "")
    assert (row["Ende"], row["Stand"]) == ("01.10.2026 08:10:00", "01.10.2026 08:11:00")
    floor.hear(Happening(2, AT, "1000", Kind.DOWNTIME_STARTED, equipment="M1"))
    floor.drop(AT + timedelta(minutes=3))
    (stop,) = read(tmp_path, "downtimes_20261001061300*", "cp1252", ";")
    assert (stop["Zustand"], stop["Ende"]) == ("Störung", "")


@pytest.mark.parametrize("floor", ["us"], indirect=True)
def test_the_us_dialect_has_points_and_iso_times(floor, tmp_path):
    floor.hear(completion(1, AT), AT + timedelta(minutes=1))
    floor.drop(AT + timedelta(minutes=2))
    (row,) = read(tmp_path, "completions*", "utf-8", ",")
    assert (row["qty_good"], row["ended_at"]) == ("1250.5", "2026-10-01T08:10:00")
    assert row["changed_at"] == "2026-10-01T06:11:00Z"


@pytest.mark.parametrize("floor", ["us"], indirect=True)
def test_a_file_of_each_list_appears_with_the_first_thing_after_a_full_hour(floor, tmp_path):
    floor.hear(completion(1, AT), AT + timedelta(minutes=1))
    assert list(tmp_path.iterdir()) == []
    floor.hear(completion(2, AT + timedelta(hours=1)))
    full = AT.replace(hour=7, minute=0)
    assert {path.name: path.stat().st_mtime for path in tmp_path.iterdir()} == {
        f"{name}_20261001070000.csv": full.timestamp() for name in FILES.values()
    }
    assert len(read(tmp_path, "completions*", "utf-8", ",")) == 1
    assert read(tmp_path, "downtimes*", "utf-8", ",") == []


@pytest.mark.parametrize("floor", ["us"], indirect=True)
def test_a_second_drop_in_the_same_second_loses_nothing(floor, tmp_path):
    for no in (1, 2):
        floor.hear(completion(no, AT))
        floor.drop(AT)
    assert len(read(tmp_path, "completions*", "utf-8", ",")) == 2


def test_the_hour_that_comes_twice_does_not_turn_versions_around(tmp_path):
    """The clock on the wall says 02:40 when the order is released, 02:10 when it is changed."""
    group = Group(start=date(2026, 10, 25), days=1, plants=1)
    floor = MesFiles(group, "1000", tmp_path / "drop", "de")
    for no, (kind, minute, quantity) in enumerate(
        [(Kind.ORDER_RELEASED, 40, 5), (Kind.ORDER_CHANGED, 70, 1234)], 1
    ):
        at = datetime(2026, 10, 25, tzinfo=UTC) + timedelta(minutes=minute)
        told = {"item": "7", "quantity": Decimal(quantity), "unit": "KG", "order_no": "1"}
        floor.hear(Happening(no, at, "1000", kind, **told))
    floor.hear(completion(3, datetime(2026, 10, 25, 0, 50, tzinfo=UTC)))
    floor.drop(group.ends_at)
    for path, text in landscape("mes", "1000", tmp_path / "drop", "de").items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text, "utf-8")
    with plant(tmp_path, COMPANY, {}, SetClock(group.ends_at, running=False)) as opened:
        opened.collect()
        assert opened.facts("order_state", "order_no, quantity") == [
            {"order_no": "1", "quantity": 1234}
        ]
        (event,) = opened.facts("business_event", "occurred_at, time_basis")
        assert event["occurred_at"] == datetime(2026, 10, 25, 0, 50, tzinfo=UTC)
        assert event["time_basis"] == "ambiguous"
