"""Where a system keeps what it is asked for: a server, or whoever wants to know."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol


class Shelf(Protocol):
    """Lists of rows, each list with a key."""

    def put(
        self,
        name: str,
        rows: Iterable[Mapping[str, Any]],
        gone: Iterable[Mapping[str, Any]] = (),
        /,
    ) -> None:
        """Drop the rows with the keys of `gone`; add rows, or replace those with the same key."""


class Store(Shelf, Protocol):
    """Lists whose rows may also carry what is true when they are asked for."""

    def stamp(self, name: str, fields: Callable[[], Mapping[str, Any]], /) -> None:
        """Let the rows of a list carry what `fields` says when they are asked for."""
