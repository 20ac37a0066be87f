"""The nightly proofs: silent while all is well, and clear about what is not."""

import shutil

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from app.clock import SetClock
from app.jobs import collect, reconcile
from app.jobs.housekeeping import prove
from app.services import Services
from tests import works
from tests.jobs.shift import at_work, ended, held_now, ran
from tests.works import BOOKED, NOON, STOCK, drop, made, minutes

ALL_HOLD = "all proofs hold"


def in_match_state(*statements: str):
    """What a fault of ours, or of the disk, may have made of the match state."""

    def spoil(services: Services) -> None:
        number = services.store.findings.rule(BOOKED)["rule_no"]
        with services.store.state.transaction() as con:
            for statement in statements:
                con.execute(statement.replace("booked_", f"r{number}_"))

    return spoil


def tamper(services: Services) -> None:
    """Somebody with the keys of the database switches its guard off and writes."""
    with services.store.sql.engine.connect() as connection, connection.begin():
        connection.exec_driver_sql("DROP TRIGGER audit_no_update")
        connection.execute(sa.text("UPDATE audit SET actor = 'eve' WHERE seq = 2"))


def test_a_healthy_works_is_proven_and_nothing_is_changed_by_it(worked, quiet):
    with works.working(worked) as services:
        before = held_now(worked)
        assert prove(services) == ALL_HOLD
        runs = before["reconcile_run"] + len(services.landscape.rules)
        assert held_now(worked) == before | {"reconcile_run": runs}
    assert quiet.records == []


def test_before_the_first_collection_there_is_nothing_to_disprove(fresh):
    with works.working(fresh) as services:
        assert prove(services) == ALL_HOLD


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (
            in_match_state(
                "UPDATE booked_finding SET content = 'x' WHERE code = 'missing_posting'"
            ),
            "production/booked: held answer differs for 1 findings",
        ),
        (
            in_match_state("DELETE FROM booked_finding"),
            "production/booked: held answer differs for 2 findings",
        ),
        (
            in_match_state(
                "INSERT INTO business_event SELECT * REPLACE (fact_no + 1000 AS fact_no) "
                "FROM business_event WHERE order_no = 'O3'"
            ),
            "business_event: 1 facts held twice",
        ),
        (tamper, "audit does not hold together"),
    ],
)
def test_what_is_not_true_any_more_is_said_and_logged_as_our_fault(worked, spoil, said, caplog):
    with works.working(worked) as services:
        spoil(services)
        assert prove(services) == said
    (record,) = [one for one in caplog.records if one.message == "proof failed"]
    assert (record.levelname, record.problem) == ("ERROR", said)


def test_every_proof_is_made_whatever_another_says(worked):
    with works.working(worked) as services:
        in_match_state("DELETE FROM booked_finding")(services)
        tamper(services)
        assert prove(services) == (
            "production/booked: held answer differs for 2 findings; audit does not hold together"
        )


def test_facts_that_came_after_the_last_run_are_no_fault(worked):
    """Sources are collected all the time, also between a run of the rules and the proofs."""
    drop(worked, "erp", [made("c", "O2", 5, NOON - minutes(20))], "moves2")
    drop(worked, "mes", [made("9", "O7", 5, NOON - minutes(90))], "moves2")
    with works.working(worked, NOON + minutes(1)) as services:
        assert {report.outcome for report in collect.collect(services)} == {"ok"}
        assert prove(services) == ALL_HOLD
        assert reconcile.differences(services, services.landscape.rules[BOOKED]) == []


def test_a_rule_that_is_frozen_is_neither_proven_nor_blamed(worked):
    shutil.rmtree(worked / "drop/wms")
    with works.working(worked, NOON + minutes(60)) as services:
        list(collect.collect(services))
        assert prove(services) == ALL_HOLD
        outcomes = {report.rule: report.outcome for report in reconcile.reconcile(services)}
    assert outcomes == {BOOKED: "drifted", STOCK: "not_evaluated"}


def test_the_worker_proves_once_a_day_and_keeps_what_was_said(worked, brisk):
    with works.working(worked) as services:
        in_match_state("DELETE FROM booked_finding WHERE code = 'orphan_posting'")(services)
    for now, count in ((NOON, 1), (NOON + minutes(30), 1), (NOON + minutes(60 * 12), 2)):
        with at_work(worked, now) as services:
            works.until(ended(services, "housekeeping", count), "the proofs are made")
            runs = ran(services.store.sql, "housekeeping")
    wrong = "production/booked: held answer differs for 1 findings"
    assert runs == [
        ("2026-11-03T00:00:00+00:00", "done", wrong),
        ("2026-11-04T00:00:00+00:00", "done", wrong),
    ]


@settings(max_examples=10)
@given(history=st.lists(st.tuples(*[st.integers(0, 3)] * 3), min_size=1, max_size=6))
def test_whatever_has_happened_the_held_answer_is_the_full_one(tmp_path_factory, history):
    """Completions and bookings come, late or at once, run for run: (order, made, booked)."""
    folder = works.write_works(tmp_path_factory.mktemp("history") / "works")
    clock = SetClock(NOON, running=False)
    with works.working(folder, clock=clock) as services:
        for hour, (order, made_now, booked_now) in enumerate(history):
            clock.set(NOON + minutes(60 * hour))
            for source, count in (("mes", made_now), ("erp", booked_now)):
                lines = [
                    made(f"{hour}/{number}", f"O{order}", 5 + number, clock.now() - minutes(40))
                    for number in range(count)
                ]
                drop(folder, source, lines, f"moves{hour}")
            list(collect.collect(services))
            if hour % 2:
                reconcile.reconcile_rule(services, services.landscape.rules[BOOKED])
        assert prove(services) == ALL_HOLD
