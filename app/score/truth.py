"""The truth file: what really went wrong, as CSV.

One row is one fault: `code,plant,source_key,key,from,until`, any of `source_key` and `key`, and
where known `mode,quantity,value,root`. A row with the code `none` is a decoy: it looks like drift,
and whoever reports it is wrong.
"""

import csv
import io
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path

from app.landscape.wording import nearest
from reconcilers.family import CODES

DECOY = "none"
NEEDED = ("code", "from")
COLUMNS = (*NEEDED, "plant", "source_key", "key", "until", "mode", "quantity", "value", "root")


NEVER = datetime.max.replace(tzinfo=UTC)


class TruthError(ValueError):
    """The truth file cannot be used; every mistake in it, with its line."""

    def __init__(self, path: Path, problems: list[str]) -> None:
        super().__init__("\n".join(f"{path.name}{problem}" for problem in problems))


@dataclass(frozen=True)
class Fault:
    """What really went wrong with one thing, or only looks so (`is_decoy`).

    `source_key` is a record of a source that has part in it, `key` what people call it: an order, a
    lot, a document, or several joined by `/`. It can be seen from `since` on, until `until` where
    it went away. `quantity` is the variance, observed less expected, in the base unit; `value` what
    is at risk, in the currency of the company. `mode` is a kind of fault of one's own; faults with
    one `root` come from one cause.
    """

    line: int
    code: str
    since: datetime
    until: datetime | None = None
    plant: str | None = None
    source_key: str | None = None
    key: str | None = None
    mode: str | None = None
    quantity: Decimal | None = None
    value: Decimal | None = None
    root: str | None = None

    @property
    def is_decoy(self) -> bool:
        """Whether nothing is wrong here."""
        return self.code == DECOY

    @property
    def name(self) -> str:
        """What to call it."""
        return " ".join(filter(None, (self.plant, self.key, self.source_key)))


def read_truth(path: Path) -> list[Fault]:
    """The faults of a truth file. Raises `TruthError` with all its mistakes, `OSError`."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise TruthError(path, [f" is not UTF-8 text: byte {error.start + 1}"]) from error
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    header = [name.strip() for name in reader.fieldnames or ()]
    reader.fieldnames = header
    if problems := _misnamed(header):
        raise TruthError(path, problems)
    faults, problems = [], []
    try:
        for row in reader:
            line = reader.line_num
            wrong = _problems(row)
            problems += [f":{line}: {problem}" for problem in wrong]
            if not wrong:
                faults.append(_fault(line, row))
    except csv.Error as error:
        problems.append(f":{reader.line_num + 1}: {error}")
    if problems:
        raise TruthError(path, problems)
    return faults


def _misnamed(header: list[str]) -> list[str]:
    if not header:
        return [f" is empty; its first line names its columns: {','.join(COLUMNS)}"]
    problems = [
        f":1: column '{name}' is not known{nearest(name, COLUMNS)}"
        for name in header
        if name not in COLUMNS
    ]
    problems += [f":1: column '{name}' is missing" for name in NEEDED if name not in header]
    problems += [
        f":1: column '{name}' is there twice" for name in {*header} if header.count(name) > 1
    ]
    if not {"source_key", "key"} & {*header}:
        problems.append(":1: one of the columns 'source_key' and 'key' is needed")
    return problems


def _problems(row: dict[str, str | None]) -> list[str]:
    """What is wrong with a row."""
    if None in row or None in row.values():
        return ["another number of fields than the first line has"]
    found = []
    code = _text(row, "code") or ""
    if code not in (*CODES, DECOY):
        found.append(f"'{code}' is no code of an exception{nearest(code, (*CODES, DECOY))}")
    if not (_text(row, "source_key") or _text(row, "key")):
        found.append("neither source_key nor key says what it is about")
    found += [problem for name in ("from", "until") if (problem := _no_instant(row, name))]
    if not _text(row, "from"):
        found.append("'from' is empty: since when can it be seen?")
    found += [
        f"{name} '{_text(row, name)}' is no decimal number such as -12.5"
        for name in ("quantity", "value")
        if _text(row, name) and _decimal(row, name) is None
    ]
    if not found and (until := _instant(row, "until")) and until < (_instant(row, "from") or until):
        found.append("'until' is before 'from'")
    return found


def _fault(line: int, row: dict[str, str | None]) -> Fault:
    return Fault(
        line=line,
        code=_text(row, "code") or "",
        since=_instant(row, "from") or NEVER,
        until=_instant(row, "until"),
        quantity=_decimal(row, "quantity"),
        value=_decimal(row, "value"),
        **{name: _text(row, name) for name in ("plant", "source_key", "key", "mode", "root")},
    )


def _text(row: dict[str, str | None], name: str) -> str | None:
    return (row.get(name) or "").strip() or None


def _instant(row: dict[str, str | None], name: str) -> datetime | None:
    """An instant; without an offset it is UTC. Raises ValueError."""
    text = _text(row, name)
    if text is None:
        return None
    moment = datetime.fromisoformat(text)
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def _no_instant(row: dict[str, str | None], name: str) -> str | None:
    try:
        _instant(row, name)
    except (ValueError, OverflowError):
        return f"{name} '{_text(row, name)}' is no instant such as 2026-11-20T14:30:00Z"
    return None


def _decimal(row: dict[str, str | None], name: str) -> Decimal | None:
    text = _text(row, name)
    try:
        number = Decimal(text) if text else None
    except InvalidOperation:
        return None
    return number if number is None or number.is_finite() else None
