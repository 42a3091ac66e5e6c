"""A provider's notice in a browser: written down, read, made a draft of; as it looks."""

from __future__ import annotations

from datetime import timedelta

from playwright.sync_api import Browser as Chromium
from playwright.sync_api import expect

from broadcaster.store.database import Sessions
from tests.browser.looking import MARKS, OFFICE, accessible, fits, served, shot
from tests.browser.test_the_roster import sign_in
from tests.desk import ISSUER, Desk
from tests.flow.test_a_providers_notice import ZONE, places

pytestmark = MARKS


def local(desk: Desk, minutes: float) -> str:
    return (desk.now - timedelta(minutes=minutes)).astimezone(ZONE).strftime("%Y-%m-%dT%H:%M")


def test_from_the_telephone_to_the_draft(sessions: Sessions, chromium: Chromium) -> None:
    desk = Desk(sessions, places=places())
    with served(desk.app) as base:
        ida = chromium.new_context(viewport=OFFICE).new_page()
        sign_in(ida, base, desk, ISSUER)
        ida.goto(f"{base}/desk/outages")
        ida.get_by_role("link", name="A provider’s notice").click()
        ida.get_by_role("button", name="Keep the notice").click()
        expect(ida.locator("#problem-provider")).to_be_visible()
        shot(ida, "notice-form")
        accessible(ida)
        fits(ida)
        ida.set_viewport_size(OFFICE)
        for label, words in {
            "Provider": "Example Telecom",
            "Its ticket or outage number": "ET-4711",
            "They told us at": local(desk, 150),
            "They discovered it at": local(desk, 200),
            "Area affected": "Ayer, Groton, Gotham",
            "How it may affect 911": "Calls to 911 cannot be completed.",
            "Contact at the provider": "Nora Noc",
            "Best-known cause": "a firewall",
        }.items():
            ida.get_by_label(label, exact=True).fill(words)
        ida.get_by_role("button", name="Keep the notice").click()
        expect(ida.get_by_role("heading", name="Notice of Example Telecom, ET-4711")).to_be_visible()
        shot(ida, "notice-page")
        accessible(ida)
        fits(ida)
        ida.set_viewport_size(OFFICE)
        ida.goto(f"{base}/desk/")
        shot(ida, "notice-owed")
        accessible(ida)
        ida.get_by_role("link", name="Example Telecom owes us a follow-up").click()
        shot(ida, "notices-of-an-outage")
        accessible(ida)
        fits(ida)
        ida.set_viewport_size(OFFICE)
        ida.get_by_role("link", name="Example Telecom, ET-4711").click()
        ida.get_by_role("button", name="Make a draft from it").click()
        expect(ida.get_by_text("The directory does not know: Gotham.")).to_be_visible()
        shot(ida, "notice-draft")
