"""The outbox: everyone is told once of what was opened or came back, and of nothing else."""

from typing import Any

import pytest
import sqlalchemy as sa

from app.jobs import collect, reconcile
from app.jobs.notify import LISTED, notify
from app.services import Services
from app.store.sql import tables as t
from tests import works
from tests.works import NOON, drop, made, minutes


def outbox(services: Services) -> list[dict[str, Any]]:
    """What is queued, oldest first."""
    with services.store.sql.read() as connection:
        rows = connection.execute(sa.select(t.notification).order_by(t.notification.c.id))
        return [dict(row) for row in rows.mappings()]


def run(services: Services, now=None) -> None:
    """Collect and run every rule, at another time where one is given; nobody is told yet."""
    if now is not None:
        services.clock.set(now)
    list(collect.collect(services))
    list(reconcile.reconcile(services))


def numbers(services: Services) -> dict[str, str]:
    """Exceptions by order: EX-1 and so on."""
    with services.store.sql.read() as connection:
        found = connection.execute(sa.select(t.exception.c.no, t.exception.c.key)).all()
    return {str(key.get("order_no")): f"EX-{no}" for no, key in found}


def told_of(rows: list[dict[str, Any]]) -> list[str]:
    """The exceptions some messages are about, in order."""
    return [line.split(" ")[0] for row in rows for line in row["body"].splitlines()]


def test_everyone_who_owns_something_new_is_told_once_of_each(worked):
    with works.working(worked) as services:
        assert notify(services) == 3
        rows = outbox(services)
        assert sorted(told_of(rows)) == sorted(numbers(services).values())
    said = [(row["audience"], row["subject"], row["state"]) for row in rows]
    assert sorted(said) == [
        ("integration-support", "[P1] ERP completion without one in MES", "queued"),
        ("integration-support", "[P1] MES completion not posted in ERP", "queued"),
        ("warehouse", "[P1] Stock differs, ERP and WMS", "queued"),
    ]
    assert {row["created_at"] for row in rows} == {NOON}
    assert {row["sent_at"] for row in rows} == {None}


def test_told_again_without_news_nobody_hears_anything(worked):
    with works.working(worked) as services:
        notify(services)
        before = outbox(services)
        assert notify(services) == 0
        run(services, NOON + minutes(1))
        assert notify(services) == 0
        assert outbox(services) == before
    with works.working(worked, NOON + minutes(2)) as services:
        assert notify(services) == 0, "another worker knows as well"


def test_only_what_is_new_since_the_last_time_is_told(worked):
    with works.working(worked) as services:
        notify(services)
        drop(worked, "mes", [made("9", "O7", 5, NOON - minutes(90))], "moves2")
        run(services, NOON + minutes(1))
        assert notify(services) == 1
        assert told_of(outbox(services)[3:]) == [numbers(services)["O7"]]


def test_what_is_resolved_or_only_grows_older_is_not_told(worked):
    with works.working(worked) as services:
        notify(services)
        ago = NOON - minutes(20)
        drop(worked, "erp", [made("c", "O2", 5, ago), made("d", "O3", 5, ago)], "moves2")
        run(services, NOON + minutes(60 * 30))
        with services.store.sql.read() as connection:
            actions = set(connection.execute(sa.select(t.audit.c.action)).scalars())
            levels = set(connection.execute(sa.select(t.exception.c.severity)).scalars())
        assert "resolved" in actions
        assert "critical" in levels, "the orphan has grown older"
        assert notify(services) == 0


def test_what_came_back_is_told_again(worked):
    with works.working(worked) as services:
        notify(services)
        mark = numbers(services)["O2"]
        drop(worked, "erp", [made("c", "O2", 5, NOON - minutes(115))], "moves2")
        run(services, NOON + minutes(1))
        assert notify(services) == 0
        (worked / "drop/erp/moves2.csv").unlink()
        drop(worked, "erp", [made("c", "O8", 5, NOON - minutes(115), rev="2")], "moves3")
        run(services, NOON + minutes(2))
        history = [entry["action"] for entry in services.reader.history("exception", mark)]
        assert history == ["opened", "resolved", "regressed"]
        notify(services)
        assert told_of(outbox(services)[3:]).count(mark) == 1


def test_what_was_opened_and_came_back_before_anyone_was_told_is_told_once(worked):
    with works.working(worked) as services:
        mark = numbers(services)["O2"]
        drop(worked, "erp", [made("c", "O2", 5, NOON - minutes(115))], "moves2")
        run(services, NOON + minutes(1))
        drop(worked, "erp", [made("c", "O8", 5, NOON - minutes(115), rev="2")], "moves3")
        run(services, NOON + minutes(2))
        assert [entry["action"] for entry in services.reader.history("exception", mark)] == [
            "opened", "resolved", "regressed",
        ]  # fmt: skip
        notify(services)
        assert told_of(outbox(services)).count(mark) == 1


@pytest.mark.parametrize(("count", "more"), [(LISTED, []), (LISTED + 1, ["and 1 more"])])
def test_many_of_one_kind_are_one_message_that_lists_the_first(fresh, count, more):
    lines = [made(str(n), f"O{n}", 5, NOON - minutes(90)) for n in range(1, count + 1)]
    drop(fresh, "mes", lines)
    drop(fresh, "erp", [])
    with works.working(fresh) as services:
        run(services)
        notify(services)
        (row,) = [row for row in outbox(services) if row["audience"] == "integration-support"]
    assert row["subject"] == f"[P1] MES completion not posted in ERP, {count} in all"
    lines = row["body"].splitlines()
    assert len(lines) == LISTED + len(more)
    assert lines[LISTED:] == more


def test_a_message_that_is_queued_already_is_not_queued_twice(worked):
    """The outbox was read by its sender, and the mark of what was told was lost."""
    with works.working(worked) as services:
        notify(services)
        before = outbox(services)
        with services.store.sql.write() as connection:
            connection.execute(sa.update(t.notification).values(audit_seq=0, state="sent"))
        assert notify(services) == 0
        after = outbox(services)
    assert [row["key"] for row in after] == [row["key"] for row in before]
    assert {row["state"] for row in after} == {"sent"}


def test_what_was_resolved_before_anyone_was_told_is_not_told(worked):
    with works.working(worked) as services:
        mark = numbers(services)["O2"]
        drop(worked, "erp", [made("c", "O2", 5, NOON - minutes(115))], "moves2")
        run(services, NOON + minutes(1))
        assert notify(services) == 2
        assert mark not in told_of(outbox(services))


def test_a_message_about_several_plants_names_them_all(worked):
    drop(worked, "mes", [made("9", "O7", 5, NOON - minutes(90))], "moves2")
    with works.working(worked) as services:
        run(services)
        no = int(numbers(services)["O7"].removeprefix("EX-"))
        with services.store.sql.write() as connection:
            chosen = sa.update(t.exception).where(t.exception.c.no == no)
            connection.execute(chosen.values(plant="P2"))
        notify(services)
        subjects = {row["subject"] for row in outbox(services)}
    assert "[P1, P2] MES completion not posted in ERP, 2 in all" in subjects
