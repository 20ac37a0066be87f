"""What a rule of the state family may set."""

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from reconcilers.family import Side, Strict, Texts

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
]
Statuses = Annotated[
    tuple[Status, ...], BeforeValidator(lambda value: [value] if isinstance(value, str) else value)
]


class Missing(Strict):
    """In which states an order has to be known on the other side, so long after it changed."""

    when: Statuses
    due: timedelta


class Attributes(Strict):
    """Which attributes of the order have to agree as well."""

    quantity: Same | None = None
    item: Same | None = None
    item_revision: Same | None = None
    bom_ref: Same | None = None
    routing_ref: Same | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """Columns compared."""
        return tuple(name for name in type(self).model_fields if getattr(self, name))


class StateSpec(Strict):
    """Parameters of one state rule.

    `allowed` says for each expected state which observed ones are in step with it.
    """

    expected: Side
    observed: Side
    key: Texts = ("order_no",)
    allowed: dict[Status, Statuses] = Field(min_length=1)
    due: timedelta
    compare: Attributes = Attributes()
    missing: Missing | None = None
    unknown_order: Missing | None = None
