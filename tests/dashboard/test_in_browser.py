"""The dashboard as people meet it: a real server on loopback, a real Chromium."""

import re
from datetime import timedelta

import pytest
import sqlalchemy as sa
from playwright.sync_api import expect

from app.store.sql import tables as t
from tests.dashboard import plant

PATHS = (
    "/",
    "/?range=30d",
    "/?plant=US03&range=7d",
    "/exceptions",
    "/exceptions?open=EX-1",
    "/exceptions?view=resolved",
    "/exceptions?q=nothing-has-this",
    "/nowhere",
)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_is_drawn_in_silence_and_asks_nobody_else(served, visit, scheme):
    seen = visit(served.address + PATHS[0], scheme=scheme)
    for path in PATHS[1:]:
        seen.page.goto(served.address + path)
        seen.page.wait_for_selector("main h1")
    seen.page.wait_for_load_state("networkidle")

    assert seen.said == []
    assert seen.foreign(served.address) == []
    assert len(seen.asked) > 20


@pytest.mark.parametrize("path", PATHS)
def test_no_page_scrolls_sideways_on_a_phone(served, visit, path):
    page = visit(served.address + path, width=390, height=844).page
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    page.set_viewport_size({"width": 320, "height": 640})
    assert page.evaluate("document.documentElement.scrollWidth") == 320


def test_the_overview_says_what_where_and_how_much(served, visit):
    page = visit(served.address).page
    lead = page.locator("main .lead")
    expect(lead).to_contain_text("Toledo is out of sync since Fri 20 Nov: 3 exceptions open")
    expect(lead).to_contain_text("€73.1k at risk")
    expect(lead).to_contain_text("Suzhou is not compared")
    tiles = page.locator(".tile h2 a")
    assert tiles.all_inner_texts() == ["All plants", "Brno", "Toledo", "Suzhou"]
    toledo = page.locator(".tile", has_text="Toledo")
    expect(toledo.locator(".toned").first).to_have_text("Out of sync")
    assert toledo.locator("dt").all_inner_texts() == [
        "Success",
        "Lag p50/p95",
        "Qty var.",
        "Value var.",
        "Retries",
        "Oldest",
    ]
    assert "€73.1k" in page.locator(".list").inner_text()


def test_a_click_on_a_cell_leads_to_its_rows_and_back_leads_back(served, visit):
    page = visit(served.address).page
    page.get_by_role("link", name=re.compile("^Toledo, stock: 914 of")).click()
    expect(page.locator("main h1")).to_have_text("Exceptions")
    assert page.url.endswith("/exceptions?flow=stock&plant=US03")
    assert page.locator("[data-row]").count() == 3
    page.go_back()
    expect(page.locator("main h1")).to_have_text("Plant synchronization")


def test_filters_live_in_the_address_and_survive_a_reload(served, visit):
    page = visit(served.address + "/exceptions").page
    page.get_by_label("Severity: all").click()
    page.get_by_role("link", name="P1 critical").click()
    expect(page.locator("[data-row]")).to_have_count(1)
    assert page.url.endswith("/exceptions?sev=critical")
    page.reload()
    page.wait_for_selector("[data-row]")
    assert page.locator("[data-row]").count() == 1
    expect(page.get_by_label("Severity: P1 critical")).to_be_visible()
    page.get_by_role("link", name="Clear filters").click()
    expect(page.locator("[data-row]")).to_have_count(3)


def test_the_inspector_opens_by_click_by_link_and_by_keys(served, visit):
    page = visit(served.address + "/exceptions").page
    page.locator("[data-row=EX-1]").click()
    inspector = page.locator("[data-inspector]")
    expect(inspector).to_have_attribute("data-inspector", "EX-1")
    assert page.url.endswith("/exceptions?open=EX-1")

    page.goto(served.address + "/exceptions/EX-2")
    expect(inspector).to_have_attribute("data-inspector", "EX-2")

    page.goto(served.address + "/exceptions")
    page.wait_for_selector("[data-row]")
    for key in ("j", "j", "k", "Enter"):
        page.keyboard.press(key)
    expect(inspector).to_have_attribute("data-inspector", "EX-1")
    page.keyboard.press("]")
    expect(inspector).to_have_attribute("data-inspector", "EX-2")
    page.keyboard.press("Escape")
    expect(inspector).to_have_count(0)
    expect(page.locator("#row-EX-2")).to_be_focused()


