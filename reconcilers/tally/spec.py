"""What a rule of the tally family may set."""

from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from reconcilers.family import Due, Side, Strict

Status = Literal["partially_done", "done", "tech_complete", "closed"]
Question = Literal["over", "lost", "used"]
Statuses = Annotated[
    tuple[Status, ...], BeforeValidator(lambda value: [value] if isinstance(value, str) else value)
]


class Over(Strict):
    """How much more than its quantity may be reported of an order; percent of that quantity."""

    percent: Decimal = Field(default=Decimal(0), ge=0)


class Lost(Strict):
    """How much of an order may be lost on its way; percent of what its first operation made."""

    percent: Decimal = Field(default=Decimal(0), ge=0, lt=100)
    when: Statuses = ("done", "tech_complete", "closed")


class TallySpec(Strict):
    """Parameters of one rule about the sums of what was reported of orders.

    It asks one of three: is it more than ordered (`over`), did some get lost between the first and
    the last operation (`lost`), was anything used for it (`used`).
    """

    reports: Side
    orders: Side | None = None
    over: Over | None = None
    lost: Lost | None = None
    used: Side | None = None
    due: Due

    @property
    def question(self) -> Question:
        """What the rule asks."""
        return "over" if self.over else "lost" if self.lost else "used"

    @model_validator(mode="after")
    def _one_question(self) -> Self:
        if sum(one is not None for one in (self.over, self.lost, self.used)) != 1:
            raise ValueError("a tally rule asks either 'over', 'lost' or 'used'")
        if (self.orders is None) != (self.used is not None):
            raise ValueError("'over' and 'lost' need 'orders', and 'used' has none")
        return self

    @model_validator(mode="after")
    def _tables(self) -> Self:
        events = {side.table for side in (self.reports, self.used) if side}
        if events != {"business_event"}:
            raise ValueError("'reports' and 'used' are business events")
        if self.orders and self.orders.table != "order_state":
            raise ValueError("'orders' are 'from: order_state'")
        return self
