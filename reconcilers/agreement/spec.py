"""What a rule of the agreement family may set."""

import re
from datetime import timedelta
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from reconcilers.family import Side, Strict, Texts

Question = Literal["records", "keys"]
COLUMNS = ("name", "is_active", "unit", "quantity", "valid_to")  # what a record tells itself
_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")


def _named(names: tuple[str, ...]) -> tuple[str, ...]:
    if strange := [name for name in names if not _NAME.fullmatch(name)]:
        raise ValueError(f"'{strange[0]}' is no name of an attribute such as lot_controlled")
    return names


Attributes = Annotated[Texts, AfterValidator(_named)]
Key = Literal["item", "key"]


class AgreementSpec(Strict):
    """Parameters of one rule about what two systems have to know the same of a thing.

    It asks one of two: do the records agree (`expected`, `observed`), or is every key that comes
    in `facts` the key of one of `records`.
    """

    expected: Side | None = None
    observed: Side | None = None
    compare: Attributes = ()
    missing: timedelta | None = None
    complete: Side | None = None
    unknown: timedelta | None = None
    carries: Attributes = ("gtin", "name")
    facts: Side | None = None
    records: Side | None = None
    key: Key = "item"
    due: timedelta = Field(ge=timedelta(0))

    @property
    def question(self) -> Question:
        """What the rule asks."""
        return "keys" if self.facts else "records"

    @property
    def attributes(self) -> tuple[str, ...]:
        """Everything that is looked at of a record, each once."""
        return tuple(dict.fromkeys((*self.compare, *self.carries)))

    @model_validator(mode="after")
    def _one_question(self) -> Self:
        given = [side is not None for side in (self.expected, self.observed)]
        asked = [side is not None for side in (self.facts, self.records)]
        if sorted((given, asked)) != [[False, False], [True, True]]:
            raise ValueError("give 'expected' and 'observed', or 'facts' and 'records'")
        asks = bool(self.compare) or (self.missing, self.unknown) != (None, None)
        if self.question == "records" and not asks:
            raise ValueError("say what must agree: 'compare', 'missing' or 'unknown'")
        if self.question == "keys" and asks:
            raise ValueError("'compare', 'missing' and 'unknown' are about two sides of records")
        if self.complete and self.missing is None:
            raise ValueError("'complete' says who is 'missing' something: give both")
        return self

    @model_validator(mode="after")
    def _of_records(self) -> Self:
        sides = (self.expected, self.observed, self.records, self.complete)
        if {side.table for side in sides if side} - {"master_record"}:
            raise ValueError("what is known of things is 'from: master_record'")
        if self.facts and (self.facts.table != "business_event" or self.key != "item"):
            raise ValueError("'facts' are business events, and their key is the item")
        return self
