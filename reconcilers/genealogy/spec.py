"""What a rule of the genealogy family may set."""

from datetime import timedelta
from typing import Literal, Self

from pydantic import Field, model_validator

from reconcilers.family import Due, Side, Strict

OfLot = Literal["plant", "item", "lot", "serial"]


class GenealogySpec(Strict):
    """Parameters of one rule about where lots come from: each lot of `used` is among `origins`."""

    used: Side
    origins: Side
    key: tuple[OfLot, ...] = Field(default=("item", "lot"), min_length=1)
    due: Due = Field(
        description="how long after its use the origin of a lot may be told; `{working: 8 hours}` "
        "counts working time of the plant"
    )
    lasts: timedelta = Field(
        default=timedelta(days=365),
        description="how long a lot may lie before it is used: so long after the first origin "
        "that is told of a plant, what is used there may come from before",
    )

    @model_validator(mode="after")
    def _same_table(self) -> Self:
        if {self.used.table, self.origins.table} != {"business_event"}:
            raise ValueError("genealogy compares business events")
        return self
