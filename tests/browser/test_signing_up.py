"""A resident at the sign-up page: on a phone, in two directions of writing, with a mistake, without a script."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from broadcaster.channels.proof import placed
from broadcaster.dispatch.waves.courtesies import MINE
from broadcaster.messages.reception import phrases
from broadcaster.store.database import Sessions
from broadcaster.store.public.residents import Address
from tests.browser.looking import MARKS, OFFICE, PHONE, accessible, fits, served, shot, watched
from tests.desk import Desk, settings
from tests.flow.test_sign_up_by_point import survey

pytestmark = MARKS
NARROW = {"width": 320, "height": 640}


def own_page(desk: Desk) -> str:
    """The address that somebody who lives in Ayer is texted."""
    with desk.sessions() as session:
        address = session.query(Address).filter_by(owner="resident").order_by(Address.id).first()
    assert address is not None
    until = int(desk.now.timestamp()) + 60
    return f"/subscribe/me/{placed(desk.chosen.secret_key, MINE, address.id, until)}"


@pytest.mark.parametrize("lang", ["en", "ar"])
@pytest.mark.parametrize("screen", [OFFICE, PHONE], ids=["office", "phone"])
def test_signing_up(chromium: Browser, sessions: Sessions, screen: dict[str, int], lang: str) -> None:
    desk = Desk(sessions, chosen=settings(lookup_sms="+16175550911", lookup_voice="+16175550912"))
    book = phrases().book(lang)
    context = chromium.new_context(viewport=screen, java_script_enabled=True)
    with served(desk.app) as base:
        page = context.new_page()
        wrong = watched(page, base)
        page.goto(f"{base}/subscribe?lang={lang}")
        shot(page, f"sign-up-{lang}-{screen['width']}")
        accessible(page)
        fits(page)
        page.fill("#phone", "911")
        page.fill("#places", "Ayer\nAtlantis")
        page.get_by_role("button", name=book.word("send")).click()
        expect(page.get_by_role("alert")).to_contain_text(book.word("problem"))
        assert page.input_value("#places") == "Ayer\nAtlantis", "nothing typed is lost"
        shot(page, f"sign-up-wrong-{lang}-{screen['width']}")
        accessible(page)
        fits(page)
        page.fill("#phone", "413-555-0123")
        page.fill("#places", "Ayer")
        page.get_by_role("button", name=book.word("send")).click()
        expect(page.get_by_role("status")).to_contain_text(book.word("sent"))
        accessible(page)
        fits(page)
        page.get_by_role("link", name=book.word("change_title")).click()
        accessible(page)
        fits(page)
        page.goto(f"{base}{own_page(desk)}?lang={lang}")
        expect(page.get_by_role("link", name=book.word("take_along"))).to_be_visible()
        shot(page, f"own-page-{lang}-{screen['width']}")
        accessible(page)
        fits(page)
    context.close()
    assert [each for each in wrong if "422" not in each] == []


@pytest.mark.parametrize("lang", ["en", "ar"])
@pytest.mark.parametrize("scripts", [True, False], ids=["script", "no-script"])
def test_finding_the_town_by_a_point(chromium: Browser, sessions: Sessions, lang: str, scripts: bool) -> None:
    desk = Desk(sessions, chosen=settings(lookup_sms="+16175550911"))
    survey(sessions)
    book = phrases().book(lang)
    spot = {"latitude": 42.5612, "longitude": -71.5898}
    context = chromium.new_context(
        viewport=NARROW, java_script_enabled=scripts, geolocation=spot, permissions=["geolocation"]
    )
    with served(desk.app) as base:
        page = context.new_page()
        wrong = watched(page, base)
        page.goto(f"{base}/subscribe?lang={lang}")
        page.fill("#phone", "413-555-0123")
        locate = page.get_by_role("button", name=book.word("point_locate"))
        if scripts:
            accessible(page)
            fits(page)
            locate.click()
        else:
            expect(locate).to_be_hidden()
            page.fill("#point", "42.5612, -71.5898")
            page.get_by_role("button", name=book.word("point_find")).click()
        expect(page.get_by_role("status").first).to_contain_text(book.word("point_found", place="Ayer"))
        assert page.input_value("#places") == "Ayer"
        assert (page.input_value("#point"), page.input_value("#phone")) == ("", "413-555-0123")
        if scripts:
            shot(page, f"sign-up-found-{lang}")
            accessible(page)
            fits(page)
        page.press("#phone", "Enter")
        expect(page.get_by_role("status")).to_contain_text(book.word("sent"))
    context.close()
    assert wrong == []


def test_a_browser_that_does_not_say_where_it_is(chromium: Browser, sessions: Sessions) -> None:
    desk = Desk(sessions)
    survey(sessions)
    context = chromium.new_context(viewport=NARROW)
    with served(desk.app) as base:
        page = context.new_page()
        page.goto(f"{base}/subscribe")
        page.get_by_role("button", name="Use my location").click()
        expect(page.get_by_role("status")).to_contain_text("We find no town there.")
        accessible(page)
        fits(page)
    context.close()
