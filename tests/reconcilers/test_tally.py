"""Sums of what was reported of orders: what neither the order of facts nor repeats may change."""

from datetime import timedelta
from decimal import Decimal
from random import Random
from typing import Any

import duckdb
import pytest

from reconcilers.family import Bind
from reconcilers.run import Outcome, Pairing, evaluate
from reconcilers.tally import Tally
from reconcilers.tally.spec import TallySpec
from tests.reconcilers import plant
from tests.reconcilers.plant import at, event

NOON, NIGHT = at("12:00"), at("22:00")
Row = dict[str, Any]
PAIRING = Pairing({"reports": ("mes",), "orders": ("erp",), "used": ("mes",)}, ("P1",))
REPORTS = {"kind": ["op_complete", "scrap"], "role": "mes"}
ORDERS = {"from": "order_state", "role": "erp"}
ASKED: dict[str, Row] = {
    "over": {"reports": REPORTS, "orders": ORDERS, "over": {"percent": 10}},
    "lost": {"reports": REPORTS, "orders": ORDERS, "lost": {"percent": 2}},
    "used": {
        "reports": {"kind": "op_complete", "role": "mes"},
        "used": {"kind": "goods_issue", "role": "mes"},
    },
}
FOUND = "SELECT subject, code, variance, due_at FROM finding ORDER BY subject"
VERDICTS = "SELECT verdict, reason FROM verdict ORDER BY ALL"


def spec(asks: str, **more: Any) -> TallySpec:
    return TallySpec.model_validate({**ASKED[asks], "due": timedelta(hours=1), **more})


def report(key: str, quantity: object, op: str = "10", when: str = "08:00", **more: Any) -> Row:
    """A yield of order O, as the shop floor tells it."""
    told = {"order_no": "O", "op_no": op, "item": "A"}
    return event("mes", key, str(quantity), at(when), **told | more)


def order(status: str = "done", **more: Any) -> Row:
    """Order O of 100 in the books."""
    return {
        "source": "erp", "source_key": "O", "order_kind": "production", "order_no": "O",
        "status": status, "plant": "P1", "quantity": 100, "unit": "EA", "changed_at": at("09:00"),
        **more,
    }  # fmt: skip


def run(
    con: duckdb.DuckDBPyConnection, asked: TallySpec, *facts: Row, orders: tuple[Row, ...] = ()
) -> Outcome:
    """A run at night of what was told by then; all feeds are complete until noon."""
    plant.add(con, "order_state", orders)
    plant.add(con, "business_event", facts)
    return evaluate(con, Tally(), asked, PAIRING, Bind(as_of=NIGHT, horizon=NOON))


def found(asked: TallySpec, *facts: Row, orders: tuple[Row, ...] = ()) -> list[tuple[Any, ...]]:
    with plant.ledger() as con:
        run(con, asked, *facts, orders=orders)
        return con.execute(FOUND.replace("due_at", "due_at::VARCHAR")).fetchall()


def test_the_due_time_is_that_of_the_report_that_went_too_far_whatever_follows():
    facts = [report("a", 60), report("b", 60, when="09:00"), report("c", 1, when="10:00")]
    [(subject, code, variance, due)] = found(spec("over"), *facts, orders=(order(),))
    assert (subject, code, variance) == ("over/P1/O/10", "quantity_variance", Decimal(21))
    assert due == "2026-11-02 10:00:00+00"


def test_what_went_back_within_the_order_in_between_begins_anew():
    facts = [
        report("a", 120),
        report("b", -60, when="09:00", is_reversal=True),
        report("c", 60, when="10:00"),
    ]
    [(_, _, _, due)] = found(spec("over"), *facts, orders=(order(),))
    assert due == "2026-11-02 11:00:00+00"


def test_a_later_operation_is_the_one_with_the_larger_number_however_it_is_written():
    facts = [report("a", 100, "90"), report("b", 90, "100")]
    [(subject, _, variance, _)] = found(spec("lost"), *facts, orders=(order(),))
    assert (subject, variance) == ("lost/P1/O", Decimal(-10))
    facts = [report("a", 90, "90"), report("b", 100, "100")]
    assert found(spec("lost"), *facts, orders=(order(),)) == []


