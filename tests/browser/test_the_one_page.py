"""The summary of a statewide alert fills one sheet of letter paper, in both languages, and is read on a phone."""

from __future__ import annotations

import re

from playwright.sync_api import Browser, expect

from broadcaster.local.massachusetts import sample
from broadcaster.store.database import Sessions
from tests.browser.looking import MARKS, OFFICE, PHONE, SHOTS, accessible, fits, served, shot, watched
from tests.desk import ISSUER, NOON, PASSWORD, SECOND, Desk, walk

pytestmark = MARKS
A_PAGE = re.compile(rb"/Type\s*/Page[^s]")


def test_one_sheet(chromium: Browser, sessions: Sessions) -> None:
    desk = Desk(sessions, places=sample.load(NOON.date()))
    author, second = desk.browser(ISSUER), desk.browser(SECOND)
    alert = walk(desk, author, names="", statewide="1", note="A cut fibre. " * 30)
    author.send("/submit")
    page_of = author.path
    author.send("/release-agencies")
    second.open(page_of).send("/approve", code=desk.code(SECOND))
    with served(desk.app) as base:
        for lang in ("en", "es"):
            context = chromium.new_context(viewport=OFFICE, locale=f"{lang}-US")
            page = context.new_page()
            wrong = watched(page, base)
            page.goto(f"{base}{alert}/summary")
            page.fill("#email", ISSUER)
            page.fill("#password", PASSWORD)
            page.fill("#code", desk.code(ISSUER))
            page.click("main button >> nth=0")
            page.goto(f"{base}{alert}/summary")
            expect(page.locator(".sheet")).to_contain_text("357")
            accessible(page)
            fits(page)
            page.set_viewport_size(PHONE)
            shot(page, f"summary-phone-{lang}")
            page.set_viewport_size(OFFICE)
            shot(page, f"summary-{lang}")
            SHOTS.mkdir(parents=True, exist_ok=True)
            paper = page.pdf(path=SHOTS / f"summary-{lang}.pdf", prefer_css_page_size=True)
            assert len(A_PAGE.findall(paper)) == 1
            assert wrong == []
            context.close()
