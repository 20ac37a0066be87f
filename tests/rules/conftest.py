"""What every test of a rule can ask for."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.rules.house import House, Played, inhabited, play, write_house


@pytest.fixture(scope="module")
def played(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Played:
    """The cases of the module, all played once."""
    module = request.module
    folder = tmp_path_factory.mktemp("rule") / "house"
    return play(folder, module.RULE, module.CASES, module.RUNS)


@pytest.fixture
def house(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[House]:
    """An empty house with the rule of the module."""
    with inhabited(write_house(tmp_path / "house"), request.module.RULE) as house:
        yield house
