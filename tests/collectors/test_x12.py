"""X12 files: lines of business out of interchanges that are whole, torn, wrong or hostile."""

import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from pydantic import ValidationError

from collectors import page as pages
from collectors import record, x12_records
from collectors.contract import Contract, parse
from collectors.errors import PayloadError
from collectors.pack import Feed
from collectors.page import Dialect, Page
from collectors.record import X12Layout

SHIPPED = X12Layout("945", "W12", ("LX",))
FIELDS = {"W0602": "text", "W1203": "number", "W1205": "text", "N902_CO": "text?"}
LINES = [
    "W06*F*D-1*20261120",
    "N1*WH*Hall*92*W1",
    "N1*ST*Client*92*C-7",
    "N9*CO*HEAD",
    "LX*1",
    "MAN*GM*001",
    "W12*CC*10*8.5*-2*EA",
    "N9*CO*LINE",
    "W12*CC*5*5**CA",
    "LX*2",
    "W12*CC*1*.5**EA",
    "W03*14*100*LB",
]


def transaction(lines=LINES, kind="945", number="0001"):
    return [f"ST*{kind}*{number}", *lines, f"SE*{len(lines) + 2}*{number}"]


def interchange(*sets, test="P", repetition="U", control="000000007"):
    """The segments of an interchange, each without its end."""
    segments = [
        f"ISA*00*{'':10}*00*{'':10}*ZZ*{'PARTNER':15}*ZZ*{'US':15}*261120*1430*{repetition}*00401"
        f"*{control}*0*{test}*>",
        "GS*SW*PARTNER*US*20261120*1430*7*X*004010",
    ]
    for one in sets:
        segments += one
    return [*segments, f"GE*{len(sets)}*7", f"IEA*1*{control}"]


def written(segments, end="~\n"):
    return "".join(segment + end for segment in segments)


def read(text, layout=SHIPPED, fields=FIELDS):
    body = text if isinstance(text, bytes) else text.encode()
    asked = Page(1, body, "x12", "file a.x12", datetime(2026, 11, 20, tzinfo=UTC), ref="p")
    contract = Contract(parse(fields))
    return pages.records("threepl", asked, "$", contract, Dialect(x12=layout))


def rows(found):
    return [tuple(row.values())[1:] for row in found.table.to_pylist()]


def reasons(found):
    return [reject.reason for reject in found.rejects]


def refusal(text, **more):
    with pytest.raises(PayloadError) as caught:
        read(text, **more)
    assert "file a.x12: " in str(caught.value)
    return str(caught.value)


GOOD = interchange(transaction())
SAID = [
    ("D-1", "8.5", "EA", "LINE"),
    ("D-1", "5", "CA", "HEAD"),
    ("D-1", ".5", "EA", "HEAD"),
]


# What is read -------------------------------------------------------------------------------------


def test_a_line_repeats_its_header_and_what_is_nearer_counts():
    found = read(written(GOOD))
    assert rows(found) == SAID
    assert (found.count, found.rejects) == (3, [])


@pytest.mark.parametrize("end", ["~", "~\n", "~\r\n", "~\r", "\n", "\r\n", "\x1d", "'\n \n"])
def test_segments_end_as_the_isa_says_and_lines_as_they_like(end):
    assert rows(read(written(GOOD, end))) == SAID


def test_every_sign_is_the_one_the_isa_declares():
    text = written(GOOD, "!\n").replace("*", "|").replace(">!", "/!")
    assert rows(read(text)) == SAID


def test_lines_of_80_characters_are_joined_again():
    text = written(GOOD, "~")
    wrapped = "\r\n".join(text[at : at + 80] for at in range(0, len(text), 80))
    assert rows(read(wrapped)) == SAID


def test_a_byte_order_mark_and_the_end_sign_of_a_mainframe_are_no_content():
    assert rows(read(b"\xef\xbb\xbf" + written(GOOD).encode() + b"\r\n\x1a")) == SAID


