"""The truth file: read exactly, and every mistake in it told at once."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from app.score.truth import CODES, Fault, TruthError, read_truth
from app.triage.words import TITLES

HEADER = "code,plant,source_key,key,from,until,mode,quantity,value,root"


def read(folder, text):
    path = folder / "truth.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_truth(path)


def mistakes(folder, text):
    with pytest.raises(TruthError) as raised:
        read(folder, text)
    return str(raised.value).splitlines()


def test_every_column_is_read(tmp_path):
    row = "unit_mismatch,P1,M-1,O1/10,2026-11-03T12:00:00+01:00,2026-11-04,B1,-12.5,99.10,r7"
    (fault,) = read(tmp_path, f"\ufeff{HEADER}\r\n{row}\r\n")
    assert fault == Fault(
        line=2,
        code="unit_mismatch",
        since=datetime(2026, 11, 3, 11, tzinfo=UTC),
        until=datetime(2026, 11, 4, tzinfo=UTC),
        plant="P1",
        source_key="M-1",
        key="O1/10",
        mode="B1",
        quantity=Decimal("-12.5"),
        value=Decimal("99.10"),
        root="r7",
    )


def test_the_least_is_a_code_a_key_and_a_time(tmp_path):
    (fault,) = read(tmp_path, "code,key,from\nnone,O1,2026-11-03T12:00:00Z\n")
    assert fault.is_decoy
    assert (fault.plant, fault.until, fault.name) == (None, None, "O1")


def test_a_line_break_inside_a_key_is_no_new_row(tmp_path):
    (fault,) = read(tmp_path, 'code,key,from\nnone,"O\n\u20281",2026-11-03\n')
    assert fault.key == "O\n\u20281"


def test_all_mistakes_are_told_with_their_line(tmp_path):
    rows = [
        "mising_posting,P1,,,yesterday,,,1e,,",
        "none,P1,,x",
        "none,P1,,x,2026-01-02,2026-01-01,,NaN,,",
        "none,P1,,x,2026-01-02,2026-01-01,,,,",
        "none,P1,,x,,,,,,",
    ]
    assert mistakes(tmp_path, "\n".join([HEADER, *rows])) == [
        "truth.csv:2: 'mising_posting' is no code of an exception; did you mean 'missing_posting'?",
        "truth.csv:2: neither source_key nor key says what it is about",
        "truth.csv:2: from 'yesterday' is no instant such as 2026-11-20T14:30:00Z",
        "truth.csv:2: quantity '1e' is no decimal number such as -12.5",
        "truth.csv:3: another number of fields than the first line has",
        "truth.csv:4: quantity 'NaN' is no decimal number such as -12.5",
        "truth.csv:5: 'until' is before 'from'",
        "truth.csv:6: 'from' is empty: since when can it be seen?",
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "truth.csv is empty; its first line names its columns: code,from,"),
        ("code,key,form\n", "truth.csv:1: column 'form' is not known; did you mean 'from'?"),
        ("code,key\n", "truth.csv:1: column 'from' is missing"),
        ("code,from\n", "truth.csv:1: one of the columns 'source_key' and 'key' is needed"),
        ("code,key,key,from\n", "truth.csv:1: column 'key' is there twice"),
        ('code,key,from\n"none', "truth.csv:2: unexpected end of data"),
        (b"code,key,from\nnone,\xff,2026-01-01\n", "truth.csv is not UTF-8 text: byte 20"),
    ],
)
def test_a_file_that_is_none_is_told(tmp_path, text, said):
    assert mistakes(tmp_path, text)[0].startswith(said)


def test_every_code_that_has_a_title_can_be_the_truth():
    assert set(TITLES) <= set(CODES)
