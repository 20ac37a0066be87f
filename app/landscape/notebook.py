"""What a check has found so far: mistakes, and notes on what is missing on this machine only."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel

from app.landscape.document import Document, LandscapeError, Mistake, Place, read, validate, written

Model = TypeVar("Model", bound=BaseModel)


class Notebook:
    """One pass over a landscape: what is wrong is noted, and the rest is read all the same."""

    def __init__(self, folder: Path, *, tries: bool = True) -> None:
        """`tries`: whether mappings are tried on an empty page, which takes longest."""
        self.folder, self.tries = folder, tries
        self.mistakes: list[Mistake] = []
        self.notes: list[Mistake] = []

    def name(self, path: Path) -> str:
        """A file of the landscape as mistakes name it."""
        return path.relative_to(self.folder).as_posix()

    def read(self, path: Path, root: Path | None = None) -> Document | None:
        """A YAML file, named relative to `root`; None where it cannot be read."""
        try:
            return read(path, root or self.folder)
        except LandscapeError as error:
            self.mistakes += error.mistakes
            return None

    def text(self, path: Path, name: str) -> str | None:
        """Any other file a person wrote, None where it cannot be read."""
        try:
            return written(path, name)
        except LandscapeError as error:
            self.mistakes += error.mistakes
            return None

    def valid(
        self, document: Document, model: type[Model], data: Any = None, at: Place = ()
    ) -> Model | None:
        """`data` (default: the whole document) as a model, None where it is not one."""
        try:
            return validate(document, model, data, at)
        except LandscapeError as error:
            self.mistakes += error.mistakes
            return None

    def each(self, folder: str, model: type[Model]) -> Iterator[tuple[str, Document, Model]]:
        """Every `folder/*.yml` that is sound: its name, the document, the model."""
        for path in sorted((self.folder / folder).glob("*.yml")):
            document = self.read(path)
            if document and (found := self.valid(document, model)):
                yield path.stem, document, found

    def wrong(self, document: Document, place: Place, message: str) -> None:
        """Something is wrong at a place of a document."""
        self.mistakes.append(document.mistake(place, message))

    def file(self, name: str, line: int, message: str) -> None:
        """Something is wrong in a line of a file (0: in the file)."""
        self.mistakes.append(Mistake(name, line, message))

    def note(self, document: Document, place: Place, message: str) -> None:
        """Something worth knowing that is no mistake of the landscape."""
        self.notes.append(document.mistake(place, message))
