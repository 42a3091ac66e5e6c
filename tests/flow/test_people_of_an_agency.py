"""Somebody of a police department signs in: its alerts, notice, callers and entry; and nothing of anybody else."""

from __future__ import annotations

import pytest
from sqlalchemy import select, text

from broadcaster.store.agencies import agency_people
from broadcaster.store.database import Sessions
from broadcaster.store.desk import people
from broadcaster.store.fanout.deliveries import Acknowledgement
from broadcaster.store.places.directory import Agency
from broadcaster.store.places.upkeep import Correction
from broadcaster.store.timeline.ledger import AuditEvent
from broadcaster.web.signin import accounts
from tests import calls
from tests.desk import ISSUER, PASSWORD, RESTRICTED, SECOND, Browser, Desk, released
from tests.flow.missed import imported
from tests.flow.test_an_outage_from_first_word import opened

ADMIN, POLICE, STATE, EDITOR = (f"{name}@desk.example" for name in ("ana", "pat", "sam", "eve"))


@pytest.fixture
def desk(sessions: Sessions) -> Desk:
    made = Desk(sessions)
    with sessions.begin() as store:
        accounts.add_user(store, made.sealer, ADMIN, "Ana", PASSWORD, ["admin"])
        for email in (POLICE, STATE, EDITOR):
            accounts.add_account(store, made.sealer, email, email[:3].title(), PASSWORD)
    return made


def given(desk: Desk, ana: Browser, email: str, role: str, agency: str = "") -> Browser:
    """One administrator gives a role that needs no second one."""
    with desk.sessions() as store:
        user = people.by_email(store, email)
        assert user is not None
        page = f"/desk/people/{user.id}"
    return ana.open(page).send("/ask", role=role, agency=agency, reason="Asked for by letter")


def of_agency(desk: Desk, email: str) -> Browser:
    browser = desk.browser().open("/desk/sign-in")
    return browser.send("sign-in", email=email, password=PASSWORD, code=desk.code(email))


def test_one_administrator_gives_the_role_with_an_agency(desk: Desk) -> None:
    ana = desk.browser(ADMIN)
    for wrong in ("", "Police", "Nowhere Police"):
        assert "write its whole name or its code" in given(desk, ana, POLICE, "agency", wrong).words
    assert of_agency(desk, POLICE).status == 403
    assert "sees what is of Ayer Police now" in given(desk, ana, POLICE, "agency", "ayer police").words
    assert "Of Ayer Police." in ana.words
    pat = of_agency(desk, POLICE)
    assert pat.path == "/desk/agency/" and "Ayer Police" in pat.words
    ana.send("/take", code=desk.code(ADMIN))
    assert pat.open("/desk/agency/").path == "/desk/sign-in" and of_agency(desk, POLICE).status == 403
    assert "has the role directory-editor now" in given(desk, ana, EDITOR, "directory-editor").words


def test_its_alerts_and_its_notice_and_nobody_elses(desk: Desk) -> None:
    ana, author, second = desk.browser(ADMIN), desk.browser(ISSUER), desk.browser(SECOND)
    given(desk, ana, POLICE, "agency", "ayer-police")
    given(desk, ana, STATE, "agency", "state-police")
    pat = of_agency(desk, POLICE)
    assert "No outage is open there" in pat.words and "Nothing yet" in pat.words
    alert = released(desk, author, second, SECOND)
    pat.open("/desk/agency/")
    assert "911 fails: Ayer On air until" in pat.words and "Ayer: 978-555-0101" in pat.words
    near = pat.page.xpath("//section[@aria-labelledby='near']")[0].text_content()
    assert "Groton" not in near and "Harvard" not in near
    for others in (alert, RESTRICTED, "outage-strip"):
        assert others not in pat.text, others
    sam = of_agency(desk, STATE)
    assert "Ayer, Groton, Harvard" in sam.words
    mine, theirs = (browser.page.xpath("//a[contains(@href, '/notices/')]/@href")[0] for browser in (pat, sam))
    assert "What we sent you" in pat.open(mine).words and "Ayer Police" in pat.words
    token = pat.values("/sign-out")["csrf_token"][0]
    assert pat.open(theirs).status == 404
    assert pat.client.post(theirs, data={"csrf_token": token, "answer": "read"}).status_code == 404
    form = {"csrf_token": token, "answer": "jammed", "note": "Two lines down", "line-ayer": "jammed"}
    assert pat.client.post(mine, data=form).status_code == 303
    assert "You answered: Our lines are jammed" in pat.open("/desk/agency/").words
    with desk.sessions() as store:
        (row,) = store.query(Acknowledgement)
        assert (row.answer, row.note) == ("jammed", "Two lines down")
        event = store.scalars(select(AuditEvent).where(AuditEvent.action == "acknowledged")).one()
        assert POLICE in event.canonical.decode()
    assert author.open(alert).status == 200 and pat.open(alert).status == 403
    assert "no page of your agency" in pat.words and pat.open(f"{alert}/revisions/1").status == 403