def test_components_repetitions_and_qualifiers_are_fields():
    lines = ["W06*F*D-1", "N1*WH**92*W1", "N1*ST**92*C-7", "W12*CC*1*2**EA>x", "N9*ZZ*a^b"]
    fields = {
        "W1205-1": "text",
        "W1205-2": "text",
        "W1205": "text",
        "N104_ST": "text",
        "N902_ZZ": "json",
        "ISA06": "text",
        "ISA11": "text",
        "line_no": "integer",
    }
    found = read(written(interchange(transaction(lines), repetition="^")), fields=fields)
    assert rows(found) == [("EA", "x", "EA>x", "C-7", '["a", "b"]', "PARTNER", "^", "1")]


def test_a_whole_segment_as_json_is_told_by_its_qualifier():
    lines = ["W06*F*D", "N9*CO*HEAD", "N9*BM*B-1", "W12*CC*1*2**EA", "N9*CO*x", "N9*CO*y", "N9*QQ"]
    found = read(written(interchange(transaction(lines))), fields={"N9": "json?", "REF": "json?"})
    ((said, nothing),) = rows(found)
    assert json.loads(said) == {"CO": ["x", "y"], "BM": "B-1"}
    assert nothing is None


def test_a_list_has_a_place_for_each_segment():
    lines = ["W12*CC*1*2**EA", "W13*2*EA*01", "W13*2*EA", "W13**EA*02"]
    fields = {"W1301": "json", "W1303": "json"}
    found = read(written(interchange(transaction(lines))), fields=fields)
    assert rows(found) == [('["2", "2", null]', '["01", null, "02"]')]


def test_a_file_may_hold_interchanges_with_other_signs_and_sets_for_others():
    acknowledged = transaction(["AK1*SW*7"], "997", "0002")
    other = written(GOOD, "\n").replace("*", "|")
    passing = X12Layout("945", "W12", ("LX",), beside=("997",))
    found = read(written(interchange(transaction(), acknowledged)) + other, passing)
    assert rows(found) == SAID * 2
    assert found.count == 6


def test_test_data_stays_known_as_such():
    found = read(written(interchange(transaction(), test="T")), fields={"ISA15": "text"})
    assert rows(found) == [("T",)] * 3


def test_an_interchange_with_nothing_in_it_has_no_records():
    assert read(written([GOOD[0], "TA1*000000006*261120*1430*A*000", "IEA*0*000000007"])).count == 0


NOTICE = [
    "BSN*00*ASN-1*20261120*1430",
    "HL*1**S",
    "HL*2*1*O",
    "PRF*PO-1",
    "HL*3*2*P",
    "MAN*GM*001",
    "HL*4*3*I",
    "LIN**BP*A",
    "HL*5*4*P",
    "MAN*GM*inner",
    "HL*6*1*O",
    "PRF*PO-2",
    "HL*7*6*I",
    "LIN**BP*B",
]
HL = X12Layout("856", "HL", level="I")
NOTICED = {"BSN02": "text", "PRF01": "text", "MAN02_GM": "text?", "LIN03": "text"}


def test_hl_loops_give_a_record_of_the_level_with_all_that_is_above():
    found = read(written(interchange(transaction(NOTICE, "856"))), HL, NOTICED)
    assert rows(found) == [("ASN-1", "PO-1", "001", "A"), ("ASN-1", "PO-2", None, "B")]
    assert found.rejects == []


# What is broken inside of a set rejects the set, and no other ------------------------------------