def test_who_is_faster_than_the_screen_keeps_their_place(served, visit):
    page = visit(served.address + "/exceptions?open=EX-1").page
    late = "requestAnimationFrame = (paint) => setTimeout(() => paint(performance.now()), 2000)"
    page.add_init_script(late)
    page.reload()
    inspector = page.locator("[data-inspector]")
    expect(inspector).to_have_attribute("data-inspector", "EX-1")
    page.keyboard.press("]")
    expect(inspector).to_have_attribute("data-inspector", "EX-2")
    page.keyboard.press("Escape")
    expect(inspector).to_have_count(0)
    expect(page.locator("#row-EX-2")).to_be_focused()


def test_the_inspector_shows_both_sides_clocks_references_and_history(served, visit):
    page = visit(served.address + "/exceptions?open=EX-1").page
    inspector = page.locator("[data-inspector]")
    differing = inspector.locator(".proof tr.differs")
    assert differing.locator("th").all_inner_texts() == ["Quantity"]
    assert differing.locator("td").all_inner_texts() == ["12", "10", "−2"]
    same = inspector.locator(".proof tr.same th").all_inner_texts()
    assert {"Unit", "Material", "Lot"} <= set(same)
    told = inspector.inner_text()
    for part in (
        "system of record",
        "Movement M-1 not posted",
        "erp/stock/pull/000001.page.zst#1",
        "wms/stock/pull/1.zst#1",
        "Fri 20 Nov 2026, 08:20:00 EST",
        "Opened by tieout",
        "Unexplained",
    ):
        assert part in told


def test_the_chart_has_a_summary_a_table_and_the_colours_of_the_scheme(served, visit):
    page = visit(served.address).page
    chart = page.locator(".chart")
    page.wait_for_selector(".chart .main-svg")
    name = chart.get_attribute("aria-label")
    assert name.startswith("Agreement over time: Brno 100.0 percent")
    ink = "getComputedStyle(document.querySelector('.chart .xtick text')).fill"
    assert page.evaluate(ink) == "rgb(70, 82, 100)"
    page.keyboard.press("d")
    page.wait_for_function(f"{ink} === 'rgb(174, 185, 200)'")
    page.get_by_text("Show as table").click()
    expect(page.locator(".twin table")).to_contain_text("100.0 %")


def test_dark_is_kept_and_set_before_the_first_paint(served, visit):
    page = visit(served.address).page
    scheme = "document.documentElement.dataset.scheme"
    assert page.evaluate(scheme) == "light"
    page.keyboard.press("d")
    assert page.evaluate(scheme) == "dark"
    page.add_init_script(
        "addEventListener('DOMContentLoaded', () => {"
        " window.early = document.documentElement.dataset.scheme })"
    )
    page.reload()
    page.wait_for_selector("main h1")
    assert page.evaluate("window.early") == "dark"
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(14, 18, 23)"


def test_the_search_finds_a_key_and_opens_an_exception_by_its_id(served, visit):
    page = visit(served.address).page
    page.keyboard.press("/")
    page.keyboard.type("B26K-0417")
    page.keyboard.press("Enter")
    expect(page.locator("[data-row]")).to_have_count(1)
    assert page.url.endswith("/exceptions?q=B26K-0417")
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    page.locator("#search").fill("ex-3")
    page.keyboard.press("Enter")
    expect(page.locator("[data-inspector]")).to_have_attribute("data-inspector", "EX-3")


def test_single_keys_rest_while_typing_and_can_be_switched_off(served, visit):
    page = visit(served.address).page
    page.locator("#search").fill("")
    page.keyboard.type("ddd")
    assert page.evaluate("document.documentElement.dataset.scheme") == "light"
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    page.get_by_role("button", name="Switch single keys off").click()
    page.keyboard.press("d")
    assert page.evaluate("document.documentElement.dataset.scheme") == "light"


def test_hostile_text_is_shown_as_text(served, visit):
    bad = "<script>window.hacked = 1</script><img src=x onerror='window.hacked=1'>"
    long = "X" * 5_000
    plant.add(
        served.store,
        t.exception,
        plant.an_exception(9, lot=bad, title=bad, cause=bad, owner=bad[:64], value=9_000_000),
        plant.an_exception(10, lot=long, title=long, cause=long, value=8_000_000),
    )
    seen = visit(served.address + "/exceptions?open=EX-9")
    assert bad in seen.page.locator("[data-inspector] h2").inner_text()
    for path in ("/exceptions?open=EX-10", "/", f"/exceptions?q={bad}&plant={bad}"):
        seen.page.goto(served.address + path)
        seen.page.wait_for_selector("main h1")
        assert seen.page.evaluate("document.documentElement.scrollWidth") == 1440
    assert seen.page.evaluate("window.hacked") is None
    assert seen.said == []


