"""An answering point without an account calls its own missed callers back by a link: nobody else's, and for a while."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from broadcaster.channels import missed_link
from broadcaster.channels.agency_email import ack_token
from broadcaster.store.database import Sessions
from broadcaster.store.fanout.deliveries import Fanout, Target
from broadcaster.store.outage import missed_callers, missed_links
from broadcaster.store.outage.missed_callers import MissedCaller
from broadcaster.store.outage.outages import Outage
from broadcaster.store.timeline import ledger
from broadcaster.store.timeline.ledger import AuditEvent
from broadcaster.web.house import NAME
from tests import calls
from tests.desk import AUDITOR, ISSUER, Browser, Desk
from tests.flow.missed import figures, imported
from tests.flow.test_911_trouble import places
from tests.flow.test_an_outage_from_first_word import opened

AYER, SALEM = "ayer-psap", "salem-psap"


@pytest.fixture
def desk(sessions: Sessions) -> Desk:
    return Desk(sessions, places=places())


def link(browser: Browser, page: str, psap: str) -> str:
    """A new link for a list, as the desk shows it; its path."""
    browser.open(f"{page}/links").send(f"/psaps/{psap}/link")
    assert browser.status == 200, browser.words
    (shown,) = browser.page.xpath(f"//section[@aria-labelledby='of-{psap}']//code/text()")
    return str(shown).removeprefix("http://localhost")


def everything(desk: Desk) -> list[tuple[object, ...]]:
    """Where every caller stands."""
    with desk.sessions() as store:
        rows = store.scalars(select(MissedCaller).order_by(MissedCaller.id))
        return [(row.public_id, row.standing, row.claimed_link, row.claimed_at, row.outcome) for row in rows]


def looked_after(browser: Browser) -> None:
    """Somebody is sent to whoever is on the page."""
    browser.send("/outcome", outcome="welfare_check", to="Ayer Police", words="Silence")


def test_from_the_link_to_the_last_outcome(desk: Desk) -> None:
    ida = desk.browser(ISSUER)
    record = opened(ida)
    page, logs = f"{record}/missed", calls.made()
    imported(ida, page, logs)
    here = link(ida, page, AYER)
    assert "It is on its way to their mailbox" in ida.words and desk.rung == [("urgent",)]
    ayer = Browser(desk.app.test_client())
    before = everything(desk)
    for path in (here, here, *ayer.open(here).page.xpath("//main//a/@href")):
        assert ayer.open(path).status == 200 and "tel:" not in ayer.text and "555" not in ayer.words
    assert everything(desk) == before, "a mail scanner that follows every link changes nothing"
    assert ayer.client.get(here).headers["Cache-Control"] == "no-store"

    ayer.open(here).send("/next")
    while "tel:" not in ayer.text:
        looked_after(ayer)
        ayer.open(here).send("/next")
    caller = ayer.path
    assert "tel:" not in ida.open(f"{page}/callers/{caller.rpartition('/')[2]}").text
    assert "With Ayer dispatch since" in ida.words and not ida.has("/claim")
    ayer.open(caller).send("/outcome", outcome="help_sent", words="")
    assert ayer.status == 422 and "needs a note" in ayer.beside("act")
    ayer.send("/outcome", outcome="help_sent", words="An ambulance")
    assert ayer.path == here and "Reached: help was sent" in ayer.words
    assert "Ayer dispatch wrote down the outcome: Reached: help was sent An ambulance" in ida.open(ida.path).words
    while "Take the next caller" in ayer.open(here).words:
        looked_after(ayer.send("/next"))
    with desk.sessions() as store:
        outage = store.scalars(select(Outage)).one()
        mine = missed_callers.of(store, outage.id, AYER)
        assert {row.standing for row in mine} == {"settled", "through"}
        actors = set(store.scalars(select(AuditEvent.actor).where(AuditEvent.action == "missed-settled")))
        assert actors == {f"psap:{AYER}"} and ledger.verify(store).why == ""
    found = figures(desk)
    sent = sum(row.outcome == "welfare_check" for row in mine)
    assert (found.outcomes, found.checks_open) == ({"help_sent": 1, "welfare_check": sent}, sent)


def test_nobody_sees_the_callers_of_another(desk: Desk) -> None:
    ida = desk.browser(ISSUER)
    page = f"{opened(ida)}/missed"
    imported(ida, page, calls.made())
    here, there = link(ida, page, AYER), link(ida, page, SALEM)
    ayer = Browser(desk.app.test_client())
    with desk.sessions() as store:
        stranger = missed_callers.of(store, store.scalars(select(Outage)).one().id, SALEM)[0].public_id
    before = everything(desk)
    assert ayer.open(f"{here}/{stranger}").status == 404
    for act in ("claim", "give-back", "outcome", "note"):
        answer = ayer.client.post(f"{here}/{stranger}/{act}", data={"outcome": "tested", "words": "x"})
        assert answer.status_code == 404, act
    number, no, proof = here.removeprefix("/ack/missed/").split(".")
    other = there.removeprefix("/ack/missed/").split(".")[0]
    forged = missed_link.token("another-secret-key-of-the-tests-012345", int(number), 1)
    for wrong in (f"{other}.{no}.{proof}", f"{number}.2.{proof}", forged, "nothing"):
        assert ayer.open(f"/ack/missed/{wrong}").status == 404
        assert ayer.client.post(f"/ack/missed/{wrong}/next").status_code == 404
    assert everything(desk) == before
    una = desk.browser(AUDITOR)
    assert una.open(f"{page}/links").status == 403 and here not in una.open(page).text


def test_a_link_is_replaced_taken_back_and_runs_out(desk: Desk) -> None:
    ida = desk.browser(ISSUER)
    page = f"{opened(ida)}/missed"
    imported(ida, page, calls.made())
    first = link(ida, page, AYER)
    ayer = Browser(desk.app.test_client())
    ayer.open(first).send("/next")
    caller = ayer.path
    second = link(ida, page, AYER)
    assert ayer.open(first).status == ayer.open(caller).status == 404 and "replaced or taken back" in ayer.words
    assert ayer.open(second).status == 200 and "Go on with caller" in ayer.words, "whom they had, they have"
    ida.open(f"{page}/links").send("/link/end")
    assert ayer.open(second).status == 404 and not ida.has("/link/end")
    third = link(ida, page, AYER)
    mail = a_mail_about_it(desk)
    assert third in ayer.open(mail).text, "the mail leads on to the list"
    desk.later(hours=49)
    assert ayer.open(third).status == 404 and third not in ayer.open(mail).text
    with desk.sessions() as store:
        row = missed_links.of(store, store.scalars(select(Outage)).one().id)[AYER]
        assert (row.no, row.ended_at) == (3, None)
        said = [one for one in store.scalars(select(AuditEvent.action)) if one.startswith("missed-link")]
        assert said == ["missed-link-made", "missed-link-made", "missed-link-ended", "missed-link-made"]


def a_mail_about_it(desk: Desk) -> str:
    """The path of the link that the newest mail to the answering point bears."""
    keyring = desk.app.extensions[NAME].settings.keyring
    with desk.sessions() as store:
        fanout = store.scalars(select(Fanout).order_by(Fanout.id.desc())).first()
        assert fanout is not None and fanout.purpose.endswith(".3")
        (target,) = store.scalars(select(Target).where(Target.fanout_id == fanout.id))
        return f"/ack/{ack_token(keyring.newest, fanout.id, target.address_id)}"
