"""A real browser: the officer fills in the form, the second person approves on a phone, the board is on air."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from broadcaster.store.database import Sessions
from tests.browser.looking import MARKS, OFFICE, PHONE, accessible, fits, served, shot, watched
from tests.desk import ISSUER, PASSWORD, SECOND, Desk

pytestmark = MARKS


@pytest.fixture
def address(sessions: Sessions) -> Iterator[tuple[Desk, str]]:
    desk = Desk(sessions)
    with served(desk.app) as base:
        yield desk, base


def sign_in(page: Page, desk: Desk, base: str, email: str) -> None:
    page.goto(f"{base}/desk/")
    page.fill("#email", email)
    page.fill("#password", PASSWORD)
    page.fill("#code", desk.code(email))
    page.click("main button")
    expect(page).to_have_url(f"{base}/desk/")


@pytest.mark.parametrize("script", [True, False], ids=["with scripts", "without scripts"])
def test_from_the_form_to_the_board(chromium: Browser, address: tuple[Desk, str], script: bool) -> None:
    desk, base = address
    office = chromium.new_context(viewport=OFFICE, java_script_enabled=script)
    phone = chromium.new_context(viewport=PHONE, java_script_enabled=script, has_touch=True)
    author, second = office.new_page(), phone.new_page()
    wrong = [watched(author, base), watched(second, base)]

    author.goto(f"{base}/desk/sign-in")
    shot(author, "sign-in")
    sign_in(author, desk, base, ISSUER)
    shot(author, "home")
    author.click("text=911 is down")
    if script:
        author.click("path[data-county='25017']")
        expect(author.locator("#counties-25017")).to_be_checked()
    else:
        author.click("label[for=counties-25017]")
    author.fill("#names", "Harvard")
    shot(author, "form")
    author.click("text=Next: check")
    expect(author.locator(".number-row.is-red")).to_contain_text("Harvard")
    author.fill("#number-harvard", "978-555-0166")
    shot(author, "numbers")
    author.click("text=Use these numbers")
    expect(author.locator(".bubble")).to_contain_text("911 is down in Ayer")
    author.select_option("#community", "harvard")
    author.click("text=Show")
    expect(author.locator(".bubble")).to_contain_text("978-555-0166")
    shot(author, "preview")
    author.click(".check-side button")
    author.click("text=Release to agencies now")
    expect(author.locator(".stand.is-waiting")).to_be_visible()
    shot(author, "waiting")

    sign_in(second, desk, base, SECOND)
    second.click("text=Read and decide")
    shot(second, "approval-phone")
    assert second.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    second.fill("#code", desk.code(SECOND))
    second.click("text=Approve and send")
    expect(second).to_have_url(re.compile(r"/desk/alerts/\w+$"))
    author.goto(second.url)
    shot(author, "board")
    shot(second, "board-phone")
    assert wrong == [[], []]
    office.close()
    phone.close()


def test_every_page_fits_its_screen_and_everybody(chromium: Browser, address: tuple[Desk, str]) -> None:
    desk, base = address
    context = chromium.new_context()
    page = context.new_page()
    sign_in(page, desk, base, ISSUER)
    for step in ("", "new"):
        page.goto(f"{base}/desk/{step}")
        accessible(page)
    page.fill("#names", "Ayer, Groton, Harvard")
    for button in ("text=Next: check", "text=Use these numbers", ".check-side button", "text=Release to agencies now"):
        fits(page)
        accessible(page)
        with page.expect_navigation():
            page.click(button)
    context.close()
