"""What a rule of the interval family may set."""

from datetime import timedelta
from typing import Literal, Self

from pydantic import Field, model_validator

from reconcilers.family import Due, Side, Strict, Texts, Working

Subject = Literal["holds", "stops", "orders"]


class IntervalSpec(Strict):
    """Parameters of one rule about what lasts: holds of lots, stops of machines, repairs.

    `holds` are decisions about lots. `stock`: while a lot is held, none of it may be in a status
    outside `blocked`; once released, none may stay in it. `movements`: while a lot is held, none of
    it may be moved by these. `stops` of machines have to be among those `maintenance` knows, and
    its `orders` have to end after them.
    """

    holds: Side | None = None
    stops: Side | None = None
    orders: Side | None = None
    maintenance: Side | None = None
    stock: Side | None = None
    movements: Side | None = None
    key: Texts = ("lot",)
    hold_kinds: Texts = ("hold", "nonconformance", "recall")
    release_kinds: Texts = ("release",)
    blocked: Texts = ("blocked", "inspect", "restricted")
    done: Texts = ("done", "tech_complete", "closed", "cancelled")
    due: Due | None = Field(
        default=None,
        description="how long a hold may take to arrive in the stock (movements obey at once), a "
        "stop to be known to maintenance, an order to be finished once the machine runs",
    )
    release_due: timedelta | None = None
    overlap: timedelta = Field(
        default=timedelta(minutes=1), description="how long two stops of a machine may overlap"
    )

    @property
    def subject(self) -> Subject:
        """What the rule is about: the side whose facts it gives account of."""
        return "holds" if self.holds else "stops" if self.stops else "orders"

    @property
    def about(self) -> Side:
        """That side."""
        return next(side for side in (self.holds, self.stops, self.orders) if side)

    @model_validator(mode="after")
    def _one_subject(self) -> Self:
        if sum(side is not None for side in (self.holds, self.stops, self.orders)) != 1:
            raise ValueError("an interval rule is about either 'holds', 'stops' or 'orders'")
        if self.subject != "holds" and not (self.maintenance and self.due):
            raise ValueError(f"'{self.subject}' need 'maintenance' and 'due'")
        if self.subject != "holds" and (self.stock or self.movements):
            raise ValueError("'stock' and 'movements' are watched for 'holds' only")
        return self

    @model_validator(mode="after")
    def _something_to_watch(self) -> Self:
        if self.holds is None:
            return self
        if isinstance(self.due, Working):
            raise ValueError("a hold binds round the clock: give 'due' as a plain duration")
        if self.stock is None and self.movements is None:
            raise ValueError(
                "give 'stock', where holds must be visible, "
                "or 'movements', which must not happen meanwhile"
            )
        if self.stock and self.due is None:
            raise ValueError("'stock' needs 'due': how long a hold may take to arrive there")
        return self
