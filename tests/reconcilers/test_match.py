"""Who takes part in match and who pairs with whom, sentence by sentence of its README."""

from datetime import timedelta

import pytest

from tests.reconcilers import plant
from tests.reconcilers.events import back, erp, findings, found, mes, spec, verdicts

# Who takes part


@pytest.mark.parametrize("state", ["cancelled", "failed", "pending", "draft", "planned"])
def test_what_is_not_posted_has_no_effect_and_needs_none(con, state):
    assert found(con, spec(), mes("m", state=state)) == []
    assert verdicts(con) == {"m": "excluded"}


def operation(order_no, op_no):
    line = {
        "source": "mes",
        "plant": "P1",
        "source_key": f"{order_no}/{op_no}",
        "order_no": order_no,
    }
    return {
        **line,
        "order_kind": "production",
        "line_kind": "operation",
        "line_no": op_no,
        "op_no": op_no,
    }


def test_with_operations_known_only_the_last_one_needs_an_effect(con):
    plant.add(con, "order_line", [operation("7", number) for number in ("90", "100")])
    of = spec(["order_no"], operations={"from": "order_line", "line_kind": "operation"})
    facts = [
        mes("inner", 10, order_no="7", op_no="90"),
        mes("last", 9, order_no="7", op_no="100"),
        mes("alone", 10, order_no="8", op_no="90"),
        mes("of order", 10, order_no="9"),
        erp("receipt", 9, order_no="7"),
    ]
    assert found(con, of, *facts) == [("missing_posting", "alone"), ("missing_posting", "of order")]
    assert verdicts(con, "reason")["inner"] == "inner"


def test_a_reversal_and_what_it_reverses_net_out(con):
    assert found(con, spec(), erp("e"), back(erp("e"), "e-")) == []
    assert verdicts(con, "reason") == {"e": "reversed", "e-": "reversed"}


def test_what_was_corrected_down_to_nothing_needs_no_counterpart(con):
    taken_back = [mes("m"), back(mes("m"), "m-")]
    others = [erp("f", 3, order_no="P"), erp("g", 0, order_no="P")]
    assert found(con, spec(), *taken_back, erp("e", 0), *others) == [("orphan_posting", "f")]
    reasons = verdicts(con, "reason")
    assert (reasons["e"], reasons["g"]) == ("nothing", "nothing")


def test_a_completion_booked_as_nothing_differs(con):
    assert found(con, spec(), mes("m"), erp("e", 0)) == [("quantity_variance", "e m")]


def nameless(made, key, quantity=-10):
    return {**back(made, key, quantity), "reverses_key": None}


def test_a_reversal_that_names_nobody_takes_back_what_has_its_key_and_quantity(con):
    one, other = erp("e1", correlation_id="x"), erp("e2", correlation_id="y")
    gone = mes("m1", correlation_id="x")
    facts = (
        gone,
        back(gone, "m1-"),
        mes("m2", correlation_id="y"),
        one,
        other,
        nameless(one, "e-"),
    )
    assert found(con, spec(["correlation_id"], ["order_no"]), *facts) == []
    assert verdicts(con, "reason") == {
        "m1": "reversed", "m1-": "reversed", "m2": None,
        "e1": "reversed", "e2": None, "e-": "reversed",
    }  # fmt: skip


def test_two_such_reversals_take_back_two_postings_and_no_third(con):
    one = erp("e1", correlation_id="x")
    facts = [{**one, "source_key": key} for key in ("e1", "e2", "e3")]
    facts += [nameless(one, "b1"), nameless(one, "b2"), mes("m", correlation_id="x")]
    assert found(con, spec(["correlation_id"]), *facts) == []
    assert verdicts(con) == {
        "m": "matched", "e1": "excluded", "e2": "excluded", "e3": "matched", "b1": "excluded",
        "b2": "excluded",
    }  # fmt: skip


def test_a_reversal_that_names_nobody_and_fits_nothing_stays_a_fact(con):
    one = erp("e", correlation_id="x")
    for gone in (nameless(one, "b", -4), {**nameless(one, "b"), "correlation_id": None}):
        facts = mes("m", correlation_id="x"), one, gone
        assert found(con, spec(["correlation_id"]), *facts)


def test_a_reversal_in_part_is_a_fact_of_its_own(con):
    facts = mes("m", 6), erp("e"), back(erp("e"), "e-", -4)
    assert found(con, spec(), *facts) == []
    assert verdicts(con) == {"m": "matched", "e": "matched", "e-": "matched"}


def test_a_reversal_takes_back_what_its_own_source_told(con):
    """Keys of two systems may be alike."""
    assert found(con, spec(), mes("1"), erp("1"), back(mes("1"), "1-")) == [
        ("reversal_lost", "1 1")
    ]


# Pairing

PASSES = (["correlation_id"], ["order_no", "lot"], ["order_no"])


