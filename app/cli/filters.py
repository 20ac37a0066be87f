"""What filters may name: a name that nothing has is a mistake, never an empty result."""

from collections.abc import Collection, Iterable
from typing import get_args

from app.cli import USAGE, Failure
from app.cli.output import shown
from app.landscape.load import Landscape, SourceSetup
from app.landscape.wording import offer
from app.store.reading import Reader, Wanted
from app.triage.lifecycle import STANDING
from app.triage.words import TITLES
from collectors.feed import Plan
from rules.model import LEVELS, Flow

STATES = (*STANDING, "resolved", "all")
# filter of `Wanted` -> column of an exception, and what one of its values is called
NAMED = {
    "plants": "plant",
    "flows": "flow",
    "codes": "code",
    "rules": "rule",
    "severities": "severity",
    "owners": "owner",
}


def check(noun: str, given: Iterable[str], known: Collection[str], label: str) -> None:
    """Usage error for the first given name that is not known."""
    for name in given:
        if name not in known:
            choice = offer(name, known, label)
            raise Failure(f"there is no {noun} '{shown(name)}'{choice}", USAGE)


def check_exceptions(wanted: Wanted, landscape: Landscape, reader: Reader) -> None:
    """Usage error where a filter names what neither the landscape nor any exception has.

    Exceptions outlive what they are about: of a rule that was switched off, a plant that was sold.
    """
    for filters, noun in NAMED.items():
        given = getattr(wanted, filters)
        if given:
            known = dict.fromkeys([*_written(landscape)[filters], *reader.seen(noun)])
            check(noun, given, known, filters.capitalize())


def _written(landscape: Landscape) -> dict[str, Iterable[str]]:
    rules = landscape.rules
    teams = {who.team for loaded in rules.values() for who in loaded.rule.owner}
    return {
        "plants": landscape.company.plants,
        "flows": get_args(Flow),
        "codes": TITLES,
        "rules": rules,
        "severities": LEVELS,
        "owners": sorted(teams),
    }


def check_rules(landscape: Landscape, rules: Iterable[str]) -> None:
    """Usage error where the landscape does not have one of the rules."""
    check("rule", rules, landscape.rules, "Rules")


def source(landscape: Landscape, name: str) -> SourceSetup:
    """The source of that name, or a usage error."""
    check("source", [name], landscape.sources, "Sources")
    return landscape.sources[name]


def feed(landscape: Landscape, label: str) -> tuple[SourceSetup, Plan]:
    """The feed called SOURCE/FEED with its source, or a usage error."""
    name, _, feed_name = label.partition("/")
    setup = source(landscape, name)
    plans = {plan.name: plan for plan in setup.plans}
    check(f"feed of {name}", [feed_name], plans, "Feeds")
    return setup, plans[feed_name]


def part(label: str | None, landscape: Landscape, reader: Reader) -> tuple[str | None, str | None]:
    """Source and feed that SOURCE or SOURCE/FEED names; None where it leaves them open.

    Usage error where neither the landscape nor any pull so far has them.
    """
    if label is None:
        return None, None
    known: dict[str, list[str]] = {
        name: [plan.name for plan in setup.plans] for name, setup in landscape.sources.items()
    }
    for row in reader.feeds():
        known.setdefault(row["source"], []).append(row["feed"])
    name, slash, feed_name = label.partition("/")
    check("source", [name], known, "Sources")
    if slash:
        check(f"feed of {name}", [feed_name], dict.fromkeys(known[name]), "Feeds")
    return name, feed_name or None
