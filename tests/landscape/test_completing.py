"""What completes a source's records: the plant they are about, and the landscape's own lists."""

import pytest

TWO_PLANTS = """\
company: Works
currency: EUR
plants:
  P1: {name: One, zone: Europe/Berlin}
  P2: {name: Two, zone: Europe/Paris}
"""
WITH_PLANT = """\
-- Completions, one a row.
SELECT id AS source_key, 'op_complete' AS kind, 'P1' AS plant, exact(qty) AS quantity_source,
    instant("at", 'UTC') AS occurred_at
FROM page
"""


@pytest.fixture
def for_two(sound):
    """The sound landscape, its source speaking for two plants."""
    source = sound["sources/mes.yml"].replace("plants: P1", "plants: [P1, P2]")
    mapping = sound["mappings/mes.orders.sql"].replace("plant_zone", "'UTC'")
    return {
        "tieout.yml": TWO_PLANTS,
        "sources/mes.yml": source,
        "mappings/mes.orders.sql": mapping,
    }


def test_a_mapping_that_gives_no_plant_for_a_source_of_several_is_noted(landscape, for_two):
    (note,) = [str(note) for note in landscape(for_two).notes if "plant" in str(note)]
    assert note.startswith("sources/mes.yml:7: mappings/mes.orders.sql gives no plant")


def test_a_mapping_that_gives_one_is_not(landscape, for_two):
    found = landscape({**for_two, "mappings/mes.orders.sql": WITH_PLANT})
    assert [str(note) for note in found.notes if "plant" in str(note)] == []


def test_the_lists_of_the_landscape_are_read_before_the_sources_they_translate(landscape):
    found = landscape({"cross_reference/unit.csv": "source,source_key,key\nmes,ST,EA\n"})
    assert list(found.sources) == ["landscape", "mes"]
