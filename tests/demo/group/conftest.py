"""Thirty days of three plants, told once."""

import pytest

from app.demo.group import Group, Happening, simulate


@pytest.fixture(scope="session")
def group() -> Group:
    return Group()


@pytest.fixture(scope="session")
def told(group: Group) -> list[Happening]:
    return list(simulate(group))
