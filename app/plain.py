"""Values as JSON holds them: one spelling for exports, evidence, audit and screens."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Context, Decimal
from typing import Any

WIDE = Context(prec=80)  # the usual 28 digits would round what DECIMAL(38, 9) holds
LARGEST = Decimal(10) ** 29  # beyond it nothing fits a DECIMAL(38, 9)
CENT = Decimal("0.01")


def worth(quantity: Decimal | None, unit_value: Decimal | None) -> Decimal | None:
    """What a quantity is worth, to the cent; None where that is unknown or no sum of money.

    >>> worth(Decimal("98765432109.123456789"), Decimal("12.345678901"))
    Decimal('1219326311337.75')
    """
    if quantity is None or unit_value is None:
        return None
    value = WIDE.quantize(WIDE.multiply(quantity, unit_value), CENT)
    return value if abs(value) < LARGEST else None


def plain(value: Any) -> Any:
    """A value as JSON holds it: decimals as text without exponent, instants ISO 8601 UTC.

    >>> plain({"quantity": Decimal("12.500"), "days": [date(2026, 11, 20)]})
    {'quantity': '12.5', 'days': ['2026-11-20']}
    """
    match value:
        case Mapping():
            return {str(name): plain(member) for name, member in value.items()}
        case list() | tuple():
            return [plain(member) for member in value]
        case Decimal():
            return f"{value.normalize(WIDE):f}"
        case datetime():
            return value.isoformat().replace("+00:00", "Z")
        case date():
            return value.isoformat()
        case _:
            return value
