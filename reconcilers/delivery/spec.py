"""What a rule of the delivery family may set."""

from datetime import timedelta
from typing import Self

from pydantic import Field, model_validator

from reconcilers.family import Side, Strict


class DeliverySpec(Strict):
    """Parameters of one delivery rule.

    It is about messages and the effect they should have had, or channels nobody empties.
    """

    messages: Side | None = None
    effect: Side | None = None
    carries: Side | None = None
    keys: tuple[tuple[str, ...], ...] = ()
    channels: Side | None = None
    due: timedelta = Field(
        description="allowance from the business time of the message, or since the channel stopped"
    )

    @model_validator(mode="after")
    def _one_subject(self) -> Self:
        if (self.messages is None) == (self.channels is None):
            raise ValueError("a delivery rule is about either 'messages' or 'channels'")
        if self.messages and not (self.effect and self.keys):
            raise ValueError("messages need 'effect' and 'keys': where their effect is to be found")
        return self
