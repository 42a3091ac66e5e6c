"""A passkey in a real browser: Chromium's own virtual authenticator makes it, signs in and approves by it."""

from __future__ import annotations

import socket

from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page, expect

from broadcaster.store.database import Sessions
from broadcaster.store.desk import rights
from broadcaster.store.desk.people import by_email
from broadcaster.web.signin import accounts
from tests.browser.looking import MARKS, OFFICE, PHONE, accessible, fits, served, shot, watched
from tests.browser.test_the_roster import sign_in
from tests.desk import ISSUER, PASSWORD, SECOND, Desk, settings, walk

pytestmark = MARKS
LONG = 30_000
"""Milliseconds that a release and its board may take on a machine that is busy."""
ADMIN = "ana@desk.example"
DEVICE = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def looked_at(page: Page, name: str, size: dict[str, int] = OFFICE) -> None:
    page.set_viewport_size(size)
    shot(page, name)
    accessible(page)
    fits(page)
    page.set_viewport_size(size)


def test_it_is_made_signs_in_and_approves(sessions: Sessions, chromium: Chromium) -> None:
    port = free_port()
    desk = Desk(sessions, chosen=settings(public_base_url=f"http://localhost:{port}"))
    author = desk.browser(ISSUER)
    walk(desk, author)
    author.send("/submit")
    with served(desk.app, port) as base:
        page = chromium.new_context(viewport=PHONE).new_page()
        wrong = watched(page, base)
        tools = page.context.new_cdp_session(page)
        tools.send("WebAuthn.enable")
        device = tools.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})["authenticatorId"]
        sign_in(page, base, desk, SECOND)
        page.get_by_role("link", name="Abe").click()
        looked_at(page, "how-you-sign-in", PHONE)
        page.get_by_label("Its name").fill("My phone")
        page.locator("#make-code").fill(desk.code(SECOND))
        page.get_by_role("button", name="Make a passkey on this device").click()
        expect(page.get_by_text("Made. From now on “My phone” signs you in")).to_be_visible()
        assert len(tools.send("WebAuthn.getCredentials", {"authenticatorId": device})["credentials"]) == 1
        page.get_by_role("button", name="Sign out").click()
        expect(page.get_by_role("button", name="Sign in with a passkey")).to_be_visible()
        looked_at(page, "sign-in-with-a-passkey", PHONE)
        page.get_by_role("button", name="Sign in with a passkey").click()
        expect(page.get_by_role("link", name="Your approval is asked for")).to_be_visible()
        page.goto(base + author.path)
        looked_at(page, "approve-with-a-passkey", PHONE)
        page.get_by_role("button", name="Use a passkey instead").click()
        expect(page.get_by_text("Approved. It is going out now.")).to_be_visible(timeout=LONG)
        page.goto(f"{base}/desk/account/sessions")
        looked_at(page, "where-you-are-signed-in", PHONE)
        assert wrong == []


def test_the_pages_of_people_and_of_what_one_signs_in_by(sessions: Sessions, chromium: Chromium) -> None:
    desk = Desk(sessions)
    with sessions.begin() as store:
        accounts.add_user(store, desk.sealer, ADMIN, "Ana", PASSWORD, ["admin", "approver"])
        ida = by_email(store, ISSUER)
        assert ida is not None
        rights.ask_role(store, ida, rights.Role.APPROVER, None, "She is trained since May")
    desk.browser(ADMIN)
    with served(desk.app) as base:
        page = chromium.new_context(viewport=OFFICE, color_scheme="dark").new_page()
        sign_in(page, base, desk, ADMIN)
        for path in ("account/", "account/sessions", "account/authenticator", "people/", f"people/{ida.id}"):
            page.goto(f"{base}/desk/{path}")
            page.evaluate("for (const one of document.querySelectorAll('main details')) { one.open = true; }")
            looked_at(page, f"desk-{path.strip('/').replace('/', '-').replace(str(ida.id), 'one')}")
        page.goto(f"{base}/desk/account/")
        page.locator("#codes").fill(desk.code(ADMIN))
        page.get_by_role("button", name="Make ten").click()
        looked_at(page, "recovery-codes")
