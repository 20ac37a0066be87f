"""Orders in units that cannot be compared."""

from datetime import UTC, datetime, timedelta

import pytest

from reconcilers.family import Bind
from reconcilers.run import Pairing, evaluate
from reconcilers.state import State
from reconcilers.state.spec import StateSpec
from tests.reconcilers import plant

AT = datetime(2026, 11, 2, 8, tzinfo=UTC)
PAIRING = Pairing({"expected": ("erp",), "observed": ("mes",)}, ("P1",))


def test_quantities_in_different_units_are_not_valued_where_only_the_item_is_compared():
    spec = StateSpec.model_validate(
        {
            "expected": {"from": "order_state", "role": "erp"},
            "observed": {"from": "order_state", "role": "mes"},
            "key": "order_no",
            "allowed": {"released": "released"},
            "compare": {"item": "same"},
            "due": timedelta(minutes=30),
        }
    )
    con = plant.ledger()
    order = {"order_no": "O", "order_kind": "production", "status": "released", "changed_at": AT}
    told = [("erp", "A", "EA"), ("mes", "B", "KG")]
    rows = [
        {"source": source, "source_key": source, "plant": "P1", "item": item, "unit": unit}
        | {"quantity": quantity, **order}
        for (source, item, unit), quantity in zip(told, (10, 12), strict=True)
    ]
    plant.add(con, "order_state", rows)
    evaluate(con, State(), spec, PAIRING, Bind(AT + timedelta(hours=2), AT + timedelta(hours=1)))
    assert con.execute("SELECT code, variance, at_risk FROM finding").fetchall() == [
        ("revision_drift", None, None)
    ]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"expected": {"from": "business_event"}}, "state compares order_state or quality"),
        ({"observed": {"from": "order_state"}}, "say the same 'from' twice"),
        ({"allowed": {"open": "done"}}, "quality_disposition has no status 'done'"),
        ({"compare": {"bom_ref": "same"}}, "quality_disposition has no bom_ref to compare"),
    ],
)
def test_what_is_compared_is_of_one_table(wrong, said):
    decision = {"from": "quality_disposition"}
    rule = {"expected": decision, "observed": decision, "key": "event_key", "due": timedelta(1)}
    StateSpec.model_validate({**rule, "allowed": {"open": "open"}})
    with pytest.raises(ValueError, match=said):
        StateSpec.model_validate({**rule, "allowed": {"open": "open"}, **wrong})
