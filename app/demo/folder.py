"""The folder a demo lives in: whose it is, its secrets, the landscape filled from templates."""

import secrets
import shutil
from collections.abc import Mapping
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

_WRITTEN = "demo.txt"


class FolderError(Exception):
    """The folder holds something else."""


def claim(folder: Path, asked: str) -> None:
    """Make the folder this demo's own, by what was asked for. A demo is refused another's folder.

    Raises `FolderError`, also where there is a landscape that no demo made.
    """
    path = folder / _WRITTEN
    there = path.read_text("utf-8").strip() if path.exists() else None
    if there is None and (folder / "landscape").exists():
        raise FolderError(f"{folder} holds a landscape that is no demo's; take another --dir")
    if there not in (None, asked):
        raise FolderError(f"{folder} holds the demo {there}; take another --dir, or delete it")
    folder.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{asked}\n", "utf-8")


def secret(folder: Path, name: str) -> str:
    """The secret of that name; made at first."""
    path = folder / "secrets" / name
    if not path.exists():
        write_secret(folder, name, secrets.token_urlsafe(24))
    return path.read_text("utf-8").strip()


def write_secret(folder: Path, name: str, text: str) -> None:
    """Keep a secret where only its owner can read it."""
    path = folder / "secrets" / name
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.touch(mode=0o600)
    path.write_text(text, "utf-8")


def emptied(folder: Path) -> Path:
    """A folder with nothing in it, whatever was there."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def write_landscape(templates: Traversable, target: Path, fill: Mapping[str, str]) -> None:
    """Copy a landscape, with `{name}` replaced in its YAML by what `fill` says."""
    with resources.as_file(templates) as source:
        shutil.copytree(source, target, dirs_exist_ok=True)
    for path in target.rglob("*.yml"):
        path.write_text(filled(path.read_text("utf-8"), fill), "utf-8")


def filled(text: str, fill: Mapping[str, str]) -> str:
    """A text with every `{name}` replaced."""
    for name, value in fill.items():
        text = text.replace(f"{{{name}}}", value)
    return text
