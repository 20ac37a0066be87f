"""Every mistake at once: file, line, what was found, what is allowed and the nearest name."""

from contextlib import suppress

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from app.landscape.document import LandscapeError
from app.landscape.load import load
from tests.landscape.conftest import SOUND, write

TIEOUT, MES = SOUND["tieout.yml"], SOUND["sources/mes.yml"]
SELECT, RULE = SOUND["mappings/mes.orders.sql"], SOUND["rules/production/mine.yml"]
CANARY = "hunter2-canary"


def test_a_sound_landscape_has_no_mistake(mistakes):
    assert mistakes({}) == []


def test_mistakes_of_all_files_are_told_together(mistakes):
    told = mistakes(
        {
            "tieout.yml": TIEOUT.replace("EUR", "euro") + "stores: {}\n",
            "sources/mes.yml": MES.replace("role: mes", "role: mess"),
            "sources/wms.yml": "pack: wms/flies\nplants: P2\nfolder: x\n",
            "rules/production/mine.yml": RULE.replace("reconciler: match", "reconciler: macth"),
            "calendars/works.yml": "holidays: {2026-13-01: x}\n",
            "cross_reference/item.csv": "source,source_key,kye\n",
        }
    )
    assert [line.partition(": ")[0] for line in told] == [
        "calendars/works.yml:1",
        "cross_reference/item.csv:1",
        "cross_reference/item.csv:1",
        "rules/production/mine.yml:2",
        "sources/mes.yml:2",
        "sources/wms.yml:1",
        "sources/wms.yml:2",
        "tieout.yml:2",
        "tieout.yml:5",
    ]


def test_where_the_company_is_no_yaml_every_other_file_that_is_none_is_told_too(mistakes):
    broken = "x: [1\n"
    told = mistakes({"tieout.yml": broken, "sources/wms.yml": broken, "rules/a/b.yml": broken})
    assert [line.partition(":")[0] for line in told] == [
        "rules/a/b.yml", "sources/wms.yml", "tieout.yml",
    ]  # fmt: skip


@pytest.mark.parametrize(("key", "typo"), [("owner", "ownr"), ("due", "duee"), ("flow", "flwo")])
def test_a_misspelt_key_of_a_rule_is_told_with_the_word_that_was_meant(mistakes, key, typo):
    rule = SOUND["rules/production/mine.yml"].replace(f"{key}:", f"{typo}:")
    told = mistakes({"rules/production/mine.yml": rule})
    assert any(f"'{typo}' is not known here; did you mean '{key}'?" in line for line in told)


