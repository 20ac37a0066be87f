"""What the calendar expects with what came: sources that fall silent. Semantics in README.md."""

from collections.abc import Mapping
from functools import partial
from typing import ClassVar

import duckdb

from reconcilers.family import VERDICT, Bind, SideUse, due_after, run, staged, subject
from reconcilers.silence.spec import SilenceSpec

_sql = partial(staged, __package__)


class Silence:
    """Where a plant works, its systems tell of it; and whoever is asked lets us in."""

    name: ClassVar[str] = "silence"
    Spec: ClassVar[type[SilenceSpec]] = SilenceSpec
    is_incremental: ClassVar[bool] = False
    is_valued: ClassVar[bool] = False

    def sides(self, spec: SilenceSpec) -> Mapping[str, SideUse]:
        """What should come. It is sources that are judged, not facts: none is accounted for."""
        return {"facts": SideUse(spec.facts, counted=False, is_needed=True)}

    def key_columns(self, spec: SilenceSpec) -> tuple[str, ...]:
        """Columns that make the business key."""
        return ("source", "plant")

    def evaluate(self, con: duckdb.DuckDBPyConnection, spec: SilenceSpec, bind: Bind) -> None:
        """Leave `finding` and `part`; `verdict` has no rows."""
        due, due_joins = due_after("last_at", spec.every)
        run(con, "stream", _sql("stream"))
        words = {
            "due": due,
            "due_joins": due_joins,
            "silent": subject("'silent'", "source", "plant"),
            "refused": subject("'refused'", "source"),
        }
        run(con, "quiet", _sql("quiet", **words), {"horizon": bind.horizon})
        con.execute(f"CREATE OR REPLACE TEMP TABLE verdict ({VERDICT})")
        run(con, "finding", _sql("finding"))
        run(con, "part", _sql("part"))
