"""The binder's one page as a file on a laptop: no server and no network; with a script and without, on paper, dark."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from broadcaster.outage import binder_page
from tests.browser.looking import MARKS, OFFICE, SHOTS, accessible, fits, watched
from tests.unit.outage.test_binder_page import DIRECTORY, pages

pytestmark = MARKS


def seen(page: Page, name: str) -> None:
    """What stands on the screen: the whole page is as long as a street."""
    SHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SHOTS / f"{name}.png")


def test_it_opens_from_a_file_and_finds_a_town(chromium: Browser, tmp_path: Path) -> None:
    file = tmp_path / "binder.html"
    file.write_bytes(binder_page.html(pages()))
    page = chromium.new_context(viewport=OFFICE).new_page()
    wrong = watched(page, "file://")
    page.goto(file.as_uri())
    accessible(page)
    fits(page)
    page.set_viewport_size(OFFICE)
    rows = page.locator("#towns tbody tr:visible")
    expect(rows).to_have_count(len(DIRECTORY.communities))
    box = page.get_by_label("Town, village or ZIP code")
    for typed, name in (("ayer", "Ayer"), ("01432", "Ayer"), ("01432-1234", "Ayer"), ("  SOMERV", "Somerville")):
        box.fill(typed)
        expect(rows.filter(has_text=name).first).to_be_visible()
        assert rows.count() < 5
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
    page.goto(f"{file.as_uri()}#list-2")
    seen(page, "binder-dark")
    page.emulate_media(media="print", color_scheme="light")
    expect(page.locator("nav.parts")).to_be_hidden()
    expect(page.locator(".calls li").first).to_be_visible()
    page.context.close()
    assert wrong == []
    plain = chromium.new_context(java_script_enabled=False, viewport={"width": 320, "height": 640}).new_page()
    plain.goto(file.as_uri())
    expect(plain.locator("#towns tbody tr:visible")).to_have_count(len(DIRECTORY.communities))
    expect(plain.locator("#find")).to_be_hidden()
    expect(plain.locator("section.script")).to_have_count(15)
    seen(plain, "binder-320")
    plain.context.close()
