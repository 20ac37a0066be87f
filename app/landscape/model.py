"""What may stand in the files of a landscape."""

import re
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Annotated, Any, Literal, Self
from zoneinfo import available_timezones

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from collectors.pack import NAME, Passes, Role, Rpc, Texts, Transport

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAYS: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_TIME = re.compile(r"^([01]\d|2[0-3]):[0-5]\d$")
_REFERENCE = re.compile(r"^(env:[A-Za-z_][A-Za-z0-9_]*|file:.+)$")


class Strict(BaseModel):
    """Frozen, and unknown keys are mistakes."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


def _zone(value: str) -> str:
    if value not in available_timezones():
        raise ValueError(f"'{value}' is not a time zone such as Europe/Berlin")
    return value


def _clock_time(value: str) -> str:
    if not _TIME.match(value):
        raise ValueError(f"'{value}' is not a time such as 06:00")
    return value


def _shift(value: str) -> str:
    start, dash, end = value.partition("-")
    if not dash or not _TIME.match(start) or not _TIME.match(end):
        raise ValueError(f"'{value}' is not a shift such as 06:00-14:00")
    return value


def _reference(value: str) -> str:
    if not _REFERENCE.match(value):
        raise ValueError("give a reference, env:NAME or file:PATH, never the secret itself")
    return value


def _no_credentials(value: str) -> str:
    if not re.match(r"^https?://[^/@\s?#]+(/[^?#\s]*)?$", value):
        raise ValueError(
            "expected an address such as https://erp.example/api, without user, query or fragment"
        )
    return value


Zone = Annotated[str, AfterValidator(_zone)]
ClockTime = Annotated[str, AfterValidator(_clock_time)]
Shift = Annotated[str, AfterValidator(_shift)]
Reference = Annotated[str, AfterValidator(_reference)]
Address = Annotated[str, AfterValidator(_no_credentials)]
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
Code = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$")]


class Plant(Strict):
    """One plant: where it is in time."""

    name: str
    zone: Zone
    day_starts: ClockTime = "00:00"
    shifts: dict[str, Shift] = {}
    working_days: Annotated[tuple[Day, ...], Field(min_length=1)] = DAYS
    calendar: str | None = None
    materiality: Decimal | None = Field(default=None, ge=0)


class Store(Strict):
    """Where tieout keeps what it remembers. Paths are relative to the landscape."""

    folder: str = "var"
    database: Reference | None = None


class Limits(Strict):
    """Where a figure stops being in step: `watch`, then `out`."""

    watch: Decimal
    out: Decimal


class Thresholds(Strict):
    """When a golden signal gets a colour: success and variance in percent, lag in graces."""

    success: Limits = Limits(watch=Decimal("99.5"), out=Decimal(98))
    lag: Limits = Limits(watch=Decimal(1), out=Decimal(3))
    quantity: Limits = Limits(watch=Decimal("0.1"), out=Decimal("0.5"))
    value: Limits = Limits(watch=Decimal(10_000), out=Decimal(100_000))
    amplification: Limits = Limits(watch=Decimal("1.2"), out=Decimal("1.5"))
    oldest_hours: Limits = Limits(watch=Decimal(8), out=Decimal(24))


class RuleChoice(Strict):
    """Shipped rules a landscape does without."""

    off: Texts = ()


class Company(Strict):
    """`tieout.yml`."""

    company: str
    currency: Currency
    plants: dict[Code, Plant] = Field(min_length=1)
    systems_of_record: dict[str, Role] = {}
    store: Store = Store()
    thresholds: Thresholds = Thresholds()
    rules: RuleChoice = RuleChoice()

    @property
    def zones(self) -> dict[str, str]:
        """Time zone of each plant."""
        return {code: plant.zone for code, plant in self.plants.items()}


class Closure(Strict):
    """Days without production, first to last."""

    first: date
    last: date
    why: str = ""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.last < self.first:
            raise ValueError("last is before first")
        return self


class Period(Strict):
    """One fiscal period: [starts, ends)."""

    starts: date
    ends: date

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.ends <= self.starts:
            raise ValueError("ends is the first day after the period, so it must be after starts")
        return self


class Calendar(Strict):
    """`calendars/<name>.yml`: when plants rest, and fiscal periods that are not calendar months."""

    holidays: dict[date, str] = {}
    closures: tuple[Closure, ...] = ()
    periods: dict[str, Period] = {}

    @model_validator(mode="after")
    def _no_day_twice(self) -> Self:
        ordered = sorted(self.periods.items(), key=lambda member: member[1].starts)
        for (first, before), (second, after) in pairwise(ordered):
            if after.starts < before.ends:
                raise ValueError(f"periods {first} and {second} overlap")
        return self


class Credentials(Strict):
    """Credentials of a source: secrets by reference only."""

    user: str | None = None
    password: Reference | None = None
    bearer: Reference | None = None
    header: str | None = None
    value: Reference | None = None
    database: str | None = None
    token_url: Address | None = None
    client_id: str | None = None
    client_secret: Reference | None = None
    scope: str | None = None


def _some_time(value: timedelta) -> timedelta:
    if value <= timedelta(0):
        raise ValueError("must be longer than nothing")
    return value


def _off(value: Any) -> Any:
    return None if value in ("off", "no", "false") else value


class Source(Strict):
    """`sources/<name>.yml`: a system, by a pack or described here."""

    pack: str | None = None
    system: str | None = None
    role: Role | None = None
    transport: Transport | None = None
    rpc: Rpc | None = None
    allow: Texts = ()
    headers: dict[str, str] = {}
    parameters: dict[str, str | Passes] = {}
    cross_reference: Texts | None = None
    address: Address | None = None
    database: Reference | None = None
    folder: str | None = None
    ca_file: str | None = None
    auth: Credentials = Credentials()
    plants: Annotated[
        tuple[str, ...], BeforeValidator(lambda value: [value] if isinstance(value, str) else value)
    ] = Field(min_length=1)
    every: Annotated[timedelta, AfterValidator(_some_time)] = timedelta(minutes=5)
    requests_per_minute: int = Field(default=600, ge=1)
    feeds: dict[
        Annotated[str, Field(pattern=NAME)], Annotated[dict[str, Any] | None, BeforeValidator(_off)]
    ] = {}
