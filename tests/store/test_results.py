"""What the rules worked out lies in the lake, and any engine can read it."""

from collections.abc import Iterable
from pathlib import Path

import duckdb
import pytest
from deltalake import DeltaTable

from app.clock import SetClock
from app.jobs import reconcile, results
from app.jobs.rebuild import rebuild
from app.store.lake import Lake
from tests.works import BOOKED, NOON, drop, made, minutes, work, working

# What holds now, as an analyst would ask for it.
NEWEST = """
WITH edition AS (SELECT rule, max(edition) AS edition FROM run GROUP BY rule),
valid AS (
    SELECT run.publication, run.rule, published_no FROM run JOIN edition USING (rule, edition)
)
SELECT told.* FROM {table} AS told JOIN valid USING (publication, rule)
QUALIFY row_number() OVER (PARTITION BY {key} ORDER BY published_no DESC) = 1
"""


def read(folder: Path, sql: str) -> list[tuple]:
    """Rows of a query over the results, by an engine that knows nothing of tieout."""
    with duckdb.connect() as con:
        for table in ("run", "match", "finding", "explanation"):
            path = folder / "var" / "lake" / "results" / table
            files = DeltaTable(path).file_uris() if path.exists() else []
            if files:
                con.execute(f"CREATE VIEW {table} AS SELECT * FROM read_parquet({files!r})")
        return con.execute(sql).fetchall()


def standing(folder: Path) -> list[tuple]:
    """Findings that stand: code, subject, variance."""
    newest = NEWEST.format(table="finding", key="rule, subject")
    sql = f"SELECT code, subject, variance::VARCHAR FROM ({newest}) WHERE is_standing ORDER BY ALL"
    return read(folder, sql)


def verdicts(folder: Path) -> list[tuple]:
    """What became of each fact."""
    newest = NEWEST.format(table="match", key="rule, fact_no")
    return read(folder, f"SELECT fact_no, verdict FROM ({newest}) ORDER BY ALL")


def versions(folder: Path) -> dict[str, int]:
    """Latest version of each table of results."""
    lake = Lake(folder / "var" / "lake")
    return {name: lake.results_version(name) for name in ("run", "match", "finding", "explanation")}


@pytest.fixture
def works(worked):
    return worked


def held(services) -> Iterable[tuple]:
    """Findings the match state holds, as `standing` tells them."""
    for name in services.landscape.rules:
        number = services.store.findings.rule(name)["rule_no"]
        wanted = "code, subject, variance::VARCHAR AS variance"
        sql = f"SELECT {wanted} FROM r{number}_finding WHERE is_standing"
        yield from (tuple(row.values()) for row in services.store.state.rows(sql))


def test_findings_matches_and_explanations_of_a_run_can_be_read_by_any_engine(works):
    with working(works) as services:
        assert results.publish(services) == 2
        assert standing(works) == sorted(held(services))
    assert standing(works) == [
        ("balance_variance", "stock/P1/A/L1", "-2.000000001"),
        ("missing_posting", "expected/mes/moves/2", "-5.000000000"),
        ("orphan_posting", "observed/erp/moves/b", "5.000000000"),
    ]
    assert [verdict for _, verdict in verdicts(works)].count("matched") == 2
    parts = read(works, "SELECT role, of_table FROM explanation WHERE subject LIKE 'expected%'")
    assert parts == [("expected", "business_event")]
    runs = read(works, "SELECT rule, outcome, findings FROM run ORDER BY rule")
    assert runs == [("inventory/same_stock", "drifted", 1), ("production/booked", "drifted", 2)]


def test_a_match_leads_to_the_facts_it_joined(works):
    with working(works) as services:
        results.publish(services)
    facts = DeltaTable(works / "var/lake/facts/business_event").file_uris()
    sql = f"""
        SELECT fact.source, fact.source_key
        FROM match JOIN read_parquet({facts!r}) AS fact USING (fact_no)
        WHERE verdict = 'matched' ORDER BY ALL
    """
    assert read(works, sql) == [("erp", "a"), ("mes", "1")]


def test_a_run_that_changes_nothing_publishes_nothing(works):
    with working(works) as services:
        results.publish(services)
        before = versions(works)
        work(services)
        assert results.publish(services) == 0
    assert versions(works) == before


def test_a_later_run_adds_only_what_changed(works):
    with working(works) as services:
        results.publish(services)
        drop(works, "erp", [made("c", "O2", 5, NOON - minutes(20))], "moves2")
        work(services)
        assert results.publish(services) == 1
        assert standing(works) == sorted(held(services))
    assert [code for code, _, _ in standing(works)] == ["balance_variance", "orphan_posting"]
    newest = "SELECT arg_max(publication, published_no) FROM run"
    added = read(works, f"SELECT count(*) FROM finding WHERE publication = ({newest})")
    assert added == [(1,)]


def test_what_a_crash_left_half_published_is_not_seen_and_published_again(works, monkeypatch):
    publish = Lake.publish

    def dies(self, table, rows, marks=None):
        if table == "run":
            raise KeyboardInterrupt
        return publish(self, table, rows, marks)

    with working(works) as services:
        monkeypatch.setattr(Lake, "publish", dies)
        with pytest.raises(KeyboardInterrupt):
            results.publish(services)
        monkeypatch.setattr(Lake, "publish", publish)
    assert versions(works)["run"] == -1
    with working(works) as services:
        assert results.publish(services) == 2
        assert standing(works) == sorted(held(services))


def test_what_was_published_but_not_noted_before_a_crash_is_not_published_twice(works):
    with working(works) as services:
        results.publish(services)
        drop(works, "erp", [made("c", "O2", 5, NOON - minutes(20))], "moves2")
        work(services)
        noted = services.store.state.rows("SELECT * FROM published ORDER BY rule")
        results.publish(services)
        before = versions(works)
        with services.store.state.transaction() as con:
            con.execute("DELETE FROM published")
            con.executemany(
                "INSERT INTO published VALUES (?, ?, ?, ?)", [list(row.values()) for row in noted]
            )
        assert results.publish(services) == 0
        assert versions(works) == before
        assert services.store.state.rows("SELECT * FROM published ORDER BY rule") != noted


def test_results_after_a_rebuild_are_those_of_the_new_match_state(works):
    with working(works) as services:
        results.publish(services)
    before = standing(works)
    rebuild(works, clock=SetClock(NOON, running=False))
    assert standing(works) == before
    assert read(
        works, "SELECT count(DISTINCT edition) FROM run WHERE rule = 'production/booked'"
    ) == [(2,)]


def test_a_changed_rule_begins_a_new_edition(works):
    with working(works) as services:
        results.publish(services)
    rule = works / f"rules/{BOOKED}.yml"
    rule.write_text(
        rule.read_text().replace(
            "observed: {kind: fg_receipt, role: erp}",
            "observed: {kind: fg_receipt, role: erp, order_no: [O1]}",
        )
    )
    with working(works) as services:
        list(reconcile.reconcile(services))
        results.publish(services)
        assert standing(works) == sorted(held(services))
    assert [code for code, _, _ in standing(works)] == ["balance_variance", "missing_posting"]
