"""A provider's notice in a browser: written down, read, made a draft of; as it looks."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from playwright.sync_api import Browser as Chromium
from playwright.sync_api import expect

from broadcaster.outage.notice.intake import Intake
from broadcaster.outage.notice.reader import NoticeReader
from broadcaster.store.agencies.provider_senders import ProviderSender
from broadcaster.store.database import Sessions
from broadcaster.store.desk import people
from tests.browser.looking import MARKS, OFFICE, accessible, fits, served, shot
from tests.browser.test_the_roster import sign_in
from tests.desk import ISSUER, Desk
from tests.flow.test_911_trouble import places as trouble_places
from tests.flow.test_911_trouble import tap
from tests.flow.test_a_providers_notice import ZONE, places

pytestmark = MARKS


def local(desk: Desk, minutes: float) -> str:
    return (desk.now - timedelta(minutes=minutes)).astimezone(ZONE).strftime("%Y-%m-%dT%H:%M")


def test_from_the_telephone_to_the_draft(sessions: Sessions, chromium: Chromium) -> None:
    desk = Desk(sessions, now=datetime.now(UTC).replace(microsecond=0), places=places())
    with served(desk.app) as base:
        ida = chromium.new_context(viewport=OFFICE).new_page()
        sign_in(ida, base, desk, ISSUER)
        ida.goto(f"{base}/desk/outages")
        ida.get_by_role("link", name="A provider’s notice").click()
        ida.get_by_label("Best-known cause", exact=True).fill("a firewall")
        expect(ida.locator("#kept-line")).to_contain_text("Kept at")
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
        ida.goto(f"{base}{mailed(desk)}")
        expect(ida.get_by_role("button", name="It is theirs")).to_be_visible()
        shot(ida, "notice-not-proved")
        accessible(ida)
        fits(ida)
        ida.set_viewport_size(OFFICE)
        ida.goto(f"{base}/desk/")
        shot(ida, "notice-at-home")
        ida.goto(f"{base}/desk/outages/providers")
        shot(ida, "providers")
        accessible(ida)
        fits(ida)


def mailed(desk: Desk) -> str:
    """A mail that nobody proved comes in, and one without a ticket that goes on with what the telephone said."""
    head = "From: Example Telecom <noc@ex.example>\nSubject: update\n\nProvider: Example Telecom\n"
    found = (desk.now - timedelta(minutes=200)).strftime("Discovered: %Y-%m-%d %H:%M UTC")
    reader = NoticeReader(Intake(desk.sealer, "Massachusetts"), ZONE, "mx.state911.example")
    with desk.sessions.begin() as store:
        ida = people.by_email(store, ISSUER)
        assert ida is not None
        whose = {"provider": "Example Telecom", "provider_key": "exampletelecom", "sender": "ex.example"}
        store.add(ProviderSender(**whose, added_by=ida.id))
        store.flush()
        signed = "Authentication-Results: mx.state911.example; dkim=pass header.d=ex.example\n"
        joined = reader.take(store, f"{signed}{head}{found}\nArea: Ayer\nImpact: It is worse.\n".encode())
        reader.take(store, f"{head}Ticket: ET-4711\nImpact: It works again.\n".encode())
        assert joined is not None and joined.version.joined
        return f"/desk/outages/notices/{joined.row.public_id}"


def test_a_report_of_trouble_rings_at_an_open_desk(sessions: Sessions, chromium: Chromium) -> None:
    desk = Desk(sessions, places=trouble_places())
    with served(desk.app) as base:
        ida = chromium.new_context(viewport=OFFICE).new_page()
        ida.add_init_script(
            "window.rung = 0; const Sound = AudioContext;"
            " window.AudioContext = class extends Sound { constructor() { super(); window.rung += 1; } };"
        )
        sign_in(ida, base, desk, ISSUER)
        ida.goto(f"{base}/desk/roster/")
        tap(desk, "ayer-psap")
        expect(ida).to_have_title(re.compile(r"^\(!\) 911 trouble - "), timeout=20_000)
        expect(ida.get_by_text("Ayer dispatch: no 911 calls arrive")).to_be_visible()
        assert ida.evaluate("window.rung") == 1
        ida.keyboard.press("Tab")
        expect(ida).not_to_have_title(re.compile(r"^\(!\)"))
