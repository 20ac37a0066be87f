"""Stock of one system and its own movements, for the rules that roll it: lists at every run."""

from collections.abc import Mapping

from tests.rules.house import Record

FIRST, SECOND, INSIDE, LATER, LAST = "08:00", "09:00", "09:29:59", "09:30", "11:00"
RUNS = [FIRST, SECOND, INSIDE, LATER, LAST]


def listed(
    source: str, tag: str, quantities: Mapping[str, float], lot: str | None = None
) -> list[Record]:
    """What the list of a system shows of lot `tag` of item A from each of the runs on."""
    held, found = 0.0, list[Record]()
    for run in RUNS:
        held = quantities.get(run, held)
        if held:
            line = {"source": source, "feed": "stock", "item": "A", "lot": lot or tag}
            line["location"] = tag
            found.append({**line, "quantity": held, "at": run, "known": run})
    return found


def booked(source: str, tag: str, key: str, quantity: float, at: str, **more: object) -> Record:
    """A movement of lot `tag` at an instant."""
    return {
        "source": source, "source_key": f"{tag}-{key}", "kind": "receipt" if quantity > 0 else
        "goods_issue", "at": at, "item": "A", "lot": tag, "location": tag, "quantity": quantity,
        **more,
    }  # fmt: skip
