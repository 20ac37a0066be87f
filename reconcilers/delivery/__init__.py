"""Messages against effects, and channels nobody empties. Semantics in README.md."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import ClassVar

import duckdb

from reconcilers.delivery.spec import DeliverySpec
from reconcilers.family import Bind, SideUse, interval, known, literals, run, same, staged

_sql = partial(staged, __package__)
# Goods that come to be: one fact, which two systems may call differently.
GOODS_IN = ("op_complete", "fg_receipt", "receipt")
_HOW = {"consumers": "nobody takes them", "head": "the first does not get through"}
_NOTHING = """
SELECT CAST(NULL AS BIGINT) AS fact_no, CAST(NULL AS BIGINT) AS origin_no, 0 AS pass WHERE false
"""


class Delivery:
    """Every message has its business effect, and none waits where nobody takes it."""

    name: ClassVar[str] = "delivery"
    Spec: ClassVar[type[DeliverySpec]] = DeliverySpec
    is_incremental: ClassVar[bool] = False
    is_valued: ClassVar[bool] = False

    def sides(self, spec: DeliverySpec) -> Mapping[str, SideUse]:
        """Messages and the events they should cause, or channels."""
        if spec.channels:
            return {"channels": SideUse(spec.channels, time="sampled_at")}
        uses = {}
        if spec.messages:
            is_gone = spec.messages.gone
            uses["messages"] = SideUse(spec.messages, time="observed_at", is_gone=is_gone)
        if spec.effect:
            uses["effect"] = SideUse(spec.effect, counted=False, is_needed=True)
        if spec.carries:
            uses["origin"] = SideUse(spec.carries, counted=False)
        return uses

    def key_columns(self, spec: DeliverySpec) -> tuple[str, ...]:
        """Columns that make the business key."""
        if spec.channels:
            return ("channel",)
        return tuple(
            dict.fromkeys(
                ["channel", "message_id", *(column for key in spec.keys for column in key)]
            )
        )

    def evaluate(self, con: duckdb.DuckDBPyConnection, spec: DeliverySpec, bind: Bind) -> None:
        """Leave `verdict`, `finding` and `part`."""
        binds = {"horizon": bind.horizon, "as_of": bind.as_of}
        if spec.channels:
            side, table = "channels", spec.channels.table
            judged = "channel"
            run(con, "carries", _NOTHING)
            is_head = spec.watch == "head"
            run(con, "held", _sql("held", table=table))
            run(con, "waiting", _sql("head" if is_head else "waiting", table=table))
        else:
            side, table = "messages", spec.messages.table if spec.messages else ""
            judged = "message"
            run(con, "undone", _sql("undone"))
            run(con, "owed", _by_key("owed", spec) if spec.carries else _NOTHING)
            run(con, "arrived", _by_key("arrived", spec))
            run(con, "carries", _by_key("carries", spec) if spec.carries else _NOTHING)
        how = _HOW[spec.watch]
        words = {"due": interval(spec.due), "how": how, "retries": str(spec.retries or "NULL")}
        run(con, "judged", _sql(judged, **words), binds)
        run(con, "verdict", _sql("verdict", side=side))
        run(con, "finding", _sql("finding"))
        run(con, "part", _sql("part", table=table))


def _by_key(name: str, spec: DeliverySpec) -> str:
    """A stage that links facts, once per key."""
    return " UNION ".join(
        _sql(
            name,
            number=str(number),
            known=known("messages", key),
            same_effect=f"{same('effect', 'messages', key)}{_of_kind('effect', key)}",
            same_origin=f"{same('origin', 'messages', key)}{_of_kind('origin', key)}",
            same_source=same("origin", "effect", key),
            stricter=_stricter(spec.keys[:number]),
        )
        for number, key in enumerate(spec.keys)
    )


def _of_kind(other: str, key: Sequence[str]) -> str:
    """What a message says it carries binds, but where an id says which fact it is."""
    if "correlation_id" in key:
        return ""
    goods_in = literals(GOODS_IN)
    return (
        f" AND (messages.business_kind IS NULL OR {other}.kind = messages.business_kind "
        f"OR (messages.business_kind IN ({goods_in}) AND {other}.kind IN ({goods_in})))"
    )


def _stricter(keys: Sequence[Sequence[str]]) -> str:
    """The passes before this one that could have found the effect of a message."""
    passes = [f"({known('messages', key)} AND owed.pass = {n})" for n, key in enumerate(keys)]
    return " OR ".join(passes) or "false"
