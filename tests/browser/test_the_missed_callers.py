"""Missed callers in a browser: how a log is read, the list in its order, and one caller on a phone."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page, expect

from broadcaster.store.database import Sessions
from broadcaster.web.signin import accounts
from tests import calls
from tests.browser.looking import MARKS, OFFICE, PHONE, accessible, fits, served, shot, watched
from tests.browser.test_the_roster import sign_in
from tests.desk import ISSUER, PASSWORD, Desk
from tests.flow.test_an_outage_from_first_word import opened

pytestmark = MARKS
BOTH = "ira@desk.example"
POLLS = ("/asked", "/strip")
"""What an open page asks by itself is broken off when one goes on."""


def test_from_the_file_to_the_outcome(sessions: Sessions, chromium: Chromium, tmp_path: Path) -> None:
    desk = Desk(sessions)
    with sessions.begin() as store:
        accounts.add_user(store, desk.sealer, BOTH, "Ira", PASSWORD, ["issuer", "admin"])
    record = opened(desk.browser(ISSUER))
    log = tmp_path / "router.csv"
    log.write_bytes(calls.made().router_csv)
    with served(desk.app) as base:
        page = chromium.new_context(viewport=OFFICE).new_page()
        wrong = watched(page, base)
        sign_in(page, base, desk, BOTH)
        page.goto(f"{base}{record}")
        page.get_by_role("link", name="Missed callers").click()
        accessible(page)
        page.get_by_label("Which system is it of?").fill("Router")
        page.get_by_label("The file").set_input_files(log)
        page.get_by_role("button", name="Show how it is read").click()
        expect(page.get_by_text("The first calls, as they are understood")).to_be_visible()
        shot(page, "missed-how-a-log-is-read")
        accessible(page)
        fits(page)
        page.get_by_role("button", name="Import all but 2 lines").click()
        expect(page.get_by_text("A log of Router was imported")).to_be_visible()
        page.set_viewport_size(OFFICE)
        shot(page, "missed-figures")
        accessible(page)
        fits(page)
        page.get_by_role("link", name="Ayer dispatch").click()
        page.set_viewport_size(OFFICE)
        shot(page, "missed-worklist")
        accessible(page)
        fits(page)
        page.set_viewport_size(PHONE)
        page.get_by_role("button", name="Take the next caller").click()
        expect(page.get_by_role("heading", name="What became of them?")).to_be_visible()
        shot(page, "missed-caller-on-a-phone")
        accessible(page)
        fits(page)
        page.locator("label[for=outcome-welfare_check]").click()
        page.get_by_label("For a welfare check: who is sent").fill("Ayer Police")
        page.get_by_role("button", name="Write it down").click()
        expect(page.get_by_text("Welfare check sent", exact=True)).to_be_visible()
        by_its_link(page, base, record)
        assert [one for one in wrong if not one.endswith(POLLS)] == []


def by_its_link(page: Page, base: str, record: str) -> None:
    """An answering point gets a link from the desk, and works its list on a phone."""
    page.set_viewport_size(OFFICE)
    page.goto(f"{base}{record}/missed/links")
    page.get_by_role("button", name="Make a link and mail it for Ayer dispatch").click()
    shot(page, "missed-links")
    accessible(page)
    fits(page)
    link = page.locator("section[aria-labelledby=of-ayer-psap] code").inner_text()
    page.set_viewport_size(PHONE)
    page.goto(base + urlsplit(link).path)
    shot(page, "missed-by-link")
    accessible(page)
    fits(page)
    page.set_viewport_size(PHONE)
    page.get_by_role("button", name="Take the next caller").click()
    expect(page.get_by_role("heading", name="What became of them?")).to_be_visible()
    shot(page, "missed-by-link-caller")
    accessible(page)
    fits(page)
