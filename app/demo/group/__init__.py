"""A simulated manufacturing group: its true history, before any system has written it down.

>>> from itertools import islice
>>> [happening.kind.value for happening in islice(simulate(Group(plants=1, days=1)), 1)]
['stock_opened']
"""

from app.demo.group.calendars import Calendar, Shift
from app.demo.group.happenings import MOVES, ROUND_THE_CLOCK, Happening, Kind
from app.demo.group.history import simulate
from app.demo.group.spec import Group
from app.demo.group.stock import Balance, Stock, StockError

__all__ = [
    "MOVES",
    "ROUND_THE_CLOCK",
    "Balance",
    "Calendar",
    "Group",
    "Happening",
    "Kind",
    "Shift",
    "Stock",
    "StockError",
    "simulate",
]
