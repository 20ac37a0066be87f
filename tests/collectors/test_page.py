"""JSON and NDJSON cut into records: what is kept, what is rejected, what is refused whole."""

import json
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from collectors import mapping
from collectors.contract import Contract, parse
from collectors.errors import PayloadError
from collectors.page import at, cut_records, text_of
from collectors.typed import register
from tests.collectors.pages import GOOD, kept, listed, page, read, reasons, refusal, table

# JSON


def test_values_stay_the_text_they_were() -> None:
    exact = '{"id":"007","qty":98765432109.123456789012345678,"note":null}'
    found = read(listed(exact, '{"id":"","qty":1e400}'))
    assert kept(found) == [("007", "98765432109.123456789012345678", None), ("", "1e400", None)]
    assert text_of(found.raws[0]) == exact
    assert (found.count, found.rejects) == (2, [])


def test_a_huge_integer_keeps_every_digit() -> None:
    digits = "9" * 5000
    assert kept(read(listed(f'{{"id":"a","qty":{digits}}}'))) == [("a", digits, None)]


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ('{"id":"b","qty":NaN}', "record holds NaN, which is no JSON number"),
        ('{"id":"b","qty":-Infinity}', "record holds -Infinity, which is no JSON number"),
        ('{"qty":1}', "id is missing"),
        ('{"id":7,"qty":1}', "id should be text, found int"),
        ('{"id":null,"qty":1}', "id should be text, found null"),
        ('{"id":"b","qty":1,"note":5}', "note should be text or nothing, found int"),
        ('{"id":"\\u0000","qty":1}', "record holds a NUL character"),
        ('{"id":"b\0","qty":1}', "record holds a NUL character"),
        ('"text"', "Expected `object`, got `str`"),
        ("null", "Expected `object`, got `null`"),
        ('{"id":"\\ud800","qty":1}', "record holds half a surrogate pair, which is no text"),
        (f'{{"id":"b","qty":1,"note":"{"x" * 1_000_000}"}}', "over the limit of 1,000,000"),
    ],
)
def test_a_poisoned_record_does_not_take_its_neighbours_along(bad: str, reason: str) -> None:
    found = read(listed(GOOD, bad, GOOD))
    assert kept(found) == [("a", "1.5", None)] * 2
    assert found.count == 3
    [reject] = found.rejects
    assert reason in reject.reason
    assert reject.raw == bad[:1_000_000]
    assert reject.raw_ref == "mes/items/p#2"


def test_bytes_that_are_not_utf8_reject_their_record_only() -> None:
    body = listed(GOOD, '{"id":"é","qty":1}', GOOD).encode("latin-1")
    for raw in (body, body.replace(b"1.5", b"NaN", 1)):
        found = read(raw)
        assert "record is not UTF-8 text: byte 0xe9" in reasons(found)
        assert found.count == 3
    assert len(reasons(read(body.replace(b"1.5", b"NaN", 1)))) == 2


def test_text_of_every_script_and_length_is_kept_exactly() -> None:
    for text in ["Größe 5", "\u202etxet LTR", "\u65e5\u672c", "x" * 300_000, 'quote " \\ / \t\n']:
        body = listed(json.dumps({"id": text, "qty": 1}), json.dumps({"id": "b", "qty": 2}))
        assert kept(read(body))[0][0] == text
        assert kept(read(body.replace('"qty": 2', '"qty": NaN')))[0][0] == text


def test_the_last_of_a_doubled_key_counts_as_in_every_json_reader() -> None:
    assert kept(read(listed('{"id":"a","qty":1,"qty":2}'))) == [("a", "2", None)]


def test_a_record_nested_as_deep_as_any_real_one_is_kept() -> None:
    deep = "[" * 200 + "]" * 200
    assert read(listed(f'{{"id":"a","qty":1,"x":{deep}}}')).count == 1


def test_a_document_nested_without_end_is_refused_in_a_sentence() -> None:
    for body in (listed(f'{{"id":"a","x":{"[" * 100_000}'), "[" * 100_000 + "]" * 100_000):
        assert "nested too deeply" in refusal(body, path="$.items" if "items" in body else "$")
        with pytest.raises(PayloadError, match="nested too deeply"):
            cut_records("mes", body.encode(), "$.items" if "items" in body else "$")


@pytest.mark.parametrize(
    "body",
    [
        listed(GOOD, GOOD)[:-1],
        listed(GOOD, GOOD)[:-8],  # the list is there, what follows it is not: perhaps a next link
        listed(GOOD, GOOD)[:30],
        listed(GOOD) + listed(GOOD),
        listed(GOOD) + "<!-- served in 3 ms -->",
        listed(GOOD, ""),
        "{'items': []}",
        '{"items": [' + GOOD + " " + GOOD + "]}",
    ],
)
def test_half_a_document_or_more_than_one_is_never_taken_for_a_page(body: str) -> None:
    for text in (body, body.replace("1.5", "NaN", 1)):
        assert "GET /items page 1" in refusal(text)
        with pytest.raises(PayloadError):
            cut_records("mes", text.encode(), "$.items")


