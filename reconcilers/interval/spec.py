"""What a rule of the interval family may set."""

from datetime import timedelta
from typing import Self

from pydantic import Field, model_validator

from reconcilers.family import Side, Strict, Texts


class IntervalSpec(Strict):
    """Parameters of one hold rule: decisions about lots, and where they must be visible or obeyed.

    `stock`: while a lot is held, none of it may be in a status outside `blocked`; once released,
    none may stay in it. `movements`: while a lot is held, none of it may be moved by these.
    """

    holds: Side
    stock: Side | None = None
    movements: Side | None = None
    key: Texts = ("lot",)
    hold_kinds: Texts = ("hold", "nonconformance", "recall")
    release_kinds: Texts = ("release",)
    blocked: Texts = ("blocked", "inspect", "restricted")
    due: timedelta | None = Field(
        default=None,
        description="how long a hold may take to arrive in the stock; movements obey at once",
    )
    release_due: timedelta | None = None

    @model_validator(mode="after")
    def _something_to_watch(self) -> Self:
        if self.stock is None and self.movements is None:
            raise ValueError(
                "give 'stock', where holds must be visible, "
                "or 'movements', which must not happen meanwhile"
            )
        if self.stock and self.due is None:
            raise ValueError("'stock' needs 'due': how long a hold may take to arrive there")
        return self
