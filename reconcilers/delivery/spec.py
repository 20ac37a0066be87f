"""What a rule of the delivery family may set."""

from datetime import timedelta
from typing import Literal, Self

from pydantic import Field, model_validator

from reconcilers.family import Side, Strict


class Messages(Side):
    """Facts of one side, as everywhere; or what its source had and no longer lists."""

    gone: bool = False


class DeliverySpec(Strict):
    """Parameters of one delivery rule.

    It is about messages and the effect they should have had, or channels nobody empties.
    """

    messages: Messages | None = None
    effect: Side | None = None
    carries: Side | None = None
    keys: tuple[tuple[str, ...], ...] = ()
    channels: Side | None = None
    watch: Literal["consumers", "head"] = Field(
        default="consumers",
        description="what tells that a channel stands: nobody takes from it, or somebody does and "
        "its first message does not move",
    )
    retries: int | None = Field(
        default=None,
        ge=1,
        description="from so many refused deliveries in an hour on, a first message that does not "
        "get through is a retry storm; only with 'watch: head'",
    )
    due: timedelta = Field(
        description="allowance from the business time of the message, or since the channel stopped"
    )

    @model_validator(mode="after")
    def _one_subject(self) -> Self:
        if (self.messages is None) == (self.channels is None):
            raise ValueError("a delivery rule is about either 'messages' or 'channels'")
        if self.messages and not (self.effect and self.keys):
            raise ValueError("messages need 'effect' and 'keys': where their effect is to be found")
        if self.retries and not (self.channels and self.watch == "head"):
            raise ValueError("'retries' are counted of 'channels' with 'watch: head'")
        return self
