"""How a command starts: help at once, nothing heavy, nothing outside the folder it was given."""

import json
import subprocess
import sys

import pytest

from app.cli import COMMANDS, SUMMARIES

HEAVY = (
    "dash",
    "plotly",
    "pandas",
    "flask",
    "duckdb",
    "pyarrow",
    "sqlalchemy",
    "deltalake",
    "httpx",
    "sqlglot",
)


def imported(*arguments):
    """Modules a command has imported when it ends."""
    script = (
        "import atexit, json, sys; from app.cli import main; "
        "atexit.register(lambda: print(json.dumps(sorted(sys.modules)), file=sys.stderr)); main()"
    )
    command = [sys.executable, "-c", script, *arguments]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    return set(json.loads(ran.stderr.splitlines()[-1]))


@pytest.mark.parametrize("arguments", [("--help",), ("--version",), ("exceptons",)], ids=" ".join)
def test_help_imports_nothing_heavy(arguments):
    assert imported(*arguments) & set(HEAVY) == set()


def test_a_check_imports_neither_dashboard_nor_data_frames(worked):
    assert (
        imported("--landscape", str(worked), "check") & {"dash", "plotly", "pandas", "flask"}
        == set()
    )


def test_every_command_has_a_summary_and_a_help_of_its_own(tieout):
    assert set(COMMANDS) == set(SUMMARIES)
    listed = tieout("--help").out
    for name in COMMANDS:
        assert f"  {name} " in listed
        said = tieout(name, "--help")
        assert said.code == 0
        assert said.out.startswith(f"Usage: tieout {name}")
