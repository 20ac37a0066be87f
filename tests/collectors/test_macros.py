"""The words of mappings: what each decodes, what it refuses and why, on real DuckDB."""

import re
import unicodedata
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from collectors import mapping

BERLIN, LORD_HOWE, CHICAGO = "Europe/Berlin", "Australia/Lord_Howe", "America/Chicago"
WIDE = Context(prec=60)
FEW = settings(max_examples=15, deadline=None)
MACROS = Path(mapping.__file__).with_name("macros.sql").read_text("utf-8")


@cache
def engine() -> duckdb.DuckDBPyConnection:
    """One engine for all: macros keep no state."""
    return mapping.connect({"DE": BERLIN, "US": CHICAGO})


@pytest.fixture(scope="module", autouse=True)
def _closed() -> Iterator[None]:
    yield
    engine().close()
    engine.cache_clear()


def ask(call: str, **values: Any) -> Any:
    """The value of one expression; `$name` stands for a value."""
    cursor = engine().cursor()
    try:
        used = {name: value for name, value in values.items() if f"${name}" in call}
        return cursor.sql(f"SELECT {call} AS it", params=used).to_arrow_table()["it"][0].as_py()
    finally:
        cursor.close()


def decoded(macro: str, text: Any, *more: Any) -> tuple[Any, str | None]:
    """What a macro makes of a value, and its problem with it. Instants come in UTC."""
    arguments = ", ".join(["$x", *(f"$a{n}" for n, _ in enumerate(more))])
    values = {"x": text, **{f"a{n}": value for n, value in enumerate(more)}}
    call, problem = f"{macro}({arguments})", f"{macro}_problem({arguments})"
    found = ask(
        f"{{'value': CASE WHEN {problem} IS NULL THEN {call} END, 'problem': {problem}}}", **values
    )
    return found["value"], found["problem"]


def basis(macro: str, text: Any, *more: Any) -> str | None:
    """How a macro knew the zone."""
    arguments = ", ".join(["$x", *(f"$a{n}" for n, _ in enumerate(more))])
    values = {"x": text, **{f"a{n}": value for n, value in enumerate(more)}}
    found: str | None = ask(f"{macro}_basis({arguments})", **values)
    return found


