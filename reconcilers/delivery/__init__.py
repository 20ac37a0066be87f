"""Messages against effects, and channels nobody empties. Semantics in README.md."""

from collections.abc import Mapping
from typing import ClassVar

import duckdb

from reconcilers.delivery.spec import DeliverySpec
from reconcilers.family import Bind, SideUse, interval, known, render, run, same, stage


class Delivery:
    """Every message has its business effect, and none waits where nobody takes it."""

    name: ClassVar[str] = "delivery"
    Spec: ClassVar[type[DeliverySpec]] = DeliverySpec
    is_incremental: ClassVar[bool] = False

    def sides(self, spec: DeliverySpec) -> Mapping[str, SideUse]:
        """Messages and the events they should cause, or channels."""
        if spec.channels:
            return {"channels": SideUse(spec.channels, time="sampled_at")}
        assert spec.messages and spec.effect  # noqa: S101 - the spec says so
        uses = {"messages": SideUse(spec.messages, time="observed_at"), "effect": SideUse(spec.effect, counted=False, is_needed=True)}
        return uses | ({"origin": SideUse(spec.carries, counted=False)} if spec.carries else {})

    def key_columns(self, spec: DeliverySpec) -> tuple[str, ...]:
        """Columns that make the business key."""
        if spec.channels:
            return ("channel",)
        return tuple(dict.fromkeys(["channel", "message_id", *(column for key in spec.keys for column in key)]))

    def evaluate(self, con: duckdb.DuckDBPyConnection, spec: DeliverySpec, bind: Bind) -> None:
        """Leave `verdict`, `finding` and `part`."""
        binds = {"horizon": bind.horizon, "as_of": bind.as_of}
        if spec.channels:
            run(con, "judged", _sql("channel", due=interval(spec.due)), binds)
        else:
            found = " UNION ".join(
                _sql("arrived", same=same("effect", "messages", key), known=known("messages", key)) for key in spec.keys
            )
            run(con, "arrived", found)
            origins = " UNION ".join(_sql("carries", same=same("origin", "messages", key), known=known("messages", key)) for key in spec.keys)
            run(con, "carries", origins if spec.carries else "SELECT NULL AS fact_no, NULL AS origin_no WHERE false")
            run(con, "judged", _sql("message", due=interval(spec.due)), binds)
        side, table = ("channels", spec.channels.table) if spec.channels else ("messages", spec.messages.table if spec.messages else "")
        run(con, "verdict", _sql("verdict", side=side))
        run(con, "finding", _sql("finding"))
        if spec.channels:
            run(con, "carries", "SELECT NULL AS fact_no, NULL AS origin_no WHERE false")
        run(con, "part", _sql("part", table=table))


def _sql(name: str, **parts: str) -> str:
    return render(stage(__package__ or "", name), **parts)
