"""Without a mouse: an alert is written, checked, released and approved by the keys alone, and one sees where one is."""

from __future__ import annotations

import re

from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page, expect

from broadcaster.store.database import Sessions
from tests.browser.looking import MARKS, OFFICE, served
from tests.desk import ISSUER, PASSWORD, SECOND, Desk

pytestmark = MARKS
MOST_STOPS = 120
"""A field for a moment is seven of them."""
AT = """
what => {
  const at = document.activeElement, own = getComputedStyle(at), box = at.getBoundingClientRect();
  if (!at.matches(what)) return "elsewhere";
  const ring = own.outlineStyle !== "none" && parseFloat(own.outlineWidth) >= 2;
  const there = box.width > 0 && box.bottom > 0 && box.top < innerHeight;
  return ring && there ? "seen" : "unseen";
}
"""
"""Whether this has the focus, with a ring around it, and stands on the screen (WCAG 2.2, 2.4.7 and 2.4.11)."""


def go(page: Page, what: str) -> None:
    """On with Tab until this has the focus: in the order of the page, past everything that stands before it."""
    for _ in range(MOST_STOPS):
        page.keyboard.press("Tab")
        if (stands := page.evaluate(AT, what)) != "elsewhere":
            assert stands == "seen", f"{what} has the focus, and nobody sees it"
            return
    raise AssertionError(f"{what} is not reached by Tab")


def press(page: Page, what: str) -> None:
    """On with Tab to this, then Enter."""
    go(page, what)
    page.keyboard.press("Enter")


def sign_in(page: Page, desk: Desk, base: str, email: str) -> None:
    """The page of itself stands in the first field."""
    page.goto(f"{base}/desk/sign-in")
    expect(page.locator("#email")).to_be_focused()
    page.keyboard.type(email)
    for field, words in (("#password", PASSWORD), ("#code", desk.code(email))):
        go(page, field)
        page.keyboard.type(words)
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{base}/desk/")


def orderly(page: Page) -> None:
    """Nothing jumps the queue: the order of the keys is that of the page (WCAG 2.4.3)."""
    assert page.locator("[tabindex]:not([tabindex='0']):not([tabindex='-1'])").count() == 0, page.url


def test_from_the_sign_in_to_the_second_person(chromium: Chromium, sessions: Sessions) -> None:
    desk = Desk(sessions)
    with served(desk.app) as base:
        office, other = (chromium.new_context(viewport=OFFICE, reduced_motion="reduce") for _ in range(2))
        author, second = office.new_page(), other.new_page()
        _write(author, desk, base)
        _approve(second, desk, base)
        office.close()
        other.close()


def _write(page: Page, desk: Desk, base: str) -> None:
    sign_in(page, desk, base, ISSUER)
    page.keyboard.press("Tab")
    expect(page.locator(".usa-skipnav")).to_be_focused()
    page.keyboard.press("Enter")
    press(page, ".launch")
    expect(page.locator(".map path").first).to_be_visible()
    assert page.evaluate("getComputedStyle(document.querySelector('.map path')).transitionDuration") == "0s"
    orderly(page)
    go(page, "#names")
    page.keyboard.type("Ayer")
    press(page, "main form .usa-button--big")
    expect(page.locator(".three")).to_contain_text("911 is down in Ayer")
    orderly(page)
    press(page, ".check-side .usa-button--big")
    expect(page.locator(".hash")).to_be_visible()
    press(page, "form[action$='/release-agencies'] button")
    expect(page.locator(".stand.is-out")).to_be_visible()


def _approve(page: Page, desk: Desk, base: str) -> None:
    sign_in(page, desk, base, SECOND)
    go(page, "a[href*='/revisions/']")
    page.keyboard.press("Enter")
    expect(page.locator("#code")).to_be_visible()
    orderly(page)
    go(page, "#code")
    page.keyboard.type(desk.code(SECOND))
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/desk/alerts/\w+$"))
    expect(page.locator(".board-state")).to_contain_text("On air")
