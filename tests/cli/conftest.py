"""The command line in this process: exit code, stdout and stderr of a command."""

import logging
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from app.cli import main


@dataclass(frozen=True)
class Said:
    """How a command ended and what it said."""

    code: int
    out: str
    err: str


@pytest.fixture
def tieout(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., Said]]:
    """Runs `tieout` with arguments; the landscape is given as `at`."""
    handlers = logging.getLogger().handlers[:]

    def run(*arguments: str, at: Path | None = None) -> Said:
        place = ["--landscape", str(at)] if at else []
        monkeypatch.setattr(sys, "argv", ["tieout", *place, *arguments])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capsys.readouterr()
        assert "Traceback" not in out + err
        return Said(int(ended.value.code or 0), out, err)

    yield run
    logging.getLogger().handlers[:] = handlers
