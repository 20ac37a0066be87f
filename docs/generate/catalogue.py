"""The catalogue of shipped rules."""

import tempfile
from pathlib import Path
from typing import Any

from app.landscape.landscape import LoadedRule
from app.landscape.load import load
from generate import code, shown, table
from reconcilers.family import SideUse
from rules.model import Owner, Step

_ANY = "company: Any\ncurrency: EUR\nplants:\n  P1: {name: One, zone: UTC}\n"
LINKS = ("keys", "key", "grain")


def page() -> str:
    """Every shipped rule: an overview, then each with its parameters."""
    loaded = shipped()
    rows = [_row(name, rule) for name, rule in loaded.items()]
    head = table(["rule", "family", "flow", "owner", "runbook"], rows)
    return "\n\n".join([head, *(_rule(name, rule) for name, rule in loaded.items())]) + "\n"


def shipped() -> dict[str, LoadedRule]:
    """The rules a landscape has that says nothing about rules."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "tieout.yml").write_text(_ANY, "utf-8")
        return dict(load(Path(folder)).rules)


def _row(name: str, loaded: LoadedRule) -> tuple[str, ...]:
    link, rule = f"[{name}](#{name.replace('/', '')})", loaded.rule
    return link, loaded.family.name, rule.flow, _teams(rule.owner), _runbook(loaded)


def _rule(name: str, loaded: LoadedRule) -> str:
    rule = loaded.rule
    given = dict(rule.parameters)
    sides = {side: use for side, use in loaded.uses.items() if "." not in side}
    for side in (*loaded.uses, "carries"):
        given.pop(side, None)
    linked = [f"- by {key}: {code(given.pop(key))}" for key in LINKS if key in given]
    due = [f"- grace: {code(given.pop('due'))}"] if "due" in given else []
    rest = [f"- {key}: {code(value)}" for key, value in given.items()]
    levels = [f"{level} {_step(step)}" for level, step in rule.severity.items()]
    lines = [
        *(f"- {side}: {_side(use)}" for side, use in sides.items()),
        *linked,
        *due,
        *rest,
        f"- severity: {', '.join(levels)}",
        f"- owner: {_teams(rule.owner)}; runbook: {_runbook(loaded)}",
    ]
    return f"## {name}\n\n{rule.why}\n\n" + "\n".join(lines)


def _side(use: SideUse) -> str:
    side = use.side
    said: dict[str, Any] = {"role": side.role, "source": side.source, **side.filters}
    named = [f"{key} {_either(value)}" for key, value in said.items() if value]
    table = f"`{side.table}`" + (" no longer listed" if use.is_gone else "")
    return table + (f" where {', '.join(named)}" if named else "")


def _either(value: Any) -> str:
    return " or ".join(value) if isinstance(value, tuple) else shown(value)


def _step(step: Step) -> str:
    after = (
        None if step.after is None else f"{shown(step.after)} after due" if step.after else "at due"
    )
    amount = f"from {step.amount} {step.currency}" if step.amount is not None else None
    return " or ".join(filter(None, (after, amount)))


def _teams(owners: tuple[Owner, ...]) -> str:
    told = [f"{owner.team} ({', '.join((*owner.code, *owner.plant))})" for owner in owners[:-1]]
    return ", else ".join([*told, owners[-1].team])


def _runbook(loaded: LoadedRule) -> str:
    return f"[{loaded.rule.runbook.removesuffix('.md')}](runbooks/{loaded.rule.runbook})"
