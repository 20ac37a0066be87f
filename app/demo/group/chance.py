"""Seeded chance: the same subject of the same seed always draws the same."""

from random import Random


def chance(seed: int, subject: str) -> Random:
    """Chance of its own for a subject, so that one process more does not move the others."""
    return Random(f"{seed}/{subject}")  # noqa: S311 - a story, not a secret
