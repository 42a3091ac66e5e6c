"""911 trouble on a phone, the red line at an open desk, the record of the outage: in a browser and as they look."""

from __future__ import annotations

from playwright.sync_api import Browser as Chromium
from playwright.sync_api import expect

from broadcaster.store.database import Sessions
from tests.browser.looking import MARKS, OFFICE, PHONE, accessible, fits, served, shot
from tests.browser.test_the_roster import sign_in
from tests.desk import BOTH, ISSUER, SECOND, Desk, released
from tests.flow.test_911_trouble import link, places, tap
from tests.flow.test_an_outage_from_first_word import opened

pytestmark = MARKS


def test_from_two_taps_to_the_record(sessions: Sessions, chromium: Chromium) -> None:
    desk = Desk(sessions, places=places())
    with served(desk.app) as base:
        ida = chromium.new_context(viewport=OFFICE).new_page()
        sign_in(ida, base, desk, ISSUER)
        ida.goto(f"{base}/desk/outages")
        expect(ida.get_by_text("No outage is open.")).to_be_visible()

        psap = chromium.new_context(viewport=PHONE).new_page()
        psap.goto(base + link(desk, "ayer-psap"))
        shot(psap, "trouble-on-a-phone")
        accessible(psap)
        psap.get_by_text("No 911 calls arrive").click()
        psap.get_by_role("button", name="Send to the 911 authority").click()
        expect(psap.get_by_text("The desk has your report")).to_be_visible()
        psap.get_by_text("Say more, or ask for an alert").click()
        shot(psap, "trouble-sent")
        accessible(psap)
        fits(psap)

        line = ida.get_by_role("link", name="Ayer dispatch: no 911 calls arrive")
        expect(line).to_be_visible(timeout=20_000)  # without a reload
        desk.later(minutes=4)
        tap(desk, "harvard-psap", "some", words="Two of three failed", call_back="978-555-0113", draft="Call police.")
        ida.goto(f"{base}/desk/trouble")
        expect(ida.get_by_text("2 answering points within ten minutes")).to_be_visible()
        shot(ida, "trouble-at-the-desk")
        accessible(ida)
        fits(ida)
        ida.set_viewport_size(OFFICE)
        ida.goto(f"{base}/desk/trouble/links")
        shot(ida, "trouble-links")
        accessible(ida)
        fits(ida)

        bea = desk.browser(BOTH)
        released(desk, bea, desk.browser(SECOND), SECOND)
        ida.set_viewport_size(OFFICE)
        ida.goto(f"{base}/desk/outages")
        shot(ida, "outages")
        accessible(ida)
        fits(ida)
        ida.get_by_role("link", name="Record", exact=True).first.click()
        ida.get_by_label("What happened").fill("The vendor was called and has opened a ticket.")
        ida.get_by_role("button", name="Write it down").click()
        expect(ida.get_by_text("The vendor was called")).to_be_visible()
        ida.get_by_text("Hand it over").click()
        shot(ida, "outage-record")
        accessible(ida)
        fits(ida)
        gone = opened(bea, names="Salem", known_from="The vendor")
        bea.send("/join", join="One switch.", into=ida.url.rpartition("/")[2])
        ida.reload()
        ida.set_viewport_size(OFFICE)
        shot(ida, "outage-with-another-one")
        accessible(ida)
        fits(ida)
        ida.set_viewport_size(OFFICE)
        ida.get_by_role("button", name="Part it").click()
        expect(ida.get_by_text("Parted: each record stands by itself again.")).to_be_visible()
        assert ida.url == base + gone
        ida.go_back()
        ida.get_by_role("link", name="Change what is known").click()
        shot(ida, "outage-facts")
        accessible(ida)
        fits(ida)
