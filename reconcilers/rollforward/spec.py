"""What a rule of the rollforward family may set."""

from datetime import timedelta
from decimal import Decimal
from typing import Literal, Self

from pydantic import Field, model_validator

from reconcilers.balance.spec import Grain
from reconcilers.family import Side, Strict


class RollforwardSpec(Strict):
    """Parameters of one rule about a system's stock and its own movements.

    `opening` of the roll is the first `snapshot` known, or `nothing` where the system tells every
    movement since it was empty. `rows` are the columns by which its list has but one row.
    """

    stock: Side
    movements: Side
    grain: tuple[Grain, ...] = Field(min_length=1)
    opening: Literal["snapshot", "nothing"] = "snapshot"
    tolerance: Decimal = Field(default=Decimal(0), ge=0)
    blur: timedelta = Field(
        default=timedelta(minutes=5),
        ge=timedelta(0),
        description="how far the clocks of a stock list and of its movements may be apart: what "
        "was booked that near a snapshot may be in it or not",
    )
    due: timedelta = Field(
        default=timedelta(0),
        ge=timedelta(0),
        description="how long stock may be below zero: its receipt may be under way",
    )
    rows: tuple[Grain, ...] = ()

    @model_validator(mode="after")
    def _of_stock(self) -> Self:
        if self.stock.table != "stock_balance" or self.movements.table != "business_event":
            raise ValueError(
                "rollforward holds stock_balance against business_event: say 'from: stock_balance' "
                "on 'stock' and nothing on 'movements'"
            )
        for name, columns in (("grain", self.grain), ("rows", self.rows)):
            if columns and "item" not in columns:
                raise ValueError(f"{name} needs 'item': different items are never added")
        return self
