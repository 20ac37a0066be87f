"""What a rule of the match family may set."""

from datetime import timedelta
from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from reconcilers.family import Due, Side, Strict

Same = Literal["same"]


class Pass(Strict):
    """One pass of keys.

    With `within`, facts pair only so close in time, and only where the choice is unique.
    """

    by: tuple[str, ...] = Field(min_length=1)
    within: timedelta | None = None


def _pass(value: Any) -> Any:
    return {"by": value} if isinstance(value, list) else value


class Quantity(Strict):
    """How much difference is none.

    It is the largest of an absolute amount in base unit, a percentage of the larger side, and one
    rounding step of the coarser unit. `round_to` gives the smallest step of each unit as sent.
    """

    tolerance: Decimal = Field(default=Decimal(0), ge=0)
    percent: Decimal = Field(default=Decimal(0), ge=0, lt=100)
    unit: Literal["base"] = "base"
    round_to: dict[str, Decimal] = Field(default_factory=dict)


class Compare(Strict):
    """What has to agree once facts are paired.

    An attribute one side does not know is not a difference.
    """

    quantity: Quantity | None = None
    item: Same | None = None
    lot: Same | None = None
    location: Same | None = None
    stock_status: Same | None = None
    order_no: Same | None = None
    op_no: Same | None = None
    document_no: Same | None = None
    period: Same | None = None

    @property
    def attributes(self) -> tuple[str, ...]:
        """Columns compared for equality."""
        names = (
            "item", "lot", "location", "stock_status", "order_no", "op_no", "document_no",
        )  # fmt: skip
        return tuple(name for name in names if getattr(self, name))


class Late(Strict):
    """When an effect that came is late: so long `after` its due time by the observed `clock`."""

    after: timedelta = timedelta(0)
    clock: Literal["recorded_at", "event_at"] = "recorded_at"


class Carrier(Strict):
    """Messages that carry the expected fact: they tell why it did not arrive."""

    messages: Side
    keys: tuple[tuple[str, ...], ...] = Field(min_length=1)


class MatchSpec(Strict):
    """Parameters of one match rule.

    `group` is how many expected and observed facts may form one match.
    """

    expected: Side
    observed: Side
    keys: tuple[Annotated[Pass, BeforeValidator(_pass)], ...] = Field(min_length=1, max_length=6)
    group: Literal["1:1", "1:n", "n:1", "n:m"] = "1:n"
    at_most: int = Field(default=100, ge=1, le=10_000)
    compare: Compare = Compare()
    measure: Literal["quantity", "labor_minutes"] = Field(
        default="quantity", description="what the quantity of a fact is"
    )
    due: Due
    orphan_due: Due | None = None
    late: Late | None = None
    missing: Literal["missing_posting", "spare_part_unposted", "transit_open"] = Field(
        default="missing_posting", description="code of an expected fact without its effect"
    )
    orphan: Literal["orphan_posting", "missing_counterpart"] = Field(
        default="orphan_posting", description="code of an effect without its fact"
    )
    unit_factors: tuple[Decimal, ...] = (
        Decimal(1000),
        Decimal(100),
        Decimal(12),
        Decimal("0.45359237"),
    )
    carried_by: Carrier | None = None
    operations: Side | None = Field(
        default=None,
        description="lines of the orders that tell their operations; with them a yield is expected "
        "to have its effect only at the last operation of its order",
    )

    @model_validator(mode="after")
    def _same_table(self) -> Self:
        if {self.expected.table, self.observed.table} != {"business_event"}:
            raise ValueError("match compares business events")
        return self

    @property
    def many_expected(self) -> bool:
        """Whether a match is of a group of expected facts, known by its key, and not of one."""
        return self.group in ("n:1", "n:m")
