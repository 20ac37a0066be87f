"""What `make demo` shows: every fault it planted, nothing else, and what the README says of it."""

import shlex

import pytest
from click.testing import CliRunner

from app.cli import OK, tieout
from app.demo.faults.coverage import COVERED, catalogue
from app.landscape.load import load
from app.score.score import score_of
from app.score.truth import read_truth
from app.store.landing import sql_url
from app.store.reading import Reader
from app.store.sql import open_store
from tests.docs.markdown import ROOT, blocks, told

FOLLOWS = (  # what else a fault does, in many modes
    "balance_variance", "negative_stock", "cutoff_balance",
)  # fmt: skip
ROLLED = (  # they close with the list before
    "inventory/ledger_rolls", "inventory/advices_roll", "finance/stock_value_tied",
)  # fmt: skip


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """The folder the demo leaves."""
    folder = tmp_path_factory.mktemp("demo")
    run(f"tieout demo --once --dir {folder}")
    return folder


@pytest.fixture(scope="module")
def score(demo):
    """Its exceptions against what really went wrong."""
    store = open_store(sql_url(load(demo / "landscape").home))
    return score_of(Reader(store), read_truth(demo / "truth.csv"))


def run(line):
    ran = CliRunner().invoke(tieout, shlex.split(line)[1:], standalone_mode=False)
    assert ran.exception is None, f"{line}\n{ran.output}{ran.exception}"
    assert ran.return_value in (None, OK), f"{line}\n{ran.output}"
    return ran.output


def test_every_fault_is_found_and_nothing_else(score):
    assert [fault.name for fault in score.missed] == []
    assert [(one.row["rule"], one.row["title"]) for one in score.false] == []
    assert len(score.found) > 150


def test_what_is_found_has_its_code_quantity_and_value(score):
    wrong = [(one.fault.mode, one.fault.name) for one in score.found if not one.has_code]
    assert wrong == []
    for asked in ("has_quantity", "has_value"):
        wrong = [one.fault.name for one in score.found if getattr(one, asked) is False]
        assert (asked, wrong) == (asked, [])


def test_what_can_be_seen_is_told_by_the_next_run(score):
    late = [one for one in score.found if one.runs_late]
    assert [one.fault.name for one in late if one.told_by[0]["rule"] not in ROLLED] == []
    assert {one.runs_late for one in late} <= {1}


def test_no_mode_is_lost_and_each_is_found_by_the_rules_the_catalogue_names(score):
    rules, found = {}, {one.fault.mode for one in score.found if one.fault.mode}
    for one in score.found:
        if one.fault.mode and one.fault.code not in FOLLOWS:
            rules.setdefault(one.fault.mode, set()).update(row["rule"] for row in one.told_by)
    named = {mode.number: set(mode.rules) for mode in catalogue()}
    assert {mode: found - named[mode] for mode, found in rules.items() if found - named[mode]} == {}
    assert found == {*COVERED}


def test_the_tour_of_the_readme_shows_what_it_says(demo, monkeypatch):
    monkeypatch.setenv("TIEOUT_LANDSCAPE", str(demo / "landscape"))
    missing, said = [], ""
    for block in blocks(ROOT / "README.md"):
        lines = block.text.splitlines()
        if block.kind == "sh":
            said = "".join(run(line) for line in lines if line.startswith("tieout "))
        elif block.kind == "output":
            missing += [line for line in lines if not told(line, said)]
    assert missing == []