@pytest.mark.parametrize(
    ("spoilt", "told"),
    [
        ("", "tieout.yml:1: 'company' is missing"),
        ("- a\n", "tieout.yml:1: the file: expected 'key: value' lines, found a list"),
        ("hello\n", "tieout.yml:1: the file: expected 'key: value' lines, found a text"),
        ("company:\n\tx: 1\n", "tieout.yml:2: not YAML: found character '\\t' that cannot start"),
        ("company: [a, b\nx: 1\n", "tieout.yml:2: not YAML: expected ',' or ']', but got ':'"),
        (TIEOUT + "---\nx: 1\n", "tieout.yml:5: not YAML: but found another document"),
        ("company: Würth".encode("latin-1"), "tieout.yml:1: not text in UTF-8"),
        (b"company: x\ncurrency: a\x00b\n", "tieout.yml:2: not YAML: unacceptable character"),
        (TIEOUT + "company: B\n", "tieout.yml:5: 'company' is given twice, first in line 1"),
        (TIEOUT + "<<: {a: b}\n", "tieout.yml:5: '<<' is not understood here"),
        (TIEOUT + "? [a]\n: b\n", "tieout.yml:5: a key must be a word"),
        (TIEOUT + "x: &x [*x]\n", "tieout.yml:5: an alias may not contain itself"),
        (TIEOUT + f"x: {'[' * 3000}{']' * 3000}\n", "tieout.yml: nested too deeply"),
        (TIEOUT + "#" * 1_000_001, "tieout.yml: larger than 1,000,000 bytes"),
        (TIEOUT + "curency: EUR\n", "tieout.yml:5: 'curency' is not known here; did you mean 'cur"),
        (TIEOUT.replace("EUR", "eur"), "tieout.yml:2: currency: 'eur' does not look like a curren"),
        (TIEOUT.replace("EUR", "[EUR]"), "tieout.yml:2: currency: a text is expected, found a lis"),
        (TIEOUT.replace("EUR", "4 hours"), "tieout.yml:2: currency: a text is expected, put it in"),
        (TIEOUT.replace("Berlin", "Berlni"), "tieout.yml:4: zone: 'Europe/Berlni' is not a time z"),
        (TIEOUT.replace("P1: {", "P 1: {"), "tieout.yml:4: key: 'P 1' does not look like a code"),
        (TIEOUT.replace("One,", "One, shifts: {a: 6-14},"), "a: '6-14' is not a shift such as 06:"),
        (TIEOUT.replace("One,", "One, day_starts: 25:00,"), "'25:00' is not a time such as 06:00"),
        (TIEOUT.replace("One,", "One, working_days: [tues],"), "'tues' is not allowed; did you me"),
        (TIEOUT.replace("One,", "One, calendar: works,"), "there is no calendars/works.yml"),
        (TIEOUT.replace("One,", "One, materiality: much,"), "materiality: 'much' is not a number"),
        ("company: A\ncurrency: EUR\nplants: {}\n", "tieout.yml:3: plants: at least one is needed"),
        (TIEOUT + "rules: {off: [production/completion_postd]}\n", "tieout.yml:5: off: there is n"),
        (TIEOUT + "systems_of_record: {stock: wsm}\n", "stock: 'wsm' is not allowed; did you mean"),
    ],
)  # fmt: skip
def test_what_is_wrong_in_the_company_is_said_where_it_stands(mistakes, spoilt, told):
    assert any(told in line for line in mistakes({"tieout.yml": spoilt}))


@pytest.mark.parametrize(
    ("spoilt", "told"),
    [
        (MES.replace("plants: P1", "plants: [P1, P2]"), ":5: there is no plant 'P2'. Plants: P1"),
        (MES.replace("plants: P1\n", ""), ":1: 'plants' is missing"),
        (MES.replace("transport: files", "transport: flies"), ":3: transport: 'flies' is not allo"),
        (MES.replace("folder: drop\n", ""), ":1: 'folder' is missing: a source with transport fil"),
        (MES + "every: soon\n", ":11: every: 'soon' is not a duration such as '30 minutes'"),
        (MES + "every: 5\n", ":11: every: '5' is not a duration such as '30 minutes'"),
        (MES + "every: 99999999999999 weeks\n", ":11: every: '99999999999999 weeks' is not a dura"),
        (MES + "every: 999999999 weeks\n", ":11: every: '999999999 weeks' is not a duration"),
        (MES + "every: 0 minutes\n", ":11: every: must be longer than nothing"),
        (MES.replace("qty: number", "qty: decimal"), ":10: contract: qty: 'decimal' is not one of"),
        (MES.replace("business_event", "busines_event"), ":9: into: there is no table 'busines_ev"),
        (MES.replace("*.csv", "{plnt}.csv"), ":8: files: '{plnt}' is not known; did you mean 'pla"),
        (MES + "    cursor: {field: att, ask: since}\n", ":11: field: the contract has no 'att';"),
        (MES + "    cursor: {value: 'max(', ask: x}\n", ":11: value: "),
        (MES + "    cursor: {ask: x}\n", ":11: cursor: a cursor has either 'field' or 'value'"),
        (MES.replace("    files:", "    fils:"), ":8: 'fils' is not known here; did you mean 'fil"),
        (MES.replace("  orders:", "  Orders!:"), ":7: key: 'Orders!' does not look like a name"),
        (MES + "    csv: {encoding: klingon}\n", "encoding: 'klingon' is not an encoding such as"),
        (MES + "    csv: {decimal: ',', thousands: ','}\n", "decimal and thousands cannot be the"),
        (MES.replace("feeds:\n", "feeds: off\nx:\n"), ":6: feeds: expected 'key: value' lines, fo"),
        ("pack: mes/flies\nplants: P1\nfolder: x\n", ":1: there is no pack 'mes/flies'; did you m"),
        ("pack: ../../etc\nplants: P1\nfolder: x\n", ":1: there is no pack '../../etc'. Packs: "),
        ("pack: mes/files\nplants: P1\nfolder: x\nfeeds: {completons: {files: x}}\n", "no feed 'c"),
        ("pack: mes/files\nplants: P1\nfolder: x\ntransport: sql\n", ":4: transport: the pack mes"),
        ("pack: mes/files\nplants: P1\nfolder: x\nparameters: {foo: bar}\n", "no parameter 'foo'"),
        ("pack: erp/tryton\nplants: P1\naddress: https://x.example\n", "'bearer' is missing: this"),
        ("pack: erp/odoo\nplants: P1\naddress: erp.example\n", ":3: address: expected an address"),
    ],
)  # fmt: skip
def test_what_is_wrong_in_a_source_is_said_where_it_stands(mistakes, spoilt, told):
    assert any(told in line for line in mistakes({"sources/mes.yml": spoilt})), told