@given(st.data())
@settings(max_examples=40, deadline=None)
def test_a_document_cut_anywhere_is_refused(data: st.DataObject) -> None:
    body = listed(GOOD, '{"id":"ü","qty":2,"x":{"y":[1,"]"]}}', GOOD).encode()
    end = data.draw(st.integers(0, len(body) - 1))
    with pytest.raises(PayloadError):
        read(body[:end])
    with pytest.raises(PayloadError):
        read(body[:end].replace(b"1.5", b"NaN"))


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "the answer is empty; begins ''"),
        (b" \n ", "the answer is empty"),
        (
            b"<!DOCTYPE html><title>Sign in</title>",
            "the answer is not JSON; begins '<!DOCTYPE html>",
        ),
        (listed(GOOD).encode("utf-16"), "the answer is not JSON"),
        (b'{"data":[]}', "there is no $.items in the answer"),
        (b'{"items":null}', "$.items is neither a list nor an object"),
        (b'{"items":5}', "$.items is neither a list nor an object"),
    ],
)
def test_an_answer_of_another_shape_is_refused_and_its_beginning_shown(
    body: bytes, said: str
) -> None:
    assert said in refusal(body)


def test_an_escape_sequence_of_a_terminal_is_never_printed() -> None:
    assert "\x1b" not in refusal(b"\x1b[2J<html>")
    assert "\x1b" not in refusal("a\x1b[2J,b\n", "csv", "$")


def test_a_byte_order_mark_is_no_part_of_the_answer() -> None:
    body = b"\xef\xbb\xbf" + listed(GOOD).encode()
    assert kept(read(body)) == [("a", "1.5", None)]
    assert len(cut_records("mes", body, "$.items")[0]) == 1
    assert at(body, "$.total") == 1


def test_records_may_be_values_of_an_object_or_one_object() -> None:
    assert read(f'{{"items":{{"x":{GOOD},"y":{GOOD}}}}}', path="$.items.*").count == 2
    assert kept(read(GOOD, path="$")) == [("a", "1.5", None)]


def test_a_count_is_read_beside_a_poisoned_record() -> None:
    body = listed(GOOD, '{"id":"b","qty":NaN}').encode()
    assert at(body, "$.total") == 2
    assert at(body, "$.next.link") is None
    assert len(cut_records("mes", body, "$.items")[0]) == 2


def test_fields_nobody_declared_are_noted() -> None:
    assert read(listed('{"id":"a","qty":1,"colour":"red"}')).unknown == ("colour",)
    assert table("id,colour,qty\na,red,1\n").unknown == ("colour",)


RECORD = st.fixed_dictionaries(
    {
        "id": st.text(
            st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20
        ),
        "qty": st.integers() | st.floats(),
        "x": st.recursive(st.none() | st.booleans() | st.text(max_size=3), st.lists, max_leaves=5),
    }
)


@given(st.lists(RECORD, max_size=8))
@settings(max_examples=60, deadline=None)
@example([{"id": "\u2028", "qty": float("nan"), "x": None}, {"id": "b", "qty": 1, "x": "\ud800"}])
def test_every_record_is_kept_as_it_was_or_rejected_as_it_was(rows: list[dict[str, Any]]) -> None:
    texts = [json.dumps(row) for row in rows]
    found = read(listed(*texts))
    assert found.count == len(rows)
    rejected = [reject.raw for reject in found.rejects]
    assert sorted(rejected + list(map(text_of, found.raws))) == sorted(texts)
    for text in rejected:
        assert any(word in text for word in ("NaN", "Infinity", "\\u0000", "\\ud"))


# NDJSON


def test_one_broken_line_of_many_is_one_reject() -> None:
    found = read(f'{GOOD}\n{{"id":"b","q\n\n{GOOD}\r\n{{"id":"c","qty":2}}', "ndjson")
    assert [row[0] for row in kept(found)] == ["a", "a", "c"]
    assert (found.count, reasons(found)) == (4, ["Input data was truncated"])
    assert found.rejects[0].raw == '{"id":"b","q'


def test_a_line_nested_without_end_is_one_reject() -> None:
    found = read(f'{GOOD}\n{{"id":"b","qty":1,"x":{"[" * 100_000}\n', "ndjson")
    assert (len(kept(found)), reasons(found)) == (1, ["record is nested too deeply"])


def test_no_lines_are_no_records() -> None:
    assert read(b"", "ndjson").count == 0
    assert read(b"\n\n", "ndjson").count == 0


# Types the contract promises


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("integer", "7", 7),
        ("integer", "7.0", 7),
        ("integer", "-9223372036854775808", -(2**63)),
        ("boolean", "true", True),
        ("boolean", "false", False),
    ],
)
def test_a_value_of_its_type_is_typed(kind: str, text: str, value: Any) -> None:
    assert typed(kind, text) == [(value, None), (value, None)]


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("integer", "12.5"),  # not 13
        ("integer", "99999999999999999999"),
        ("integer", "1e300"),
        ("boolean", "truly"),
        ("boolean", "fine"),
    ],
)
def test_a_value_that_does_not_fit_its_type_is_a_problem_and_not_empty(
    kind: str, text: str
) -> None:
    quoted = f'"{text}"' if kind == "boolean" else text
    expected = f"n should be {kind}, found {text}"
    for (value, problem), shown in zip(typed(kind, text), (quoted, text), strict=True):
        assert value is None or problem
        assert problem in (expected, f"n should be {kind}, found {shown}")


def typed(kind: str, text: str) -> list[tuple[Any, str | None]]:
    """(value, problem) of one field, read from JSON and from CSV."""
    fields = {"n": f"{kind}?"}
    raw = text if kind == "integer" or text in ("true", "false") else f'"{text}"'
    outcome = []
    for found in (
        read(f'{{"n":{raw}}}', path="$", fields=fields),
        read(f"n\n{text}\n", "csv", "$", fields),
    ):
        con = mapping.connect({})
        try:
            register(con, [(page(b""), found)], Contract(parse(fields)), with_record=False)
            outcome += con.sql("SELECT n, contract_problem FROM typed").fetchall()
        finally:
            con.close()
    return outcome
