"""The catalogue of drift: every mode, which rules find it in the simulated group, or why none."""

import csv
import io
from dataclasses import dataclass
from importlib import resources

from app.demo.faults.modes import PLANTERS


@dataclass(frozen=True)
class Known:
    """A drift mode: what it is called, the rules that find it, else what is missing for that."""

    number: str
    name: str
    rules: tuple[str, ...]
    missing: str

    @property
    def is_planted(self) -> bool:
        """Whether the simulated group can have it."""
        return self.number in PLANTERS


def catalogue() -> list[Known]:
    """All modes, in the order of the catalogue."""
    text = resources.files(__package__).joinpath("catalogue.csv").read_text("utf-8")
    return [
        Known(row["mode"], row["name"], tuple(row["rules"].split()), row["missing"])
        for row in csv.DictReader(io.StringIO(text))
    ]


COVERED = tuple(mode.number for mode in catalogue() if mode.rules)  # by the rules that ship
