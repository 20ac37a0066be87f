"""`score`: how good the checks are on a landscape whose truth is known."""

from pathlib import Path

import click

from app.cli import FOUND, OK, USAGE, Failure
from app.cli.looking import reading
from app.cli.options import shared
from app.cli.output import emit, emit_one, say, shown, table
from app.score.report import Look, as_json, as_markdown, as_rows, summary, tables
from app.score.score import Score, score_of
from app.score.truth import Fault, TruthError, read_truth
from app.store.lake import Lake
from app.store.reading import Reader
from app.store.tracing import LakeReader

SHOWN_RECORDS = 6


@click.command()
@click.option(
    "--truth",
    type=click.Path(path_type=Path),
    required=True,
    help="CSV of what really went wrong: code,plant,source_key,key,from,until.",
)
@click.option(
    "--report", type=click.Path(path_type=Path, dir_okay=False), help="Also write a page to keep."
)
@click.option(
    "--fail-on",
    type=click.Choice(["missed", "false", "any"]),
    help="Exit with 1 when a fault was missed, an alarm false, or either.",
)
@shared
def score(landscape: Path, form: str, truth: Path, report: Path | None, fail_on: str | None) -> int:
    """Hold every exception there ever was against a truth that is known.

    Prints precision, recall and time to detect by rule, code and mode, every miss and every false
    alarm with its evidence.
    """
    try:
        faults = read_truth(truth)
    except TruthError as error:
        raise Failure(str(error), USAGE) from error
    except OSError as error:
        raise Failure(f"{truth} cannot be read: {error.strerror}", USAGE) from error
    with reading(landscape) as (found, store):
        reader = Reader(store)
        judged = reader.judged()
        if not judged:
            raise Failure("no rule has judged anything here yet; run: tieout reconcile")
        result, last = score_of(reader, faults), judged[-1]["as_of"]
        look = _Look(LakeReader(Lake(found.home / "lake")), reader)
        _print(result, look, form)
        if report:
            asked = {
                "Company": found.company.company,
                "Truth": truth.name,
                "Rules last ran as of": f"{shown(last)} UTC",
            }
            _write(report, as_markdown(result, look, asked))
    wrong = {"missed": result.missed, "false": result.false}
    asked_for = wrong.values() if fail_on == "any" else [wrong[fail_on]] if fail_on else []
    return FOUND if any(asked_for) else OK


def _print(result: Score, look: Look, form: str) -> None:
    if form == "csv":
        rows = as_rows(result)
        emit(rows, list(rows[0]), form)
        return
    if form != "table":
        emit_one(as_json(result, look), form)
        return
    for title, columns, rows in tables(result, look):
        table(rows, columns, f"\n{title}")
    say(summary(result))


class _Look:
    """What the store knows of a fault that nobody reported."""

    def __init__(self, lake: LakeReader, reader: Reader) -> None:
        self._lake = lake
        self._rejects = reader.rejects(state=None)

    def __call__(self, fault: Fault) -> str:
        """The records held of it, the rejects it is in, or that there is nothing."""
        names = [name for name in (fault.source_key, *(fault.key or "").split("/")) if name]
        facts = self._lake.trace(names[0], SHOWN_RECORDS).facts
        held = [f"{row['source']}/{row['feed']} {row['source_key']}" for row in facts]
        refused = [
            f"reject {row['id']}: {row['reason']}"
            for row in self._rejects
            if all(name in row["raw"] for name in names)
        ]
        return "; ".join(held[:SHOWN_RECORDS] + refused[:1]) or "nothing is held of it"


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, "utf-8")
    except OSError as error:
        raise Failure(f"{path} cannot be written: {error.strerror}") from error
