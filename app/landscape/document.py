"""YAML with line numbers.

Plain scalars are text: order 0010 stays '0010' and shift 06:00 stays '06:00'; the models decide
what is a number. Only durations written out (`30 minutes`) become `timedelta`. Every key and value
remembers its line, so that a mistake is reported where it stands.
"""

import itertools
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from app.landscape.wording import in_words
from collectors.ask import Plain

Model = TypeVar("Model", bound=BaseModel)
Place = tuple[str | int, ...]
_DURATION = re.compile(r"^(\d{1,9}(?:\.\d{1,6})?) (second|minute|hour|day|week)s?$")
LARGEST = 1_000_000  # bytes of one file: nobody writes more by hand
MOST = 50_000  # values of one file, aliases written out: aliases of aliases grow without end


@dataclass(frozen=True, order=True)
class Mistake:
    """One thing that is wrong in what a person wrote."""

    file: str
    line: int
    message: str

    def __str__(self) -> str:
        return (
            f"{self.file}:{self.line}: {self.message}"
            if self.line
            else f"{self.file}: {self.message}"
        )


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
    text = written(path, name)
    builder = _Builder(name)
    try:
        data = builder.build(_composed(text, name), ())
    except RecursionError as error:
        raise LandscapeError([Mistake(name, 0, "nested too deeply")]) from error
    if builder.mistakes:
        raise LandscapeError(builder.mistakes)
    return Document(name, data if data is not None else {}, builder.lines, _opening(text))


def written(path: Path, name: str) -> str:
    """The text of a file a person wrote, UTF-8 with or without a mark. Raises `LandscapeError`."""
    try:
        if path.stat().st_size > LARGEST:
            raise LandscapeError([Mistake(name, 0, f"larger than {LARGEST:,} bytes")])
        content = path.read_bytes()
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise LandscapeError(
            [Mistake(name, line, "not text in UTF-8; save the file with that encoding")]
        ) from error
    except OSError as error:
        raise LandscapeError([Mistake(name, 0, f"cannot be read: {error.strerror}")]) from error


@lru_cache(maxsize=256)  # packs and shipped rules are read again with every landscape of a process
def _composed(text: str, name: str) -> Node | None:
    try:
        node: Node | None = YAML(typ="safe", pure=True).compose(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        message = f"not YAML: {error.problem or error.context}"
        raise LandscapeError([Mistake(name, mark.line + 1 if mark else 0, message)]) from error
    except YAMLError as error:
        line = text.count("\n", 0, getattr(error, "position", 0)) + 1
        message = f"not YAML: {str(error).splitlines()[0]}"
        raise LandscapeError([Mistake(name, line, message)]) from error
    return node


def _opening(text: str) -> str:
    lines = itertools.takewhile(lambda line: line.startswith("#"), text.splitlines())
    return " ".join(line.lstrip("# ").rstrip() for line in lines).strip()


def duration(text: str) -> timedelta | None:
    """`2 hours` as a timedelta, None where the text is not a duration."""
    found = _DURATION.match(text)
    try:
        return timedelta(**{f"{found[2]}s": float(found[1])}) if found else None
    except OverflowError:
        return None


def _scalar(node: Any) -> Any:
    if node.style is not None:
        return node.value
    return None if node.value in ("", "~", "null") else _plain(node.value)


def _plain(text: str) -> Any:
    """An unquoted scalar: a duration, alternatives with one (`4 hours or 10000 EUR`), or text."""
    parts = [part if (found := duration(part)) is None else found for part in text.split(" or ")]
    if len(parts) > 1 and any(isinstance(part, timedelta) for part in parts):
        return parts
    return parts[0] if isinstance(parts[0], timedelta) and len(parts) == 1 else Plain(text)


class _Builder:
    """Turns nodes into data, and notes the line of every place and every mistake on the way."""

    def __init__(self, name: str) -> None:
        self.lines: dict[Place, int] = {}
        self.mistakes: list[Mistake] = []
        self._name = name
        self._above: set[int] = set()
        self._count = 0

    def build(self, node: Node | None, place: Place) -> Any:
        """The data below a node."""
        if node is None:
            return None
        self.lines.setdefault(place, node.start_mark.line + 1)
        self._count += 1
        if id(node) in self._above:
            self._note(node, "an alias may not contain itself")
        elif self._count == MOST:
            self._note(node, f"more than {MOST:,} values, aliases written out")
        if id(node) in self._above or self._count >= MOST:
            return None
        if isinstance(node, MappingNode | SequenceNode):
            self._above.add(id(node))
            found = (
                self._mapping(node, place)
                if isinstance(node, MappingNode)
                else self._list(node, place)
            )
            self._above.discard(id(node))
            return found
        return _scalar(node)

    def _list(self, node: SequenceNode, place: Place) -> list[Any]:
        return [self.build(member, (*place, at)) for at, member in enumerate(node.value)]

    def _mapping(self, node: MappingNode, place: Place) -> dict[str, Any]:
        data: dict[str, Any] = {}
        for key, value in node.value:
            if not isinstance(key, ScalarNode):
                self._note(key, "a key must be a word")
                continue
            if key.style is None and key.value == "<<":
                self._note(key, "'<<' is not understood here; write the keys out")
                continue
            if key.value in data:
                first = self.lines[(*place, key.value)]
                self._note(key, f"'{key.value}' is given twice, first in line {first}")
            self.lines[(*place, key.value)] = key.start_mark.line + 1
            data[key.value] = self.build(value, (*place, key.value))
        return data

    def _note(self, node: Node, message: str) -> None:
        self.mistakes.append(Mistake(self._name, node.start_mark.line + 1, message))


def validate(document: Document, model: type[Model], data: Any = None, at: Place = ()) -> Model:
    """`data` (default: the whole document) as a model.

    Raises `LandscapeError` with every mistake, each at its line.
    """
    try:
        return model.model_validate(document.data if data is None else data)
    except ValidationError as error:
        told: dict[Place, list[Any]] = {}
        for problem in error.errors(include_url=False):
            told.setdefault(_in_file(problem["loc"], document, at), []).append(problem)
        raise LandscapeError(
            document.mistake((*at, *place), in_words(problem, place, model))
            for place, problems in told.items()
            for problem in _telling(problems)
        ) from error


SHAPES = ("dict_type", "model_type", "model_attributes_type", "list_type", "tuple_type")


def _telling(problems: list[Any]) -> list[Any]:
    """Where a value could be several things: what it nearly is, not what it is not at all."""
    near = [problem for problem in problems if problem["type"] not in SHAPES]
    return near or problems


def _in_file(place: tuple[str | int, ...], document: Document, at: Place) -> Place:
    """The parts of a place that are in the file: pydantic names union members in between."""
    kept: Place = ()
    for part in place:
        if (*at, *kept, part) in document.lines:
            kept = (*kept, part)
    return kept
