"""The sql family: what an author's rows become."""

import random
from decimal import Decimal

import pytest
from pydantic import ValidationError

from reconcilers.family import Bind, ReconcilerError
from reconcilers.run import Pairing, evaluate
from reconcilers.sql import Sql
from reconcilers.sql.spec import SqlSpec
from tests.reconcilers import plant
from tests.reconcilers.plant import at, event

PAIRING = Pairing({"done": ("mes",), "got": ("erp",)}, ("P1",))
BIND = Bind(at("12:00"), at("11:00"))
TABLES = {
    "done": {"kind": "op_complete", "role": "mes"},
    "got": {"kind": "fg_receipt", "role": "erp"},
}
COMPARED = """
    SELECT done.fact_no AS expected_no, got.fact_no AS observed_no,
        done.quantity AS quantity_expected, got.quantity AS quantity_observed,
        done.event_at + INTERVAL 30 MINUTES AS due_at,
        CASE WHEN got.fact_no IS NULL THEN 'missing_posting' ELSE 'quantity_variance' END AS code
    FROM done LEFT JOIN got USING (order_no)
    WHERE got.quantity IS DISTINCT FROM done.quantity
"""


def spec(select=COMPARED, **more):
    return SqlSpec.model_validate(
        {"tables": TABLES, "select": select, "key": ["order_no"], "budget": {"memory": 256}, **more}
    )


def completion(order, quantity, when="08:00", **more):
    return event("mes", f"c{order}", quantity, at(when), order_no=order, item="A", **more)


def receipt(order, quantity, when="08:10"):
    return event("erp", f"r{order}", quantity, at(when), kind="fg_receipt", order_no=order)


def judged(con, rule):
    outcome = evaluate(con, Sql(), rule, PAIRING, BIND)
    rows = con.execute(
        "SELECT subject, code, plant, item, variance, at_risk, strftime(due_at, '%H:%M') "
        "FROM finding ORDER BY subject"
    ).fetchall()
    return outcome, rows


def test_every_row_is_a_finding_about_the_first_fact_it_names(con):
    plant.add(con, "business_event", [
        completion("O1", 10), receipt("O1", 10),
        completion("O2", 10), receipt("O2", "12.000000001"),
        completion("O3", 5),
    ])  # fmt: skip
    outcome, rows = judged(con, spec())
    odd = Decimal("2.000000001")
    assert rows == [
        ("sql/O2", "quantity_variance", "P1", "A", odd, odd, "08:30"),
        ("sql/O3", "missing_posting", "P1", "A", None, Decimal(5), "08:30"),
    ]
    assert outcome.findings == 2
    done, got = outcome.accounts["done"], outcome.accounts["got"]
    assert (done.in_scope, done.matched, done.excepted) == (3, 1, 2)
    assert (got.in_scope, got.matched, got.excepted) == (2, 1, 1)
    parts = con.execute("SELECT subject, role, of_table, fact_no FROM part ORDER BY ALL").fetchall()
    assert parts == [
        ("sql/O2", "expected", "business_event", 3),
        ("sql/O2", "observed", "business_event", 4),
        ("sql/O3", "expected", "business_event", 5),
    ]


def test_nothing_is_said_before_it_is_due(con):
    plant.add(con, "business_event", [completion("O1", 10, "10:30"), completion("O2", 10, "10:31")])
    outcome, rows = judged(con, spec())
    assert [row[0] for row in rows] == ["sql/O1"]
    assert (outcome.accounts["done"].excepted, outcome.accounts["done"].unknown) == (1, 1)


def test_a_row_may_be_about_many_facts_of_one_side(con):
    plant.add(con, "business_event", [
        *(completion("O1", 4, f"08:0{n}", op_no=str(n)) for n in range(3)), receipt("O1", 10),
    ])  # fmt: skip
    summed = """
        WITH made AS (
            SELECT order_no, sum(quantity) AS quantity, list(fact_no) AS numbers
            FROM done GROUP BY order_no
        )
        SELECT made.numbers AS expected_no, got.fact_no AS observed_no,
            made.quantity AS quantity_expected, got.quantity AS quantity_observed,
            'three of four' AS note
        FROM made JOIN got USING (order_no) WHERE got.quantity <> made.quantity
    """
    outcome, rows = judged(con, spec(summed, code="quantity_variance"))
    assert rows == [("sql/O1", "quantity_variance", "P1", "A", Decimal(-2), Decimal(2), None)]
    assert outcome.accounts["done"].excepted == 3


