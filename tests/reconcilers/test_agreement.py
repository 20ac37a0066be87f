"""What two systems know of one thing: who speaks for which plant, and what no order of facts
changes.
"""

import json
from datetime import timedelta
from random import Random
from typing import Any

import pytest

from reconcilers.agreement import Agreement
from reconcilers.agreement.spec import AgreementSpec
from reconcilers.family import Bind
from reconcilers.run import Outcome, Pairing, evaluate
from tests.reconcilers import plant
from tests.reconcilers.plant import at, event

NOON, NIGHT = at("12:00"), at("22:00")
Row = dict[str, Any]
SPEAKERS = {"erp": ("P1", "P2"), "mes": ("P1",), "mes2": ("P2",)}
PAIRING = Pairing(
    {
        "expected": ("erp",),
        "observed": ("mes", "mes2"),
        "complete": ("mes2",),
        "facts": ("mes",),
        "records": ("erp",),
        "withdrawn": ("erp",),
    },
    ("P1", "P2"),
)
RECORDS: Row = {
    "expected": {"from": "master_record", "role": "erp"},
    "observed": {"from": "master_record", "role": "mes"},
    "compare": ["unit", "is_active", "lot_controlled"],
    "missing": timedelta(hours=1),
    "unknown": timedelta(hours=1),
    "due": timedelta(hours=1),
}
KEYS: Row = {
    "facts": {"role": "mes"},
    "records": {"from": "master_record", "role": "erp"},
    "due": timedelta(hours=1),
}
FOUND = "SELECT subject, code, note FROM finding ORDER BY subject"


def spec(asked: Row = RECORDS, **more: Any) -> AgreementSpec:
    return AgreementSpec.model_validate({**asked, **more})


def record(source: str, item: str | None, where: str | None = None, **more: Any) -> Row:
    """A record of an item kept by lots, in EA, of one plant or of all."""
    told = {name: more.pop(name) for name in ("lot_controlled", "gtin") if name in more}
    return {
        "source": source, "source_key": f"{source}/{where}/{item}", "object": "item",
        "key": item or "", "item": item, "plant": where, "unit": "EA", "changed_at": at("08:00"),
        "attributes": json.dumps({"lot_controlled": True, **told}), **more,
    }  # fmt: skip


def run(con: Any, asked: AgreementSpec, *records: Row, facts: tuple[Row, ...] = ()) -> Outcome:
    """A run at night; all feeds are complete until noon."""
    rows = [(source, place) for source, places in SPEAKERS.items() for place in places]
    con.executemany("INSERT INTO speaker VALUES (?, ?)", rows)
    plant.add(con, "master_record", records)
    plant.add(con, "business_event", facts)
    return evaluate(con, Agreement(), asked, PAIRING, Bind(as_of=NIGHT, horizon=NOON))


def found(asked: AgreementSpec, *records: Row, facts: tuple[Row, ...] = ()) -> list[Any]:
    with plant.ledger() as con:
        run(con, asked, *records, facts=facts)
        return con.execute(FOUND).fetchall()


def test_what_is_said_of_all_plants_completes_what_is_said_of_one():
    told = (
        record("erp", "A", unit="KG", attributes=None),
        record("erp", "A", "P1", unit=None, changed_at=None),
        record("mes", "A", "P1"),
    )
    note = "unit KG against EA"
    assert found(spec(), *told) == [("record/mes/P1/A", "master_data_drift", note)]


def test_what_is_said_of_a_plant_goes_before_what_is_said_of_all():
    told = (
        record("erp", "A", lot_controlled=False, is_active=True),
        record("erp", "A", "P1", is_active=False),
        record("mes", "A", "P1"),
    )
    assert found(spec(), *told) == []
    told = (*told[:2], record("mes", "A", "P1", is_active=True))
    note = "active false against true"
    assert found(spec(), *told) == [("record/mes/P1/A", "master_data_drift", note)]


def test_a_record_of_no_plant_is_one_of_every_plant_its_source_speaks_for():
    told = (record("erp", "A"), record("mes", "B", "P1"), record("mes2", "A", "P2", unit="KG"))
    assert found(spec(), *told) == [
        ("record/mes/P1/A", "missing_counterpart", "unknown to mes"),
        ("record/mes/P1/B", "missing_counterpart", "unknown to the other side"),
        ("record/mes2/P2/A", "master_data_drift", "unit EA against KG"),
    ]


def test_where_single_plants_are_told_nothing_is_said_of_others():
    told = (record("erp", "A"), record("erp", "A", "P1"), record("mes2", "A", "P2"))
    note = "unknown to the other side"
    assert found(spec(), *told) == [("record/mes2/P2/A", "missing_counterpart", note)]


