"""Without a mouse: an alert is written, checked and released by the keys alone, and one sees where one is."""

from __future__ import annotations

from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page, expect

from broadcaster.store.database import Sessions
from tests.browser.looking import MARKS, OFFICE, served
from tests.desk import ISSUER, PASSWORD, Desk

pytestmark = MARKS
MOST_STOPS = 200
"""A field for a moment is seven of them."""
SEEN = """
() => {
  const at = document.activeElement, own = getComputedStyle(at), box = at.getBoundingClientRect();
  return own.outlineStyle !== "none" && parseFloat(own.outlineWidth) >= 2 && box.width > 0 && box.top >= 0;
}
"""
"""Whether what has the focus has a ring around it, and stands on the screen."""


def go(page: Page, what: str) -> None:
    """On with Tab until this has the focus: in the order of the page, past everything that stands before it."""
    for _ in range(MOST_STOPS):
        page.keyboard.press("Tab")
        if page.evaluate("what => document.activeElement.matches(what)", what):
            assert page.evaluate(SEEN), f"{what} has the focus, and nobody sees it"
            return
    raise AssertionError(f"{what} is not reached by Tab")


def test_from_the_sign_in_to_the_release(chromium: Chromium, sessions: Sessions) -> None:
    desk = Desk(sessions)
    context = chromium.new_context(viewport=OFFICE, reduced_motion="reduce")
    page = context.new_page()
    with served(desk.app) as base:
        page.goto(f"{base}/desk/sign-in")
        for field, words in (("#email", ISSUER), ("#password", PASSWORD), ("#code", desk.code(ISSUER))):
            if page.evaluate("field => !document.activeElement.matches(field)", field):
                go(page, field)
            page.keyboard.type(words)
        page.keyboard.press("Enter")
        expect(page.locator(".launch")).to_be_visible()
        page.keyboard.press("Tab")
        expect(page.locator(".usa-skipnav")).to_be_focused()
        page.keyboard.press("Enter")
        go(page, ".launch")
        page.keyboard.press("Enter")
        expect(page.locator(".map path").first).to_be_visible()
        assert page.evaluate("getComputedStyle(document.querySelector('.map path')).transitionDuration") == "0s"
        go(page, "#names")
        page.keyboard.type("Ayer")
        go(page, "main form .usa-button--big")
        page.keyboard.press("Enter")
        expect(page.locator(".three")).to_contain_text("911 is down in Ayer")
        assert page.locator("[tabindex]:not([tabindex='0']):not([tabindex='-1'])").count() == 0
        go(page, ".check-side .usa-button--big")
        page.keyboard.press("Enter")
        expect(page.locator(".hash")).to_be_visible()
        go(page, "form[action$='/release-agencies'] button")
        page.keyboard.press("Enter")
        expect(page.locator(".stand.is-out")).to_be_visible()
    context.close()
