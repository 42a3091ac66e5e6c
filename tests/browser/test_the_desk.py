"""A real browser: the officer fills in the form, the second person approves on a phone, the board is on air."""

from __future__ import annotations

import os
import re
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect, sync_playwright
from werkzeug.serving import make_server

from broadcaster.store.database import Sessions
from tests.desk import ISSUER, PASSWORD, SECOND, Desk

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(os.environ.get("NO_BROWSER") == "1", reason="NO_BROWSER=1"),
]
SHOTS = Path(__file__).resolve().parents[2] / "build" / "screenshots"
NAMES = ("chromium", "chromium-browser", "google-chrome")
WIDTHS = (320, 390, 768, 1280, 2560)
OFFICE, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    path = next(filter(None, map(shutil.which, NAMES)), None)
    assert path, "The browser tests need Chromium: run `make browser`, or set NO_BROWSER=1."
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@pytest.fixture
def address(sessions: Sessions) -> Iterator[tuple[Desk, str]]:
    desk = Desk(sessions)
    server = make_server("127.0.0.1", 0, desk.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield desk, f"http://localhost:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def sign_in(page: Page, desk: Desk, base: str, email: str) -> None:
    page.goto(f"{base}/desk/")
    page.fill("#email", email)
    page.fill("#password", PASSWORD)
    page.fill("#code", desk.code(email))
    page.click("main button")
    expect(page).to_have_url(f"{base}/desk/")


def shot(page: Page, name: str) -> None:
    SHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SHOTS / f"{name}.png", full_page=True)


def accessible(page: Page) -> None:
    """axe (WCAG 2.2 AA and its best practices) finds nothing on this page."""
    found = Axe().run(page).response["violations"]
    assert not [(each["id"], each["nodes"][0]["html"][:200]) for each in found], page.url


def watched(page: Page, base: str) -> list[str]:
    """What the page did wrong: errors on its console, failed requests, questions to any other host."""
    wrong: list[str] = []
    page.on("console", lambda line: wrong.append(line.text) if line.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("requestfailed", lambda request: wrong.append(request.url))
    page.on("request", lambda request: _own(request.url, base) or wrong.append(request.url))
    return wrong


def _own(url: str, base: str) -> bool:
    return url.startswith("data:") or urlsplit(url).netloc == urlsplit(base).netloc


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
    author.click("text=Next: numbers")
    expect(author.locator(".number-row.is-red")).to_contain_text("Harvard")
    author.fill("#number-harvard", "978-555-0166")
    shot(author, "numbers")
    author.click("text=Next: check")
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
    for button in ("text=Next: numbers", "text=Next: check", ".check-side button", "text=Release to agencies now"):
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            assert page.evaluate("document.documentElement.scrollWidth") <= width, (page.url, width)
        accessible(page)
        with page.expect_navigation():
            page.click(button)
    context.close()