def test_a_source_that_tells_nothing_of_a_plant_need_not_know_its_items():
    assert found(spec(), record("erp", "A")) == []


@pytest.mark.parametrize("more", [{"missing": None}, {}], ids=["not asked", "out of use"])
def test_what_needs_no_counterpart_is_excluded(more):
    told = (
        record("erp", "A", is_active=bool(more)),
        *(record(source, "B", place) for source, place in (("mes", "P1"), ("erp", "P1"))),
    )
    assert found(spec(**more), *told) == []


def test_one_part_under_two_keys_is_told_as_such_on_either_side():
    told = (
        record("erp", "A", "P1", name="Pump"),
        record("mes", "A", "P1", name="Pump"),
        record("mes", "A-old", "P1", name="Pump"),
        record("erp", "B", "P1", gtin="40"),
        record("erp", "B2", "P1", gtin="40"),
        record("mes", "B", "P1"),
    )
    assert found(spec(), *told) == [
        ("record/mes/P1/A-old", "unmapped_key", "it carries the name of A"),
        ("record/mes/P1/B2", "unmapped_key", "it carries the gtin of B"),
    ]
    assert {code for _, code, _ in found(spec(carries=[]), *told)} == {"missing_counterpart"}


def test_one_part_each_side_keeps_under_its_own_key_is_one_exception():
    told = (
        record("erp", "A", "P1", gtin="40", name="Pump"),
        record("mes", "Z9", "P1", gtin="40", name="pump 9"),
    )
    expected = [("record/mes/P1/A", "unmapped_key", "it carries the gtin of Z9")]
    assert found(spec(), *told) == expected
    assert found(spec(missing=None), *told) == expected
    assert found(spec(missing=None, unknown=None), *told) == []
    with plant.ledger() as con:
        accounts = run(con, spec(), *told).accounts
        assert [line.excepted for line in accounts.values()] == [1, 1]
        roles = "SELECT role, fact_no FROM part ORDER BY fact_no"
        assert con.execute(roles).fetchall() == [("expected", 1), ("observed", 2)]


def test_where_two_may_be_meant_neither_is_said_to_be():
    told = (
        record("erp", "A", "P1", gtin="40"),
        *(record("mes", key, "P1", gtin="40") for key in ("Y", "Z")),
    )
    assert {code for _, code, _ in found(spec(), *told)} == {"missing_counterpart"}
    labels = tuple(record("erp", key, "P1", name="LABEL") for key in "ABC")
    told = (*labels, record("mes", "A", "P1", name="LABEL"))
    assert [code for _, code, _ in found(spec(), *told)] == ["missing_counterpart"] * 2


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"name": ""}, {"name": ""}),
        ({"name": "LABEL", "gtin": ""}, {"name": "label", "gtin": ""}),
        ({"name": "LABEL", "gtin": "40"}, {"name": "LABEL", "gtin": "41"}),
    ],
    ids=["no name", "no gtin", "another gtin"],
)
def test_what_is_alike_by_chance_makes_no_twin(one, other):
    told = (
        record("erp", "A", "P1", **one),
        record("erp", "B", "P1", **other),
        record("mes", "A", "P1"),
    )
    assert [code for _, code, _ in found(spec(), *told)] == ["missing_counterpart"]


def test_only_who_keeps_everything_is_missing_something():
    told = (
        *(record("erp", key, place) for key in "AB" for place in ("P1", "P2")),
        record("mes", "A", "P1"),
        record("mes2", "A", "P2"),
    )
    complete = {"from": "master_record", "role": "mes"}
    assert found(spec(complete=complete), *told) == [
        ("record/mes2/P2/B", "missing_counterpart", "unknown to mes2")
    ]


@pytest.mark.parametrize("told", [("30", "30.0", 0), ("30", "30.5", 1), ("30 d", "30.0 d", 1)])
def test_numbers_are_compared_by_what_they_are(told):
    left, right, differences = told
    sides = [
        record(source, "A", "P1", attributes=json.dumps({"shelf_life_days": said}))
        for source, said in (("erp", left), ("mes", right))
    ]
    assert len(found(spec(compare=["shelf_life_days"]), *sides)) == differences


def test_of_what_both_have_out_of_use_nothing_else_need_agree():
    old = record("erp", "A", "P1", is_active=False)
    assert found(spec(), old, record("mes", "A", "P1", unit="KG", is_active=False)) == []
    note = "unit EA against KG; active false against true"
    told = found(spec(), old, record("mes", "A", "P1", unit="KG", is_active=True))
    assert [said for _, _, said in told] == [note]


