"""The page on onboarding, followed word by word: files written, commands run, outputs seen."""

import contextlib
import json
import os
import shlex
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner

from app.cli import OK, tieout
from tests.docs.markdown import DOCS, Block, blocks, told

PAGE = DOCS / "onboarding.md"
FOLDER = "pumps"
FORGIVEN = " || true"


@pytest.fixture(scope="module")
def followed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[tuple[Block, str]]]:
    """The landscape one gets, and every output block of the page beside what really came out."""
    home = tmp_path_factory.mktemp("onboarding")
    compared, said = [], ""
    for block in blocks(PAGE):
        if block.file:
            (home / FOLDER / block.file).write_text(block.text, "utf-8")
        elif block.kind == "sh":
            with contextlib.chdir(home / FOLDER if (home / FOLDER).is_dir() else home):
                said = "".join(_run(line) for line in block.text.splitlines())
        elif block.kind == "output":
            compared.append((block, said))
    return home / FOLDER, compared


def _run(line: str) -> str:
    """Run a line as a shell would, but tieout in this process; return what it said."""
    if line.startswith("cd "):
        os.chdir(line.removeprefix("cd "))
        return ""
    if not line.startswith("tieout "):
        return subprocess.run(
            ["bash", "-eu", "-c", line], check=True, capture_output=True, text=True
        ).stdout
    words = shlex.split(line.removesuffix(FORGIVEN))[1:]
    ran = CliRunner().invoke(tieout, words, standalone_mode=False)
    assert ran.exception is None, f"{line}\n{ran.output}{ran.exception}"
    assert line.endswith(FORGIVEN) or ran.return_value in (None, OK), f"{line}\n{ran.output}"
    return ran.output


def test_every_command_of_the_page_says_what_the_page_shows(followed):
    missing = [
        line
        for block, said in followed[1]
        for line in block.text.splitlines()
        if not told(line, said)
    ]
    assert missing == []


def test_files_and_folders_of_configuration_and_sql_are_all_it_takes(followed):
    kinds = {path.suffix for path in followed[0].rglob("*.*") if "var" not in path.parts}
    assert kinds == {".yml", ".sql", ".csv", ".md", ".txt", ".json", ".jsonl"}


def test_what_the_sources_say_in_their_units_and_wall_times_is_held_in_ours(followed, monkeypatch):
    monkeypatch.chdir(followed[0])
    steps = [json.loads(line) for line in _run("tieout --format jsonl trace LA-302").splitlines()]
    made = next(step for step in steps if step.get("source_key") == "4711002")
    assert (made["quantity"], made["unit"], made["at"]) == ("118", "EA", "2026-03-27T12:40:30Z")


def test_records_corrected_in_their_file_are_no_longer_rejects(followed, monkeypatch):
    monkeypatch.chdir(followed[0])
    assert _run("tieout --format jsonl rejects list") == ""
    states = [json.loads(line)["state"] for line in _rejects("--all")]
    assert states == ["released", "released"]


def test_doing_the_last_steps_again_changes_nothing(followed, monkeypatch):
    monkeypatch.chdir(followed[0])
    before = _exported()
    _run("tieout collect")
    _run("tieout reconcile")
    assert _exported() == before


def _rejects(options: str) -> list[str]:
    return _run(f"tieout --format jsonl rejects list {options}").splitlines()


def _exported() -> list[dict[str, object]]:
    """Every exception, without the clocks of the run that looked last."""
    rows = _run("tieout --format jsonl exceptions --state all").splitlines()
    return [
        {key: value for key, value in json.loads(row).items() if key not in ("as_of", "known_at")}
        for row in rows
    ]
