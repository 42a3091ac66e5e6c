"""The auditor in a real browser: finds the approval, opens it with its proof, takes it along."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from broadcaster.dispatch.witness import signer_of
from broadcaster.store.database import Sessions
from broadcaster.store.timeline import checkpoints
from tests.browser.looking import MARKS, OFFICE, PHONE, accessible, fits, served, shot, watched
from tests.browser.test_the_desk import sign_in
from tests.desk import AUDITOR, ISSUER, SECOND, Desk, released

pytestmark = MARKS


@pytest.mark.parametrize("screen", [OFFICE, PHONE], ids=["office", "phone"])
def test_who_approved_it(chromium: Browser, sessions: Sessions, screen: dict[str, int]) -> None:
    desk = Desk(sessions)
    released(desk, desk.browser(ISSUER), desk.browser(SECOND), SECOND)
    with sessions.begin() as store:
        checkpoints.make(store, signer_of(desk.chosen), desk.now)
    context = chromium.new_context(viewport=screen, java_script_enabled=True)
    with served(desk.app) as base:
        page = context.new_page()
        wrong = watched(page, base)
        sign_in(page, desk, base, AUDITOR)
        page.click("footer >> text=Ledger")
        shot(page, f"ledger-{screen['width']}")
        accessible(page)
        fits(page)
        page.select_option("#kind", "approved")
        page.get_by_role("button", name="Show", exact=True).click()
        expect(page.locator("tbody tr")).to_have_count(1)
        page.click("tbody a")
        expect(page.locator("h1")).to_contain_text("Event")
        page.locator("dd").nth(3).evaluate("node => { node.textContent = 'alert:' + 'm'.repeat(16); }")
        page.set_viewport_size(screen)
        shot(page, f"ledger-event-{screen['width']}")
        accessible(page)
        fits(page)
        page.go_back()
        with page.expect_download() as taken:
            page.click("text=CSV, for a spreadsheet")
        assert taken.value.suggested_filename == "ledger.csv"
    context.close()
    assert [each for each in wrong if "export" not in each] == []