def test_two_things_nobody_else_knows_are_not_one():
    told = (
        record("erp", "A", "P1"),
        record("mes", "A", "P1"),
        *(record("mes", key, "P1", name="Pump") for key in ("X", "Y")),
    )
    assert [code for _, code, _ in found(spec(), *told)] == ["missing_counterpart"] * 2


def test_the_later_of_two_changes_gives_the_other_side_time():
    told = (record("erp", "A", "P1"), record("mes", "A", "P1", unit="KG", changed_at=at("11:30")))
    assert found(spec(), *told) == []
    with plant.ledger() as con:
        run(con, spec(), *told)
        checks = "SELECT DISTINCT verdict, check_at::VARCHAR FROM verdict"
        assert con.execute(checks).fetchall() == [("not_due", "2026-11-02 12:30:00+00")]


def test_a_record_without_a_change_stamp_leaves_the_time_to_the_other():
    told = (record("erp", "A", "P1", changed_at=None), record("mes", "A", "P1", unit="KG"))
    assert len(found(spec(), *told)) == 1


def test_no_record_is_too_old_to_hold():
    with plant.ledger() as con:
        plant.add(con, "master_record", [
            record("erp", "A", "P1", changed_at=at("2020-01-01 08:00")), record("mes", "A", "P1"),
        ])  # fmt: skip
        bind = Bind(as_of=NIGHT, horizon=NOON, since=at("06:00"))
        evaluate(con, Agreement(), spec(), PAIRING, bind)
        assert con.execute("SELECT verdict FROM verdict").fetchall() == [("matched",)] * 2


@pytest.mark.parametrize("changed", ["22:01", "2027-01-01 08:00"], ids=["clock ahead", "later"])
def test_a_record_changed_after_the_question_is_known_all_the_same(changed):
    other = (record("erp", "B", "P1"), record("mes", "B", "P1"))
    told = (record("erp", "A", "P1"), record("mes", "A", "P1", changed_at=at(changed)))
    assert found(spec(), *other, *told) == []
    posted = event("mes", "a", 5, at("08:00"), item="A")
    known = record("erp", "A", "P1", changed_at=at(changed))
    assert found(spec(KEYS), *other, known, facts=(posted,)) == []


def test_a_record_that_was_not_yet_known_is_not():
    told = [record("erp", "A", "P1"), record("mes", "B", "P1", is_active=False)]
    with plant.ledger() as con:
        plant.add(con, "master_record", [*told, record("mes", "A", "P1", observed_at=at("21:00"))])
        bind = Bind(as_of=NIGHT, horizon=NOON, known_at=at("20:00"))
        evaluate(con, Agreement(), spec(), PAIRING, bind)
        assert [code for _, code, _ in con.execute(FOUND).fetchall()] == ["missing_counterpart"]


def test_a_record_that_does_not_speak_says_why():
    told = [
        record("erp", "A", "P1", source_key="new", changed_at=at("09:00")),
        record("erp", "A", "P1", source_key="old"),
        record("erp", "B", source_key="sold only"),
        record("erp", "C", "P2", source_key="not asked"),
        record("erp", None, "P1", source_key="nothing"),
        record("mes", "A", "P1", source_key="theirs"),
    ]
    with plant.ledger() as con:
        run(con, spec(), *told)
        reasons = (
            "SELECT source_key, reason FROM verdict JOIN master_record USING (fact_no) "
            "WHERE verdict = 'excluded' ORDER BY fact_no"
        )
        assert con.execute(reasons).fetchall() == [
            ("old", "another record speaks for it"), ("sold only", "no plant keeps it"),
            ("not asked", "needs no counterpart"), ("nothing", "names nothing"),
        ]  # fmt: skip


@pytest.mark.parametrize(
    ("quantity", "keys"), [(-5, []), (-2, ["a", "back"])], ids=["in full", "in part"]
)
def test_what_was_taken_back_in_full_was_posted_under_no_key(quantity, keys):
    facts = (
        event("mes", "a", 5, at("08:00"), item="X"),
        event("mes", "back", quantity, at("09:00"), item="X", is_reversal=True, reverses_key="a"),
    )
    with plant.ledger() as con:
        run(con, spec(KEYS), record("erp", "A"), facts=facts)
        shown = "SELECT source_key FROM part JOIN business_event USING (fact_no) ORDER BY fact_no"
        assert [key for (key,) in con.execute(shown).fetchall()] == keys