def test_an_unknown_plant_is_one_mistake_and_not_one_for_each_mapping(mistakes):
    told = mistakes({"sources/mes.yml": MES.replace("plants: P1", "plants: P2")})
    assert told == ["sources/mes.yml:5: there is no plant 'P2'. Plants: P1"]


def test_a_source_without_a_pack_signs_in_by_what_it_gives(landscape):
    http = MES.replace(
        "transport: files\nfolder: drop", "transport: http_json\naddress: https://x.example"
    )
    http = http.replace('files: "*.csv"', "get: /orders")
    given = {
        "bearer: env:X": "bearer",
        "user: x, password: env:X": "basic",
        "header: X-Key, value: env:X": "header",
        "token_url: https://x.example/token, client_id: x, client_secret: env:X": "oauth2",
    }
    for auth, kind in given.items():
        found = landscape({"sources/mes.yml": f"{http}auth: {{{auth}}}\n"})
        assert found.sources["mes"].pack.auth == kind


@pytest.mark.parametrize(
    ("spoilt", "told"),
    [
        ("", ":1: a mapping is one SELECT, found 0 statements"),
        (SELECT + ";SELECT 1 AS x FROM page\n", "a mapping is one SELECT, found 2 statements"),
        ("DROP TABLE page\n", ":1: a mapping is a SELECT, found DROP"),
        (SELECT.replace("FROM page", "FROM read_csv('x')"), "a mapping selects FROM page"),
        (SELECT.replace("kind,", "kind"), ":5: not SQL: "),
        (SELECT.replace("'op_complete' ", "'op_complete "), "not SQL: a quote or comment is not c"),
        (SELECT.replace("qty", "qtty"), ":5: 'qtty' is not a field of the page; did you mean 'qty"),
        (SELECT.replace("quantity_source", "quantity_sorce"), ":5: business_event has no column '"),
        (SELECT.replace("exact(qty)", "id"), ":5: quantity_source is VARCHAR, but business_event."),
        (SELECT.replace("AS kind", "AS sub_kind"), "business_event needs a column 'kind'"),
        ("SELECT * FROM page\n", ":1: every column needs a name"),
        (b"\xff\xfe", ":1: not text in UTF-8"),
    ],
)  # fmt: skip
def test_what_is_wrong_in_a_mapping_is_said_with_its_line(mistakes, spoilt, told):
    found = mistakes({"mappings/mes.orders.sql": spoilt})
    assert any(told in line for line in found), found
    assert all(line.startswith("mappings/mes.orders.sql:") for line in found)


