"""A group's facts as Parquet: what its systems tell, exactly, once, and the same for a seed."""

from collections import Counter
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner

from app.demo.folder import FolderError
from app.demo.group import Group, Kind
from app.demo.lake import FaultsError, Wish, write
from app.demo.lake.__main__ import lake
from app.demo.lake.division import divisions
from app.demo.lake.writing import write_division
from app.store.schema import tables

GROUP = Group(seed=7, plants=1, days=1)
EVENTS = "business_event"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The facts of a small group."""
    target = tmp_path_factory.mktemp("lake")
    write_division(divisions(GROUP)[0], target)
    return target


def asked(folder, sql):
    with duckdb.connect() as con:
        con.execute("SET TimeZone = 'UTC'")
        for table in (folder / "facts").iterdir():
            con.execute(f"CREATE VIEW {table.name} AS FROM read_parquet('{table}/*.parquet')")
        return con.sql(sql).fetchall()


def contents(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.glob("facts/*/*")}


def test_every_system_tells_what_it_was_told(folder):
    truth = Counter(h.kind for h in divisions(GROUP)[0].history() if h.quantity or h.minutes)
    told = asked(folder, f"SELECT source, kind, count(*) FROM {EVENTS} GROUP BY ALL")
    found = Counter({(source[:3], kind): count for source, kind, count in told})
    made = truth[Kind.OPERATION_COMPLETED]
    assert found["mes", "op_complete"] == found["erp", "op_complete"] == made
    issued = truth[Kind.COMPONENT_ISSUED] + truth[Kind.COMPONENT_RETURNED]
    assert found["mes", "goods_issue"] == issued
    assert found["mes", "labor"] == found["erp", "labor"] == truth[Kind.LABOUR_BOOKED]
    shipped = truth[Kind.DELIVERY_SHIPPED]
    assert found["wms", "ship_confirm"] == found["erp", "ship_confirm"] == shipped
    received = (Kind.FINISHED_RECEIVED, Kind.PURCHASE_RECEIVED, Kind.SPARE_RECEIVED)
    came = sum(truth[kind] for kind in received)
    assert found["wms", "receipt"] == came
    assert found["erp", "receipt"] + found["erp", "fg_receipt"] == came


def test_quantities_are_exact_and_in_the_shape_of_the_store(folder):
    truth = sum(
        h.quantity for h in divisions(GROUP)[0].history() if h.kind is Kind.COMPONENT_ISSUED
    )
    ((total, kind),) = asked(
        folder,
        f"SELECT sum(quantity), any_value(typeof(quantity)) FROM {EVENTS} "
        "WHERE source = 'erp1000' AND sub_kind IN ('261', '262') AND order_kind = 'production' "
        "AND kind = 'goods_issue'",
    )
    assert kind == "DECIMAL(38,9)"
    back = sum(
        h.quantity for h in divisions(GROUP)[0].history() if h.kind is Kind.COMPONENT_RETURNED
    )
    assert total == Decimal(back) - truth
    for path in (folder / "facts").iterdir():
        columns = asked(folder, f"DESCRIBE {path.name}")
        stored = [(column.name, column.type) for column in tables()[path.name].columns]
        assert [(name, kind) for name, kind, *_ in columns] == stored


def test_no_fact_is_there_twice(folder):
    for path in (folder / "facts").iterdir():
        more = ", snapshot_id" if path.name == "stock_balance" else ""
        identity = f"source, feed, source_key, source_revision{more}"
        counts = f"count(*), count(DISTINCT ({identity})), count(DISTINCT fact_no)"
        ((facts, named, numbered),) = asked(folder, f"SELECT {counts} FROM {path.name}")
        assert facts == named == numbered > 0


@pytest.mark.slow
def test_the_same_wish_gives_the_same_bytes(folder, tmp_path):
    write_division(divisions(GROUP)[0], tmp_path)
    assert contents(tmp_path) == contents(folder)


def test_divisions_share_nothing_and_are_supplied_by_themselves():
    first, second = divisions(Group(plants=5, days=1))
    assert [site.code for site in first.sites] == ["1000", "2000", "3000"]
    assert [(site.code, site.supplied_by) for site in second.sites] == [
        ("4000", "5000"),
        ("5000", "4000"),
    ]
    told = [next(part.history()).no for part in (first, second)]
    assert told == [1, second.base + 1]


@pytest.mark.slow
def test_faults_come_with_their_truth(tmp_path):
    plan = tmp_path / "plan.yml"
    plan.write_text("faults:\n  - {mode: A1, count: 1}\n", "utf-8")
    write_division(divisions(GROUP)[0], tmp_path, str(plan))
    header, *rows = (tmp_path / "truth.csv").read_text("utf-8").splitlines()
    place = header.split(",").index("source_key")
    missing = next(row for row in rows if ",A1," in row).split(",")[place]
    there = asked(tmp_path, f"SELECT source FROM {EVENTS} WHERE source_key = '{missing}'")
    assert there == [("mes1000",)]


def test_a_folder_belongs_to_one_workload(tmp_path):
    (tmp_path / "demo.txt").write_text("lake --seed 8\n", "utf-8")
    with pytest.raises(FolderError, match="--seed 8"):
        write(Wish(GROUP), tmp_path)


def test_faults_in_a_group_too_large_are_refused_in_words(tmp_path):
    with pytest.raises(FaultsError, match="3 plants at most"):
        write(Wish(Group(plants=4, days=1), "all"), tmp_path)
    asked = ["--plants", "4", "--faults", "all", "--to", str(tmp_path / "new")]
    said = CliRunner().invoke(lake, asked)
    assert said.exit_code == 1
    assert said.output.startswith("Error: faults are planted into 3 plants at most")
    assert not Path(tmp_path / "new").exists()