def test_a_stricter_key_has_its_pass_first(con):
    facts = (
        mes("m1", correlation_id="x", lot="L1"), mes("m2", lot="L1"), mes("m3"),
        erp("e3"), erp("e2", lot="L1"), erp("e1", correlation_id="x"),
    )  # fmt: skip
    assert found(con, spec(*PASSES), *facts) == []
    assert verdicts(con, "pass") == {"m1": 1, "e1": 1, "m2": 2, "e2": 2, "m3": 3, "e3": 3}


def test_a_pass_only_sees_what_earlier_ones_left(con):
    facts = mes("m1", correlation_id="x"), erp("e1", 9, correlation_id="x"), mes("m2"), erp("e2")
    assert found(con, spec(*PASSES), *facts) == [("quantity_variance", "e1 m1")]


def test_a_key_that_is_not_known_in_full_is_no_key(con):
    facts = mes("m", order_no=None, lot="L1"), erp("e", order_no=None, lot="L1")
    assert found(con, spec(["order_no", "lot"]), *facts) == [
        ("missing_posting", "m"), ("orphan_posting", "e"),
    ]  # fmt: skip


GROUPS = [
    ("1:1", (10,), (10,), None),
    ("1:1", (10,), (6, 4), "duplicate_posting"),
    ("1:n", (10,), (6, 4), None),
    ("1:n", (10,), (10, 10), "duplicate_posting"),
    ("1:n", (10,), (6, 5), "quantity_variance"),
    ("n:1", (6, 4), (10,), None),
    ("n:1", (6, 4), (9,), "quantity_variance"),
    ("n:m", (6, 4), (7, 3), None),
    ("n:m", (6, 4), (5, 5, 5), "duplicate_posting"),
    ("n:m", (6, 4), (7, 4), "quantity_variance"),
]


@pytest.mark.parametrize(("group", "expected", "observed", "code"), GROUPS)
def test_group_says_how_much_of_a_key_is_one_business_fact(con, group, expected, observed, code):
    facts = [mes(f"m{no}", quantity) for no, quantity in enumerate(expected)]
    facts += [erp(f"e{no}", quantity) for no, quantity in enumerate(observed)]
    keys = " ".join(sorted(fact["source_key"] for fact in facts))
    assert found(con, spec(group=group), *facts) == ([(code, keys)] if code else [])


def test_of_several_facts_of_a_key_equal_ones_pair_in_order_of_time(con):
    facts = (
        mes("m2", when="08:10"), mes("m1", when="08:00"),
        erp("e2", when="08:20"), erp("e1", when="08:05"),
    )  # fmt: skip
    assert found(con, spec(), *facts) == []
    matches = verdicts(con, "match_no")
    assert (matches["m1"], matches["m2"]) == (matches["e1"], matches["e2"])
    assert matches["m1"] != matches["m2"]


def test_those_alike_in_every_attribute_pair_before_those_alike_in_quantity(con):
    compare = {"quantity": {}, "lot": "same"}
    facts = mes("m1", lot="L1"), mes("m2", lot="L2"), erp("e2", lot="L2"), erp("e1", lot="L1")
    assert found(con, spec(compare=compare), *facts) == []


def test_the_one_that_is_left_pairs_with_the_one_that_is_left(con):
    facts = mes("m1", 10), mes("m2", 7), erp("e1", 10), erp("e2", 6)
    assert found(con, spec(), *facts) == [("quantity_variance", "e2 m2")]
    assert not findings(con)[0]["is_ambiguous"]


def test_where_the_choice_is_not_unique_it_is_ambiguous(con):
    facts = mes("m1", 10), mes("m2", 8), erp("e1", 9), erp("e2", 7)
    assert found(con, spec(), *facts) == [("quantity_variance", "e1 e2 m1 m2")]
    assert findings(con)[0]["is_ambiguous"]


def test_a_correction_that_makes_the_choice_unique_resolves_it(con):
    facts = mes("m1", 10), mes("m2", 8), erp("e1", 9), erp("e2", 7)
    put_right = back(erp("e1", 9), "e1-", -9), erp("e3", 10)
    assert found(con, spec(), *facts, *put_right) == [("quantity_variance", "e2 m2")]
    assert not findings(con)[0]["is_ambiguous"]


def test_one_of_several_equal_ones_is_missing_and_the_others_are_its_candidates(con):
    facts = mes("m1"), mes("m2", when="08:01"), erp("e1")
    assert found(con, spec(), *facts) == [("missing_posting", "m2")]
    [told] = findings(con, "'candidate'")
    assert (told["facts"], told["is_ambiguous"]) == (["m1"], True)


def test_its_posting_resolves_it(con):
    assert found(con, spec(), mes("m1"), mes("m2", when="08:01"), erp("e1"), erp("e2")) == []


def test_more_facts_than_a_match_may_have_are_one_finding_that_says_so(con):
    facts = [mes("m", 3), *(erp(f"e{no}", 1) for no in range(3))]
    assert found(con, spec(at_most=3), *facts) == []
    assert found(con, spec(at_most=2)) == [("quantity_variance", "e0 e1 e2 m")]
    [crowded] = findings(con)
    assert crowded["is_ambiguous"]
    assert crowded["note"] == "more facts share this key than a match may have"