@pytest.mark.parametrize(
    ("status", "changed", "is_told"),
    [("done", "11:00", True), ("done", "12:30", False), ("closed", "12:30", True)],
)
def test_an_order_that_was_only_just_finished_may_have_reports_that_are_not_told(
    status, changed, is_told
):
    facts = [report("a", 100, "10"), report("b", 90, "20")]
    header = order(status, changed_at=at(changed))
    assert bool(found(spec("lost"), *facts, orders=(header,))) == is_told


def test_of_several_records_of_an_order_the_one_changed_last_speaks():
    older = order(source_key="O1", quantity=500, changed_at=at("07:00"))
    for orders in ((older, order()), (order(), older)):
        assert len(found(spec("over"), report("a", 120), orders=orders)) == 1


def test_orders_of_one_number_in_two_plants_are_two():
    facts = [report("a", 60), report("b", 60, plant="P2")]
    pairing = Pairing(PAIRING.sources, ("P1", "P2"))
    with plant.ledger() as con:
        plant.add(con, "order_state", [order(), order(source_key="O2", plant="P2")])
        plant.add(con, "business_event", facts)
        evaluate(con, Tally(), spec("over"), pairing, Bind(as_of=NIGHT, horizon=NOON))
        assert con.execute(FOUND).fetchall() == []


def test_what_another_plant_uses_says_nothing_of_this_one():
    facts = [
        report("a", 10),
        report("b", 10, order_no="P", plant="P2"),
        report("c", -5, order_no="P", plant="P2", kind="goods_issue", item="C"),
    ]
    pairing = Pairing(PAIRING.sources, ("P1", "P2"))
    with plant.ledger() as con:
        plant.add(con, "business_event", facts)
        evaluate(con, Tally(), spec("used"), pairing, Bind(as_of=NIGHT, horizon=NOON))
        assert con.execute(FOUND).fetchall() == []


def chance_facts(rng: Random) -> list[Row]:
    """Reports and uses of some orders at random: repeated, taken back, failed, without a name."""
    facts = []
    for number in range(rng.randint(5, 25)):
        more: Row = {
            "order_no": rng.choice("OPQ"),
            "state": rng.choice(["posted"] * 5 + ["failed"]),
        }
        kind = rng.choice(("op_complete", "op_complete", "scrap", "goods_issue"))
        if facts and rng.random() < 0.2:
            first = rng.choice(facts)
            more |= {
                "is_reversal": True,
                "reverses_key": first["source_key"],
                "kind": first["kind"],
            }
        else:
            more["kind"] = kind
        quantity = rng.randint(1, 60) * (-1 if "is_reversal" in more else 1)
        op, when = rng.choice(("10", "20", "100", None)), f"{rng.randint(6, 13):02}:00"
        facts.append(report(f"f{number}", quantity, op, when, **more))
    return facts


@pytest.mark.parametrize("asks", ASKED)
@pytest.mark.parametrize("seed", range(15))
def test_every_fact_has_one_verdict_and_their_order_changes_nothing(asks, seed):
    rng = Random(f"{asks}/{seed}")
    facts = chance_facts(rng)
    orders = tuple(
        order(rng.choice(("released", "done", "closed")), order_no=number, source_key=number)
        for number in "OP"
    )
    answers = []
    for _ in range(3):
        with plant.ledger() as con:
            outcome = run(con, spec(asks), *facts, orders=orders)
            line = outcome.accounts["reports"]
            assert line.adds_up
            assert line.in_scope == con.execute("SELECT count(*) FROM reports").fetchall()[0][0]
            told = con.execute(FOUND.replace("due_at", "due_at::VARCHAR")).fetchall()
            answers.append((told, con.execute(VERDICTS).fetchall()))
        rng.shuffle(facts)
    assert answers[0] == answers[1] == answers[2]


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ({"reports": REPORTS}, "asks either 'over', 'lost' or 'used'"),
        ({**ASKED["over"], "lost": {}}, "asks either 'over', 'lost' or 'used'"),
        ({"reports": REPORTS, "over": {}}, "'over' and 'lost' need 'orders'"),
        ({**ASKED["used"], "orders": ORDERS}, "'used' has none"),
        ({**ASKED["over"], "reports": ORDERS}, "'reports' and 'used' are business events"),
        ({**ASKED["over"], "orders": REPORTS}, "'orders' are 'from: order_state'"),
    ],
)
def test_a_rule_asks_one_question_of_the_right_tables(rule, said):
    with pytest.raises(ValueError, match=said):
        TallySpec.model_validate({**rule, "due": timedelta(hours=1)})