def test_all_wrong_columns_of_a_mapping_are_told_at_once(mistakes):
    spoilt = SELECT.replace("quantity_source", "quantity_sorce").replace(
        'instant("at", plant_zone)', "id"
    )
    assert [line.partition(": ")[0] for line in mistakes({"mappings/mes.orders.sql": spoilt})] == [
        "mappings/mes.orders.sql:5",
        "mappings/mes.orders.sql:6",
    ]


@pytest.mark.parametrize(
    ("found", "instead", "told"),
    [
        ("# What is made is booked.\n", "", ":1: a rule opens with a comment that says why"),
        ("flow: completion", "flow: completon", ":3: flow: 'completon' is not allowed; did you me"),
        ("role: erp", "role: epr", ":5: role: there is no role 'epr'; did you mean 'erp'?"),
        ("role: erp", "source: mess", ":5: source: there is no source 'mess'; did you mean 'mes'?"),
        ("{kind: op_complete, role: mes}", "{from: x}", ":2: the file: match compares business"),
        ("kind: op_complete", "kind: op_compleet", ":4: business_event.kind is never 'op_comp"),
        ("kind: op_complete", "kind: {not: scarp}", ":4: business_event.kind is never 'scarp'; "),
        ("kind: op_complete, role: mes", "knd: x, role: mes", ":4: business_event has no column '"),
        ("- [order_no]", "- [order_nr]", ":6: keys: business_event has no column 'order_nr'; did"),
        ("due: 30 minutes", "due: soon", ":8: due: 'soon' is not a duration such as '30 minutes'"),
        ("warning: at due", "warning: late", ":9: warning: 'late' is not 'at due', a duration suc"),
        ("owner: production", "owner: [{team: a, code: b}]", ":10: owner: the last owner must fit"),
        ("runbook: mine.md", "runbok: mine.md", ":11: 'runbok' is not known here"),
        ("runbook: mine.md", "runbook: x.md\nplants: P9", ":12: there is no plant 'P9'"),
        ("runbook: mine.md", 'runbook: x.md\ntitles: {dead_letter: "{lef} x"}',
         ":12: dead_letter: a title has no word '{lef}'; it may name left, right"),
        ("runbook: mine.md", 'runbook: x.md\ntitles: {dead_letter: "{left"}', ":12: dead_letter: "),
        (RULE, "- a\n", ":1: a rule is 'key: value' lines"),
    ],
)  # fmt: skip
def test_what_is_wrong_in_a_rule_is_said_where_it_stands(mistakes, found, instead, told):
    lines = mistakes({"rules/production/mine.yml": RULE.replace(found, instead)})
    assert any(line.startswith("rules/production/mine.yml") and told in line for line in lines), (
        lines
    )


AUTHORED = """\
# A completion nobody received is a pallet nobody looks for.
reconciler: sql
flow: completion
tables:
  done: {kind: op_complete, role: mes}
select: |
  SELECT done.fact_no AS expected_no, done.quantity AS quantity_expected FROM done
key: [order_no, op_no]
code: missing_posting
severity: {warning: at due}
owner: production
runbook: mine.md
"""


@pytest.mark.parametrize(
    ("found", "instead", "told"),
    [
        ("op_complete", "op_compleet", ":5: business_event.kind is never 'op_comp"),
        ("role: mes", "role: mse", ":5: role: there is no role 'mse'"),
        ("op_no]", "op_nr]", ":8: keys: business_event has no column 'op_nr'"),
        ("done.quantity AS", "done.quantty AS", ":6: select: the statement: Binder Error"),
        ("done.quantity AS", "done.lot AS", ":6: select: the statement gives quantity_expected as"),
        ("FROM done", "FROM done LIMIT 9", ":6: select: no LIMIT"),
        ("SELECT done", "SELECT now() AS due_at, done", ":6: select: no function"),
        ("SELECT done", "SELEC done", ":6: select: not SQL"),
        (
            "key: [order_no, op_no]",
            "key: [order_no]\nbudgt: {time: 1 second}",
            "'budgt' is not kno",
        ),
    ],
)
def test_what_is_wrong_in_an_authors_statement_is_said_before_it_runs(
    mistakes, found, instead, told
):
    assert mistakes({"rules/production/own.yml": AUTHORED}) == []
    lines = mistakes({"rules/production/own.yml": AUTHORED.replace(found, instead)})
    assert any(line.startswith("rules/production/own.yml") and told in line for line in lines), (
        lines
    )


