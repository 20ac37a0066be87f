"""The faults that can be planted, each by its number in the catalogue of drift modes."""

from app.demo.faults import logistics, production
from app.demo.faults.mode import ENTERED

__all__ = ["MODES", "logistics", "production"]

MODES = {number: ENTERED[number] for number in sorted(ENTERED, key=lambda no: (no[0], int(no[1:])))}