def test_a_key_whose_record_was_withdrawn_was_known():
    facts = (event("mes", "a", 5, at("08:00"), item="X"),)
    told = (record("erp", "A"), record("erp", "X", is_deleted=True))
    assert found(spec(KEYS), *told, facts=facts) == []


def test_a_key_nobody_has_a_record_of_is_told_once_with_all_that_came_with_it():
    facts = tuple(
        event("mes", key, 5, at(when), item=item)
        for key, item, when in (
            ("a", "A", "08:00"), ("b", "X", "09:00"), ("c", "X", "08:30"), ("d", "Y", "11:30"),
        )
    )  # fmt: skip
    asked = spec(KEYS)
    with plant.ledger() as con:
        run(con, asked, record("erp", "A", is_active=False), facts=facts)
        assert con.execute(FOUND).fetchall() == [
            ("key/mes/P1/X", "unmapped_key", "X is no key of a record")
        ]
        due = "SELECT occurred_at::VARCHAR, due_at::VARCHAR FROM finding"
        times = ("2026-11-02 08:30:00+00", "2026-11-02 09:30:00+00")
        assert con.execute(due).fetchall() == [times]
        assert con.execute("SELECT count(*) FROM part").fetchall() == [(2,)]


def test_of_what_came_with_an_unknown_key_the_first_hundred_are_shown():
    facts = tuple(event("mes", f"f{n}", 5, at("08:00"), item="X") for n in range(150))
    with plant.ledger() as con:
        run(con, spec(KEYS), record("erp", "A"), facts=facts)
        shown = "SELECT count(*), min(fact_no) = (SELECT lead_no FROM finding) FROM part"
        assert con.execute(shown).fetchall() == [(100, True)]


def test_where_nobody_tells_records_of_a_plant_no_key_is_unknown():
    facts = (event("mes", "a", 5, at("08:00"), item="X"),)
    assert found(spec(KEYS), record("erp", "A", "P2"), facts=facts) == []


def chance_records(rng: Random) -> list[Row]:
    """Records at random: of plants and of all, twice, under two keys, without one, out of use."""
    records = []
    for number in range(rng.randint(4, 25)):
        source = rng.choice(("erp", "erp", "mes", "mes2"))
        where = rng.choice((*SPEAKERS[source], None))
        records.append(
            record(
                source, rng.choice(("A", "B", "C", None)), where, source_key=f"r{number}",
                unit=rng.choice(("EA", "EA", "KG", None)), name=rng.choice(("Pump", "Seal", None)),
                is_active=rng.choice((True, True, False, None)),
                changed_at=rng.choice((at("08:00"), at("09:00"), at("11:30"), None)),
            )
        )  # fmt: skip
    return records


@pytest.mark.parametrize("seed", range(20))
def test_every_record_has_one_verdict_and_their_order_changes_nothing(seed):
    rng = Random(seed)
    records = chance_records(rng)
    answers = []
    for _ in range(3):
        with plant.ledger() as con:
            accounts = run(con, spec(), *records).accounts
            assert sum(line.in_scope for line in accounts.values()) == len(records)
            names = "coalesce(expected.source_key, observed.source_key)"
            verdicts = con.execute(
                f"SELECT side, {names}, verdict, reason FROM verdict "
                "LEFT JOIN expected ON side = 'expected' AND expected.fact_no = verdict.fact_no "
                "LEFT JOIN observed ON side = 'observed' AND observed.fact_no = verdict.fact_no "
                "ORDER BY ALL"
            ).fetchall()
            answers.append((con.execute(FOUND).fetchall(), verdicts))
        rng.shuffle(records)
    assert answers[0] == answers[1] == answers[2]


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ({"due": timedelta(0)}, "give 'expected' and 'observed', or 'facts' and 'records'"),
        ({**RECORDS, "facts": KEYS["facts"]}, "give 'expected' and 'observed'"),
        ({**RECORDS, "compare": [], "missing": None, "unknown": None}, "what must agree"),
        ({**KEYS, "missing": timedelta(0)}, "are about two sides of records"),
        ({**RECORDS, "expected": {"role": "erp"}}, "is 'from: master_record'"),
        ({**RECORDS, "missing": None, "complete": RECORDS["observed"]}, "who is 'missing'"),
        ({**KEYS, "facts": KEYS["records"]}, "'facts' are business events"),
        ({**RECORDS, "compare": ["unit", "Base unit"]}, "'Base unit' is no name of an attribute"),
        ({**RECORDS, "due": timedelta(hours=-1)}, "greater than or equal to"),
    ],
)
def test_a_rule_asks_one_question_of_the_right_tables(rule, said):
    with pytest.raises(ValueError, match=said):
        AgreementSpec.model_validate(rule)
