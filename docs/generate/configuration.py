"""Every key of the files of a landscape, from the models that check them."""

import re
from importlib import resources
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from app.landscape import model
from collectors import pack
from generate import code, sentence, table
from generate.words import words
from reconcilers import family
from reconcilers.agreement import spec as agreement
from reconcilers.balance import spec as balance
from reconcilers.delivery import spec as delivery
from reconcilers.genealogy import spec as genealogy
from reconcilers.interval import spec as interval
from reconcilers.match import spec as match
from reconcilers.money import spec as money
from reconcilers.rollforward import spec as rollforward
from reconcilers.silence import spec as silence
from reconcilers.sql import spec as sql
from reconcilers.state import spec as state
from reconcilers.tally import spec as tally
from rules import model as rule

LANDSCAPE = (
    model.Company,
    model.Plant,
    model.Store,
    model.Thresholds,
    model.Limits,
    model.RuleChoice,
)
CALENDAR = (model.Calendar, model.Closure, model.Period)
SOURCE = (model.Source, model.Credentials)
FEED = (
    pack.Feed,
    pack.Cursor,
    pack.Paging,
    pack.Snapshot,
    pack.Csv,
    pack.X12,
    pack.Lookup,
    pack.Guard,
    pack.Rpc,
    pack.Pack,
)
RULE = (rule.Rule, rule.Owner, family.Side)
FAMILIES = (
    match.MatchSpec, match.Pass, match.Compare, match.Quantity, match.Late, match.Carrier,
    balance.BalanceSpec, balance.Movements, state.StateSpec, state.Missing, state.Idle,
    state.Attributes,
    delivery.DeliverySpec, delivery.Messages, interval.IntervalSpec, rollforward.RollforwardSpec,
    tally.TallySpec, tally.Over, tally.Lost, sql.SqlSpec, sql.Budget,
    genealogy.GenealogySpec, silence.SilenceSpec, agreement.AgreementSpec,
    money.MoneySpec,
)  # fmt: skip
GIVEN_BY_US = {rule.Rule: {"id", "version", "why", "parameters"}}  # what no file says
LEVEL = "info, warning, major, critical"


def page(models: tuple[type[BaseModel], ...]) -> str:
    """One section a model: its keys, what they take, their defaults and what they mean."""
    return "\n\n".join(map(_model, models)) + "\n"


def macros() -> str:
    """The macros of a mapping that say why a value cannot be read, with their comments."""
    text = resources.files("collectors").joinpath("macros.sql").read_text("utf-8")
    found = re.findall(r"CREATE MACRO (\w+)\(([^)]*)\)", text)
    judged = {name.removesuffix("_problem") for name, _ in found if name.endswith("_problem")}
    arguments = {name: given for name, given in found if name in judged - {"zoned"}}
    rows = [(f"`{name}({given})`", _comment(text, name)) for name, given in arguments.items()]
    return table(["macro", "reads"], rows) + "\n"


def _model(shape: type[BaseModel]) -> str:
    fields = {
        field.alias or name: field
        for name, field in shape.model_fields.items()
        if name not in GIVEN_BY_US.get(shape, ())
    }
    told = words(shape.__name__, list(fields))
    rows = [
        (f"`{key}`", takes(field.annotation), _default(field), told[key])
        for key, field in fields.items()
    ]
    keys = table(["key", "takes", "default", "says"], rows)
    return f"### {shape.__name__}\n\n{sentence(shape.__doc__)}\n\n{keys}"


def takes(annotation: Any) -> str:
    """A type in the words of people who write YAML."""
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return takes(inner[0])
    if origin is Literal:
        return ", ".join(map(str, inner))
    if origin in (Union, UnionType):
        return " or ".join(dict.fromkeys(takes(kind) for kind in inner if kind is not type(None)))
    if origin in (tuple, list):
        return f"list of {takes(inner[0])}"
    if origin is dict:
        return f"{takes(inner[0])}: {takes(inner[1])}"
    return _plainly(annotation)


def _plainly(annotation: Any) -> str:
    if annotation is rule.Step:
        return "`at due`, a duration, an amount such as `10000 EUR`, or several joined by `or`"
    if annotation is money.Amount:
        return "an amount such as `1 EUR`"
    if annotation is family.Working:
        return "`{working: duration}`"
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return f"[{annotation.__name__}](#{annotation.__name__.lower()})"
    names = {
        "str": "text",
        "int": "number",
        "Decimal": "number",
        "bool": "yes or no",
        "timedelta": "duration",
    }
    name = getattr(annotation, "__name__", str(annotation))
    return {**names, "date": "date", "datetime": "instant", "Any": "anything"}.get(name, name)


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    default = field.get_default(call_default_factory=True)
    if isinstance(default, BaseModel):
        return ""
    return code(default) if default not in (None, (), {}, []) else ""


def _comment(text: str, name: str) -> str:
    """The comment above a macro, or above the one it follows directly."""
    before = text[: text.index(f"CREATE MACRO {name}(")].splitlines()
    while before and not before[-1].startswith("--"):
        before.pop()
    lines: list[str] = []
    while before and before[-1].startswith("--"):
        lines.insert(0, before.pop().removeprefix("-- "))
    return " ".join(lines)