def torn(*changes, kind="945", lines=LINES):
    """A set with changed segments beside one that is whole."""
    text = written(interchange(transaction(lines, kind), transaction(number="0002")))
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    return text


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ([("SE*14*0001", "SE*13*0001")], "segment 16: SE01 says '13' segments, found 14: "),
        ([("SE*14*0001", "SE*x*0001")], "segment 16: SE01 says 'x' segments, found 14: "),
        ([("SE*14*0001", "SE*14*0009")], "segment 16: SE02 is '0009', but ST02 of segment 3 is"),
        ([("ST*945*0001", "ST*945*")], "segment 16: SE02 is '0001', but ST02 of segment 3 is ''"),
        ([("SE*14*0001~\n", "")], "segment 16: ST comes where SE should"),
        ([("LX*1", "*1")], "segment 8 begins '*1~', which is no segment"),
        ([("LX*1", "lx*1")], "segment 8 begins 'lx*1~', which is no segment"),
        ([("LX*1", "")], "segment 8 begins '~', which is no segment"),
    ],
)
def test_a_set_that_contradicts_itself_is_one_reject(changes, reason):
    found = read(torn(*changes))
    assert rows(found) == SAID
    (reject,) = found.rejects
    assert reject.reason.startswith("945 ")
    assert reason in reject.reason
    assert (found.count, reject.raw_ref) == (4, "p#1")
    assert reject.raw.startswith("ST*945*")
    assert "W12*CC*10*8.5*-2*EA~" in reject.raw


def test_the_last_set_of_a_group_without_its_end_is_a_reject():
    found = read(torn(("SE*14*0002~\n", "")))
    assert rows(found) == SAID
    assert "segment 30: GE comes where SE should" in reasons(found)[0]


def test_a_set_nobody_takes_is_a_reject_of_its_own():
    found = read(written(interchange(transaction(["B1*x"], "990", "0009"), transaction())))
    assert rows(found) == SAID
    assert "set 990 0009 (segment 3) is not read here, only 945" in reasons(found)[0]
    assert found.rejects[0].raw == "ST*990*0009~B1*x~SE*3*0009~"


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        (["W06*F*D-1"], "945 0001 (segment 3) has no W12, so it tells nothing"),
        ([*LINES, "LX*3", "MAN*GM*9"], "945 0001 (segment 3): LX of segment 16 has no W12 in it"),
    ],
)
def test_what_has_no_line_is_a_reject_and_not_nothing(lines, reason):
    found = read(written(interchange(transaction(lines))))
    assert reasons(found) == [reason]
    assert len(rows(found)) == (len(SAID) if len(lines) > 1 else 0)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("HL*6*1*O", "HL*6*9*O", "segment 14: HL02 is '9', and no HL before it has that number"),
        ("HL*6*1*O", "HL*3*1*O", "segment 14: HL01 is '3', which is taken"),
        ("HL*6*1*O", "HL**1*O", "segment 14: HL01 is '', which is no number"),
        ("HL*7*6*I", "HL*7*6*P", "856 0001 (segment 3): HL of segment 14 has no HL I in it"),
    ],
)
def test_levels_that_hang_in_the_air_are_rejects(old, new, reason):
    lines = [new if line == old else line for line in NOTICE]
    found = read(written(interchange(transaction(lines, "856"))), HL, NOTICED)
    assert [one for one in reasons(found) if reason in one] == reasons(found)
    assert len(found.rejects) == 1


def test_a_line_without_what_it_must_have_is_a_reject_with_its_segment():
    found = read(torn(("W12*CC*10*8.5*-2*EA", "W12*CC*10**-2*EA")))
    assert reasons(found) == ["segment 10: W1203 is missing"]
    assert found.rejects[0].raw == (
        "ST*945*0001~W06*F*D-1*20261120~LX*1~MAN*GM*001~W12*CC*10**-2*EA~N9*CO*LINE~"
    )
    assert len(rows(found)) == 5


def test_a_field_with_two_meanings_is_a_reject_that_says_how_to_choose():
    found = read(written(GOOD), fields={"N104": "text"})
    assert len(found.rejects) == 3
    assert "N104 has 2 values, 'W1' and 'C-7'; name its qualifier (N104_XX)" in reasons(found)[0]


