"""What a rule of the sql family may set."""

import re
from datetime import timedelta
from functools import cached_property
from typing import Annotated, Self

from pydantic import Field, ValidationInfo, field_validator, model_validator

from reconcilers.family import CODES, Side, Strict, Texts
from reconcilers.sql.statement import Statement, parse

TIMES = {  # when a fact of a table is from
    "business_event": "event_at",
    "order_state": "changed_at",
    "order_line": "changed_at",
    "stock_balance": "balance_at",
    "channel_depth": "sampled_at",
    "asset_state": "started_at",
    "message_hop": "observed_at",
    "quality_disposition": "changed_at",
    "lot_link": "occurred_at",
    "ledger_entry": "recorded_at",
    "master_record": "changed_at",
    "change_marker": "occurred_at",
}
NAMED = ("expected_no", "observed_no")  # numbers of the facts a row is about
NUMBERS = ("quantity_expected", "quantity_observed", "at_risk")
INSTANTS = ("occurred_at", "due_at")
TEXTS = ("code", "note")
GIVEN = (*NAMED, *NUMBERS, *INSTANTS, *TEXTS)
_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")


class Budget(Strict):
    """What one run of the statement may cost: time on the wall, and memory in MB."""

    time: Annotated[timedelta, Field(gt=timedelta(0), le=timedelta(seconds=30))] = timedelta(
        seconds=30
    )
    memory: Annotated[int, Field(ge=64, le=1024)] = 512


class SqlSpec(Strict):
    """Parameters of one rule whose comparison its author wrote."""

    tables: Annotated[dict[str, Side], Field(min_length=1, max_length=8)]
    select: str
    key: Texts
    code: str | None = None
    budget: Budget = Budget()

    @cached_property
    def statement(self) -> Statement:
        """The statement as it runs."""
        return parse(self.select, self.tables)

    @field_validator("tables")
    @classmethod
    def _have_names_and_times(cls, tables: dict[str, Side]) -> dict[str, Side]:
        for name, side in tables.items():
            if not _NAME.fullmatch(name):
                raise ValueError(f"'{name}' is no name; write it in small letters")
            if side.table not in TIMES:
                offered = ", ".join(sorted(TIMES))
                raise ValueError(f"{name}: a rule reads {offered}; not {side.table}")
        return tables

    @field_validator("select")
    @classmethod
    def _says_only_what_it_may(cls, text: str, info: ValidationInfo) -> str:
        tables = info.data.get("tables", {})
        if not tables:  # they are wrong, and told
            return text
        statement = parse(text, tables)
        if unread := sorted({*tables} - statement.tables):
            raise ValueError(f"it does not read '{unread[0]}'")
        if strange := [name for name in statement.columns if name not in GIVEN]:
            raise ValueError(f"nobody reads {strange[0]}; it may give {', '.join(GIVEN)}")
        if not {*NAMED} & {*statement.columns}:
            raise ValueError(f"it gives no {' and no '.join(NAMED)}: what is a row about?")
        return text

    @model_validator(mode="after")
    def _has_one_code(self) -> Self:
        if (self.code is None) == ("code" not in self.statement.columns):
            raise ValueError("say the code once: as 'code', or as a column of the select")
        if self.code is not None and self.code not in CODES:
            raise ValueError(f"code: '{self.code}' is none of {', '.join(CODES)}")
        return self
