"""A file that cannot be read: told until it is mended or gone, and in nobody's way."""

from pathlib import Path

from app.jobs import collect
from app.services import Services
from tests.works import NOON, drop, made, minutes, working


def pulled(services: Services) -> tuple[str, str | None, int]:
    """Outcome, error and new facts of one pull of the MES."""
    (report,) = collect.collect(services, {"mes": None})
    return report.outcome, report.error, report.landed.news


def test_the_files_around_a_bad_one_are_taken_and_it_is_told_until_it_is_mended(
    fresh: Path,
) -> None:
    folder = fresh / "drop" / "mes"
    (folder / "moves1.csv").write_text("what,is,this\n1,2,3\n", "utf-8")
    drop(fresh, "mes", [made("9", "O9", 1, NOON - minutes(9))], "moves2")
    with working(fresh) as services:
        outcome, error, news = pulled(services)
        assert (outcome, news) == ("payload", 4)
        assert str(error).startswith("mes: file moves1.csv: columns missing: id")
        state = services.store.feed_state("mes", "moves") or {}
        assert state["safe_until"] is None
        services.clock.set(NOON + minutes(30))
        assert pulled(services) == (outcome, error, 0)
        drop(fresh, "mes", [made("8", "O8", 1, NOON - minutes(8))], "moves1")
        services.clock.set(NOON + minutes(90))
        assert pulled(services) == ("ok", None, 1)
        assert (services.store.feed_state("mes", "moves") or {})["safe_until"] is not None
