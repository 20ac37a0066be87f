"""What stands in the pages of docs: fenced blocks, the files they show, links."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
_BLOCK = re.compile(
    r"^(?:\*\*(?P<file>[^*\n]+)\*\*\n\n)?```(?P<kind>\w*)\n(?P<text>.*?)^```$", re.M | re.S
)


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, its text, and the file a bold line above it names."""

    kind: str
    text: str
    file: str | None = None


def blocks(page: Path) -> Iterator[Block]:
    """Every fenced block of a page, in order."""
    for found in _BLOCK.finditer(page.read_text("utf-8")):
        yield Block(found["kind"], found["text"], found["file"])


def told(line: str, output: str) -> bool:
    """Whether a line of a page is in `output`; `…` stands for anything, blanks for blanks."""
    parts = (r"\s+".join(map(re.escape, part.split())) for part in line.split("…"))
    return re.search(".*?".join(parts), output) is not None
