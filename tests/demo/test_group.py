"""The group as tieout sees it: nothing where nothing goes wrong, and everything that does."""

from collections import Counter
from datetime import date, timedelta

import pytest

from app.demo.faults import MODES, Plan, Sowing
from app.demo.faults.coverage import catalogue
from app.demo.group import Group, Kind
from app.score.score import score_of
from app.score.truth import read_truth
from app.store.reading import Wanted
from tests.demo.played import played

LOOKS = timedelta(hours=40)
ALL = Plan(faults=tuple(Sowing(mode=number, count=1) for number in MODES))
NONE = Plan(decoys=False)
# The night the clocks show an hour twice (Berlin, 25 October) and a month's end are among them.
WITHOUT = [Group(seed=8, start=date(2026, 10, 24), days=3, plants=2)]
WITH = [Group(seed=7, start=date(2026, 10, 29), days=4, plants=2)]


def seed(group):
    return f"seed {group.seed}"


@pytest.mark.parametrize("group", WITHOUT, ids=seed)
def test_where_nothing_goes_wrong_nothing_is_found(tmp_path, group):
    with played(tmp_path, group, NONE, every=timedelta(days=2)) as seen:
        for pull in seen.pulls:
            assert (pull.error, pull.landed.rejects, pull.landed.unresolved) == (None, 0, 0)
        outcomes = {report.rule: (report.outcome, report.reason) for report in seen.reports}
        nobody = {"integration/stuck_messages"}  # no source tells of single messages
        told = {rule for rule, (outcome, _) in outcomes.items() if outcome == "tied_out"}
        assert {*outcomes} - told == nobody
        assert seen.services.reader.exceptions(Wanted(states=())) == []
        assert seen.services.store.state.doubled() == {}
        counts = Counter(h.kind for h in seen.history)
        accounts = {report.rule: report.accounts for report in seen.reports}
        made = accounts["production/completion_posted"]["expected"].in_scope
        assert made == counts[Kind.OPERATION_COMPLETED]
        moved = accounts["inventory/shipment_confirmed"]["expected"].in_scope
        assert moved == counts[Kind.DELIVERY_SHIPPED]


@pytest.fixture(scope="module", params=WITH, ids=seed)
def score(request, tmp_path_factory):
    """The score of a group in which every fault there is was planted once, with decoys."""
    with played(tmp_path_factory.mktemp("group"), request.param, ALL, every=LOOKS) as seen:
        yield score_of(seen.services.reader, read_truth(seen.truth)), seen


def test_every_fault_is_found_and_nothing_else(score):
    result, _ = score
    assert [fault.name for fault in result.missed] == []
    assert [(one.row["rule"], one.row["title"]) for one in result.false] == []
    assert len(result.found) > 40


def test_what_is_found_has_its_code_quantity_and_value(score):
    result, _ = score
    told = [(one.fault.mode, one.fault.name) for one in result.found if not one.has_code]
    assert told == []
    for asked in ("has_quantity", "has_value"):
        wrong = [one.fault.name for one in result.found if getattr(one, asked) is False]
        assert (asked, wrong) == (asked, [])


def test_what_can_be_seen_is_told_by_the_next_run(score):
    result, _ = score
    assert [one.fault.name for one in result.found if one.runs_late] == []


def test_every_mode_is_found_by_the_rules_the_catalogue_names(score):
    result, _ = score
    rules = {}
    for one in result.found:
        if one.fault.mode and one.fault.code != "balance_variance":
            rules.setdefault(one.fault.mode, set()).update(row["rule"] for row in one.told_by)
    named = {mode.number: set(mode.rules) for mode in catalogue() if mode.rules}
    assert {mode: told - named[mode] for mode, told in rules.items() if told - named[mode]} == {}
    assert {*named} - {*rules} == set()