def utc(text: str) -> datetime:
    """An instant written as 2026-11-20T14:30:00."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


# Numbers


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("12.5", "12.5"),
        (" -12.50 ", "-12.5"),
        ("+5", "5"),
        (".5", "0.5"),
        ("5.", "5"),
        ("1e3", "1000"),
        ("12E-8", "0.00000012"),
        ("0.1234567890000000000000", "0.123456789"),
        ("1000e-12", "0.000000001"),
        ("0e-30", "0"),
        ("98765432109.123456789", "98765432109.123456789"),
        ("999999999999999999.999999999", "999999999999999999.999999999"),
        ("1e17", "100000000000000000"),
    ],
)
def test_a_decimal_is_read_to_its_last_digit(text: str, value: str) -> None:
    assert decoded("exact", text) == (Decimal(value), None)


@pytest.mark.parametrize("text", [None, "", "   "])
def test_nothing_is_absent_and_no_problem(text: str | None) -> None:
    for macro, more in [
        ("exact", ()),
        ("rounded", (2,)),
        ("exact_written", (",", ".")),
        ("instant", (BERLIN,)),
        ("date_of", ()),
        ("parsed_instant", ("%d.%m.%Y", BERLIN)),
        ("parsed_date", ("%d.%m.%Y",)),
        ("epoch_instant", ("s",)),
        ("odata_instant", ()),
        ("odata_date", ()),
        ("excel_instant", (BERLIN,)),
        ("excel_date", ()),
        ("clock_seconds", ()),
        ("compact_instant", (BERLIN,)),
        ("compact_date", ()),
    ]:
        assert decoded(macro, text, *more) == (None, None), macro


@pytest.mark.parametrize(
    "text",
    [
        "NaN",
        "inf",
        "-Infinity",
        "12,5",
        "1.234,56",
        "1'000",
        "5-",
        "--5",
        "0x10",
        "1_000",
        "true",
        "1.2.3",
        "12.5KG",
        "\uff11\uff12",
        "12.5e",
        "e5",
    ],
)
def test_what_is_no_decimal_is_a_problem_that_shows_the_text(text: str) -> None:
    for macro, more in [("exact", ()), ("rounded", (3,))]:
        value, problem = decoded(macro, text, *more)
        assert value is None
        assert problem == f"'{text}' is not a decimal number such as 12.5"


@pytest.mark.parametrize("text", ["1e29", "1e400", "1" + "0" * 29, "9" * 29 + ".9999999995"])
def test_a_decimal_too_large_to_hold_is_a_problem_and_not_infinity(text: str) -> None:
    assert "more than 18 digits before the decimal point" in str(decoded("exact", text)[1])
    assert "more than 20 digits before the decimal point" in str(decoded("rounded", text, 2)[1])


@pytest.mark.parametrize(
    "text",
    [
        "0.1234567891",
        "1e-10",
        "1e-20",
        "0.00000000000000000001",
        "123456789012345678.5555555555",
        "226.20000000000002",
        "1.5E-9",
    ],
)
def test_digits_that_would_be_lost_are_a_problem_that_names_the_way_out(text: str) -> None:
    value, problem = decoded("exact", text)
    assert value is None
    assert problem is not None
    assert "has more than 9 decimals; use rounded(value, digits)" in problem


@pytest.mark.parametrize(
    ("text", "digits", "value"),
    [
        ("226.20000000000002", 3, "226.2"),
        ("0.5", 0, "1"),
        ("-0.5", 0, "-1"),
        ("2.675", 2, "2.68"),
        ("1e-30", 9, "0"),
        ("99999999999999999999.9", 0, "100000000000000000000"),
    ],
)
def test_a_floating_point_number_is_rounded_half_up(text: str, digits: int, value: str) -> None:
    assert decoded("rounded", text, digits) == (Decimal(value), None)


@pytest.mark.parametrize(
    ("text", "signs", "value"),
    [
        ("1.234,50-", (",", "."), "-1234.5"),
        ("-1.234.567,8", (",", "."), "-1234567.8"),
        ("12,5", (",", "."), "12.5"),
        ("1'234.50", (".", "'"), "1234.5"),
        ("1 234,5", (",", " "), "1234.5"),
        ("1,234", (".", ","), "1234"),
        ("5-", (".", ""), "-5"),
        ("1234567,8", (",", "."), "1234567.8"),
    ],
)
def test_a_decimal_with_the_signs_of_a_country_is_read(
    text: str, signs: tuple[str, str], value: str
) -> None:
    assert decoded("exact_written", text, *signs) == (Decimal(value), None)


@pytest.mark.parametrize(
    ("text", "signs"),
    [
        ("1,5", (".", ",")),  # a decimal comma where commas group thousands: not 15
        ("1.23,5", (",", ".")),
        ("1.2345", (",", ".")),
        ("-5-", (",", ".")),
        ("1,2,3", (",", ".")),
        ("NaN", (",", ".")),
        ("12.5", (",", "")),
    ],
)
def test_a_decimal_with_signs_in_the_wrong_place_is_not_guessed_at(
    text: str, signs: tuple[str, str]
) -> None:
    value, problem = decoded("exact_written", text, *signs)
    assert value is None
    assert problem is not None
    assert problem.startswith(f"'{text}' is not a decimal number such as 1")


def test_a_factor_between_units_has_fifteen_decimals() -> None:
    assert decoded("exact_factor", "0.083333333333333") == (Decimal("0.083333333333333"), None)
    assert decoded("exact_factor", "") == (None, None)
    for text, reason in [
        ("0.0833333333333333", "has more than 15 decimals"),
        ("1e13", "has more than 13 digits before the decimal point"),
        ("1/12", "is not a decimal number such as 12.5"),
    ]:
        assert decoded("exact_factor", text) == (None, f"'{text}' {reason}")


QUANTITIES = st.decimals(
    min_value=Decimal("-1e17"), max_value=Decimal("1e17"), places=9, allow_nan=False
)


@FEW
@given(QUANTITIES, st.sampled_from(["{:f}", "{:e}", "  {:f}\t"]))
def test_any_quantity_comes_back_as_it_was_written(quantity: Decimal, form: str) -> None:
    assert decoded("exact", form.format(quantity)) == (quantity, None)


@FEW
@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**17), max_value=10**17))
@example(Decimal("1e-20"))
def test_no_digit_is_ever_lost_in_silence(quantity: Decimal) -> None:
    value, problem = decoded("exact", str(quantity))
    assert problem or value == quantity
    assert problem is None or quantity != quantity.quantize(Decimal("1e-9"), context=WIDE)


@FEW
@given(st.floats(allow_nan=False, allow_infinity=False, min_value=-1e15, max_value=1e15))
def test_a_float_is_rounded_as_its_decimal_text_would_be(value: float) -> None:
    wanted = Decimal(repr(value)).quantize(Decimal("0.001"), ROUND_HALF_UP)
    assert decoded("rounded", repr(value), 3) == (wanted, None)


@FEW
@given(QUANTITIES, st.sampled_from([(",", "."), (".", ","), (",", " "), (".", "'")]), st.booleans())
def test_a_decimal_written_for_people_comes_back(
    quantity: Decimal, signs: tuple[str, str], behind: bool
) -> None:
    plain = (
        f"{quantity.copy_abs():,.9f}".replace(",", "T")
        .replace(".", signs[0])
        .replace("T", signs[1])
    )
    text = f"{plain}-" if behind and quantity < 0 else f"{'-' if quantity < 0 else ''}{plain}"
    assert decoded("exact_written", text, *signs) == (quantity, None)


# Instants


@pytest.mark.parametrize(
    ("text", "moment", "known_by"),
    [
        ("2026-11-20T14:30:00+01:00", "2026-11-20T13:30:00", "offset"),
        ("2026-11-20T14:30:00.123456-0530", "2026-11-20T20:00:00.123456", "offset"),
        ("2026-11-20 14:30+01", "2026-11-20T13:30:00", "offset"),
        ("2026-11-20T14:30:00Z", "2026-11-20T14:30:00", "utc"),
        ("2026-11-20T14:30:00z", "2026-11-20T14:30:00", "utc"),
        ("2026-11-20T14:30:00.123456789Z", "2026-11-20T14:30:00.123456", "utc"),
        ("2026-11-20 14:30:00", "2026-11-20T13:30:00", "plant_local"),
        ("2026-07-20T14:30", "2026-07-20T12:30:00", "plant_local"),
        ("2026-11-20", "2026-11-19T23:00:00", "plant_local"),
        ("2026-11-20T24:00:00", "2026-11-20T23:00:00", "plant_local"),
    ],
)
def test_an_iso_instant_is_read_and_says_how_its_zone_was_known(
    text: str, moment: str, known_by: str
) -> None:
    assert decoded("instant", text, BERLIN) == (utc(moment), None)
    assert basis("instant", text, BERLIN) == known_by


@pytest.mark.parametrize(
    "text",
    [
        "20.11.2026",
        "2026-13-01",
        "2026-02-30T10:00:00",
        "2026-11-20T25:00:00",
        "2026-11-20 02:30:00 PM",  # half a day wrong if the rest were dropped
        "2026-11-20T14:30:00 America/New_York",
        "2026-11-20 14:30:00 UTC",
        "2026-11-20T14:30:00-99:00",
        "2026-11-20Z",
        "1746172800",
        "now",
        "infinity",
        "0000-00-00 00:00:00",
        "2026-11-20T14:30:00,5Z",
        "290000-11-20T00:00:00Z",
    ],
)
def test_what_is_no_iso_instant_is_a_problem_that_shows_the_text(text: str) -> None:
    assert decoded("instant", text, BERLIN) == (
        None,
        f"'{text}' is not an instant such as 2026-11-20T14:30:00+01:00",
    )


@pytest.mark.parametrize(
    "text", ["0001-01-01T00:00:00", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59-05:00"]
)
def test_an_instant_that_means_nothing_or_never_is_a_problem(text: str) -> None:
    value, problem = decoded("instant", text, BERLIN)
    assert value is None
    assert problem is not None
    assert problem.endswith("is not between the years 1000 and 9999")


@pytest.mark.parametrize(
    ("zone", "wall", "earlier"),
    [
        (BERLIN, "2026-10-25T02:30:00", "2026-10-25T00:30:00"),
        (CHICAGO, "2026-11-01T01:30:00", "2026-11-01T06:30:00"),
        (LORD_HOWE, "2026-04-05T01:45:00", "2026-04-04T14:45:00"),
    ],
)
def test_of_two_instants_of_the_autumn_night_the_earlier_is_taken_and_flagged(
    zone: str, wall: str, earlier: str
) -> None:
    assert decoded("instant", wall, zone) == (utc(earlier), None)
    assert basis("instant", wall, zone) == "ambiguous"
    parts = wall.replace("T", " ")
    assert decoded("parsed_instant", parts, "%Y-%m-%d %H:%M:%S", zone) == (utc(earlier), None)
    assert basis("parsed_instant", parts, "%Y-%m-%d %H:%M:%S", zone) == "ambiguous"
    compact = re.sub(r"\D", "", wall)
    assert decoded("compact_instant", compact, zone) == (utc(earlier), None)
    assert basis("compact_instant", compact, zone) == "ambiguous"
    hour, minute, _ = map(int, wall[11:].split(":"))
    seconds = hour * 3600 + minute * 60
    assert decoded("seconds_instant", date.fromisoformat(wall[:10]), seconds, zone) == (
        utc(earlier),
        None,
    )
    assert basis("seconds_instant", date.fromisoformat(wall[:10]), seconds, zone) == "ambiguous"


@pytest.mark.parametrize(
    ("zone", "wall"),
    [
        (BERLIN, "2026-03-29 02:30:00"),
        (CHICAGO, "2026-03-08 02:30:00"),
        (LORD_HOWE, "2026-10-04 02:15:00"),
    ],
)
def test_a_wall_time_the_spring_night_skips_is_a_problem(zone: str, wall: str) -> None:
    reason = f"{wall} does not exist in {zone} (clocks go forward)"
    day, seconds = date.fromisoformat(wall[:10]), int(wall[11:13]) * 3600 + int(wall[14:16]) * 60
    serial = (day - date(1899, 12, 30)).days + Decimal(seconds) / 86400
    assert decoded("instant", wall, zone) == (None, reason)
    assert decoded("parsed_instant", wall, "%Y-%m-%d %H:%M:%S", zone) == (None, reason)
    assert decoded("compact_instant", re.sub(r"\D", "", wall), zone) == (None, reason)
    assert decoded("seconds_instant", day, seconds, zone) == (None, reason)
    assert decoded("excel_instant", f"{serial:.12f}", zone) == (None, reason)


@FEW
@given(
    st.datetimes(min_value=datetime(1975, 1, 1), max_value=datetime(2035, 1, 1)),
    st.sampled_from([BERLIN, CHICAGO, LORD_HOWE, "UTC", "Asia/Kolkata", "America/Sao_Paulo"]),
)
@example(datetime(2026, 10, 25, 2, 30), BERLIN)
@example(datetime(2026, 3, 29, 2, 30), BERLIN)
def test_wall_time_becomes_the_instant_the_zone_rules_say(wall: datetime, zone: str) -> None:
    earlier, later = (
        wall.replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC) for fold in (0, 1)
    )
    value, problem = decoded("instant", wall.isoformat(), zone)
    if earlier.astimezone(ZoneInfo(zone)).replace(tzinfo=None) != wall:
        assert f"does not exist in {zone} (clocks go forward)" in str(problem)
        return
    assert (value, problem) == (earlier, None)
    known_by = "utc" if zone == "UTC" else "plant_local" if earlier == later else "ambiguous"
    assert basis("instant", wall.isoformat(), zone) == known_by


@FEW
@given(st.datetimes(min_value=datetime(1000, 1, 2), max_value=datetime(9999, 12, 30)))
def test_every_wire_form_of_an_instant_gives_the_same_instant(moment: datetime) -> None:
    moment = moment.replace(microsecond=moment.microsecond // 1000 * 1000, tzinfo=UTC)
    milliseconds = (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
    assert decoded("instant", moment.isoformat(), BERLIN) == (moment, None)
    assert decoded("odata_instant", f"/Date({milliseconds}+0060)/") == (moment, None)
    assert decoded("odata_date", f"/Date({milliseconds})/") == (moment.date(), None)
    parts = ("year", "month", "day", "hour", "minute", "second", "microsecond")
    tryton = ",".join(f'"{part}":{getattr(moment, part)}' for part in parts)
    assert decoded("tryton_instant", f'{{"__class__":"datetime",{tryton}}}') == (moment, None)
    assume(moment.year < 3000)
    for unit, factor in {"s": Decimal("0.001"), "ms": 1, "us": 1000}.items():
        assert decoded("epoch_instant", str(milliseconds * factor), unit) == (moment, None)


def test_a_wall_time_of_a_plant_without_a_zone_is_a_problem_and_not_an_empty_time() -> None:
    assert ask("instant_problem('2026-11-20T14:30:00', zone_of('FR'))") == (
        "2026-11-20 14:30:00 is a wall time, and the time zone of its plant is not known"
    )
    assert ask("instant_problem('2026-11-20T14:30:00Z', zone_of('FR'))") is None
    assert ask("instant('2026-11-20T14:30:00', zone_of('US'))") == utc("2026-11-20T20:30:00")


@pytest.mark.parametrize(
    ("text", "unit", "moment"),
    [
        ("1746172800", "s", "2025-05-02T08:00:00"),
        ("1746172800.25", "s", "2025-05-02T08:00:00.250000"),
        ("1746172800000", "ms", "2025-05-02T08:00:00"),
        ("1746172800000001", "us", "2025-05-02T08:00:00.000001"),
        ("-1", "s", "1969-12-31T23:59:59"),
    ],
)
def test_seconds_since_1970_are_an_instant(text: str, unit: str, moment: str) -> None:
    assert decoded("epoch_instant", text, unit) == (utc(moment), None)


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("1746172800000", "s"),  # milliseconds taken for seconds
        ("1746172800000000", "ms"),
        ("9" * 32, "s"),
        ("-99999999999", "s"),
        ("NaN", "ms"),
        ("soon", "us"),
    ],
)
def test_a_number_that_is_no_instant_of_our_time_is_a_problem(text: str, unit: str) -> None:
    assert decoded("epoch_instant", text, unit) == (
        None,
        f"'{text}' is not a number of {unit} since 1970 before the year 3000",
    )


def test_an_unknown_unit_of_time_is_a_problem() -> None:
    assert decoded("epoch_instant", "1", "h") == (None, "'h' is not s, ms or us")


def test_the_suffix_of_an_odata_instant_is_only_how_it_is_shown() -> None:
    for text in [
        "/Date(1746172800000)/",
        "/Date(1746172800000+0060)/",
        "/Date(1746172800000-0300)/",
    ]:
        assert decoded("odata_instant", text) == (utc("2025-05-02T08:00:00"), None)
    assert decoded("odata_date", "/Date(-86400000)/") == (date(1969, 12, 31), None)


@pytest.mark.parametrize(
    "text", ["/Date(soon)/", "2026-11-20T00:00:00Z", "/Date(99999999999999999)/"]
)
def test_what_is_no_odata_instant_is_a_problem(text: str) -> None:
    for macro in ("odata_instant", "odata_date"):
        assert decoded(macro, text)[1] == (
            f"'{text}' is not an OData instant such as /Date(1746172800000)/"
        )


def test_an_odata_instant_of_the_far_future_is_a_problem() -> None:
    assert "not between the years" in str(decoded("odata_instant", "/Date(999999999999999)/")[1])


@pytest.mark.parametrize(
    ("serial", "wall"),
    [
        ("46346", "2026-11-20T00:00:00"),
        ("46346.604166666664", "2026-11-20T14:30:00"),
        ("61", "1900-03-01T00:00:00"),
        ("46346.0000115741", "2026-11-20T00:00:01"),
    ],
)
def test_a_spreadsheet_serial_is_wall_time(serial: str, wall: str) -> None:
    assert decoded("excel_instant", serial, "UTC") == (utc(wall), None)
    assert basis("excel_instant", serial, "UTC") == "utc"
    local = datetime.fromisoformat(wall).replace(tzinfo=ZoneInfo(BERLIN))
    if local.year > 1970:
        assert decoded("excel_instant", serial, BERLIN) == (local.astimezone(UTC), None)
        assert basis("excel_instant", serial, BERLIN) == "plant_local"
    assert decoded("excel_date", serial) == (local.date(), None)


@pytest.mark.parametrize("text", ["60", "-1", "2958466", "20.11.2026", "NaN", "1e12"])
def test_what_is_no_spreadsheet_date_is_a_problem(text: str) -> None:
    assert "is not a spreadsheet date such as 46346" in str(decoded("excel_date", text)[1])
    assert "is not a spreadsheet date such as 46346" in str(
        decoded("excel_instant", text, BERLIN)[1]
    )


@FEW
@given(st.datetimes(min_value=datetime(1900, 3, 1), max_value=datetime(2100, 1, 1)))
def test_a_spreadsheet_float_comes_back_to_the_second(wall: datetime) -> None:
    wall = wall.replace(microsecond=0)
    serial = (wall - datetime(1899, 12, 30)) / timedelta(days=1)
    assert decoded("excel_instant", repr(serial), "UTC") == (wall.replace(tzinfo=UTC), None)


# Dates and times of day


def test_a_date_is_never_shifted_by_a_zone() -> None:
    assert decoded("date_of", "2026-11-20T23:59:59-05:00") == (date(2026, 11, 20), None)
    assert decoded("date_of", " 2026-11-20 ") == (date(2026, 11, 20), None)


@pytest.mark.parametrize(
    "text", ["2026-02-30", "20261120", "20.11.2026", "2026-11-2", "2026-11-201", "2026-11-20x"]
)
def test_what_is_no_date_is_a_problem(text: str) -> None:
    assert decoded("date_of", text) == (None, f"'{text}' is not a date such as 2026-11-20")


def test_a_layout_is_taken_by_the_letter() -> None:
    assert decoded("parsed_date", "20.11.2026", "%d.%m.%Y") == (date(2026, 11, 20), None)
    assert decoded("parsed_date", "31.02.2026", "%d.%m.%Y") == (
        None,
        "'31.02.2026' does not have the layout %d.%m.%Y",
    )
    assert decoded("parsed_date", "20.11.26", "%d.%m.%Y") == (
        None,
        "'20.11.26' is not between the years 1000 and 9999",
    )
    assert decoded("parsed_instant", "20.11.2026", "%d.%m.%Y %H:%M", BERLIN) == (
        None,
        "'20.11.2026' does not have the layout %d.%m.%Y %H:%M",
    )
    assert basis("parsed_instant", "20.11.2026", "%d.%m.%Y", "UTC") == "utc"
    assert basis("parsed_instant", "junk", "%d.%m.%Y", "UTC") is None


def test_a_compact_text_of_zeros_is_absent() -> None:
    assert decoded("compact_instant", "00000000000000", BERLIN) == (None, None)
    assert decoded("compact_date", "00000000") == (None, None)
    assert decoded("compact_date", "20261120") == (date(2026, 11, 20), None)
    assert basis("compact_instant", "20261120143000", "UTC") == "utc"


@pytest.mark.parametrize("text", ["2026112014300", "202611201430001", "20261320143000", "20261120"])
def test_a_compact_instant_has_fourteen_digits(text: str) -> None:
    assert decoded("compact_instant", text, BERLIN) == (
        None,
        f"'{text}' is not an instant such as 20261120143000",
    )


@pytest.mark.parametrize("text", ["2026112", "20261320", "20261120143000"])
def test_a_compact_date_has_eight_digits(text: str) -> None:
    assert decoded("compact_date", text) == (None, f"'{text}' is not a date such as 20261120")


@pytest.mark.parametrize(
    ("text", "seconds"), [("PT23H59M59S", 86399), ("PT0S", 0), ("PT1H", 3600), ("PT1.9S", 1)]
)
def test_a_time_of_day_is_seconds_since_midnight(text: str, seconds: int) -> None:
    assert decoded("clock_seconds", text) == (seconds, None)


@pytest.mark.parametrize("text", ["PT", "P1DT1H", "23:59:59", "PT99999999999999999999H"])
def test_what_is_no_time_of_day_is_a_problem(text: str) -> None:
    assert decoded("clock_seconds", text) == (None, f"'{text}' is not a time such as PT23H59M59S")


@pytest.mark.parametrize("seconds", [86400, -1, "noon"])
def test_seconds_beyond_midnight_are_a_problem(seconds: Any) -> None:
    assert decoded("seconds_instant", date(2026, 11, 20), seconds, BERLIN) == (
        None,
        f"'{seconds}' seconds is not a time of day",
    )


def test_a_date_and_seconds_are_wall_time_of_the_plant() -> None:
    day = date(2026, 11, 20)
    assert decoded("seconds_instant", day, 52200, BERLIN) == (utc("2026-11-20T13:30:00"), None)
    assert decoded("seconds_instant", day, None, BERLIN) == (None, None)
    assert basis("seconds_instant", day, 52200, "UTC") == "utc"


# Objects, names and flags


def test_tryton_objects_are_read_and_others_are_a_problem() -> None:
    assert decoded("tryton_date", '{"__class__":"date","year":2026,"month":2,"day":28}') == (
        date(2026, 2, 28),
        None,
    )
    assert decoded("tryton_exact", '{"__class__":"Decimal","decimal":"12.5"}') == (
        Decimal("12.5"),
        None,
    )
    assert decoded("tryton_exact", "12.5") == (Decimal("12.5"), None)
    for text in ['{"__class__":"date","year":2026,"month":2,"day":30}', "nonsense", '"2026"', "{}"]:
        assert decoded("tryton_date", text) == (None, f"{text} is not a Tryton date object")
        assert decoded("tryton_instant", text) == (None, f"{text} is not a Tryton datetime object")
    for text in ['{"__class__":"Decimal","decimal":"NaN"}', "nonsense"]:
        assert "is not a decimal number" in str(decoded("tryton_exact", text)[1])


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Positive_x0020_Adjmt_x002E_", "Positive Adjmt."),
        ("_x0020_", " "),
        ("a_b", "a_b"),
        ("_xZZZZ_", "_xZZZZ_"),
        ("_xD800_x", "_xD800_x"),
        ("a_x0000_b", "a_x0000_b"),
    ],
)
def test_escapes_in_names_are_undone(text: str, name: str) -> None:
    assert ask("unescaped($x)", x=text) == name


def test_yes_and_no_are_known_in_the_usual_spellings_and_nothing_else() -> None:
    for text in ["X", "true", "1", "Y", "yes", "J", " ja "]:
        assert decoded("flag", text) == (True, None)
    for text in ["", None, "false", "0", "N", "no", "nein"]:
        assert decoded("flag", text) == (False, None)
    assert decoded("flag", "maybe") == (None, "'maybe' is neither yes nor no")


HOSTILE = st.text(max_size=40) | st.from_regex(r"[-+0-9eE.,/:TZ()Date PTHMS]{0,30}", fullmatch=True)
CALLS = {
    "exact": "$x",
    "rounded": "$x, 3",
    "exact_factor": "$x",
    "exact_written": "$x, ',', '.'",
    "instant": "$x, 'Europe/Berlin'",
    "date_of": "$x",
    "parsed_instant": "$x, '%d.%m.%Y %H:%M', 'Europe/Berlin'",
    "parsed_date": "$x, '%d.%m.%Y'",
    "epoch_instant": "$x, 'ms'",
    "odata_instant": "$x",
    "odata_date": "$x",
    "excel_instant": "$x, 'Europe/Berlin'",
    "excel_date": "$x",
    "clock_seconds": "$x",
    "seconds_instant": "DATE '2026-11-20', $x, 'Europe/Berlin'",
    "compact_instant": "$x, 'Europe/Berlin'",
    "compact_date": "$x",
    "x12_instant": "'20261120', $x, NULL, 'Europe/Berlin'",
    "x12_item": "'SK', ['UP', $x], ['1', '2']",
    "tryton_instant": "$x",
    "tryton_date": "$x",
    "tryton_exact": "$x",
    "flag": "$x",
}


def test_every_macro_with_a_twin_is_shown_hostile_text() -> None:
    twins = set(re.findall(r"CREATE MACRO (\w+)_problem\(", MACROS))
    assert twins - {"zoned"} == set(CALLS)


@settings(max_examples=6, deadline=None)
@given(st.lists(HOSTILE, min_size=60, max_size=100))
@example(
    [
        "\xa0",
        "\u2003 0",
        "_xD800_",
        "9" * 40,
        "/Date(999999999999999)/",
        "-1e38",
        "nonsense",
        "2026-03-29T02:30",
    ]
)
def test_whatever_a_macro_is_given_it_decodes_or_says_why_not(texts: list[str]) -> None:
    silent = [
        f"({call}({args})) IS NULL AND {call}_problem({args}) IS NULL AS {call}"
        for call, args in CALLS.items()
    ]
    bases = [
        f"{call}_basis({args}) AS {call}_basis"
        for call, args in CALLS.items()
        if f"{call}_basis(" in MACROS
    ]
    cursor = engine().cursor()
    try:
        asked = "SELECT unnest($texts) AS x"
        columns = ", ".join([*silent, *bases, "unescaped(x)"])
        query = f"SELECT x, {columns} FROM ({asked})".replace("$x", "x")
        rows = cursor.sql(query, params={"texts": texts}).to_arrow_table().to_pylist()
    finally:
        cursor.close()
    for row in rows:
        said = "".join(letter for letter in row["x"] if unicodedata.category(letter) != "Zs")
        if said.strip("0"):
            assert [call for call in CALLS if row[call]] == [], row["x"]
