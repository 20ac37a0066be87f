"""The score as people read it: the same tables in a terminal and in a report to keep."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from app.plain import plain
from app.score.score import Figures, Found, Invented, Score
from app.score.truth import Fault

Look = Callable[[Fault], str]  # what is known of a fault that nobody reported
BY_RULE = ("rule", "exceptions", "false", "precision", "found", "late", "median", "longest")
BY_CODE = (
    "code", "faults", "found", "recall", "exceptions", "false", "precision", "code_right", "late",
    "median", "longest",
)  # fmt: skip
BY_MODE = ("mode", "faults", "found", "recall", "code_right", "late", "median", "longest")
MISSED = ("line", "code", "fault", "since", "until", "mode", "known")
FALSE = ("id", "code", "rule", "plant", "key", "first_seen", "decoy", "title", "records")
OTHERWISE = ("line", "fault", "code", "told_by", "but")


def tables(score: Score, look: Look) -> list[tuple[str, Sequence[str], list[dict[str, Any]]]]:
    """Title, columns and rows of every table that has rows."""
    told = [
        ("By rule", BY_RULE, _lines("rule", score.by_rule)),
        ("By code", BY_CODE, _lines("code", score.by_code)),
        ("By mode", BY_MODE, _lines("mode", score.by_mode)),
        ("Missed", MISSED, [missed(fault, look) for fault in score.missed]),
        ("False alarms", FALSE, [invented(one) for one in score.false]),
        ("Found, and not right", OTHERWISE, _otherwise(score.found)),
    ]
    return [(title, columns, rows) for title, columns, rows in told if rows]


def summary(score: Score) -> str:
    """The score in one sentence."""
    all_of_it = score.overall
    said = (
        f"recall {percent(all_of_it.recall)} ({all_of_it.found:,} of {all_of_it.faults:,} faults), "
        f"precision {percent(all_of_it.precision)} ({all_of_it.false:,} of "
        f"{all_of_it.exceptions:,} exceptions false), code right {percent(all_of_it.code_right)}"
    )
    if all_of_it.quantities:
        said += f", quantity right {all_of_it.right_quantity:,} of {all_of_it.quantities:,}"
    if all_of_it.values:
        said += f", value right {all_of_it.right_value:,} of {all_of_it.values:,}"
    if all_of_it.took_median is not None:
        said += f", found after {lasting(all_of_it.took_median)} (median)"
    if score.unseen:
        said += f"; not counted: {len(score.unseen):,} that no run could have seen"
    return said


def as_json(score: Score, look: Look) -> dict[str, Any]:
    """The score for machines: ratios as numbers, times in seconds, the rest as exports have it."""
    return {
        "overall": _figures(score.overall),
        "by_code": {name: _figures(figures) for name, figures in score.by_code.items()},
        "by_rule": {name: _figures(figures) for name, figures in score.by_rule.items()},
        "by_mode": {name: _figures(figures) for name, figures in score.by_mode.items()},
        "missed": [plain(missed(fault, look)) for fault in score.missed],
        "false": [plain(invented(one)) for one in score.false],
        "not_right": plain(_otherwise(score.found)),
        "not_counted": [fault.line for fault in score.unseen],
    }


def as_rows(score: Score) -> list[dict[str, Any]]:
    """The figures alone, a row for everything and for each rule, code and mode."""
    groups = {"": {"": score.overall}, "rule": score.by_rule}
    groups |= {"code": score.by_code, "mode": score.by_mode}
    return [
        {"by": by, "name": name, **_figures(of)}
        for by, figures in groups.items()
        for name, of in figures.items()
    ]


def as_markdown(score: Score, look: Look, asked: Mapping[str, str]) -> str:
    """The score as a page to keep. `asked` is what it was taken of."""
    parts = ["# Score", "\n".join(f"- {name}: {value}" for name, value in asked.items())]
    parts.append(summary(score).capitalize() + ".")
    for title, columns, rows in tables(score, look):
        heads = [name.replace("_", " ") for name in columns]
        lines = [[_cell(row.get(name)) for name in columns] for row in rows]
        ruled = [heads, ["---"] * len(heads), *lines]
        parts += [f"## {title}", "\n".join(f"| {' | '.join(line)} |" for line in ruled)]
    return "\n\n".join(parts) + "\n"


def missed(fault: Fault, look: Look) -> dict[str, Any]:
    """A fault nobody reported, and what is known of it."""
    return {
        "line": fault.line,
        "code": fault.code,
        "fault": fault.name,
        "since": fault.since,
        "until": fault.until,
        "mode": fault.mode,
        "root": fault.root,
        "known": look(fault),
    }


def invented(one: Invented) -> dict[str, Any]:
    """A false alarm with its evidence."""
    row = one.row
    sides = (*row["expected"], *row["observed"])
    return {
        "id": row["id"],
        "code": row["code"],
        "rule": row["rule"],
        "plant": row["plant"],
        "key": " ".join(str(value) for value in row["key"].values()),
        "first_seen": row["first_seen_at"],
        "decoy": one.decoy and (one.decoy.mode or f"line {one.decoy.line}"),
        "title": row["title"],
        "records": ", ".join(f"{side['source']} {side['source_key']}" for side in sides[:6]),
    }


def percent(share: float | None) -> str:
    """A share as people read it; 100 % is only what is whole."""
    if share is None:
        return "—"
    shown = f"{share:.1%}"
    return ("< 100.0%" if shown == "100.0%" and share < 1 else shown).replace("%", " %")


def lasting(time: timedelta) -> str:
    """A time in its two largest units."""
    minutes = round(abs(time).total_seconds() / 60)
    days, hours = divmod(minutes // 60, 24)
    shown = f"{days} d {hours} h" if days else f"{hours} h {minutes % 60} m"
    return f"{'-' if time < timedelta(0) and minutes else ''}{shown}"


def _lines(name: str, figures: Mapping[str, Figures]) -> list[dict[str, Any]]:
    return [
        {
            name: key,
            "faults": of.faults,
            "found": of.found,
            "recall": percent(of.recall),
            "exceptions": of.exceptions,
            "false": of.false,
            "precision": percent(of.precision),
            "code_right": percent(of.code_right),
            "late": of.late,
            "median": None if of.took_median is None else lasting(of.took_median),
            "longest": None if of.took_longest is None else lasting(of.took_longest),
        }
        for key, of in figures.items()
    ]


def _otherwise(found: Iterable[Found]) -> list[dict[str, Any]]:
    """Faults that were told with another code, quantity or value, too early, or late."""
    return [
        {
            "line": one.fault.line,
            "fault": one.fault.name,
            "code": one.fault.code,
            "told_by": " ".join(row["id"] for row in one.told_by),
            "but": "; ".join(wrong),
        }
        for one in found
        if (wrong := _wrongs(one))
    ]


def _wrongs(one: Found) -> list[str]:
    first, fault, wrong = one.told_by[0], one.fault, []
    if not one.has_code:
        wrong.append(f"as {first['code']}")
    if one.has_quantity is False:
        wrong.append(f"variance {plain(first['variance'])} instead of {plain(fault.quantity)}")
    if one.has_value is False:
        wrong.append(f"value {plain(first['value'])} instead of {plain(fault.value)}")
    if one.took < timedelta(0):
        wrong.append(f"{lasting(-one.took)} before it could be seen")
    if one.runs_late:
        wrong.append(f"{one.runs_late} run{'' if one.runs_late == 1 else 's'} later than possible")
    return wrong


def _figures(of: Figures) -> dict[str, Any]:
    return {
        "precision": of.precision,
        "recall": of.recall,
        "code_right": of.code_right,
        "faults": of.faults,
        "found": of.found,
        "exceptions": of.exceptions,
        "false": of.false,
        "quantity_right": of.right_quantity,
        "quantity_told": of.quantities,
        "value_right": of.right_value,
        "value_told": of.values,
        "early": of.early,
        "late": of.late,
        "median_seconds": _seconds(of.took_median),
        "longest_seconds": _seconds(of.took_longest),
    }


def _seconds(time: timedelta | None) -> float | None:
    return None if time is None else time.total_seconds()


def _cell(value: Any) -> str:
    if value is None:
        return "—"
    text = f"{value:%Y-%m-%d %H:%M}" if isinstance(value, datetime) else str(value)
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;").replace("\n", " ")
