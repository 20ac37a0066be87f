"""`tieout score` on a works that was really collected and reconciled."""

import json

import pytest

from tests.works import BOOKED, STOCK, fill, work, working, write_works

HEADER = "code,plant,source_key,key,from,until,mode,quantity,value\n"
TRUE = """\
missing_posting,P1,2,,2026-11-03T10:40:00Z,,A1,-5,61.73
missing_posting,P1,,O7,2026-11-03T10:40:00Z,,A1,,
balance_variance,P1,,A/L1,2026-11-03T11:59:00Z,,C4,-2.000000001,
none,P1,,O9,2026-11-03T10:40:00Z,,made elsewhere,,
late_posting,P1,,O3,2026-11-03T12:25:00Z,,,,
"""


@pytest.fixture
def works(tmp_path):
    folder = write_works(tmp_path / "works")
    fill(folder)
    with working(folder) as services:
        work(services)
    return folder


@pytest.fixture
def truth(tmp_path):
    path = tmp_path / "truth.csv"
    path.write_text(HEADER + TRUE, "utf-8")
    return path


def test_the_score_of_a_works(tieout, works, truth):
    said = json.loads(tieout("--format", "json", "score", "--truth", str(truth), at=works).out)
    assert said["overall"]["recall"] == pytest.approx(2 / 3)
    assert said["overall"]["precision"] == pytest.approx(2 / 3)
    assert said["overall"]["code_right"] == 1.0
    assert (said["overall"]["quantity_right"], said["overall"]["value_right"]) == (2, 1)
    assert said["by_rule"][BOOKED]["false"] == 1
    assert said["by_rule"][STOCK]["precision"] == 1.0
    assert said["by_mode"]["A1"]["recall"] == 0.5
    assert [(one["fault"], one["known"]) for one in said["missed"]] == [
        ("P1 O7", "nothing is held of it")
    ]
    (false,) = said["false"]
    assert (false["code"], false["decoy"], false["records"]) == (
        "orphan_posting",
        "made elsewhere",
        "erp b",
    )
    assert said["not_counted"] == [6]
    assert said["overall"]["median_seconds"] == pytest.approx((60 + 4800) / 2)


def test_it_is_told_in_a_terminal_and_kept_in_a_report(tieout, works, truth, tmp_path):
    report = tmp_path / "score.md"
    said = tieout("score", "--truth", str(truth), "--report", str(report), at=works)
    for title in ("By rule", "By code", "By mode", "Missed", "False alarms"):
        assert title in said.out
        assert f"## {title}" in report.read_text("utf-8")
    assert "recall 66.7 % (2 of 3 faults)" in said.err


@pytest.mark.parametrize(("asked", "code"), [(None, 0), ("missed", 1), ("false", 1), ("any", 1)])
def test_a_build_can_fail_on_it(tieout, works, truth, asked, code):
    more = ["--fail-on", asked] if asked else []
    assert tieout("score", "--truth", str(truth), *more, at=works).code == code


def test_nothing_fails_where_nothing_is_wrong(tieout, works, tmp_path):
    path = tmp_path / "truth.csv"
    rows = TRUE.splitlines()
    orphan = rows[3].replace("none", "orphan_posting")
    path.write_text(HEADER + "\n".join([rows[0], rows[2], orphan]) + "\n", "utf-8")
    assert tieout("score", "--truth", str(path), "--fail-on", "any", at=works).code == 0


def test_what_is_held_of_a_missed_fault_is_told(tieout, works, tmp_path):
    path = tmp_path / "truth.csv"
    path.write_text(HEADER + "wrong_period,P1,1,,2026-11-03T10:00:00Z,,H9,,\n", "utf-8")
    said = json.loads(tieout("--format", "json", "score", "--truth", str(path), at=works).out)
    assert said["missed"][0]["known"].startswith("mes/moves 1")


def test_a_broken_truth_file_is_a_usage_error(tieout, works, tmp_path):
    path = tmp_path / "truth.csv"
    path.write_text("code,key,form\n", "utf-8")
    said = tieout("score", "--truth", str(path), at=works)
    assert (said.code, "did you mean 'from'?" in said.err) == (2, True)


def test_a_truth_file_that_is_not_there_is_a_usage_error(tieout, works, tmp_path):
    said = tieout("score", "--truth", str(tmp_path / "gone.csv"), at=works)
    assert (said.code, "gone.csv cannot be read: No such file" in said.err) == (2, True)


def test_a_report_that_cannot_be_written_is_told(tieout, works, truth, tmp_path):
    place = str(tmp_path / "no" / "score.md")
    said = tieout("score", "--truth", str(truth), "--report", place, at=works)
    assert (said.code, "cannot be written" in said.err) == (3, True)


def test_before_anything_ran_there_is_nothing_to_score(tieout, tmp_path, truth):
    folder = write_works(tmp_path / "other")
    assert "run: tieout collect" in tieout("score", "--truth", str(truth), at=folder).err
    with working(folder):
        pass
    said = tieout("score", "--truth", str(truth), at=folder)
    assert (said.code, "run: tieout reconcile" in said.err) == (3, True)
