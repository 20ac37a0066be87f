"""One system's stock against its own movements: what it had, and moved, is what it has.

Semantics in README.md.
"""

from collections.abc import Iterable, Mapping
from functools import partial
from typing import ClassVar

import duckdb

from reconcilers.balance import __name__ as balance
from reconcilers.family import Bind, SideUse, interval, run, staged, subject
from reconcilers.rollforward.spec import RollforwardSpec

_sql = partial(staged, __package__)
# A change stamp is in microseconds; a counter of revisions is small, a stamp of another kind large.
_NOT_A_TIME = 4_102_444_800_000_000
_CHANGED_AT = (
    "make_timestamptz(CASE WHEN {of}.revision_rank < "
    + str(_NOT_A_TIME)
    + " THEN {of}.revision_rank ELSE 0 END)"
)
_NOTHING = """
SELECT source, feed,
    CAST(NULL AS TIMESTAMPTZ) AS balance_at, CAST(NULL AS TIMESTAMPTZ) AS observed_at
FROM closing_snapshots
"""


class Rollforward:
    """A system contradicts itself, or has less than nothing."""

    name: ClassVar[str] = "rollforward"
    Spec: ClassVar[type[RollforwardSpec]] = RollforwardSpec
    is_incremental: ClassVar[bool] = False
    is_valued: ClassVar[bool] = False

    def sides(self, spec: RollforwardSpec) -> Mapping[str, SideUse]:
        """What is there now, what was there at both ends of the roll, and what moved."""
        uses = {
            "stock": SideUse(spec.stock, time="balance_at"),
            "closing": SideUse(spec.stock, counted=False, time="balance_at", snapshot="settled"),
        }
        if spec.opening == "snapshot":
            uses["opening"] = SideUse(
                spec.stock, counted=False, time="balance_at", snapshot="first"
            )
        uses["movements"] = SideUse(
            spec.movements, counted=False, is_needed=True, is_awaited=True, time="observed_at"
        )
        return uses

    def key_columns(self, spec: RollforwardSpec) -> tuple[str, ...]:
        """Columns that make the business key."""
        return spec.grain

    def evaluate(self, con: duckdb.DuckDBPyConnection, spec: RollforwardSpec, bind: Bind) -> None:
        """Leave `verdict`, `finding` and `part` for the lines in `stock`."""
        words = _words(spec, bind)
        binds = {"horizon": bind.horizon, "tolerance": spec.tolerance}
        run(con, "ends", _sql("ends", **words))
        of_movements = {"side": "movements", "movements": "movements", "of_side": ""}
        run(con, "booked", staged(balance, "booked", **of_movements, grain_of_event=words["grain"]))
        for name in ("moved", "level", "apart", "below", "doubled", "verdict", "finding", "part"):
            run(con, name, _sql(name, **words), binds)


def _words(spec: RollforwardSpec, bind: Bind) -> dict[str, str]:
    key = ("source", *spec.grain)

    def listed(alias: str, columns: Iterable[str] = key) -> str:
        return ", ".join(f"{alias}.{column}" for column in columns)

    def alike(left: str, right: str) -> str:
        return " AND ".join(
            f"{left}.{column} IS NOT DISTINCT FROM {right}.{column}" for column in key
        )

    def identity(alias: str, columns: Iterable[str] = spec.grain) -> str:
        told = (f"coalesce({alias}.{column}, '')" for column in columns)
        return subject(f"{alias}.source", *told)

    has_plant = "plant" in spec.grain
    return {
        "grain": ", ".join(spec.grain),
        "key": ", ".join(key),
        "order": ", ".join(f"{column} NULLS FIRST" for column in key),
        "changed_at_of_movement": _CHANGED_AT.format(of="movements"),
        "changed_at_of_old": _CHANGED_AT.format(of="old"),
        "key_of_off": listed("off"),
        "key_of_short": listed("short"),
        "same_moved_off": alike("moved", "off"),
        "same_booked_short": alike("booked", "short"),
        "same_fell_short": alike("fell", "short"),
        "same_apart": alike("apart", "stock"),
        "same_below": alike("below", "stock"),
        "same_line_apart": alike("line", "apart"),
        "same_moved_apart": alike("moved", "apart"),
        "same_line_below": alike("line", "below"),
        "blur": interval(spec.blur),
        "due": interval(spec.due),
        "by_rows": ", ".join(("source", *spec.rows)),
        "repeats": "true" if spec.rows else "false",
        "plant": "plant" if has_plant else "CAST(NULL AS VARCHAR)",
        "plant_of_short": "short.plant" if has_plant else "CAST(NULL AS VARCHAR)",
        "subject": "'rolled/' || " + identity("off"),
        "subject_of_short": identity("short"),
        "row_subject": identity("told", spec.rows),
        **_beginning(spec, bind),
    }


def _beginning(spec: RollforwardSpec, bind: Bind) -> dict[str, str]:
    """Where the roll begins. Who is not told from the beginning cannot begin with nothing."""
    if spec.opening == "snapshot":
        is_rolled = "opening.balance_at < closing.balance_at"
        return {
            "opening": "opening_snapshots",
            "opened": "opening",
            "is_rolled": is_rolled,
            "is_whole": "true",
        }
    is_whole = "false" if bind.since else "true"
    return {
        "opening": f"({_NOTHING})",
        "opened": "(SELECT * FROM closing WHERE false)",
        "is_rolled": is_whole,
        "is_whole": is_whole,
    }
