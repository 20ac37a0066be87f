"""Mistakes in words: what was found, what is allowed, and the nearest valid name.

Values of secrets are never repeated.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from difflib import get_close_matches
from typing import Any

from pydantic import BaseModel

_EXAMPLES = {
    r"^[A-Z]{3}$": "a currency such as EUR",
    r"^[A-Za-z0-9][A-Za-z0-9_-]*$": "a code such as P1: letters, digits, - and _",
    r"^[a-z][a-z0-9_-]*$": "a name such as goods_moves: small letters, digits, - and _",
}


def nearest(word: str, words: Iterable[str]) -> str:
    """`; did you mean 'x'?`, or nothing where no word is near."""
    close = get_close_matches(word, list(words), n=1, cutoff=0.6)
    return f"; did you mean '{close[0]}'?" if close else ""


def offer(word: str, words: Iterable[str], label: str = "Allowed") -> str:
    """What to write instead: the nearest word where one is near, and all that are allowed."""
    known = list(words)
    near = nearest(word, known)
    return f"{near or '.'} {label}: {', '.join(known)}" if known else near


def in_words(problem: Any, found: tuple[str | int, ...], model: type[BaseModel]) -> str:
    """A problem of a validation; `found` is its place as far as that is in the file."""
    kind, place = problem["type"], problem["loc"]
    of_key = kind in ("missing", "extra_forbidden") or place[-1:] == ("[key]",)
    name = _name_of(place if of_key else found or place)
    if kind == "missing":
        return f"'{name}' is missing"
    if kind == "extra_forbidden":
        return f"'{name}' is not known here{offer(name, sorted(_keys_at(model, place[:-1])))}"
    context = problem.get("ctx", {})
    if kind == "value_error":
        return f"{name}: {context.get('error', problem['msg'])}"
    if kind in _TOLD:
        return f"{name}: {_TOLD[kind](problem.get('input'), context)}"
    said = f"{problem['msg'][0].lower()}{problem['msg'][1:]}"
    return f"{name}: {said}, found {_quoted(problem.get('input'))}"


def _name_of(place: tuple[str | int, ...]) -> str:
    """What the thing at a place is called; a key that is wrong itself is just a key."""
    if place and place[-1] == "[key]":
        return "key"
    words = [part for part in place if isinstance(part, str) and not part.startswith("function-")]
    return words[-1] if words else "the file"


def _choice(given: Any, context: Mapping[str, Any]) -> str:
    choices = re.findall(r"'([^']+)'", str(context.get("expected", "")))
    return f"{_quoted(given)} is not allowed{offer(_shown(given), choices)}"


def _no_text(given: Any, context: Mapping[str, Any]) -> str:
    if isinstance(given, timedelta):
        return "a text is expected, put it in quotes"
    return f"a text is expected, found {_quoted(given)}"


def _is_not(what: str) -> Callable[[Any, Mapping[str, Any]], str]:
    return lambda given, context: f"{_quoted(given)} is not {what}"


def _expected(what: str) -> Callable[[Any, Mapping[str, Any]], str]:
    return lambda given, context: f"expected {what}, found {_kind(given)}"


def _pattern(given: Any, context: Mapping[str, Any]) -> str:
    pattern = str(context.get("pattern", ""))
    return f"{_quoted(given)} does not look like {_EXAMPLES.get(pattern, pattern)}"


_KINDS: tuple[tuple[tuple[str, ...], Callable[[Any, Mapping[str, Any]], str]], ...] = (
    (("literal_error", "enum"), _choice),
    (("time_delta_parsing", "time_delta_type"), _is_not("a duration such as '30 minutes'")),
    (
        ("decimal_parsing", "decimal_type", "int_parsing", "int_type", "float_parsing"),
        _is_not("a number"),
    ),
    (("bool_parsing", "bool_type"), _is_not("one of true and false")),
    (
        ("date_parsing", "date_from_datetime_parsing", "date_type"),
        _is_not("a date such as 2026-11-20"),
    ),
    (("string_type",), _no_text),
    (("string_pattern_mismatch",), _pattern),
    (("too_short",), lambda given, context: "at least one is needed"),
    (("dict_type", "model_type", "model_attributes_type"), _expected("'key: value' lines")),
    (("list_type", "tuple_type"), _expected("a list")),
)
_TOLD = {kind: tell for kinds, tell in _KINDS for kind in kinds}


def _quoted(given: Any) -> str:
    return f"'{_shown(given)}'" if isinstance(given, str | int | timedelta) else _kind(given)


def _shown(value: object) -> str:
    text = _spelled(value) if isinstance(value, timedelta) else str(value)
    text = "".join(mark if mark.isprintable() else ascii(mark)[1:-1] for mark in text)
    return text if len(text) <= 60 else text[:57] + "..."


def _spelled(length: timedelta) -> str:
    """A duration as one writes it."""
    seconds = int(length.total_seconds())
    for unit, size in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds and seconds % size == 0:
            return f"{seconds // size} {unit}{'' if seconds == size else 's'}"
    return f"{seconds} second{'' if seconds == 1 else 's'}"


def _kind(value: object) -> str:
    kinds = (
        (dict, "keys"),
        (list, "a list"),
        (type(None), "nothing"),
        (str, "a text"),
        (timedelta, "a duration"),
    )
    return next((name for kind, name in kinds if isinstance(value, kind)), "something else")


def _keys_at(model: type[BaseModel], place: tuple[str | int, ...]) -> set[str]:
    """Keys allowed at a place of a model, as far as its annotations tell."""
    current: Any = model
    for part in place:
        current = _below(current, part)
        if current is None:
            return set()
    found = next(
        (
            member
            for member in _members(current)
            if isinstance(member, type) and issubclass(member, BaseModel)
        ),
        None,
    )
    return {spec.alias or name for name, spec in found.model_fields.items()} if found else set()


def _members(annotation: Any) -> list[Any]:
    """Every type inside an annotation, unions and wrappers opened."""
    arguments = getattr(annotation, "__args__", ())
    return [annotation, *(member for argument in arguments for member in _members(argument))]


def _below(annotation: Any, part: str | int) -> Any:
    for member in _members(annotation):
        if isinstance(member, type) and issubclass(member, BaseModel):
            spec = next(
                (spec for name, spec in member.model_fields.items() if part in (name, spec.alias)),
                None,
            )
            if spec is not None:
                return spec.annotation
            if member is not annotation:
                return annotation
    return annotation