@pytest.mark.parametrize(
    ("when", "codes"),
    [
        ("07:30", []),
        ("08:30", []),
        ("08:31", ["missing_posting", "orphan_posting"]),
        ("07:29", ["missing_posting", "orphan_posting"]),
    ],
)
def test_within_pairs_only_what_is_so_close_in_time(con, when, codes):
    of = spec({"by": ["order_no"], "within": timedelta(minutes=30)})
    assert [code for code, _ in found(con, of, mes("m"), erp("e", when=when))] == codes


def test_within_pairs_only_where_each_is_the_only_choice_of_the_other(con):
    of = spec({"by": ["order_no"], "within": timedelta(minutes=30)})
    facts = mes("m1"), mes("m2", when="08:20"), erp("e", when="08:10")
    told = found(con, of, *facts)
    assert told == [
        ("missing_posting", "m1"), ("missing_posting", "m2"), ("orphan_posting", "e"),
    ]  # fmt: skip
    candidates = {row["facts"] and tuple(row["facts"]) for row in findings(con, "'candidate'")}
    assert candidates == {("m1",), ("m2",), None}


def test_a_late_rest_joins_the_one_fact_that_shares_a_key_with_it(con):
    named = {"correlation_id": "x"}
    facts = mes("m", **named), erp("e1", 6, **named), erp("e2", 4)
    assert found(con, spec(*PASSES), *facts) == []


def test_with_several_that_share_its_key_a_rest_stays_alone(con):
    facts = (
        mes("m1", correlation_id="x"), erp("e1", 6, correlation_id="x"),
        mes("m2", correlation_id="y"), erp("e2", 6, correlation_id="y"), erp("e3", 4),
    )  # fmt: skip
    assert ("orphan_posting", "e3") in found(con, spec(*PASSES), *facts)


DOCUMENTS = (["document_no", "lot"], ["order_no"])


@pytest.mark.parametrize("group", ["1:n", "n:m"])
@pytest.mark.parametrize(
    ("asked", "found_then"), [("same", [("attribute_mismatch", "e m")]), (None, [])]
)
def test_a_weaker_key_pairs_different_documents_and_says_so_where_asked(
    con, group, asked, found_then
):
    facts = mes("m", document_no="901", lot="L"), erp("e", document_no="902", lot="L")
    of = spec(*DOCUMENTS, group=group, compare={"quantity": {}, "document_no": asked})
    assert found(con, of, *facts) == found_then


def test_of_several_with_a_weaker_key_those_of_one_document_pair_first(con):
    facts = (
        mes("m1", document_no="901", when="07:00"), mes("m2", document_no="902", when="08:00"),
        erp("e2", document_no="902", when="07:05"), erp("e1", document_no="901", when="08:05"),
    )  # fmt: skip
    of = spec(*DOCUMENTS, compare={"quantity": {}, "document_no": "same"})
    assert found(con, of, *facts) == []


def test_of_two_facts_alike_one_may_be_missing(con):
    of = spec(["correlation_id"], ["order_no"], group="n:m")
    facts = [
        mes("posted", 10, correlation_id="x", order_no="7"),
        mes("lost", 10, correlation_id="y", order_no="7"),
        erp("posting", 10, correlation_id="x", order_no="7"),
    ]
    assert found(con, of, *facts) == [("missing_posting", "lost")]


def test_what_brings_a_business_fact_closer_belongs_to_it(con):
    of = spec(["correlation_id"], ["order_no"], group="n:m")
    facts = [
        mes("one", 10, correlation_id="x", order_no="7"),
        mes("other", 5, order_no="7"),
        erp("posting", 14, correlation_id="x", order_no="7"),
    ]
    assert found(con, of, *facts) == [("quantity_variance", "one other posting")]


def test_what_was_corrected_just_now_is_judged_once_the_other_side_is_complete_until_then(con):
    corrected = erp("e", 8, revision_rank=int(plant.at("11:59").timestamp()) * 1_000_000)
    facts = [mes("m"), corrected]
    assert found(con, spec(), *facts, as_of=plant.at("11:58")) == []
    assert verdicts(con) == {"m": "not_due", "e": "not_due"}
    assert found(con, spec(), as_of=plant.at("11:59")) == [("quantity_variance", "e m")]


def test_a_revision_that_is_a_counter_tells_no_time(con):
    facts = [mes("m"), erp("e", 8, revision_rank=10**18)]
    assert found(con, spec(), *facts) == [("quantity_variance", "e m")]


def test_what_is_not_due_does_not_hold_back_what_is(con):
    of = spec(["order_no"], group="n:m")
    facts = [mes("old", 10, "08:00", order_no="7"), mes("new", 5, "11:45", order_no="7")]
    assert found(con, of, *facts) == [("missing_posting", "old")]
    assert verdicts(con) == {"old": "excepted", "new": "not_due"}
