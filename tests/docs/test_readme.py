"""The five minutes of the README, spent."""

import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from app.cli import OK, tieout
from tests.docs.markdown import ROOT, blocks, told


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The landscape the demo leaves."""
    folder = tmp_path_factory.mktemp("demo")
    _run(f"tieout demo --once --dir {folder}")
    return folder / "landscape"


def _run(line: str) -> str:
    ran = CliRunner().invoke(tieout, shlex.split(line)[1:], standalone_mode=False)
    assert ran.exception is None, f"{line}\n{ran.output}{ran.exception}"
    assert ran.return_value in (None, OK), f"{line}\n{ran.output}"
    return ran.output


def test_the_tour_of_the_readme_shows_what_it_says(demo, monkeypatch):
    monkeypatch.setenv("TIEOUT_LANDSCAPE", str(demo))
    missing, said = [], ""
    for block in blocks(ROOT / "README.md"):
        lines = block.text.splitlines()
        if block.kind == "sh":
            said = "".join(_run(line) for line in lines if line.startswith("tieout "))
        elif block.kind == "output":
            missing += [line for line in lines if not told(line, said)]
    assert missing == []


def test_the_commands_of_the_readme_are_targets_of_the_makefile():
    makefile = (ROOT / "Makefile").read_text("utf-8")
    named = {
        line.split()[1]
        for block in blocks(ROOT / "README.md")
        for line in block.text.splitlines()
        if line.startswith("make ")
    }
    assert named == {"demo", "test"}
    assert [name for name in named if f"\n{name}:" not in makefile] == []