def test_the_order_of_facts_and_rows_does_not_matter(con):
    facts = [completion(f"O{n}", n + 1) for n in range(40)]
    facts += [receipt(f"O{n}", n + n % 3) for n in range(30)]
    found = set()
    for seed in range(3):
        random.Random(seed).shuffle(facts)
        con.execute("DELETE FROM business_event")
        plant.add(con, "business_event", facts)
        found.add(tuple(judged(con, spec())[1]))
    assert len(found) == 1


def test_only_the_columns_it_names_leave_the_store():
    assert "quantity" in spec().statement.names
    assert "actor" not in spec().statement.names
    every = "WITH all_of AS (SELECT * FROM done) SELECT a.fact_no AS expected_no FROM all_of a, got"
    assert spec(every, code="wrong_period").statement.names is None


@pytest.mark.parametrize(
    ("select", "told"),
    [
        ("SELECT 99 AS expected_no, 1 AS at_risk FROM done, got", "none of its tables: number 99"),
        ("SELECT CAST(NULL AS BIGINT) AS expected_no FROM done, got", "names no fact"),
        ("SELECT done.fact_no AS expected_no FROM done CROSS JOIN got", "same sql/O1"),
        ("SELECT done.fact_no AS expected_no, done.quantity * 1e0 AS at_risk FROM done, got",
         "at_risk as double, not as DECIMAL"),
        ("SELECT done.fact_no AS expected_no, CAST('2026-11-02' AS DATE) AS due_at FROM done, got",
         "due_at as date"),
        ("SELECT done.order_no AS expected_no FROM done, got", "expected_no as string, not as"),
        ("SELECT done.fact_no AS expected_no, got.nothing AS note FROM done, got",
         'does not have a column named "nothing"'),
        ("SELECT done.fact_no AS expected_no, CAST(got.lot AS BIGINT) AS at_risk FROM done, got",
         "Could not convert string"),
    ],
)  # fmt: skip
def test_an_answer_that_cannot_be_used_ends_the_run(con, select, told):
    plant.add(con, "business_event", [
        completion("O1", 10), receipt("O1", 10), receipt("O2", 1) | {"lot": "L"}
    ])  # fmt: skip
    with pytest.raises(ReconcilerError, match=told):
        judged(con, spec(select, code="wrong_period"))


def test_a_code_there_is_not_ends_the_run(con):
    plant.add(con, "business_event", [completion("O1", 10)])
    with pytest.raises(ReconcilerError, match="it gives the code odd"):
        judged(con, spec("SELECT done.fact_no AS expected_no, 'odd' AS code "
                         "FROM done LEFT JOIN got USING (order_no)"))  # fmt: skip


def test_the_statement_knows_time_only_by_what_it_is_given(con):
    plant.add(con, "business_event", [completion("O1", 10, "10:59"), completion("O2", 1, "09:30")])
    late = """
        SELECT done.fact_no AS expected_no, 'silent_source' AS code
        FROM done ANTI JOIN got USING (order_no)
        WHERE done.event_at < $horizon - INTERVAL 1 HOUR AND done.event_at < $as_of
    """
    assert [row[0] for row in judged(con, spec(late))[1]] == ["sql/O2"]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"code": "missing_posting"}, "say the code once"),
        ({"select": "SELECT done.fact_no AS expected_no FROM done, got"}, "say the code once"),
        ({"select": "SELECT done.fact_no AS expected_no FROM done", "code": "missing_posting"},
         "does not read 'got'"),
        ({"select": "SELECT 1 AS at_risk FROM done, got", "code": "missing_posting"},
         "no expected_no and no observed_no"),
        ({"select": "SELECT done.fact_no AS expected_no, 1 AS price FROM done, got",
          "code": "missing_posting"}, "nobody reads price"),
        ({"select": "SELECT done.fact_no AS expected_no FROM done, got", "code": "odd"},
         "'odd' is none of"),
        ({"select": "SELECT done.fact_no AS expected_no FROM done, other", "code": "odd"},
         "not from other"),
        ({"tables": {**TABLES, "costs": {"from": "item_cost"}}}, "not item_cost"),
        ({"tables": {**TABLES, "No Name": {}}}, "'No Name' is no name"),
        ({"budget": {"time": "31 seconds"}}, "time"),
        ({"budget": {"memory": 2000}}, "1024"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_rule_is_told_before_it_runs(change, told):
    with pytest.raises(ValidationError, match=told):
        spec(**change)
