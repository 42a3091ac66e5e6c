"""The detector's list and a proposal with its chart, in a browser: axe, narrow and wide, the red line everywhere."""

from __future__ import annotations

from playwright.sync_api import Browser as Chromium
from playwright.sync_api import expect

from broadcaster.store.database import Sessions
from tests.browser.looking import MARKS, OFFICE, accessible, fits, served, shot
from tests.browser.test_the_roster import sign_in
from tests.desk import ISSUER, NOON, Desk
from tests.flow.test_the_phones_go_quiet import ALL, Night

pytestmark = MARKS


def test_a_proposal_and_its_evidence(sessions: Sessions, chromium: Chromium) -> None:
    night = Night(Desk(sessions))
    night.desk.now = NOON
    night.minutes(35, missing=["salem-psap"])
    night.minutes(4, quiet=ALL, missing=["salem-psap"])
    with served(night.desk.app) as base:
        ida = chromium.new_context(viewport=OFFICE).new_page()
        sign_in(ida, base, night.desk, ISSUER)
        expect(ida.get_by_role("link", name="Is 911 down?")).to_be_visible()
        ida.goto(f"{base}/desk/detector")
        ida.get_by_text("Plan work").click()
        shot(ida, "detector")
        accessible(ida)
        fits(ida)
        ida.set_viewport_size(OFFICE)
        ida.get_by_role("link", name="Read and decide").last.click()
        expect(ida.get_by_role("heading", name="no 911 call has arrived")).to_be_visible()
        shot(ida, "detector-proposal")
        accessible(ida)
        fits(ida)
        ida.get_by_role("button", name="Make a draft from this").click()
        expect(ida.get_by_text("A draft was made from it")).to_be_visible()
