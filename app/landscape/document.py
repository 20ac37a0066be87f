"""YAML with line numbers.

Plain scalars are text: order 0010 stays '0010' and shift 06:00 stays '06:00'; the models decide what is a number. Only
durations written out (`30 minutes`) become `timedelta`. Every key and value remembers its line, so that a mistake is
reported where it stands.
"""

import itertools
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from collectors.ask import Plain

Model = TypeVar("Model", bound=BaseModel)
Place = tuple[str | int, ...]
_DURATION = re.compile(r"^(\d+(?:\.\d+)?) (second|minute|hour|day|week)s?$")


@dataclass(frozen=True, order=True)
class Mistake:
    """One thing that is wrong in what a person wrote."""

    file: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message}" if self.line else f"{self.file}: {self.message}"


class LandscapeError(Exception):
    """The landscape cannot be used; `mistakes` says everything that is wrong with it."""

    def __init__(self, mistakes: Iterable[Mistake]) -> None:
        self.mistakes = sorted(set(mistakes))
        super().__init__("\n".join(map(str, self.mistakes)))


@dataclass(frozen=True)
class Document:
    """One YAML file: its data, the line of everything in it, and the comment it opens with."""

    file: str
    data: Any
    lines: Mapping[Place, int] = field(default_factory=dict)
    comment: str = ""

    def mistake(self, place: Place, message: str) -> Mistake:
        """A mistake at `place`, or at the nearest enclosing place that is in the file."""
        while place and place not in self.lines:
            place = place[:-1]
        return Mistake(self.file, self.lines.get(place, 1), message)


