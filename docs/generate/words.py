"""What each key means, as written down in `docs/words.yml`."""

from functools import cache
from pathlib import Path

from ruamel.yaml import YAML


class WordsError(Exception):
    """A key has no words, or words have no key."""


def words(subject: str, keys: list[str]) -> dict[str, str]:
    """The words of every key of a subject. Raises `WordsError` where the two do not fit."""
    found = {str(key): str(text) for key, text in _all()[subject].items()}
    if set(found) != set(keys):
        raise WordsError(f"docs/words.yml: {subject}: {sorted(set(found) ^ set(keys))}")
    return found


@cache
def _all() -> dict[str, dict[str, str]]:
    return dict(YAML(typ="safe").load(Path(__file__).parents[1] / "words.yml"))