def test_the_parameters_of_a_rule_are_checked_even_where_the_rest_of_it_is_wrong(mistakes):
    spoilt = RULE.replace("flow: completion", "flow: x").replace("30 minutes", "soon")
    lines = mistakes({"rules/production/mine.yml": spoilt})
    assert [line.split(":")[1] for line in lines] == ["3", "8"]


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ("mes,A,\n", ":2: key is empty"),
        ("mess,A,B\n", ":2: source: there is no source 'mess'; did you mean 'mes'?"),
        ("mes,A,B\nmes,A,C\n", ":3: mes A is given twice, first in line 2"),
        ("mes,A\n", ":2: more or fewer fields than the header has"),
        ("mes,A,B,1,2\n", ":2: more or fewer fields than the header has"),
        ('mes,"A,B\n', ": not CSV"),
    ],
)
def test_a_cross_reference_is_checked_row_by_row(mistakes, rows, told):
    found = mistakes({"cross_reference/item.csv": "source,source_key,key\n" + rows})
    assert any(line.startswith("cross_reference/item.csv") and told in line for line in found), (
        found
    )


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("A,-1,EUR,,", ":2: unit_cost: '-1' is less than 0"),
        ("A,NaN,EUR,,", ":2: unit_cost: 'NaN' is not a number that can be counted with"),
        ("A,1e400,EUR,,", ":2: unit_cost: '1e400' is not a number that can be counted with"),
        ('A,"1,5",EUR,,', ":2: unit_cost: '1,5' is not a number"),
        ("A,1,Euro,,", ":2: currency: 'Euro' is not a currency such as EUR"),
        ("A,1,EUR,P9,", ":2: plant: there is no plant 'P9'"),
        ("A,1,EUR,,2026-02-30", ":2: valid_from: '2026-02-30' is not a date such as 2026-11-20"),
    ],
)
def test_a_cost_is_a_number_of_a_currency_for_a_plant_from_a_day(mistakes, row, told):
    header = "item,unit_cost,currency,plant,valid_from\n"
    assert any(told in line for line in mistakes({"item_cost.csv": f"{header}{row}\n"}))


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("mappings/mes.order.sql", "no feed uses this mapping; did you mean 'mes.orders.sql'?"),
        ("sources/wms.yaml", "nothing reads this: files in sources end in .yml"),
        ("rules/stock/mine.yaml", "nothing reads this: files in rules end in .yml"),
        ("source/wms.yml", "nothing reads this; did you mean 'sources'?"),
        ("item_costs.csv", "nothing reads this; did you mean 'item_cost.csv'?"),
        ("cross_reference/itm.csv", "'itm' is not an object that has cross-references; did you me"),
        ("sources/My MES.yml", "'My MES' cannot be the name of a source"),
        ("sources/landscape.yml", "a source cannot be called 'landscape'"),
    ],
)
def test_a_file_that_would_not_be_read_is_a_mistake(mistakes, name, told):
    content = SELECT if name.endswith(".sql") else MES
    assert any(told in line for line in mistakes({name: content}))


@pytest.mark.parametrize(
    "text",
    [
        "holidays: {2026-13-01: x}",
        "closures: [{first: 2026-12-02, last: 2026-12-01}]",
        "periods: {A: {starts: 2026-01-01, ends: 2026-01-01}}",
        "periods: {A: {starts: 2026-01-01, ends: 2026-02-01},"
        " B: {starts: 2026-01-31, ends: 2026-03-01}}",
    ],
)
def test_a_calendar_that_cannot_be_is_a_mistake(mistakes, text):
    assert [line.partition(": ")[0] for line in mistakes({"calendars/works.yml": text})] == [
        "calendars/works.yml:1"
    ]


