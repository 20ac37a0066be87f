"""The faults that can be planted, each by its number in the catalogue of drift modes."""

from app.demo.faults import (
    billing,
    floor,
    inspections,
    ledger,
    logistics,
    maintenance,
    masterdata,
    messages,
    production,
    stock,
    supply,
)
from app.demo.faults.mode import ENTERED

__all__ = [
    "PLANTERS", "billing", "floor", "inspections", "ledger", "logistics", "maintenance",
    "masterdata", "messages", "production", "stock", "supply",
]  # fmt: skip

PLANTERS = {
    number: ENTERED[number] for number in sorted(ENTERED, key=lambda no: (no[0], int(no[1:])))
}