@pytest.mark.parametrize("character", [b"\x00", b"\xff"])
def test_a_character_that_is_no_text_rejects_the_lines_it_is_in(character):
    text = written(GOOD).encode().replace(b"LINE", b"LI" + character + b"NE")
    found = read(text)
    assert rows(found) == SAID[1:]
    assert "NUL character or what is not utf-8" in reasons(found)[0]


def test_another_encoding_is_read_when_it_is_declared():
    text = written(GOOD).replace("LINE", "LÖT").encode("cp1252")
    assert rows(read(text, X12Layout("945", "W12", ("LX",), encoding="cp1252")))[0][3] == "LÖT"
    assert len(reasons(read(text))) == 1


# What is broken around the sets refuses the file -------------------------------------------------


ISA = GOOD[0]


def changed(old, new, segments=GOOD):
    text = written(segments)
    assert old in text
    return text.replace(old, new, 1)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "the file is empty"),
        (" \r\n", "the file is empty"),
        ("id,qty\n1,2\n", r"segment 1 is 'id,qty\n1,2\n': an interchange begins with ISA"),
        ("UNB+UNOA:1+A+B'", "an interchange begins with ISA"),
        ("ISA", "segment 1: ISA has 0 elements in 3 characters instead of 16 in 106"),
        (ISA[:60], "ISA08 has 6 characters instead of 15"),
        (changed("PARTNER  ", "PARTNER"), "ISA06 has 13 characters instead of 15: 'PARTNER"),
        (changed("*P*>~\n", "*P*>"), "segment 1: the signs the ISA declares, 'G*>' must"),
        (changed("*P*>~", "*P**~"), "ISA16 has 0 characters instead of 1"),
        (changed("*P*>~", "*P*~~"), "the signs the ISA declares, '~*~' must differ"),
        (changed("*P*>~", "*P*A~"), "the signs the ISA declares, '~*A' must differ"),
        (changed("*P*>~", "*X*>~"), "segment 1: ISA15 is 'X', not P, T or I"),
        (changed("GE*1*7", "GE*2*7"), "segment 17: GE01 says '2' transaction sets, found 1"),
        (changed("GE*1*7", "GE*1*8"), "segment 17: GE02 is '8', but GS06 of segment 2 is '7'"),
        (changed("IEA*1*", "IEA*2*"), "segment 18: IEA01 says '2' groups, found 1"),
        (changed("IEA*1*000000007", "IEA*1*9"), "IEA02 is '9', but ISA13 of segment 1 is"),
        (changed("GE*1*7~\n", ""), "segment 17: IEA comes too early: GS 7 of segment 2 has no GE"),
        (changed("GS*", "GX*"), "stands outside of any transaction set"),
        (written([ISA, *GOOD[2:]]), "segment 2: ST has no GS before it"),
        (written([*GOOD[:2], *GOOD[-2:]]), "segment 3: GE01 says '1' transaction sets, found 0"),
        (written([*GOOD[:-1], *GOOD]), "segment 18: ISA comes too early: ISA 000000007 of segm"),
        (written([*GOOD, "GS*SW"]), r"segment 19 is 'GS*SW~\n': an interchange begins with ISA"),
        (written(GOOD[:-1]), "the file ends after segment 17, and ISA 000000007 of segment 1 has"),
        (written(GOOD[:9]), "ST 0001 of segment 3 has no SE: the file was cut off"),
        (written(GOOD)[:-30], "segment 16 ('SE*14*0') has no '~' at its end: the file was cut off"),
        (written([*GOOD[:2], "W12*CC", *GOOD[2:]]), "segment 3: 'W12*CC~' stands outside of any"),
        (written([*GOOD[:2], "SE*1*1", *GOOD[2:]]), "segment 3: SE has no ST before it"),
    ],
)  # fmt: skip
def test_a_file_that_may_lack_something_is_refused_and_says_where(text, said):
    assert said in refusal(text)


