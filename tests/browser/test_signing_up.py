"""A resident at the sign-up page: on a phone, in two directions of writing, with a mistake, without a script."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from broadcaster.messages.reception import phrases
from broadcaster.store.database import Sessions
from tests.browser.looking import MARKS, OFFICE, PHONE, accessible, fits, served, shot, watched
from tests.desk import Desk, settings

pytestmark = MARKS


@pytest.mark.parametrize("lang", ["en", "ar"])
@pytest.mark.parametrize("screen", [OFFICE, PHONE], ids=["office", "phone"])
def test_signing_up(chromium: Browser, sessions: Sessions, screen: dict[str, int], lang: str) -> None:
    desk = Desk(sessions, chosen=settings(lookup_sms="+16175550911", lookup_voice="+16175550912"))
    book = phrases().book(lang)
    context = chromium.new_context(viewport=screen, java_script_enabled=True)
    with served(desk.app) as base:
        page = context.new_page()
        wrong = watched(page, base)
        page.goto(f"{base}/subscribe?lang={lang}")
        shot(page, f"sign-up-{lang}-{screen['width']}")
        accessible(page)
        fits(page)
        page.fill("#phone", "911")
        page.fill("#places", "Ayer\nAtlantis")
        page.get_by_role("button", name=book.word("send")).click()
        expect(page.get_by_role("alert")).to_contain_text(book.word("problem"))
        assert page.input_value("#places") == "Ayer\nAtlantis", "nothing typed is lost"
        shot(page, f"sign-up-wrong-{lang}-{screen['width']}")
        accessible(page)
        fits(page)
        page.fill("#phone", "413-555-0123")
        page.fill("#places", "Ayer")
        page.get_by_role("button", name=book.word("send")).click()
        expect(page.get_by_role("status")).to_contain_text(book.word("sent"))
        accessible(page)
        fits(page)
        page.get_by_role("link", name=book.word("change_title")).click()
        accessible(page)
        fits(page)
    context.close()
    assert [each for each in wrong if "422" not in each] == []
