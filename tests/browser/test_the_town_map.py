"""The map of the form: towns are chosen on it by pointer and keys, with the same effect as in the list."""

from __future__ import annotations

import gzip
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from broadcaster.feeds import shapes
from broadcaster.local import borders
from broadcaster.local.massachusetts import sample
from broadcaster.local.massachusetts.shapes import generated
from broadcaster.store.database import Sessions
from broadcaster.store.places import town_shapes
from tests.browser.looking import MARKS, OFFICE, PHONE, accessible, fits, served, shot, watched
from tests.desk import ISSUER, NOON, PASSWORD, Desk

pytestmark = MARKS
LIGHT = 300_000
"""Bytes, compressed: what a page with everything that it needs may weigh the first time."""


@pytest.fixture
def address(sessions: Sessions) -> Iterator[tuple[Desk, str]]:
    """All of Massachusetts, with shapes for its 351 towns."""
    desk = Desk(sessions, places=sample.load(NOON.date()))
    with sessions.begin() as store:
        town_shapes.save(store, generated(shapes.read(borders.built("25")).counties))
    with served(desk.app) as base:
        yield desk, base


def at_the_form(context: BrowserContext, desk: Desk, base: str) -> Page:
    page = context.new_page()
    page.goto(f"{base}/desk/")
    page.fill("#email", ISSUER)
    page.fill("#password", PASSWORD)
    page.fill("#code", desk.code(ISSUER))
    page.click("main button")
    page.goto(f"{base}/desk/new")
    return page


def filled(page: Page) -> list[str]:
    """The towns that are red on the map."""
    return sorted(page.eval_on_selector_all("path.is-chosen[data-town]", "all => all.map(it => it.dataset.name)"))


def ticked(page: Page) -> list[str]:
    """The towns that are ticked in the list."""
    query = "input[name=communities]:checked, input[name=counties]:checked"
    return sorted(page.eval_on_selector_all(query, "all => all.map(it => it.value)"))


def test_three_towns_in_two_counties_by_pointer_and_keys(chromium: Browser, address: tuple[Desk, str]) -> None:
    desk, base = address
    context = chromium.new_context(viewport=OFFICE)
    page = at_the_form(context, desk, base)
    wrong = watched(page, base)
    expect(page.locator("#map-of")).to_be_visible()
    loaded = page.evaluate("performance.getEntriesByType('resource').map(each => each.name)")
    weights = {each: len(gzip.compress(context.request.get(each).body())) for each in (page.url, *loaded)}
    assert sum(weights.values()) < LIGHT, weights
    assert any("/desk/towns/" in each for each in weights)

    page.select_option("#map-of", "25017")
    page.click("path[data-town=ayer]")
    assert (filled(page), ticked(page)) == (["Ayer"], ["ayer"])
    expect(page.locator(".where-map [role=status]")).to_have_text("Ayer is chosen.")
    page.keyboard.press("Tab")
    page.focus("[role=listbox] [tabindex='0']")
    assert page.evaluate("document.activeElement.dataset.name") == "Acton"
    for _ in range(60):
        if page.evaluate("document.activeElement.dataset.name") == "Groton":
            break
        page.keyboard.press("ArrowRight")
    page.keyboard.press(" ")
    expect(page.get_by_role("option", name="Groton")).to_have_attribute("aria-selected", "true")
    accessible(page)
    shot(page, "form-town-map")
    page.select_option("#map-of", "25027")
    page.get_by_role("option", name="Harvard").click()
    page.select_option("#map-of", "")
    assert (filled(page), ticked(page)) == (["Ayer", "Groton", "Harvard"], ["ayer", "groton", "harvard"])
    expect(page.locator("#kept-line")).to_contain_text("Kept at")
    accessible(page)
    shot(page, "form-town-map-state")

    page.click("path[data-county='25009']")
    assert len(filled(page)) == 3 + 34
    page.select_option("#map-of", "25009")
    page.click("path[data-town=salem]")
    expect(page.locator(".where-map [role=status]")).to_contain_text("Essex County is chosen whole")
    page.keyboard.press("Escape")
    page.select_option("#map-of", "")
    page.click("path[data-county='25009']")
    page.fill("#names", "Salem")
    assert filled(page) == ["Ayer", "Groton", "Harvard", "Salem"]
    page.fill("#names", "")
    page.click("text=Next: check")
    chosen = page.eval_on_selector_all(".area-map .is-chosen title", "all => all.map(it => it.textContent)")
    assert sorted(chosen) == ["Ayer", "Groton", "Harvard"]
    accessible(page)
    shot(page, "check-towns")
    assert wrong == []
    context.close()


@pytest.mark.parametrize("script", [True, False], ids=["with scripts", "without scripts"])
def test_on_a_phone_the_list_alone_does_it_too(chromium: Browser, address: tuple[Desk, str], script: bool) -> None:
    desk, base = address
    context = chromium.new_context(viewport=PHONE, java_script_enabled=script, has_touch=True)
    page = at_the_form(context, desk, base)
    expect(page.locator("#map-of")).to_be_visible(visible=script)
    page.click("text=Choose communities from the list")
    for town in ("ayer", "groton", "harvard"):
        page.click(f"label[for=communities-{town}]")
    if script:
        assert filled(page) == ["Ayer", "Groton", "Harvard"]
        page.select_option("#map-of", "25017")
        page.get_by_role("option", name="Acton").tap()
        page.get_by_role("option", name="Acton").tap()
        shot(page, "form-town-map-phone")
        fits(page)
    page.click("text=Next: check")
    expect(page.locator(".area-map")).to_be_visible()
    assert page.locator(".area-map .is-chosen").count() == 3
    shot(page, f"check-towns-phone-{script}")
    context.close()
