"""Secrets of a landscape: only by reference, and whether the references lead anywhere here."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from app.landscape.document import Document, Place
from app.landscape.model import Credentials, Source
from app.landscape.notebook import Notebook
from app.settings import SecretError, database, secret

SECRET = ("password", "bearer", "value", "client_secret")
_TELLING = re.compile(
    r"(?i)authori[sz]ation|pass(word|wd|phrase)|secret|cookie|credential"
    r"|api[-_]?key|(^|[-_])token($|[-_])"
)
_CARRYING = (
    "headers",
    "query",
    "parameters",
)  # where a request of a source may carry a secret by mistake


def check(notebook: Notebook, document: Document, config: Source) -> None:
    """Note the references of a source that lead nowhere here; a secret written out is a mistake."""
    for place, reference in _references(config):
        look_up(notebook, document, place, reference)
    for place, name in _written_out(document.data, ()):
        notebook.wrong(
            document,
            place,
            f"{name}: a secret is never written out; sign in by auth, with a reference env:NAME",
        )
    if config.folder is not None and not (notebook.folder / config.folder).is_dir():
        notebook.note(document, ("folder",), f"folder: there is no folder {config.folder} here yet")
    if config.ca_file is not None and not (notebook.folder / config.ca_file).is_file():
        notebook.note(
            document, ("ca_file",), f"ca_file: there is no file {config.ca_file} here yet"
        )


def look_up(notebook: Notebook, document: Document, place: Place, reference: str) -> None:
    """Note where a reference leads nowhere on this machine. Its value is forgotten at once."""
    try:
        (database if place[-1] == "database" else secret)(reference, notebook.folder)
    except SecretError as error:
        notebook.note(document, place, f"{place[-1]}: {error}")


def _references(config: Source) -> Iterator[tuple[Place, str]]:
    if config.database:
        yield ("database",), config.database
    given: Credentials = config.auth
    for key in SECRET:
        if reference := getattr(given, key):
            yield ("auth", key), reference


def _written_out(data: Any, place: Place) -> Iterator[tuple[Place, str]]:
    """Headers, query and other parameters called like a secret, with a value in clear."""
    if not isinstance(data, Mapping):
        return
    for key, value in data.items():
        if key in _CARRYING and isinstance(value, Mapping):
            for name, given in value.items():
                if _TELLING.search(name) and isinstance(given, str) and not _is_hole(given):
                    yield (*place, key, name), name
        elif key != "auth":
            yield from _written_out(value, (*place, key))


def _is_hole(value: str) -> bool:
    return re.fullmatch(r"\{\w+\}", value) is not None
