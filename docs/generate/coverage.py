"""Which ways to go wrong are found: the catalogue of drift beside what was planted and found."""

import csv
import io
from importlib import resources

from app.demo.faults.coverage import Known, catalogue
from generate import table

PARTS = {
    "A": "Completion and confirmation",
    "B": "Consumption, scrap, units",
    "C": "Balances",
    "D": "Messages and middleware",
    "E": "Orders and master data",
    "F": "Quality and genealogy",
    "G": "Maintenance",
    "H": "Supplier, shipment, finance, period end",
    "I": "Of tieout's own making",
}


def page() -> str:
    """How many there are, then each part with its modes."""
    modes, scores = catalogue(), _scores()
    found = [mode for mode in modes if mode.rules]
    planted = [mode for mode in modes if mode.is_planted]
    head = (
        f"{len(modes)} modes; {len(planted)} can be planted in the simulated group "
        f"(`--faults every`), {len(found)} of them are found by shipped rules (`--faults all`)."
    )
    parts = [
        f"## {letter}. {name}\n\n"
        + table(
            ["mode", "what goes wrong", "found by", "can be planted", "planted", "found"],
            [_row(mode, scores) for mode in modes if mode.number.startswith(letter)],
        )
        for letter, name in PARTS.items()
    ]
    return "\n\n".join([head, *parts]) + "\n"


def _row(mode: Known, scores: dict[str, tuple[str, str]]) -> list[str]:
    by = ", ".join(f"[{rule}](rules.md#{rule.replace('/', '')})" for rule in mode.rules)
    planted, found = scores.get(mode.number, ("", ""))
    can = "yes" if mode.is_planted else ""
    return [mode.number, mode.name, by or f"— {mode.missing}", can, planted, found]


def _scores() -> dict[str, tuple[str, str]]:
    text = resources.files("app.demo.faults").joinpath("scores.csv").read_text("utf-8")
    return {
        row["mode"]: (row["planted"], row["found"]) for row in csv.DictReader(io.StringIO(text))
    }