def read(path: Path, root: Path) -> Document:
    """Read one file. Raises `LandscapeError` where it is not YAML."""
    name = path.relative_to(root).as_posix() if path.is_relative_to(root) else path.as_posix()
    try:
        text = path.read_text("utf-8-sig")
        node = YAML(typ="safe", pure=True).compose(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise LandscapeError([Mistake(name, mark.line + 1 if mark else 0, f"not YAML: {error.problem or error.context}")]) from error
    except (YAMLError, UnicodeDecodeError) as error:
        raise LandscapeError([Mistake(name, 0, f"not YAML in UTF-8: {error}")]) from error
    except OSError as error:
        raise LandscapeError([Mistake(name, 0, f"cannot be read: {error.strerror}")]) from error
    lines: dict[Place, int] = {}
    mistakes: list[Mistake] = []
    data = _build(node, (), lines, mistakes, name, set())
    if mistakes:
        raise LandscapeError(mistakes)
    return Document(name, data if data is not None else {}, lines, _opening(text))


def _opening(text: str) -> str:
    lines = itertools.takewhile(lambda line: line.startswith("#"), text.splitlines())
    return " ".join(line.lstrip("# ").rstrip() for line in lines).strip()


def duration(text: str) -> timedelta | None:
    """`2 hours` as a timedelta, None where the text is not a duration."""
    found = _DURATION.match(text)
    return timedelta(**{f"{found[2]}s": float(found[1])}) if found else None


def _build(node: Node | None, place: Place, lines: dict[Place, int], mistakes: list[Mistake], name: str, above: set[int]) -> Any:
    if node is None:
        return None
    lines.setdefault(place, node.start_mark.line + 1)
    if id(node) in above:
        mistakes.append(Mistake(name, node.start_mark.line + 1, "an alias may not contain itself"))
        return None
    if isinstance(node, MappingNode):
        return _build_mapping(node, place, lines, mistakes, name, above | {id(node)})
    if isinstance(node, SequenceNode):
        return [_build(member, (*place, at), lines, mistakes, name, above | {id(node)}) for at, member in enumerate(node.value)]
    if node.style is None and node.value in ("", "~", "null"):
        return None
    return _plain(node.value) if node.style is None else node.value


def _plain(text: str) -> Any:
    """An unquoted scalar: a duration, alternatives of which one is a duration (`24 hours or 10000 EUR`), or text."""
    parts = [part if (found := duration(part)) is None else found for part in text.split(" or ")]
    if len(parts) > 1 and any(isinstance(part, timedelta) for part in parts):
        return parts
    return parts[0] if isinstance(parts[0], timedelta) and len(parts) == 1 else Plain(text)


def _build_mapping(node: MappingNode, place: Place, lines: dict[Place, int], mistakes: list[Mistake], name: str, above: set[int]) -> dict[str, Any]:
    data: dict[str, Any] = {}
    for key, value in node.value:
        if not isinstance(key, ScalarNode):
            mistakes.append(Mistake(name, key.start_mark.line + 1, "a key must be a word"))
            continue
        line = key.start_mark.line + 1
        if key.value in data:
            mistakes.append(Mistake(name, line, f"'{key.value}' is given twice, first in line {lines[(*place, key.value)]}"))
        lines[(*place, key.value)] = line
        data[key.value] = _build(value, (*place, key.value), lines, mistakes, name, above)
    return data


def validate(document: Document, model: type[Model], data: Any = None, at: Place = ()) -> Model:
    """`data` (default: the whole document) as a model. Raises `LandscapeError` with every mistake, each at its line."""
    try:
        return model.model_validate(document.data if data is None else data)
    except ValidationError as error:
        raise LandscapeError(document.mistake((*at, *_in_file(problem["loc"], document, at)), _in_words(problem, model)) for problem in error.errors(include_url=False)) from error


def _in_file(place: tuple[str | int, ...], document: Document, at: Place) -> Place:
    """Pydantic names union members and model internals in its places; keep the parts that are in the file."""
    kept: Place = ()
    for part in place:
        if (*at, *kept, part) in document.lines:
            kept = (*kept, part)
    return kept


def nearest(word: str, words: Iterable[str]) -> str:
    """` (did you mean 'x'?)`, or nothing where no word is near."""
    close = get_close_matches(word, list(words), n=1, cutoff=0.6)
    return f"; did you mean '{close[0]}'?" if close else ""


def _in_words(problem: Any, model: type[BaseModel]) -> str:
    """A validation problem in the words of the person who wrote the file. Values of secrets are never repeated."""
    kind, place, given = problem["type"], problem["loc"], problem.get("input")
    name = next((str(part) for part in reversed(place) if isinstance(part, str) and not part.startswith("function-")), "value")
    context = problem.get("ctx", {})
    shown = f"'{_shown(given)}'" if isinstance(given, str | int | timedelta) else "this"
    match kind:
        case "extra_forbidden":
            allowed = sorted(_keys_at(model, place[:-1]))
            return f"'{name}' is not known here{nearest(name, allowed)} Allowed: {', '.join(allowed)}" if allowed else f"'{name}' is not known here"
        case "missing":
            return f"'{name}' is missing"
        case "literal_error" | "enum":
            choices = re.findall(r"'([^']+)'", str(context.get("expected", "")))
            return f"{name}: {shown} is not allowed{nearest(str(given), choices)} Allowed: {', '.join(choices)}"
        case "time_delta_parsing" | "time_delta_type":
            return f"{name}: {shown} is not a duration such as '30 minutes'"
        case "decimal_parsing" | "decimal_type" | "int_parsing" | "int_type" | "float_parsing":
            return f"{name}: {shown} is not a number"
        case "bool_parsing" | "bool_type":
            return f"{name}: {shown} is neither yes nor no"
        case "string_type" if isinstance(given, timedelta):
            return f"{name}: a text is expected, put it in quotes"
        case "dict_type" | "model_type" | "model_attributes_type":
            return f"{name}: expected 'key: value' lines, found {_kind(given)}"
        case "list_type" | "tuple_type":
            return f"{name}: expected a list, found {_kind(given)}"
        case "value_error":
            return f"{name}: {context.get('error', problem['msg'])}"
        case _:
            return f"{name}: {problem['msg'][0].lower()}{problem['msg'][1:]}, found {shown}"


def _shown(value: object) -> str:
    text = str(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _kind(value: object) -> str:
    return {dict: "keys", list: "a list", type(None): "nothing", str: "a text"}.get(type(value), "something else")


def _keys_at(model: type[BaseModel], place: tuple[str | int, ...]) -> set[str]:
    """Keys allowed at a place of a model, as far as its annotations tell."""
    current: Any = model
    for part in place:
        current = _below(current, part)
        if current is None:
            return set()
    found = next((member for member in _members(current) if isinstance(member, type) and issubclass(member, BaseModel)), None)
    return {spec.alias or name for name, spec in found.model_fields.items()} if found else set()


def _members(annotation: Any) -> list[Any]:
    """Every type inside an annotation, unions and wrappers opened."""
    arguments = getattr(annotation, "__args__", ())
    return [annotation, *(member for argument in arguments for member in _members(argument))]


def _below(annotation: Any, part: str | int) -> Any:
    for member in _members(annotation):
        if isinstance(member, type) and issubclass(member, BaseModel):
            spec = next((spec for name, spec in member.model_fields.items() if part in (name, spec.alias)), None)
            if spec is not None:
                return spec.annotation
            if member is not annotation:
                return annotation
    return annotation
