"""A Spanish officer goes from the desk to the release, a Spanish approver decides on a phone; we look at each page."""

from __future__ import annotations

from playwright.sync_api import Browser, Page, expect

from broadcaster.store.database import Sessions
from tests.browser.looking import MARKS, OFFICE, PHONE, accessible, fits, served, shot, watched
from tests.desk import ISSUER, PASSWORD, SECOND, Desk

pytestmark = MARKS


def sign_in(page: Page, desk: Desk, email: str) -> None:
    page.fill("#email", email)
    page.fill("#password", PASSWORD)
    page.fill("#code", desk.code(email))
    page.click("main button >> nth=0")


def test_a_spanish_officer_releases_an_alert(chromium: Browser, sessions: Sessions) -> None:
    desk = Desk(sessions)
    with served(desk.app) as base:
        office = chromium.new_context(viewport=OFFICE, locale="es-US")
        phone = chromium.new_context(viewport=PHONE, locale="es-MX", has_touch=True)
        officer, second = office.new_page(), phone.new_page()
        wrong = [watched(officer, base), watched(second, base)]
        officer.goto(f"{base}/desk/")
        _looked_at(officer, "es-sign-in")
        sign_in(officer, desk, ISSUER)
        _looked_at(officer, "es-home")
        officer.click("text=El 911 no funciona")
        officer.fill("#names", "Ayer, Atlantis")
        expect(officer.locator("#kept-line")).to_contain_text("Guardado a las")
        officer.click("text=Siguiente: comprobar")
        expect(officer.locator("#problem-names")).to_contain_text("no está en el directorio")
        officer.fill("#names", "Ayer, Groton, Harvard")
        _looked_at(officer, "es-form")
        officer.click("text=Siguiente: comprobar")
        expect(officer.locator(".guards")).to_contain_text("no tiene número propio")
        expect(officer.locator(".bubble")).to_contain_text("911 is down in Ayer")
        _looked_at(officer, "es-check")
        officer.click("#submit button")
        officer.click("text=Emitir a las agencias ahora")
        expect(officer.locator(".stand.is-out")).to_contain_text("Se les avisa desde")
        page = officer.url
        _looked_at(officer, "es-release")

        second.goto(page)
        sign_in(second, desk, SECOND)
        expect(second.locator("html")).to_have_attribute("lang", "es")
        expect(second.locator(".asked-strip")).to_contain_text("Se pide su aprobación")
        _looked_at(second, "es-approve")
        second.fill("#code", desk.code(SECOND))
        second.click("text=Aprobar y enviar")
        expect(second.locator(".board-state")).to_contain_text("Al aire")
        _looked_at(second, "es-board-phone")
        officer.goto(second.url)
        expect(officer.locator("[data-line]")).to_contain_text("se actualizan solas")
        _looked_at(officer, "es-board")
        officer.goto(f"{base}/desk/roster/")
        _looked_at(officer, "es-roster")
        officer.click(".masthead-tongue button")
        expect(officer.locator("h1")).to_have_text("Roster")
        assert [line for each in wrong for line in each if not (line.startswith(base) or "422" in line)] == []
        office.close()
        phone.close()


def _looked_at(page: Page, name: str) -> None:
    before = page.viewport_size
    accessible(page)
    fits(page)
    assert before is not None
    page.set_viewport_size(before)
    shot(page, name)
