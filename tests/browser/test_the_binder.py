"""The binder's one page as a file on a laptop: no server and no network; with a script and without, on paper, dark."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from broadcaster.feeds.shapes import NOTHING
from broadcaster.outage.binder import cap as binder_cap
from broadcaster.outage.binder import page as binder_page
from broadcaster.outage.binder.page import Pages
from tests import desk
from tests.browser.looking import MARKS, OFFICE, SHOTS, accessible, fits, watched
from tests.unit.outage.binder.test_binder_cap import ISSUER
from tests.unit.outage.binder.test_binder_page import NOON, pages

pytestmark = MARKS


def few_towns() -> Pages:
    """Four towns are enough for a look, and axe reads every line of a page."""
    here = desk.directory()
    zips = {"ayer": ("01432",), "groton": ("01450", "01471")}
    communities = tuple(replace(one, zips=zips.get(one.code, ())) for one in here.communities)
    here = replace(here, communities=communities)
    return replace(pages(), directory=here, cap=tuple(binder_cap.ready(ISSUER, here, NOTHING, NOON)))


def seen(page: Page, name: str) -> None:
    """What stands on the screen: the whole page is as long as a street."""
    SHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SHOTS / f"{name}.png")


def test_it_opens_from_a_file_and_finds_a_town(chromium: Browser, tmp_path: Path) -> None:
    file = tmp_path / "binder.html"
    file.write_bytes(binder_page.html(few_towns()))
    page = chromium.new_context(viewport=OFFICE).new_page()
    wrong = watched(page, "file://")
    page.goto(file.as_uri())
    accessible(page)
    fits(page)
    page.set_viewport_size(OFFICE)
    rows = page.locator("#towns tbody tr:visible")
    expect(rows).to_have_count(4)
    box = page.get_by_label("Town, village or ZIP code")
    for typed, name in (("ayer", "Ayer"), ("01471", "Groton"), ("01432-1234", "Ayer"), ("  HARV", "Harvard")):
        box.fill(typed)
        expect(rows).to_have_count(1)
        expect(rows).to_contain_text(name)
    expect(page.locator("#found")).to_contain_text("towns")
    box.press("Enter")
    expect(rows.first).to_be_visible()
    seen(page, "binder-found")
    box.fill("")
    message = page.locator("section.cap").nth(1)
    message.locator("summary").click()
    before = message.locator("pre").inner_text()
    message.get_by_role("button", name="Set its times to now").click()
    after = message.locator("pre").inner_text()
    assert before != after and "2026-06-18T12:00:00-04:00" in before and "2026-06-18T12:00" not in after
    page.emulate_media(color_scheme="dark")
    accessible(page)
    page.goto(f"{file.as_uri()}#list-1")
    seen(page, "binder-dark")
    page.emulate_media(media="print", color_scheme="light")
    expect(page.locator("nav.parts")).to_be_hidden()
    expect(page.locator(".calls li").first).to_be_visible()
    page.context.close()
    assert wrong == []
    plain = chromium.new_context(java_script_enabled=False, viewport={"width": 320, "height": 640}).new_page()
    plain.goto(file.as_uri())
    expect(plain.locator("#towns tbody tr:visible")).to_have_count(4)
    expect(plain.locator("#find")).to_be_hidden()
    expect(plain.locator("section.script")).to_have_count(15)
    seen(plain, "binder-320")
    plain.context.close()