def test_aliases_that_grow_without_end_are_stopped(mistakes):
    levels = [
        f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]"
        for before, name in zip("abcdefgh", "bcdefghi", strict=True)
    ]
    text = TIEOUT + "\n".join(["a: &a [x, x, x, x, x, x, x, x, x]", *levels])
    assert mistakes({"tieout.yml": text})[0].endswith(
        "more than 50,000 values, aliases written out"
    )


@pytest.mark.parametrize(
    "written",
    [
        MES + f"auth: {{password: {CANARY}}}\n",
        MES + f"auth: {{passwrod: {CANARY}}}\n",
        MES + f"auth: {{user: x, bearer: [{CANARY}]}}\n",
        MES + f"auth: {{token_url: 'https://x:{CANARY}@x.example/t'}}\n",
        MES + f"address: https://tower:{CANARY}@x.example\n",
        MES + f"address: https://x.example/?key={CANARY}\n",
        MES + f"database: postgresql://tower:{CANARY}@x.example/db\n",
        MES + f"headers: {{Authorization: Bearer {CANARY}}}\n",
        MES + f"headers: {{X-Api-Key: {CANARY}}}\n",
        MES + f"    query: {{api_key: {CANARY}}}\n",
        MES + f"parameters: {{client_secret: {CANARY}}}\n",
    ],
)
def test_a_secret_written_out_is_a_mistake_that_does_not_repeat_it(mistakes, written):
    told = mistakes({"sources/mes.yml": written})
    assert told
    assert CANARY not in "\n".join(told)


def test_a_reference_that_leads_nowhere_here_is_noted_and_no_mistake(landscape, monkeypatch):
    monkeypatch.delenv("NOT_THERE", raising=False)
    http = MES.replace(
        "transport: files\nfolder: drop", "transport: http_json\naddress: https://x.example"
    )
    http = http.replace('files: "*.csv"', "get: /orders")
    auth = "auth: {user: x, password: env:NOT_THERE}\n"
    notes = [str(note) for note in landscape({"sources/mes.yml": http + auth}).notes]
    assert notes == [
        "sources/mes.yml:11: password: env:NOT_THERE: the environment variable is not set"
    ]
    auth = "auth: {bearer: file:secrets/mes.key}\n"
    notes = [str(note) for note in landscape({"sources/mes.yml": http + auth}).notes]
    assert notes == ["sources/mes.yml:11: bearer: file:secrets/mes.key: No such file or directory"]


def test_a_secret_everyone_can_read_is_noted_and_its_text_is_not(landscape, tmp_path):
    (tmp_path / "key").write_text(CANARY)
    (tmp_path / "key").chmod(0o644)
    store = TIEOUT + "store: {database: file:key}\n"
    notes = " ".join(str(note) for note in landscape({"tieout.yml": store}).notes)
    assert "tieout.yml:5: database: file:key: everyone on this machine can read the file" in notes
    assert CANARY not in notes


def test_a_folder_that_is_not_there_yet_is_noted(landscape):
    assert [str(note) for note in landscape({}).notes] == [
        "sources/mes.yml:4: folder: there is no folder drop here yet"
    ]


PIECES = st.sampled_from(
    ["", "\n", "  ", "- ", ": ", "'", '"', "{", "}", "[", "]", "&a ", "*a", "!!int ", "#", "\t"]
)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    name=st.sampled_from(sorted(SOUND)),
    start=st.integers(0, 400),
    length=st.integers(0, 30),
    piece=PIECES,
)
@example(name="tieout.yml", start=0, length=400, piece="'")
def test_no_mutilated_file_makes_a_check_stumble(tmp_path, name, start, length, piece):
    text = SOUND[name]
    spoilt = text[:start] + piece + text[start + length :]
    write(tmp_path, {**SOUND, name: spoilt.encode("utf-8", "surrogatepass")})
    with suppress(LandscapeError):
        load(tmp_path)
