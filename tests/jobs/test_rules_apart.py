"""A rule whose findings cannot be followed up is failed by itself: the others never wait for it."""

import sqlite3

import pytest
import sqlalchemy as sa

from app.jobs import collect, housekeeping, reconcile
from app.services import Services
from app.store.lease import LeaseLostError
from app.store.reading import Wanted
from app.store.sql import tables as t
from tests import works
from tests.jobs.shift import at_work, ended, held_now, ran, take_over
from tests.works import BOOKED, NOON, STOCK, minutes

REFUSED = "string or blob too big"


@pytest.fixture
def refusing():
    """Has the SQL store refuse every exception of a rule, until it is told otherwise."""
    refused = {STOCK}

    def refuse(services: Services) -> set[str]:
        def before(connection, cursor, statement, parameters, *rest):
            if statement.startswith("INSERT INTO exception") and refused & set(parameters):
                raise sqlite3.DataError(REFUSED)

        sa.event.listen(services.store.sql.engine, "before_cursor_execute", before)
        return refused

    return refuse


def known(services: Services) -> set[str]:
    """The rules there are exceptions of."""
    return {row["rule"] for row in services.reader.exceptions(Wanted())}


def test_what_cannot_be_followed_up_fails_its_rule_and_no_other(fresh, refusing, quiet):
    with works.working(fresh) as services:
        refusing(services)
        list(collect.collect(services))
        reports = {report.rule: report for report in reconcile.reconcile(services)}
        assert known(services) == {BOOKED}
        c = t.reconcile_run.c
        with services.store.sql.read() as connection:
            recorded = connection.execute(sa.select(c.rule, c.outcome, c.reason)).all()
    assert {rule: report.outcome for rule, report in reports.items()} == {
        BOOKED: "drifted",
        STOCK: "failed",
    }
    assert REFUSED in reports[STOCK].reason
    assert set(recorded) == {(BOOKED, "drifted", None), (STOCK, "failed", reports[STOCK].reason)}
    (said,) = [record for record in quiet.records if record.message == "rule failed"]
    assert said.rule == STOCK


def test_what_could_not_be_followed_up_is_made_up_for_by_the_next_run(fresh, refusing):
    with works.working(fresh) as services:
        refused = refusing(services)
        list(collect.collect(services))
        list(reconcile.reconcile(services))
        refused.clear()
        services.clock.set(NOON + minutes(1))
        reports = {report.rule: report for report in reconcile.reconcile(services)}
        assert reports[STOCK].changes == {"opened": 1}
        assert reports[BOOKED].changes == {}
        assert known(services) == {BOOKED, STOCK}
        assert housekeeping.prove(services) == "all proofs hold"


def test_everyone_else_is_told_while_one_rule_fails_for_ever(fresh, refusing):
    with works.working(fresh) as services:
        list(collect.collect(services))
    for number, now in enumerate((NOON, NOON + minutes(1)), 1):
        with at_work(fresh, now, refusing) as services:
            works.until(ended(services, count=number), "the rules are run")
            runs = ran(services.store.sql, "reconcile")
    assert [state for _, state, _ in runs] == ["done", "done"]
    with works.working(fresh) as services, services.store.sql.read() as connection:
        audiences = connection.execute(sa.select(t.notification.c.audience)).scalars().all()
    assert audiences == ["integration-support"] * 2


def test_a_lease_lost_on_the_way_is_not_taken_for_a_failing_rule(worked):
    with works.working(worked, NOON + minutes(1)) as services:
        before = take_over(worked)
        with pytest.raises(LeaseLostError):
            list(reconcile.reconcile(services))
        assert held_now(worked) == before
