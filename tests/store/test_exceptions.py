"""Exceptions in both databases: folded, graded, closed by data, reopened, and all of it audited."""

from datetime import timedelta
from decimal import Decimal

import pytest
import sqlalchemy as sa

from app.store.exceptions import broken_audit
from app.store.reading import Reader, Wanted
from app.store.sql import tables as t
from tests.store.conftest import RULE, draft, run
from tests.works import NOON

LATER = NOON + timedelta(hours=5)


def follow(triage, number, *drafts, now=NOON):
    """Fold drafts in as the run with this number."""
    return triage.follow(RULE, number, drafts, run(number, now), now)


def history(store):
    """Every action of the audit, in order."""
    with store.read() as connection:
        return list(
            connection.execute(sa.select(t.audit.c.action).order_by(t.audit.c.seq)).scalars()
        )


def one(store):
    """The only exception there is."""
    (row,) = Reader(store).exceptions(Wanted(states=()))
    return row


def test_a_finding_becomes_an_exception_once_however_often_it_is_found(store, triage):
    assert follow(triage, 1, draft("O1")) == {"opened": 1}
    assert follow(triage, 2, draft("O1"), now=LATER) == {}
    row = one(store)
    assert (row["id"], row["state"], row["first_seen_at"]) == ("EX-1", "open", NOON)
    assert history(store) == ["opened"]
    assert triage.followed(RULE) == 2


def test_a_change_of_what_is_tracked_is_audited_and_anything_else_is_not(store, triage):
    follow(triage, 1, draft("O1"))
    assert follow(triage, 2, draft("O1", evidence={"more": 1}), now=LATER) == {}
    assert follow(triage, 3, draft("O1", variance=Decimal("-4.5")), now=LATER) == {"changed": 1}
    entry = Reader(store).history("exception", "EX-1")[-1]
    assert (entry["old"]["variance"], entry["new"]["variance"]) == ("-5", "-4.5")
    assert one(store)["evidence"] == {}


def test_only_the_data_resolve_it_and_a_regress_opens_it_again(store, triage):
    follow(triage, 1, draft("O1"))
    assert follow(triage, 2, draft("O1", "gone"), now=LATER) == {"resolved": 1}
    row = one(store)
    assert (row["state"], row["resolved_at"], row["variance"]) == ("resolved", LATER, Decimal(-5))
    assert follow(triage, 3, draft("O1"), now=LATER) == {"regressed": 1}
    row = one(store)
    assert (row["id"], row["state"], row["resolved_at"]) == ("EX-1", "regressed", None)
    assert row["times_opened"] == 2
    assert history(store) == ["opened", "resolved", "regressed"]


def test_what_is_gone_and_was_never_there_is_nothing(store, triage):
    assert follow(triage, 1, draft("O1", "gone")) == {}
    assert history(store) == []


def test_a_late_posting_is_noted_closed_at_the_instant_that_closed_it(store, triage):
    settled = NOON - timedelta(hours=1)
    assert follow(triage, 1, draft("O1", "late", resolved_at=settled)) == {"noted late": 1}
    assert (one(store)["state"], one(store)["resolved_at"]) == ("resolved", settled)


@pytest.mark.parametrize("state", ["acknowledged", "snoozed", "accepted"])
def test_what_a_person_decided_survives_a_run_and_not_the_data(store, triage, state):
    follow(triage, 1, draft("O1"))
    with store.write() as connection:
        connection.execute(sa.update(t.exception).values(state=state))
    follow(triage, 2, draft("O1", variance=Decimal(-3)))
    assert one(store)["state"] == state
    follow(triage, 3, draft("O1", "gone"))
    assert one(store)["state"] == "resolved"


def test_severity_follows_age_and_value_and_says_so_once(store, triage):
    follow(triage, 1, draft("O1"))
    assert triage.regrade(RULE, {1: ("critical", 3)}, LATER) == 1
    assert triage.regrade(RULE, {1: ("critical", 3)}, LATER) == 0
    assert one(store)["severity"] == "critical"
    assert history(store) == ["opened", "graded"]


def test_a_snooze_that_is_over_wakes(store, triage):
    follow(triage, 1, draft("O1"))
    with store.write() as connection:
        connection.execute(sa.update(t.exception).values(state="snoozed", snoozed_until=LATER))
    assert triage.regrade(RULE, {}, LATER - timedelta(seconds=1)) == 0
    assert triage.regrade(RULE, {}, LATER) == 1
    assert (one(store)["state"], one(store)["snoozed_until"]) == ("open", None)


def test_what_no_finding_is_about_any_more_is_known(store, triage):
    follow(triage, 1, draft("O1"), draft("O2"), draft("O3"))
    follow(triage, 2, draft("O3", "gone"))
    assert triage.standing_beside(RULE, [draft("O2")]) == [draft("O1").fingerprint]
    assert triage.standing_beside("another/rule", []) == []


def test_a_run_is_all_or_nothing(store, triage):
    with pytest.raises(sa.exc.SQLAlchemyError):
        follow(triage, 1, draft("O1"), draft("O2", severity=None))
    assert Reader(store).exceptions(Wanted()) == []
    assert triage.followed(RULE) == 0
    assert broken_audit(store) == []


def test_quantities_and_money_are_exact_to_the_last_digit(store, triage):
    exact = {
        "quantity_expected": Decimal("98765432109.123456789"),
        "quantity_observed": Decimal("0.1"),
        "variance": Decimal("-98765432109.023456789"),
        "unexplained": Decimal("-0.000000001"),
        "value": Decimal("12345678901234567890.12"),
    }
    follow(triage, 1, draft("O1", **exact))
    row = one(store)
    assert {name: row[name] for name in exact} == exact
    assert all(isinstance(row[name], Decimal) for name in exact)


def test_hostile_text_is_kept_as_it_came(store, triage):
    text = 'Ω \u202e\'; DROP TABLE exception; -- \\x00 "<script>"\n\t' + "x" * 300_000
    follow(triage, 1, draft("O1", title=text, search=text, evidence={"raw": text}))
    row = one(store)
    assert (row["title"], row["evidence"]) == (text, {"raw": text})
    assert Reader(store).exceptions(Wanted(text="%")) == []
    assert len(Reader(store).exceptions(Wanted(text="DROP TABLE"))) == 1
