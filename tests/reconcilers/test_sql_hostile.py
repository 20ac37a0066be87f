"""Statements that mean harm: refused where they are read, harmless where that layer is missing."""

import subprocess
import tempfile
from pathlib import Path

import pyarrow as pa
import pytest

from reconcilers.sql import sandbox
from reconcilers.sql.statement import StatementError, parse

TABLES = ("facts",)
READING = [
    "SELECT * FROM read_csv('/etc/passwd')",
    "SELECT * FROM read_text('/etc/passwd')",
    "SELECT * FROM read_blob('/etc/passwd')",
    "SELECT * FROM read_parquet('/tmp/x.parquet')",
    "SELECT * FROM read_json_auto('/etc/hostname')",
    "SELECT * FROM '/etc/passwd'",
    "SELECT * FROM 'facts.parquet'",
    "SELECT * FROM glob('/*')",
    "SELECT * FROM sniff_csv('/etc/passwd')",
    "SELECT * FROM facts, read_text('/proc/self/environ') AS t",
    "SELECT (SELECT content FROM read_text('/etc/passwd')) AS note FROM facts",
    "WITH stolen AS (SELECT * FROM read_text('/etc/passwd')) SELECT * FROM stolen",
    "SELECT fact_no AS n FROM facts UNION ALL SELECT size FROM read_text('/etc/passwd')",
    "SELECT * FROM parquet_metadata('/tmp/x.parquet')",
    "SELECT * FROM sqlite_scan('/tmp/tieout.db', 'user')",
    "SELECT * FROM postgres_scan('host=127.0.0.1', 'public', 'user')",
    "SELECT * FROM 'http://127.0.0.1:9/x.csv'",
    "SELECT * FROM read_csv('https://127.0.0.1:9/x.csv')",
]
LOOKING = [
    "SELECT getenv('HOME') AS note",
    "SELECT current_setting('home_directory') AS note",
    "SELECT * FROM duckdb_secrets()",
    "SELECT * FROM duckdb_settings()",
    "SELECT * FROM duckdb_extensions()",
    "SELECT * FROM duckdb_tables()",
    "SELECT * FROM information_schema.tables",
    "SELECT * FROM pg_catalog.pg_tables",
    "SELECT * FROM sqlite_master",
    "SELECT * FROM duckdb_views()",
    "SELECT * FROM query('SELECT 1')",
    "SELECT * FROM query_table('facts')",
    "SELECT json_execute_serialized_sql('{}') AS note",
    "SELECT * FROM pragma_version()",
    "SHOW TABLES",
    "DESCRIBE facts",
    "SUMMARIZE facts",
    "SELECT getvariable('x') AS note",
]
WRITING = [
    "COPY facts TO '/tmp/out.csv'",
    "COPY (SELECT 1) TO 'out.parquet'",
    "EXPORT DATABASE '/tmp/out'",
    "IMPORT DATABASE '/tmp/out'",
    "ATTACH '/tmp/other.db'",
    "ATTACH 'facts.parquet' AS other",
    "CREATE TABLE mine AS SELECT 1",
    "CREATE OR REPLACE VIEW facts AS SELECT 1",
    "INSERT INTO facts SELECT * FROM facts",
    "UPDATE facts SET fact_no = 1",
    "DELETE FROM facts",
    "DROP VIEW facts",
    "CREATE MACRO one() AS 1",
    "CREATE SECRET s (TYPE s3)",
    "SELECT 1 AS x INTO mine FROM facts",
    "CHECKPOINT",
    "VACUUM",
]
UNLOCKING = [
    "INSTALL httpfs",
    "LOAD httpfs",
    "LOAD '/tmp/evil.so'",
    "SET enable_external_access = true",
    "SET memory_limit = '100GB'",
    "SET allowed_directories = ['/']",
    "RESET lock_configuration",
    "PRAGMA enable_profiling",
    "PRAGMA database_list",
    "SET VARIABLE x = 1",
    "BEGIN",
    "SELECT 1 AS x; SET memory_limit = '100GB'",
    "SELECT fact_no AS x FROM facts; COPY facts TO '/tmp/out.csv'",
    "EXPLAIN ANALYZE SELECT 1",
    "CALL pragma_version()",
    "PREPARE p AS SELECT 1",
]
BURNING = [
    "SELECT length(repeat('x', 4000000000)) AS n",
    "SELECT length(lpad('x', 2000000000, 'y')) AS n",
    "SELECT length(format('{:>2000000000}', 'x')) AS n",
    "SELECT length(printf('%2000000000s', 'x')) AS n",
    "SELECT bit_length(bitstring('1', 2000000000)) AS n",
    "SELECT len(range(1000000000)) AS n",
    "SELECT count(*) AS n FROM range(100000000000)",
    "SELECT sum(a.i * b.i) AS n FROM range(10000000) a(i), range(10000000) b(i)",
    "WITH RECURSIVE t AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM t) SELECT max(n) AS n FROM t",
    "SELECT list(i) AS n FROM range(1000000000) t(i)",
    "SELECT i AS n FROM range(5000000) t(i)",
    "SELECT string_agg(repeat('x', 1000000), '') AS n FROM range(100000)",
    "SELECT list_transform(range(100000000), x -> x * 2) AS n",
    "SELECT generate_series(1, 1000000000) AS n",
    "SELECT " + "(" * 5000 + "1" + ")" * 5000 + " AS n",
    "SELECT " + " + ".join(["1"] * 5000) + " AS n",
]
GUESSING = [
    "SELECT now() AS due_at FROM facts",
    "SELECT current_timestamp AS due_at FROM facts",
    "SELECT current_date AS due_at FROM facts",
    "SELECT random() AS at_risk FROM facts",
    "SELECT uuid() AS note FROM facts",
    "SELECT version() AS note FROM facts",
    "SELECT fact_no AS n FROM facts LIMIT 1",
    "SELECT fact_no AS n FROM facts USING SAMPLE 1",
    "SELECT any_value(fact_no) AS n FROM facts",
    "SELECT nextval('s') AS n FROM facts",
    "SELECT $password AS note FROM facts",
    "SELECT ? AS note FROM facts",
    "SELECT COLUMNS('.*') FROM facts",
    "SELECT * FROM facts",
    "FROM facts",
    "PIVOT facts ON fact_no USING count(*)",
    "SELECT CAST(fact_no AS DOUBLE) AS n FROM facts",
    "SELECT fact_no AS n FROM main.facts",
    "SELECT fact_no AS n FROM memory.main.facts",
    "WITH facts AS (SELECT 1 AS fact_no) SELECT fact_no AS n FROM facts",
    "SELECT replace(repeat('a', 9), 'a', 'b') AS n FROM facts",
    "SELECT fact_no AS n, fact_no AS n FROM facts",
    "SELECT fact_no FROM facts WHERE 'unclosed",
    "",
    "-- nothing at all",
]
HOSTILE = [*READING, *LOOKING, *WRITING, *UNLOCKING, *BURNING, *GUESSING]


