"""A drill in a browser: the prompt on every page, the form that says so, the results; and the canary's line."""

from __future__ import annotations

from playwright.sync_api import Browser as Chromium
from playwright.sync_api import expect

from broadcaster.dispatch.practice.drills import Drills
from broadcaster.store import canaries
from broadcaster.store.canaries import Outcome, Run, Step
from broadcaster.store.database import Sessions
from broadcaster.store.desk import drill_pages, drills
from broadcaster.store.desk.drills import DrillPart
from broadcaster.web.signin import accounts
from tests.browser.looking import MARKS, OFFICE, PHONE, accessible, fits, served, shot
from tests.browser.test_the_roster import sign_in
from tests.desk import PASSWORD, Desk
from tests.desk import settings as desk_settings

pytestmark = MARKS
BOSS = "ana@desk.example"


def test_it_comes_as_an_outage_does(sessions: Sessions, chromium: Chromium) -> None:
    desk = Desk(sessions, chosen=desk_settings(canary_phone="+16175550100"))
    with sessions.begin() as store:
        accounts.add_user(store, desk.sealer, BOSS, "Ana", PASSWORD, ["admin", "issuer"])
        canaries.keep(store, Run(desk.now, Outcome.GOOD, Step.CALLBACK, seconds={step.value: 0.2 for step in Step}))
    boss = desk.browser(BOSS).open("/desk/drills/")
    me = boss.page.xpath("//select[@id='who']/option[contains(., 'Ana')]/@value")[0]
    boss.send("/desk/drills/", who=me, begins="2026-06-18T12:00", failure="all_calls", county="25009")
    boss.open("/desk/drills/")
    boss.send("/desk/drills/", who="on-call", begins="2026-06-20T09:00", failure="intermittent", announced="1")
    assert Drills(sessions).look(desk.now) == 1
    with sessions.begin() as store:
        (run,) = drills.running(store)
        drill_pages.note(store, run.id, [run.user_id], DrillPart.ISSUE, desk.now)
    with served(desk.app) as base:
        page = chromium.new_context(viewport=OFFICE).new_page()
        sign_in(page, base, desk, BOSS)
        expect(page.get_by_text("Drill: 911 is down in Essex County.")).to_be_visible()
        expect(page.get_by_text("all 6 steps in 1.2 s")).to_be_visible()
        shot(page, "drill-prompt")
        accessible(page)
        page.get_by_role("button", name="Start the drill").click()
        expect(page.get_by_text("Nobody outside hears of this")).to_be_visible()
        page.set_viewport_size(PHONE)
        shot(page, "drill-form-on-a-phone")
        accessible(page)
        page.set_viewport_size(OFFICE)
        desk.later(seconds=70)
        page.locator("label[for=counties-25009]").click()
        page.get_by_role("button", name="Next: check").click()
        page.get_by_role("button", name="Submit").click()
        shot(page, "drill-submitted")
        page.get_by_role("button", name="End the drill").click()
        expect(page.get_by_text("Drill complete. Nobody was told.")).to_be_visible()
        page.get_by_text("Plan a drill").click()
        shot(page, "drills")
        accessible(page)
        fits(page)
