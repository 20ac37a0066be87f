"""What a rule is: which comparison, and what matters about it."""

import re
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from string import Formatter
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

Level = Literal["info", "warning", "major", "critical"]
LEVELS: tuple[Level, ...] = ("info", "warning", "major", "critical")

Flow = Literal[
    "order_release",
    "material_issue",
    "completion",
    "scrap",
    "goods_receipt",
    "quality_hold",
    "shipment",
    "work_order",
    "transfer",
    "stock",
    "messages",
    "master_data",
]

_AMOUNT = re.compile(r"^(\d+(?:\.\d+)?) ([A-Z]{3})$")


@dataclass(frozen=True)
class Step:
    """When a level is reached: so long after the due time, or from so much money on."""

    after: timedelta | None = None
    amount: Decimal | None = None
    currency: str | None = None


def _step(value: Any) -> Any:
    """`at due`, `4 hours`, `10000 EUR`, or alternatives of them."""
    after, amount, currency = None, None, None
    for part in value if isinstance(value, list) else [value]:
        if isinstance(part, timedelta):
            after = part
        elif part == "at due":
            after = timedelta(0)
        elif isinstance(part, str) and (found := _AMOUNT.match(part)):
            amount, currency = Decimal(found[1]), found[2]
        else:
            raise ValueError(
                f"'{part}' is not 'at due', a duration such as '4 hours' "
                "or an amount such as '10000 EUR'"
            )
    return Step(after, amount, currency)


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


class Owner(BaseModel):
    """Who gets an exception, by its content. The first that fits; no condition fits everything."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    team: Annotated[str, Field(min_length=1, max_length=64)]
    code: Annotated[tuple[str, ...], BeforeValidator(_listed)] = ()
    plant: Annotated[tuple[str, ...], BeforeValidator(_listed)] = ()


def _owners(value: Any) -> Any:
    return [{"team": value}] if isinstance(value, str) else value


# What the title of an exception may name, in braces.
WORDS = ("left", "right", "noun", "other", "channel", "attribute", "present", "absent")


def _worded(text: str) -> str:
    try:
        named = [name for _, name, _, _ in Formatter().parse(text) if name is not None]
    except ValueError as error:
        raise ValueError(f"'{text}' is no title: {error}") from error
    if strange := [name for name in named if name not in WORDS]:
        raise ValueError(f"a title has no word '{{{strange[0]}}}'; it may name {', '.join(WORDS)}")
    return text


Title = Annotated[str, Field(min_length=1, max_length=80), AfterValidator(_worded)]


def _everything_owned(owners: tuple[Owner, ...]) -> tuple[Owner, ...]:
    if owners and (owners[-1].code or owners[-1].plant):
        raise ValueError(
            "the last owner must fit everything, otherwise some exception belongs to nobody"
        )
    return owners


class Rule(BaseModel):
    """One rule, without the parameters of its family, which that family validates."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    version: str
    why: str
    reconciler: str
    flow: Flow
    severity: dict[Level, Annotated[Step, BeforeValidator(_step)]] = Field(min_length=1)
    owner: Annotated[
        tuple[Owner, ...],
        BeforeValidator(_owners),
        Field(min_length=1),
        AfterValidator(_everything_owned),
    ]
    runbook: str
    titles: dict[str, Title] = {}
    plants: Annotated[tuple[str, ...], BeforeValidator(_listed)] = ()
    parameters: dict[str, Any] = {}


OWN = frozenset({"reconciler", "flow", "severity", "owner", "runbook", "titles", "plants"})


def level_at(
    severity: dict[Level, Step], overdue: timedelta, value: Decimal | None, currency: str
) -> Level:
    """The highest level reached so long after the due time and with so much value at risk.

    An amount in another currency than the value's never counts: currencies are not mixed.

    >>> day = timedelta(hours=24)
    >>> steps = {"warning": Step(timedelta(0)), "critical": Step(day, Decimal(10000), "EUR")}
    >>> level_at(steps, timedelta(hours=1), Decimal(20000), "EUR")
    'critical'
    """
    reached: Level = "info"
    for level in LEVELS:
        step = severity.get(level)
        if step is None:
            continue
        late = step.after is not None and overdue >= step.after
        dear = (
            step.amount is not None
            and value is not None
            and step.currency == currency
            and value >= step.amount
        )
        if late or dear:
            reached = level
    return reached


def owner_of(owners: tuple[Owner, ...], code: str, plant: str | None) -> str:
    """The team an exception belongs to."""
    fitting = (
        who
        for who in owners
        if (not who.code or code in who.code) and (not who.plant or plant in who.plant)
    )
    return next(fitting).team