@pytest.mark.parametrize("text", HOSTILE)
def test_what_may_not_be_said_is_refused_where_it_is_read(text):
    with pytest.raises(StatementError):
        parse(text, TABLES)


def test_there_are_enough_of_them():
    assert len(set(HOSTILE)) >= 60


def test_what_runs_is_written_anew():
    text = "SELECT fact_no AS n /* COPY facts TO 'x' */ FROM facts -- ; DROP VIEW facts"
    assert parse(text, TABLES).sql == "SELECT fact_no AS n FROM facts"


def answered(statement, *, memory=256, seconds=1.0):
    """What the child says to a statement nobody has looked at."""
    rows = pa.RecordBatchReader.from_batches(
        pa.schema([("fact_no", pa.int64())]), [pa.record_batch({"fact_no": [1, 2, 3]})]
    )
    budget = sandbox.Budget(seconds, memory * 1024 * 1024)
    return sandbox.answer(statement, [("facts", rows)], {}, budget)


ONE_OF_EACH = [
    *READING[:2], READING[7], *READING[14:17], *WRITING[:3], WRITING[4], UNLOCKING[0],
    *UNLOCKING[2:4], UNLOCKING[9], *UNLOCKING[11:13],
]  # fmt: skip


@pytest.mark.parametrize("statement", ONE_OF_EACH)
def test_without_the_first_layer_nothing_is_read_written_or_unlocked(statement):
    with pytest.raises(sandbox.SandboxError):
        answered(statement)


@pytest.mark.parametrize("statement", [*BURNING[:2], *BURNING[5:10], BURNING[11]])
def test_without_the_first_layer_nothing_burns_for_ever(statement):
    with pytest.raises(sandbox.SandboxError):
        answered(statement)


def test_the_child_inherits_nothing_and_leaves_nothing(monkeypatch, tmp_path):
    monkeypatch.setenv("TIEOUT_CANARY", "4711-0815")
    inherited, used = [], []

    class Watched(subprocess.Popen):
        """Looks at what the process was given, as the system tells it."""

        def __init__(self, *args, **more):
            super().__init__(*args, **more)
            inherited.append(Path(f"/proc/{self.pid}/environ").read_bytes())
            used.extend(tmp_path.iterdir())

    monkeypatch.setattr(sandbox.subprocess, "Popen", Watched)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    assert answered("SELECT sum(fact_no) AS n FROM facts").to_pylist() == [{"n": 6}]
    assert b"MALLOC_ARENA_MAX" in inherited[0]
    assert b"4711-0815" not in inherited[0]
    assert used
    assert not list(tmp_path.iterdir())


def test_an_answer_has_a_size():
    with pytest.raises(sandbox.SandboxError, match="more than 1,000,000 rows"):
        answered("SELECT a.i AS n FROM range(1000001) AS a(i)", memory=512, seconds=20)
