"""What is known about a key: what shares an order or a lot of an item with it, and what is left."""

import pytest

from app.jobs import collect
from app.store.lake import Lake
from app.store.tracing import LakeReader
from tests.works import NOON, drop, made, minutes, working

AGO = NOON - minutes(90)


@pytest.fixture
def traced(fresh):
    """Traces a key after collecting some movements of the MES."""

    def trace(key, lines, **limit):
        drop(fresh, "mes", lines)
        with working(fresh) as services:
            assert {report.outcome for report in collect.collect(services)} == {"ok"}
        return LakeReader(Lake(fresh / "var/lake")).trace(key, **limit)

    return trace


def keys(told):
    return [row["source_key"] for row in told.facts if row["source"] == "mes"]


def test_beyond_the_limit_the_newest_facts_stay_and_the_others_are_counted(traced):
    many = [made(f"{at}", "O7", 1, AGO + minutes(at)) for at in range(30)]
    told = traced("O7", many, limit=20)
    assert keys(told) == [f"{at}" for at in range(10, 30)]
    assert (told.left_out, told.is_followed) == (10, False)


def test_within_the_limit_nothing_is_left_out(traced):
    told = traced("O7", [made(f"{at}", "O7", 1, AGO) for at in range(20)], limit=20)
    assert len(told.facts) == 20
    assert (told.left_out, told.is_followed) == (0, True)


def test_what_names_the_key_comes_before_what_is_only_linked(traced):
    linked = [made(f"{at}", "O7", 1, AGO + minutes(at)) for at in range(5)]
    told = traced("first", [*linked, made("first", "O7", 1, AGO - minutes(5))], limit=3)
    assert keys(told) == ["first", "3", "4"]
    assert told.left_out == 3


def test_a_lot_number_that_two_items_share_does_not_join_them(traced):
    when = f"{AGO:%Y-%m-%dT%H:%M:%SZ}"
    lines = [
        f"a,O7,A,001,1,{when},",
        f"a2,O8,A,001,1,{when},",
        f"b,O9,B,001,1,{when},",
        f"c,O10,C,O7,1,{when},",
    ]
    assert keys(traced("O7", lines)) == ["a", "a2", "c"]
    assert keys(traced("O9", lines)) == ["b"]
    assert keys(traced("001", lines)) == ["a", "a2", "b"]


def test_a_link_is_no_item_of_the_same_name(traced):
    when = f"{AGO:%Y-%m-%dT%H:%M:%SZ}"
    lines = [f"a,100,X,,1,{when},", f"b,200,100,,1,{when},", f"c,100,Y,,1,{when},"]
    assert keys(traced("c", lines)) == ["a", "c"]
