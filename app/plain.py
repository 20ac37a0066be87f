"""Values as JSON holds them: one spelling for exports, evidence, audit and screens."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Context, Decimal
from itertools import accumulate, pairwise
from typing import Any

# The usual 28 digits would round what DECIMAL(38, 9) holds; half a cent is a cent, as in the books.
WIDE = Context(prec=80, rounding=ROUND_HALF_UP)
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


def shares(parts: Iterable[Decimal], unit_value: Decimal | None) -> list[Decimal | None]:
    """What each part of a quantity is worth; together to the cent what their sum is worth.

    A part takes what it adds to the sum so far, so none is off by a cent or more. None for all
    where that is unknown for one.

    >>> shares([Decimal(1), Decimal(1), Decimal(1)], Decimal("0.335"))
    [Decimal('0.34'), Decimal('0.33'), Decimal('0.34')]
    """
    sums = accumulate(parts, WIDE.add, initial=Decimal(0))
    values = [worth(total, unit_value) for total in sums]
    known = [value for value in values if value is not None]
    if len(known) < len(values):
        return [None] * (len(values) - 1)
    return [WIDE.subtract(after, before) for before, after in pairwise(known)]


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