# Hostile sizes ------------------------------------------------------------------------------------


def test_a_segment_without_end_is_told_and_not_searched_for():
    text = changed("W03*14*100*LB~", "W03*" + "x" * 2_000_000)
    assert "segment 15 ('W03*xxxxxxxxxxxxxxxx') has no '~' within 10,000 char" in refusal(text)


def test_levels_nested_without_end_are_refused():
    lines = ["HL*1**S", *(f"HL*{n}*{n - 1}*O" for n in range(2, 20_001)), "HL*20001*20000*I"]
    text = written(interchange(transaction(lines, "856")), "~")
    assert "nested too deeply" in refusal(text, layout=HL, fields={"PRF01": "text?"})


def test_a_long_header_before_many_lines_is_weighed(monkeypatch):
    monkeypatch.setattr(x12_records, "MAX_UNPACKED", 1_000_000)
    header = "W06*F*" + "x" * 9_000
    text = written(interchange(transaction([header, *["W12*CC*1*1**EA"] * 200])))
    assert "over the limit of 1,000,000 characters" in refusal(text)


def test_more_lines_than_a_file_may_have_are_refused(monkeypatch):
    monkeypatch.setattr(x12_records, "MAX_ROWS", 100)
    assert "more than 100 lines" in refusal(
        written(interchange(transaction(["W06*F*D", *["W12*CC*1*1**EA"] * 101])))
    )


def test_a_line_over_the_limit_is_a_reject_and_its_neighbours_are_kept():
    long = [f"N9*ZZ*{'x' * 9_000}"] * (record.MAX_RECORD // 9_000 + 1)
    lines = ["W06*F*D", "W12*CC*1*1**EA", *long, "W12*CC*1*2**EA"]
    found = read(written(interchange(transaction(lines))))
    assert [row[1] for row in rows(found)] == ["2"]
    assert "is over the limit of 1,000,000" in reasons(found)[0]
    assert len(found.rejects[0].raw) == record.MAX_RECORD


def test_fifty_thousand_lines_are_read_to_the_last():
    lines = ["W06*F*D", *(f"W12*CC*1*{n}.125**EA" for n in range(50_000))]
    found = read(written(interchange(transaction(lines))))
    assert sum(Decimal(row[1]) for row in rows(found)) == sum(range(50_000)) + 50_000 // 8


# What a feed may say ------------------------------------------------------------------------------


def feed(**more):
    return Feed.model_validate(
        {"into": "business_event", "files": "*", "format": "x12", "contract": FIELDS}
        | {"x12": {"set": "945", "record": "W12", "within": "LX"}}
        | more
    )


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"x12": None}, "'format: x12' and 'x12: {set: ..., record: ...}' go together"),
        ({"format": "csv"}, "go together"),
        ({"x12": {"set": "94", "record": "W12"}}, "set"),
        ({"x12": {"set": "945", "record": "w12"}}, "record"),
        ({"x12": {"set": "945", "record": "HL"}}, "'level' and 'record: HL' go together"),
        ({"x12": {"set": "945", "record": "W12", "level": "I"}}, "go together"),
        ({"x12": {"set": "945", "record": "W12", "within": "W12"}}, "'within' names other loops"),
        ({"x12": {"set": "945", "record": "W12", "encoding": "utf-99"}}, "is not an encoding"),
        ({"contract": {"qty": "number"}}, "'qty' is no field of X12 such as W1203, N104_WH"),
        ({"contract": {"W12": "text"}}, "'W12' is no field of X12"),
    ],
)
def test_a_feed_that_cannot_be_read_so_is_a_mistake(more, said):
    with pytest.raises(ValidationError) as caught:
        feed(**more)
    assert said in str(caught.value)


def test_a_feed_tells_its_reader_the_layout():
    assert feed().dialect.x12 == SHIPPED
