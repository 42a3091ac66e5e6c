"""The pages around an alert in Spanish, whose words are longer: each fits the narrowest screen, and axe is silent."""

from __future__ import annotations

from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page, expect

from broadcaster.store.database import Sessions
from broadcaster.web.signin import accounts
from tests import calls
from tests.browser.looking import MARKS, OFFICE, accessible, fits, served, shot
from tests.browser.test_the_desk_in_spanish import sign_in
from tests.desk import NOON, PASSWORD, Desk
from tests.flow.missed import ADMIN, imported, with_a_number
from tests.flow.test_a_night_in_spanish import NOTICE, TIMES
from tests.flow.test_an_outage_from_first_word import opened
from tests.flow.test_the_phones_go_quiet import ALL, Night

pytestmark = MARKS
NARROW = {"width": 320, "height": 640}


def test_the_pages_around_an_alert_fit_in_spanish(chromium: Chromium, sessions: Sessions) -> None:
    night = Night(Desk(sessions))
    desk = night.desk
    desk.now = NOON
    with sessions.begin() as store:
        accounts.add_user(store, desk.sealer, ADMIN, "Ana", PASSWORD, ["admin", "approver", "issuer"])
    night.minutes(35, missing=["salem-psap"])
    night.minutes(4, quiet=ALL, missing=["salem-psap"])
    pages = _filled(desk)
    with served(desk.app) as base:
        context = chromium.new_context(viewport=NARROW, locale="es-US")
        page = context.new_page()
        page.goto(f"{base}/desk/")
        sign_in(page, desk, ADMIN)
        page.goto(f"{base}/desk/detector")
        page.locator(".card-go").first.click()
        expect(page.locator("h1")).to_contain_text("no llega ninguna llamada al 911")
        _looked_at(page, "proposal")
        for name, path in pages.items():
            page.goto(f"{base}{path}")
            _looked_at(page, name)
        context.close()


def _filled(desk: Desk) -> dict[str, str]:
    """A notice, two logs and a caller; the pages to look at, by name."""
    ana = desk.browser(ADMIN)
    record = opened(ana)
    missed = f"{record}/missed"
    imported(ana, missed, calls.made())
    caller = with_a_number(ana, missed, "ayer")
    notice = ana.open("/desk/outages/notices/new").send("/notices/new", **NOTICE, **TIMES).path
    return {
        "drills": "/desk/drills/",
        "detector": "/desk/detector",
        "trouble": "/desk/trouble/links",
        "missed": missed,
        "missed-list": f"{missed}/psaps/ayer-psap",
        "missed-caller": caller,
        "missed-links": f"{missed}/links",
        "notice": notice,
        "notice-form": "/desk/outages/notices/new",
        "report": f"{record}/report/full",
        "ledger": "/desk/ledger/",
    }


def _looked_at(page: Page, name: str) -> None:
    expect(page.locator("html")).to_have_attribute("lang", "es")
    page.evaluate("document.querySelectorAll('main details').forEach(each => { each.open = true; })")
    page.set_viewport_size(OFFICE)
    accessible(page)
    fits(page)
    page.set_viewport_size(NARROW)
    shot(page, f"es-night-{name}")