def test_an_empty_store_says_that_nothing_was_judged_and_shows_no_green(serve, visit):
    page = visit(serve().address).page
    told = page.locator("main").inner_text()
    assert "Nothing was judged yet." in told
    assert "In sync" not in told
    assert page.locator(".toned.ok, .mark.ok, .band-0 strong").count() == 0
    page.locator("[data-go=e]").click()
    expect(page.locator("main h1")).to_have_text("Exceptions")
    assert "Nothing judged yet" in page.locator("main").inner_text()


def test_a_stale_source_makes_its_cells_not_evaluated_never_green(serve, visit, store, landscape):
    plant.fill(store, landscape, stale=("wms",))
    page = visit(serve().address).page
    expect(page.locator(".bar .badge")).to_have_text("1 source stale")
    brno = page.locator(".tile", has_text="Brno")
    expect(brno.locator(".head .toned")).to_have_text("Stale data")
    cells = page.locator(".heat tbody tr").first.locator("td.cell")
    texts = cells.all_inner_texts()
    assert any("No data" in text for text in texts)
    assert not any("100.0" in text for text in texts)
    assert page.locator(".heat td.band-0").count() == 0
    expect(page.locator("#freshness")).to_contain_text("5 h")
    toledo = page.locator(".tile", has_text="Toledo")
    expect(toledo.locator(".head .toned")).to_have_text("Out of sync")


def test_a_worker_at_rest_is_told_and_turns_everything_stale(serve, visit, store, landscape):
    plant.fill(store, landscape)
    with store.write() as connection:
        connection.execute(sa.update(t.reconcile_run).values(as_of=plant.NOW - timedelta(hours=3)))
    page = visit(serve().address).page
    expect(page.locator("main .box")).to_contain_text("Nothing was judged for 3 h.")
    assert set(page.locator(".tile .head .toned").all_inner_texts()) == {
        "Stale data",
        "Not compared",
    }


def test_below_a_prefix_every_link_and_asset_stays_below_it(serve, visit, store, landscape):
    plant.fill(store, landscape)
    served = serve("/tower/")
    seen = visit(served.address + "/?range=30d")
    seen.page.locator("[data-go=e]").click()
    expect(seen.page.locator("main h1")).to_have_text("Exceptions")
    seen.page.locator("[data-row=EX-1]").click()
    expect(seen.page.locator("[data-inspector]")).to_be_visible()
    root = served.address.removesuffix("/tower")
    assert seen.said == []
    assert [u for u in seen.asked if not u.startswith((f"{root}/tower/", "data:"))] == []


def test_a_refresh_brings_the_new_and_keeps_focus_and_place(served, visit):
    page = visit(served.address + "/exceptions?open=EX-1", height=500).page
    page.locator("#row-EX-2").focus()
    page.evaluate("document.querySelector('[data-inspector]').scrollTop = 120")
    page.wait_for_timeout(100)
    plant.add(served.store, t.exception, plant.an_exception(11))
    page.evaluate("window.dash_clientside.set_props('pulse', {n_intervals: 7})")
    expect(page.locator("[data-row]")).to_have_count(4)
    expect(page.locator("#row-EX-2")).to_be_focused()
    assert page.evaluate("document.querySelector('[data-inspector]').scrollTop") == 120


def test_a_refresh_waits_while_a_menu_is_open(served, visit):
    page = visit(served.address + "/exceptions").page
    page.get_by_label("Owner: all").click()
    plant.add(served.store, t.exception, plant.an_exception(11))
    page.evaluate("window.dash_clientside.set_props('pulse', {n_intervals: 7})")
    page.wait_for_timeout(500)
    expect(page.locator("[data-row]")).to_have_count(3)
    page.keyboard.press("Escape")
    page.evaluate("window.dash_clientside.set_props('pulse', {n_intervals: 8})")
    expect(page.locator("[data-row]")).to_have_count(4)


@pytest.mark.parametrize("width", [1440, 900, 390])
def test_controls_are_large_enough_to_hit(served, visit, width):
    page = visit(served.address + "/exceptions?open=EX-1", width=width).page
    small = page.evaluate(
        """least => [...document.querySelectorAll('.control, .entry, .tabs a, .queue .title')]
        .filter(e => e.checkVisibility()).map(e => [e.className, e.getBoundingClientRect()])
        .filter(([name, box]) => box.height > 0 && (box.height < least || box.width < least))
        .filter(([name]) => least < 44 || /control|entry/.test(name))
        .map(([name, box]) => `${name} ${box.width}x${box.height}`)""",
        44 if width == 390 else 17,
    )
    assert small == []
