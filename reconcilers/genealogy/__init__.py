"""What is used up against where it came from. Semantics in README.md."""

from collections.abc import Mapping
from functools import partial
from typing import ClassVar

import duckdb

from reconcilers.family import (
    Bind,
    SideUse,
    due_after,
    interval,
    known,
    run,
    same,
    staged,
    subject,
)
from reconcilers.genealogy.spec import GenealogySpec

_sql = partial(staged, __package__)


class Genealogy:
    """Every lot that is used was made or received before anybody could use it."""

    name: ClassVar[str] = "genealogy"
    Spec: ClassVar[type[GenealogySpec]] = GenealogySpec
    is_incremental: ClassVar[bool] = False
    is_valued: ClassVar[bool] = False

    def sides(self, spec: GenealogySpec) -> Mapping[str, SideUse]:
        """What is used, and what tells where lots come from."""
        return {
            "used": SideUse(spec.used, (spec.key,)),
            "origins": SideUse(spec.origins, (spec.key,), counted=False, is_needed=True),
        }

    def key_columns(self, spec: GenealogySpec) -> tuple[str, ...]:
        """Columns that make the business key."""
        return spec.key

    def evaluate(self, con: duckdb.DuckDBPyConnection, spec: GenealogySpec, bind: Bind) -> None:
        """Leave `verdict`, `finding` and `part` for the facts in `used`."""
        for side in ("used", "origins"):
            run(con, f"live_{side}", _sql("live", side=side))
        due, due_joins = due_after("event_at", spec.due)
        words = {
            "by": ", ".join(spec.key),
            "known": known("live_origins", spec.key),
            "known_used": known("due", spec.key),
            "same": same("origin", "due", spec.key),
            "subject": subject("'lot'", *(f"due.{column}" for column in spec.key)),
            "due": due,
            "due_joins": due_joins,
            "lasts": interval(spec.lasts),
        }
        run(con, "origin", _sql("origin", **words))
        run(con, "begins", _sql("begins"))
        run(con, "judged", _sql("judged", **words), {"horizon": bind.horizon})
        for name in ("verdict", "finding", "part"):
            run(con, name, _sql(name))
