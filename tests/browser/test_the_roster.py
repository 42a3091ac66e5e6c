"""Breaking the glass, its marks, the banner of an open desk and the roster, in a browser and as they look."""

from __future__ import annotations

from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page, expect

from broadcaster.dispatch.paging.paging import Pager
from broadcaster.store.database import Sessions
from tests.browser.looking import MARKS, OFFICE, PHONE, accessible, fits, served, shot
from tests.desk import BOTH, ISSUER, PASSWORD, SECOND, Desk, walk

pytestmark = MARKS


def sign_in(page: Page, base: str, desk: Desk, email: str) -> None:
    page.goto(f"{base}/desk/sign-in")
    page.fill("[name=email]", email)
    page.fill("[name=password]", PASSWORD)
    page.fill("[name=code]", desk.code(email))
    page.get_by_role("button", name="Sign in", exact=True).click()


def test_one_person_at_night_and_the_other_two_desks(sessions: Sessions, chromium: Chromium) -> None:
    desk = Desk(sessions)
    author = desk.browser(ISSUER)
    walk(desk, author)
    author.send("/submit")
    path = author.path
    duty = Pager(sessions, desk.sealer, desk.app.extensions["broadcaster"].office, desk.chosen.secret_key)
    assert duty.look(desk.now) == 2
    desk.later(seconds=80)
    with served(desk.app) as base:
        ida = chromium.new_context(viewport=OFFICE).new_page()
        sign_in(ida, base, desk, ISSUER)
        ida.goto(base + path)
        expect(ida.get_by_text("Called Abe")).to_be_visible()
        shot(ida, "waiting-for-a-second-person")
        accessible(ida)
        abe = chromium.new_context(viewport=PHONE).new_page()
        sign_in(abe, base, desk, SECOND)
        expect(abe.get_by_role("link", name="Your approval is asked for")).to_be_visible()
        shot(abe, "asked-on-a-phone")
        accessible(abe)
        desk.later(minutes=6)
        ida.goto(base + path)
        ida.get_by_text("Nobody can be reached").click()
        shot(ida, "break-glass")
        accessible(ida)
        fits(ida)
        ida.set_viewport_size(OFFICE)
        ida.get_by_label("Why nobody else could be asked").fill("Abe and Bea do not answer")
        ida.get_by_label("Type the place").fill("Ayer")
        ida.get_by_label("Code from your authenticator").fill(desk.code(ISSUER))
        ida.get_by_role("button", name="Release alone").click()
        expect(ida.get_by_role("heading", name="was released by one person")).to_be_visible()
        shot(ida, "released-by-one-person")
        accessible(ida)
        abe.goto(base + path)
        expect(abe.get_by_text("Released by one person").first).to_be_visible()
        shot(abe, "review-on-a-phone")
        accessible(abe)
        fits(abe)


def test_the_roster_and_how_one_is_reached(sessions: Sessions, chromium: Chromium) -> None:
    desk = Desk(sessions)
    bea = desk.browser(BOTH).open("/desk/roster/me").send("/me", phone="202-555-0143")
    me = bea.open("/desk/roster/").page.xpath("//select[@id='who']/option[contains(., 'Bea')]/@value")[0]
    bea.send("/shifts", who=me, begins="2026-06-18T11:00", ends="2026-06-18T20:00")
    bea.send("/hand-over", to=me, note="Ayer is quiet").send("/receive")
    with served(desk.app) as base:
        page = chromium.new_context(viewport=OFFICE).new_page()
        sign_in(page, base, desk, BOTH)
        for path in ("/desk/roster/", "/desk/roster/me"):
            page.goto(base + path)
            page.set_viewport_size(OFFICE)
            shot(page, path.strip("/").replace("/", "-"))
            accessible(page)
            fits(page)
