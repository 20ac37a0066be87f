"""The address is the state."""

from urllib.parse import urlsplit

from hypothesis import given
from hypothesis import strategies as st

from app.dashboard.address import FLOWS, VIEWS, Address, read
from app.signals import WINDOWS
from rules.model import LEVELS

PLANTS = ("CZ02", "US03")
words = st.text(
    st.characters(exclude_categories=("Cs", "Cc", "Z"), exclude_characters=","), max_size=20
)


def some(values):
    return st.sets(st.sampled_from(values)).map(lambda found: tuple(sorted(found)))


addresses = st.builds(
    Address,
    path=st.sampled_from(["/", "/exceptions", "/nowhere"]),
    plants=some(PLANTS),
    flows=some(FLOWS),
    severities=some(LEVELS),
    owners=st.sets(words.filter(bool), max_size=3).map(lambda found: tuple(sorted(found))),
    view=st.sampled_from(sorted(VIEWS)),
    window=st.sampled_from(sorted(WINDOWS)),
    text=words,
    page=st.integers(1, 100_000),
    opened=st.sampled_from(["", "EX-1", "EX-20418"]),
    prefix=st.sampled_from(["/", "/tower/"]),
)


@given(addresses)
def test_what_was_set_is_read_back_from_its_link(address):
    link = urlsplit(address.href(page=address.page, opened=address.opened))
    assert read(link.path, "?" + link.query, PLANTS, address.prefix) == address


@given(st.text(max_size=60), st.text(max_size=200))
def test_any_address_is_read_without_an_error(path, search):
    found = read(path, "?" + search, PLANTS, "/")
    assert found.page >= 1
    assert set(found.plants) <= set(PLANTS)


def test_bad_values_fall_back_and_say_so():
    search = "?plant=XX&range=1y&sev=awful&page=-3&open=EX-0&view=mine&flow=nope&unknown=1"
    found = read("/exceptions", search, PLANTS, "/")
    assert found == Address("/exceptions", notices=found.notices)
    assert len(found.notices) == 7
    assert "plant=XX" in found.notices[0]


def test_equal_views_have_equal_links():
    here = Address("/exceptions", plants=("CZ02", "US03"), severities=("critical",))
    assert here.href() == "/exceptions?plant=CZ02,US03&sev=critical"
    assert read("/exceptions", "sev=critical&plant=US03,CZ02", PLANTS, "/").href() == here.href()


def test_a_filter_change_starts_at_the_first_page_and_closes_the_inspector():
    here = Address("/exceptions", page=4, opened="EX-7", severities=("info",))
    assert here.toggled("severities", "critical") == "/exceptions?sev=critical,info"
    assert here.toggled("severities", "info") == "/exceptions"
    assert here.href(opened="EX-9") == "/exceptions?open=EX-9&page=4&sev=info"


def test_an_exception_has_an_address_of_its_own():
    assert read("/exceptions/ex-12", "", PLANTS, "/").opened == "EX-12"
    assert read("/tower/exceptions/EX-12", "", PLANTS, "/tower/").path == "/exceptions"


def test_another_page_takes_plant_and_range_along_and_nothing_else():
    here = Address("/exceptions", plants=("CZ02",), window="7d", text="lot", opened="EX-1")
    assert here.to("/") == "/?plant=CZ02&range=7d"
