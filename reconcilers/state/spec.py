"""What a rule of the state family may set."""

from datetime import timedelta
from typing import Annotated, Literal, Self, get_args

from pydantic import BeforeValidator, Field, model_validator

from reconcilers.family import Due, Side, Strict, Texts

Same = Literal["same"]
Status = Literal[
    "created",
    "released",
    "in_progress",
    "held",
    "partially_done",
    "done",
    "tech_complete",
    "closed",
    "cancelled",
    "open",
    "decided",
    "stock_posted",
]
STATUSES = {  # of the tables there are states in
    "order_state": frozenset(get_args(Status)) - {"open", "decided", "stock_posted"},
    "quality_disposition": frozenset({"open", "decided", "stock_posted", "closed"}),
}
Statuses = Annotated[
    tuple[Status, ...], BeforeValidator(lambda value: [value] if isinstance(value, str) else value)
]


class Missing(Strict):
    """In which states an order has to be known on the other side, so long after it changed."""

    when: Statuses
    due: timedelta


class Idle(Strict):
    """In which states an order may stay unchanged on both sides, and how long."""

    when: Statuses
    due: Due


class Attributes(Strict):
    """Which attributes of the order or decision have to agree as well."""

    quantity: Same | None = None
    quantity_free: Same | None = None
    item: Same | None = None
    item_revision: Same | None = None
    bom_ref: Same | None = None
    routing_ref: Same | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """Columns compared."""
        return tuple(name for name in type(self).model_fields if getattr(self, name))


_ATTRIBUTES = {
    "order_state": {*Attributes.model_fields} - {"quantity_free"},
    "quality_disposition": {"quantity", "quantity_free", "item"},
}


class StateSpec(Strict):
    """Parameters of one state rule.

    `allowed` says for each expected state which observed ones are in step with it; without it no
    pair is out of step.
    """

    expected: Side
    observed: Side
    key: Texts = ("order_no",)
    allowed: dict[Status, Statuses] = Field(default_factory=dict)
    due: timedelta = timedelta(0)
    compare: Attributes = Attributes()
    missing: Missing | None = None
    unknown_order: Missing | None = None
    idle: Idle | None = None

    @model_validator(mode="after")
    def _something_to_judge(self) -> Self:
        if not self.allowed and self.idle is None:
            raise ValueError("give 'allowed', the states that go together, or 'idle'")
        return self

    @model_validator(mode="after")
    def _of_one_table(self) -> Self:
        table = self.expected.table
        if table not in STATUSES or self.observed.table != table:
            raise ValueError(
                "state compares order_state or quality_disposition: say the same 'from' twice"
            )
        others = (one.when for one in (self.missing, self.unknown_order, self.idle) if one)
        named: set[str] = {*self.allowed}.union(*self.allowed.values())
        if strange := named.union(*others) - STATUSES[table]:
            raise ValueError(f"{table} has no status '{min(strange)}'")
        if strange := {*self.compare.names} - _ATTRIBUTES[table]:
            raise ValueError(f"{table} has no {min(strange)} to compare")
        return self
