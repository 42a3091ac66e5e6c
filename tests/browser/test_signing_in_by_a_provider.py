"""The way to an identity provider and back in a real browser, across sites; and the pages of a person of an agency."""

from __future__ import annotations

from playwright.sync_api import Browser as Chromium
from playwright.sync_api import expect

from broadcaster.store.agencies import agency_people
from broadcaster.store.database import Sessions
from broadcaster.store.desk import people
from broadcaster.web.signin import accounts
from tests.browser.looking import MARKS, OFFICE, PHONE, served
from tests.browser.test_passkeys import free_port, looked_at
from tests.browser.test_the_roster import sign_in
from tests.desk import ISSUER, PASSWORD, SECOND, Desk, released, settings
from tests.oidc import ANSWER, Idp

pytestmark = MARKS
POLICE = "pat@desk.example"


def test_there_and_back_and_what_an_agency_sees(sessions: Sessions, chromium: Chromium) -> None:
    port, desks = free_port(), list[Desk]()
    base = f"http://localhost:{port}"
    idp = Idp(lambda: desks[0].now, callback=f"{base}{ANSWER}")
    desk = Desk(sessions, chosen=settings(public_base_url=base, **idp.settings))
    desks.append(desk)
    with sessions.begin() as store:
        accounts.add_account(store, desk.sealer, POLICE, "Pat", PASSWORD)
        pat = people.by_email(store, POLICE)
        assert pat is not None
        pat.roles = [people.role(store, "agency")]
        agency_people.bind(store, pat, "ayer-police")
    released(desk, desk.browser(ISSUER), desk.browser(SECOND), SECOND)
    idp.person = {"sub": "pat-1", "email": POLICE, "email_verified": True}
    with served(desk.app, port):
        page = chromium.new_context(viewport=OFFICE, color_scheme="dark").new_page()
        sign_in(page, base, desk, POLICE)
        looked_at(page, "agency-page")
        page.get_by_role("link", name="Pat").click()
        page.locator("#provider-code").fill(desk.code(POLICE))
        page.get_by_role("button", name="Connect State Login").click()
        looked_at(page, "provider-connect")
        page.get_by_role("link", name="Go on to State Login").click()
        expect(page.get_by_text("Connected: State Login signs you in")).to_be_visible()
        looked_at(page, "provider-connected")
        page.get_by_role("button", name="Sign out").click()
        looked_at(page, "sign-in-with-a-provider")
        looked_at(page, "sign-in-with-a-provider-phone", PHONE)
        page.get_by_role("link", name="Sign in with State Login").click()
        expect(page.get_by_role("heading", name="One more step")).to_be_visible()
        looked_at(page, "provider-second-factor", PHONE)
        page.get_by_label("Code", exact=True).fill(desk.code(POLICE))
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("heading", name="Ayer Police")).to_be_visible()
        page.get_by_role("link", name="Read and answer").first.click()
        looked_at(page, "agency-notice", PHONE)
        page.goto(f"{base}/desk/agency/upkeep")
        looked_at(page, "agency-upkeep", PHONE)
    idp.close()
