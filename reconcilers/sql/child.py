"""The process an author's statement runs in: started with nothing, gives itself less.

Asked on standard input (JSON), answers on standard output: `+` and the rows as an Arrow stream, or
`-` and one line that says why not. Knows nothing of tieout, so that there is nothing to find.
"""

import contextlib
import ctypes
import json
import resource
import sys
from datetime import datetime
from typing import Any

import duckdb
import pyarrow as pa

NEW_USER, NEW_NETWORK = (
    0x10000000,
    0x40000000,
)  # of unshare(2): no way out, where the kernel lets us
BATCH = 50_000


def main() -> int:
    """Answer what was asked; 0 where it could be answered."""
    asked = json.load(sys.stdin)
    out = sys.stdout.buffer
    try:
        con = _engine(asked)
        _confine(asked["memory"], asked["seconds"])
        rows = _select(con, asked)
    except (duckdb.Error, pa.ArrowException, MemoryError, ValueError) as error:
        out.write(b"-" + (" ".join(str(error).split())[:500] or type(error).__name__).encode())
        return 1
    out.write(b"+")
    with pa.ipc.new_stream(out, rows.schema) as stream:
        stream.write_table(rows, max_chunksize=BATCH)
    return 0


def _engine(asked: dict[str, Any]) -> duckdb.DuckDBPyConnection:
    """An engine that reaches the given files and nothing else."""
    con = duckdb.connect(config={"threads": 1, "python_enable_replacements": False})
    con.execute("SET TimeZone = 'UTC'")
    con.execute(f"SET memory_limit = '{int(asked['memory'] * 0.8)}B'")
    con.execute("SET max_temp_directory_size = '0B'")
    con.execute(f"SET max_execution_time = {int(asked['seconds'] * 1000)}")
    quoted = {name: "'" + path.replace("'", "''") + "'" for name, path in asked["tables"].items()}
    for name, file in quoted.items():
        con.execute(f'CREATE VIEW "{name}" AS SELECT * FROM read_parquet({file})')
    files = ", ".join(quoted.values())
    con.execute(f"SET allowed_paths = [{files}]")
    con.execute("SET enable_external_access = false")
    con.execute("SET lock_configuration = true")
    return con


def _confine(memory: int, seconds: float) -> None:
    """Give up what is not needed: memory beyond `memory` bytes, time, files to write, the net."""
    with open("/proc/self/statm", encoding="ascii") as told:
        held = int(told.read().split()[0]) * resource.getpagesize()
    for limit, most in (
        (resource.RLIMIT_AS, held + memory),
        (resource.RLIMIT_CPU, int(seconds) + 1),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 64),
    ):
        resource.setrlimit(limit, (most, most))
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).unshare(NEW_USER | NEW_NETWORK)


def _select(con: duckdb.DuckDBPyConnection, asked: dict[str, Any]) -> pa.Table:
    found = con.extract_statements(asked["statement"])
    if len(found) != 1 or found[0].type != duckdb.StatementType.SELECT:
        raise ValueError("not one SELECT")
    limited = f"SELECT * FROM ({asked['statement']}) LIMIT {asked['rows'] + 1}"
    binds = {name: datetime.fromisoformat(text) for name, text in asked["binds"].items()}
    rows = con.sql(limited, params=binds or None).to_arrow_table()
    if rows.num_rows > asked["rows"]:
        raise ValueError(f"more than {asked['rows']:,} rows")
    if rows.nbytes > asked["bytes"]:
        raise ValueError(f"more than {asked['bytes']:,} bytes")
    return rows


if __name__ == "__main__":
    sys.exit(main())
