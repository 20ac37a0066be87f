"""What a rule of the silence family may set."""

from typing import Self

from pydantic import Field, model_validator

from reconcilers.family import Due, Side, Strict


class SilenceSpec(Strict):
    """Parameters of one rule about sources that fall silent."""

    facts: Side
    every: Due = Field(
        description="the longest pause in which a source may tell nothing of a plant; "
        "`{working: 8 hours}` counts working time of the plant"
    )

    @model_validator(mode="after")
    def _of_events(self) -> Self:
        if self.facts.table != "business_event":
            raise ValueError("silence is about business events: what a plant does while it works")
        return self
