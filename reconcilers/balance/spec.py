"""What a rule of the balance family may set."""

from decimal import Decimal
from typing import Literal, Self

from pydantic import Field, model_validator

from reconcilers.family import Due, Side, Strict
from reconcilers.match.spec import Carrier, Compare, MatchSpec, Pass, Quantity

Grain = Literal["plant", "location", "bin", "item", "lot", "serial", "stock_status", "stock_owner"]


class Movements(Strict):
    """One kind of movement and how the two sides' records of it find each other."""

    expected: Side
    observed: Side
    keys: tuple[tuple[str, ...], ...] = Field(min_length=1, max_length=6)
    group: Literal["1:1", "1:n", "n:1", "n:m"] = "n:m"
    due: Due
    carried_by: Carrier | None = None
    unit_factors: tuple[Decimal, ...] = (
        Decimal(1000),
        Decimal(100),
        Decimal(12),
        Decimal("0.45359237"),
    )

    def match(self, grain: tuple[str, ...]) -> MatchSpec:
        """The same as a match rule: quantities exact, and each attribute of the grain compared."""
        comparable = [name for name in ("lot", "location", "stock_status") if name in grain]
        compare = Compare(quantity=Quantity(), period="same", **dict.fromkeys(comparable, "same"))
        return MatchSpec(
            expected=self.expected,
            observed=self.observed,
            keys=tuple(Pass(by=key) for key in self.keys),
            group=self.group,
            compare=compare,
            due=self.due,
            carried_by=self.carried_by,
            unit_factors=self.unit_factors,
        )


class BalanceSpec(Strict):
    """Parameters of one balance rule: two sources of stock, compared at a declared grain.

    `movements` explain differences; `booked` movements also roll the older snapshot forward to the
    instant of the newer. Without `booked` these are the `movements` of the systems compared.
    """

    expected: Side
    observed: Side
    grain: tuple[Grain, ...] = Field(min_length=1)
    tolerance: Decimal = Field(default=Decimal(0), ge=0)
    percent: Decimal = Field(default=Decimal(0), ge=0, lt=100)
    movements: tuple[Movements, ...] = ()
    booked_expected: Side | None = None
    booked_observed: Side | None = None
    split_of: tuple[Grain, ...] = Field(
        default=(),
        description="columns of the grain by which a total is held; with them only what is split "
        "otherwise is told, where the totals agree",
    )

    @model_validator(mode="after")
    def _of_stock(self) -> Self:
        if {self.expected.table, self.observed.table} != {"stock_balance"}:
            raise ValueError(
                "balance compares stock_balance: say 'from: stock_balance' on both sides"
            )
        if "item" not in self.grain:
            raise ValueError("grain needs 'item': quantities of different items are never added")
        if self.split_of and not {"item"} <= {*self.split_of} < {*self.grain}:
            raise ValueError("split_of needs 'item' and columns of the grain, but not all of them")
        return self