def test_its_own_callers_and_no_others(desk: Desk) -> None:
    ana, ida = desk.browser(ADMIN), desk.browser(ISSUER)
    page = f"{opened(ida)}/missed"
    imported(ida, page, calls.made())
    given(desk, ana, POLICE, "agency", "ayer-police")
    pat = of_agency(desk, POLICE)
    lists = pat.page.xpath("//a[contains(@href, '/missed/psaps/')]/@href")
    assert lists == [f"{page}/psaps/ayer-psap"]
    pat.open(lists[0]).send("/next")
    caller = pat.path
    assert "/missed/callers/" in caller and "Where:" in pat.words and not pat.has("/ring")
    pat.send("/note", words="Says all is well")
    pat.send("/outcome", outcome="welfare_check", to="Ayer Police", words="Silence")
    assert pat.path == lists[0] and "With an outcome: 1" in pat.words
    ida.open(f"{page}/psaps/salem-psap").send("/next")
    token = pat.values("/sign-out")["csrf_token"][0]
    for path in (page, f"{page}/psaps/salem-psap", ida.path, f"{page}/callers.csv", f"{page}/psaps/-"):
        assert pat.open(path).status == 403, path
    for path in (f"{ida.path}/claim", f"{ida.path}/note", f"{page}/psaps/salem-psap/next", f"{caller}/text"):
        assert pat.client.post(path, data={"csrf_token": token, "words": "x"}).status_code == 403, path
    with desk.sessions.begin() as store:
        store.execute(text("UPDATE community_psap SET psap_id = (SELECT id FROM psap WHERE code = 'ayer-psap')"
                           " WHERE community_id = (SELECT id FROM community WHERE code = 'groton')"))  # fmt: skip
        agency = store.scalars(select(Agency).where(Agency.code == "ayer-police")).one()
        assert agency_people.psaps(store, agency) == {}, "of a dispatch for two towns one of them sees nothing"
    assert pat.open(lists[0]).status == 403


def test_it_says_that_its_entry_is_right_or_what_is(desk: Desk) -> None:
    ana = desk.browser(ADMIN)
    given(desk, ana, POLICE, "agency", "ayer-police")
    pat = of_agency(desk, POLICE).open("/desk/agency/upkeep")
    assert "Mail: desk@ayer.example" in pat.words and "Ayer: 978-555-0101" in pat.words
    assert "state" not in pat.text.replace("State 911", "") and RESTRICTED not in pat.text
    pat.client.post("/desk/agency/upkeep", data={"csrf_token": pat.values("/sign-out")["csrf_token"][0], "do": "x"})
    token = pat.values("/sign-out")["csrf_token"][0]
    said = {"csrf_token": token, "do": "right", "shown": "+19785550101"}
    assert pat.client.post("/desk/agency/upkeep", data=said).status_code == 303
    assert pat.open("/desk/agency/upkeep").words.count("verified June 18, 2026") == 2
    bad = {"csrf_token": token, "do": "correct", "new": "911", "old": "+19785550101", "note": "We have moved"}
    answer = pat.client.post("/desk/agency/upkeep", data=bad)
    assert answer.status_code == 422 and "We have moved" in answer.get_data(as_text=True)
    pat.client.post("/desk/agency/upkeep", data=bad | {"new": "978-555-0155"})
    with desk.sessions() as store:
        assert [row.state for row in store.query(Correction)] == ["pending"]
        events = store.scalars(select(AuditEvent.actor).where(AuditEvent.action == "answered-for-its-agency"))
        assert list(events) == [POLICE, POLICE]
    given(desk, ana, EDITOR, "directory-editor")
    eve = desk.browser(EDITOR).open("/desk/directory/upkeep")
    assert "978-555-0155" in eve.words and eve.has("/accept")
    eve.send("/accept")
    assert "correction was accepted" in eve.words
    assert eve.open("/desk/new").status == 403 and eve.open("/desk/directory/").has("/import")
