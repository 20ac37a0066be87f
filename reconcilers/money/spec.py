"""What a rule of the money family may set."""

import re
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from reconcilers.family import Due, Side, Strict

Grain = Literal["plant", "account"]
Cleared = Literal["plant", "order_no", "order_line", "item", "partner", "reference_no"]
Question = Literal["tied", "cleared", "dated"]
_AMOUNT = re.compile(r"^(\d+(?:\.\d+)?) ([A-Z]{3})$")


@dataclass(frozen=True)
class Amount:
    """So much of a currency."""

    amount: Decimal
    currency: str


def _amount(value: Any) -> Any:
    if isinstance(value, Amount):
        return value
    if not isinstance(value, str) or not (found := _AMOUNT.match(value)):
        raise ValueError(f"'{value}' is not an amount such as '1 EUR'")
    return Amount(Decimal(found[1]), found[2])


class MoneySpec(Strict):
    """Parameters of one rule about the general ledger.

    It asks one of three: is stock worth what its accounts say (`stock`, at `costs`), does an
    account come to nothing for each of a key (`cleared`), was anything posted into a period that
    had been closed (`periods`).
    """

    ledger: Side
    stock: Side | None = None
    costs: Side | None = None
    grain: tuple[Grain, ...] = Field(
        default=("plant", "account"),
        min_length=1,
        description="what stock and its accounts are compared by; 'account' needs entries that "
        "name their item",
    )
    blur: timedelta = Field(
        default=timedelta(minutes=5),
        ge=timedelta(0),
        description="how far the clocks of the stock list and of the ledger may be apart: what "
        "was posted that near to the list may be in it or not, and so long after it entries have "
        "to be told before it is compared",
    )
    cleared: tuple[Cleared, ...] = ()
    due: Due | None = Field(
        default=None,
        description="how long an entry may wait for what clears it; `{working: 8 hours}` counts "
        "working time of the plant",
    )
    periods: Side | None = None
    tolerance: Annotated[Amount | None, BeforeValidator(_amount)] = Field(
        default=None,
        description="difference that is none, such as '1 EUR'; none in another currency",
    )

    @property
    def question(self) -> Question:
        """What the rule asks."""
        return "tied" if self.stock else "cleared" if self.cleared else "dated"

    @model_validator(mode="after")
    def _one_question(self) -> Self:
        if sum(map(bool, (self.stock, self.cleared, self.periods))) != 1:
            raise ValueError("a money rule asks either 'stock', 'cleared' or 'periods'")
        if bool(self.stock) != bool(self.costs):
            raise ValueError("'stock' and 'costs' go together")
        if bool(self.cleared) != (self.due is not None):
            raise ValueError("'cleared' and 'due' go together")
        if self.periods and self.tolerance:
            raise ValueError("a posting is in a closed period or is not: no 'tolerance'")
        return self

    @model_validator(mode="after")
    def _tables(self) -> Self:
        wanted = {
            "ledger": "ledger_entry",
            "stock": "stock_balance",
            "costs": "item_cost",
            "periods": "fiscal_period",
        }
        for name, table in wanted.items():
            side: Side | None = getattr(self, name)
            if side and side.table != table:
                raise ValueError(f"'{name}' is 'from: {table}'")
        return self
