"""How numbers, money, durations and instants are written. Exact until here; text from here on."""

from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from zoneinfo import ZoneInfo

from app.plain import WIDE

SIGNS = {"EUR": "€", "USD": "$", "GBP": "£", "JPY": "¥", "INR": "₹"}
STEPS = (("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1))
MINUS = "−"
NONE = "—"


def number(value: Decimal | int | float, places: int | None = None) -> str:
    """A number with thousands separators; all of its own digits unless `places` says how many.

    >>> number(Decimal("-84200.500"))
    '−84,200.5'
    >>> number(1943.2, 0)
    '1,943'
    """
    exact = Decimal(str(value))
    if places is not None:
        exact = exact.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP, WIDE)
    elif exact == exact.to_integral_value():
        exact = exact.quantize(Decimal(1), context=WIDE)
    else:
        exact = exact.normalize(WIDE)
    return f"{exact + 0:,f}".replace("-", MINUS)


def signed(value: Decimal | int | float, places: int | None = None) -> str:
    """A number that always shows which way it goes.

    >>> signed(Decimal("0.2")), signed(-3), signed(0)
    ('+0.2', '−3', '0')
    """
    text = number(value, places)
    return f"+{text}" if value > 0 and text.strip("0.,") else text


def percent(part: Decimal | float, places: int) -> str:
    """A percentage without its sign; never rounded up to a hundred it is not.

    >>> percent(99.996, 2), percent(100, 2), percent(91.851, 1)
    ('99.99', '100.00', '91.9')
    """
    exact, step = Decimal(str(part)), Decimal(1).scaleb(-places)
    shown = exact.quantize(step, ROUND_HALF_UP)
    if shown == 100 > exact:
        shown -= step
    return number(shown, places)


def money(value: Decimal | float, currency: str | None) -> str:
    """An amount, short: three digits and more get k or m.

    >>> money(Decimal("286512"), "EUR"), money(1_240_000, "EUR"), money(-71.2, "CHF")
    ('€286.5k', '€1.24m', '−CHF 71')
    """
    size = abs(Decimal(str(value)))
    if size >= 999_950:
        text = f"{number(size / 1_000_000, 2)}m"
    elif size >= 9_999_500 / Decimal(1000):
        text = f"{number(size / 1_000, 1)}k"
    else:
        text = number(size, 0)
    return _with_sign(value, currency, text)


def amount(value: Decimal | float, currency: str | None) -> str:
    """An amount in full.

    >>> amount(Decimal("-1760.00"), "EUR"), amount(Decimal("0.125"), "EUR")
    ('−€1,760.00', '€0.13')
    """
    return _with_sign(value, currency, number(abs(Decimal(str(value))), 2))


def _with_sign(value: Decimal | float, currency: str | None, text: str) -> str:
    sign = SIGNS.get(currency or "", f"{currency} " if currency else "")
    return f"{MINUS if value < 0 and text.strip('0.,') else ''}{sign}{text}"


def quantity(value: Decimal | int | None, unit: str | None) -> str:
    """A quantity and its unit.

    >>> quantity(Decimal("477.000"), "EA"), quantity(None, "EA")
    ('477 EA', '—')
    """
    if value is None:
        return NONE
    return f"{number(value)} {unit}" if unit else number(value)


def duration(length: timedelta | float) -> str:
    """A length of time, its two largest units; seconds where a bare number is given.

    >>> duration(48), duration(timedelta(hours=6, minutes=12)), duration(timedelta(days=3, hours=4))
    ('48 s', '6 h 12 m', '3 d 4 h')
    >>> duration(-120), duration(0.4)
    ('−2 m', '0 s')
    """
    seconds = length.total_seconds() if isinstance(length, timedelta) else length
    rest = int(abs(seconds))
    parts: list[tuple[str, int]] = []
    for name, size in STEPS:
        count, rest = divmod(rest, size)
        if count or parts or name == "s":
            parts.append((name, count))
    shown = " ".join(f"{count} {name}" for name, count in parts[:2] if count) or "0 s"
    return f"{MINUS if seconds <= -1 else ''}{shown}"


def instant(moment: datetime | None, zone: str) -> str:
    """Day, time and zone label at a place.

    >>> from datetime import UTC
    >>> instant(datetime(2026, 11, 20, 13, 32, 8, tzinfo=UTC), "Europe/Berlin")
    'Fri 20 Nov 2026, 14:32:08 CET'
    """
    if moment is None:
        return NONE
    return f"{moment.astimezone(ZoneInfo(zone)):%a %-d %b %Y, %H:%M:%S %Z}"


def time_of_day(moment: datetime, zone: str) -> tuple[str, str]:
    """The time and the zone label at a place.

    >>> from datetime import UTC
    >>> time_of_day(datetime(2026, 11, 20, 13, 32, 8, tzinfo=UTC), "Europe/Berlin")
    ('14:32:08', 'CET')
    """
    local = moment.astimezone(ZoneInfo(zone))
    return f"{local:%H:%M:%S}", f"{local:%Z}"


def day(moment: datetime, zone: str) -> str:
    """The day at a place.

    >>> from datetime import UTC
    >>> day(datetime(2026, 11, 20, 23, 32, tzinfo=UTC), "Europe/Berlin")
    'Sat 21 Nov'
    """
    return f"{moment.astimezone(ZoneInfo(zone)):%a %-d %b}"


def plural(count: int, noun: str) -> str:
    """A count and its noun.

    >>> plural(1, "exception"), plural(1200, "exception")
    ('1 exception', '1,200 exceptions')
    """
    return f"{number(count)} {noun}{'' if count == 1 else 's'}"


def listed(names: list[str]) -> str:
    """Names as one says them.

    >>> listed(["Toledo"]), listed(["Toledo", "Brno", "Suzhou"])
    ('Toledo', 'Toledo, Brno and Suzhou')
    """
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
