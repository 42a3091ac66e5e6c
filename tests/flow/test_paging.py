"""Paging: everybody on call at once, by two carriers and by mail; then more people; and nobody once it is decided."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from broadcaster.alert import alert as heart
from broadcaster.alert.lifecycle import AlertKind, Move
from broadcaster.channels import page_link
from broadcaster.dispatch import actions
from broadcaster.dispatch.paging.page_recall import PageRecall
from broadcaster.dispatch.paging.paging import Pager
from broadcaster.dispatch.sweep import keep
from broadcaster.dispatch.waves.drain import drain
from broadcaster.local.carrier import Carrier, Faults, start_in_thread
from broadcaster.store.alerting.alerts import Body, Revision
from broadcaster.store.database import Sessions
from broadcaster.store.desk import contacts
from broadcaster.store.desk.contacts import What
from broadcaster.store.desk.paging import Page
from broadcaster.store.desk.people import User
from broadcaster.store.desk.roster import Shift
from broadcaster.store.fanout import senders
from broadcaster.store.fanout.deliveries import Fanout, Target
from broadcaster.store.fanout.senders import NewSender
from broadcaster.store.public.residents import suppress
from broadcaster.store.timeline.ledger import AuditEvent
from tests.desk import ISSUER, SECOND, Desk, walk
from tests.factories import (
    SEALER,
    SECOND_SENDER,
    SECRET,
    SENDER,
    SID,
    TOKEN,
    House,
    Ways,
    content,
    directory,
    engine,
    furnish,
    person,
    phones,
)
from tests.flow import story

PHONES = {"ana": ("+12025550101", "+12025550102"), "bo": ("+12025550103", ""), "cy": ("", "")}
QUIET = {"share_callbacks_dropped": 1.0, "delivery_ms": 0.0}


@pytest.fixture
def house(sessions: Sessions) -> House:
    """Ana is on call with two phones, Bo and Cy approve too, Dee is the administrator; the issuer writes."""
    made = furnish(sessions, directory(2), {phone: ["town-1"] for phone in phones(2)})
    with sessions.begin() as session:
        session.query(User).filter_by(id=made.approver).update({"active": False})
        people = {name: person(session, f"{name}@ma.example", "approver", "issuer") for name in PHONES}
        person(session, "dee@ma.example", "admin")
        for name, numbers in PHONES.items():
            for what, number in zip((What.PHONE, What.SECOND_PHONE), numbers, strict=True):
                contacts.put(session, SEALER, people[name].id, what, number)
        now = datetime.now(UTC)
        hour = timedelta(hours=1)
        session.add(Shift(user_id=people["ana"].id, begins=now - hour, ends=now + hour, made_by=people["ana"].id))
        made.approver = people["bo"].id
    return made


def pager(house: House) -> Pager:
    return Pager(house.sessions, SEALER, house.office, SECRET)


def submitted(house: House, author: str = "") -> int:
    with house.sessions.begin() as session:
        who = session.scalar(select(User.id).where(User.email == author)) if author else None
        revision = actions.new_alert(house.actor(session, who), AlertKind.OUTAGE, content())
        return actions.submit(house.actor(session, who), revision).id


def paged(house: House, step: int) -> list[str]:
    with house.sessions.begin() as session:
        rows = select(User.email).join(Page, Page.user_id == User.id).where(Page.step == step).order_by(User.email)
        return [email.partition("@")[0] for email in session.scalars(rows)]


def letters(house: House) -> dict[str, int]:
    """How many are on the list of each fan-out of pages."""
    with house.sessions.begin() as session:
        rows = session.execute(
            select(Fanout.channel, Fanout.purpose, Target.address_id)
            .join(Target, Target.fanout_id == Fanout.id)
            .where(Fanout.tier == "desk")
        )
        return dict(Counter(f"{row.channel} {row.purpose}" for row in rows))


def states(house: House) -> set[str]:
    with house.sessions.begin() as session:
        return set(session.scalars(select(Fanout.state).where(Fanout.tier == "desk")))


def test_on_call_first_then_all_approvers_then_administrators(house: House) -> None:
    key, mine = submitted(house), pager(house)
    began = datetime.now(UTC)
    assert (mine.look(), mine.look()) == (1, 0)
    assert paged(house, 1) == ["ana"]
    assert letters(house) == {"sms paging-1": 1, "sms paging-1-second": 1, "email paging-1": 1}
    assert mine.look(began + timedelta(seconds=115)) == 0
    assert mine.look(began + timedelta(seconds=125)) == 3 and paged(house, 2) == ["ana", "bo", "cy"]
    assert letters(house)["sms paging-2"] == 2 and letters(house)["email paging-2"] == 3
    assert mine.look(began + timedelta(seconds=245)) == 4 and paged(house, 3) == ["ana", "bo", "cy", "dee"]
    assert mine.look(began + timedelta(minutes=30)) == 0
    with house.sessions.begin() as session:
        assert session.get_one(Revision, key).alert.state == "draft"


def test_whoever_wrote_it_is_never_called_and_without_a_roster_everybody_is(house: House) -> None:
    submitted(house, "ana@ma.example")
    assert pager(house).look() == 2 and paged(house, 1) == ["bo", "cy"]


@pytest.mark.parametrize("decision", ["approve", "return", "edit"])
def test_once_decided_nobody_is_paged_further(house: House, decision: str) -> None:
    key = submitted(house)
    pager(house).look()
    assert states(house) == {"running"}
    with house.sessions.begin() as session:
        row = session.get_one(Revision, key)
        if decision == "approve":
            actions.approve(house.actor(session, house.approver), row, row.hash or "")
        elif decision == "return":
            actions.turn_down(house.actor(session, house.approver), row, Move.RETURN, "Wrong county")
        else:
            actions.edit(house.actor(session), row, heart.content_from_json(row.content))
    assert states(house) == {"superseded"}
    assert pager(house).look(datetime.now(UTC) + timedelta(minutes=10)) == 0


def test_what_has_ended_pages_nobody_and_a_new_revision_pages_anew(house: House) -> None:
    key = submitted(house)
    assert pager(house).look(datetime.now(UTC) + timedelta(hours=3)) == 0
    pager(house).look()
    with house.sessions.begin() as session:
        row = session.get_one(Revision, key)
        newer = actions.edit(house.actor(session), row, content(note="More is known"))
        actions.submit(house.actor(session), newer)
    assert pager(house).look() == 1


def test_two_phones_hear_over_two_carriers_before_any_resident_and_despite_a_stop(house: House, tmp_path: Path) -> None:
    with house.sessions.begin() as session:
        senders.register(session, NewSender("sms", "secondary", SECOND_SENDER, 1000.0))
        suppress(session, SEALER.index(f"sms:{PHONES['ana'][0]}"), "text")
    quiet = Faults(**QUIET)
    with (
        start_in_thread(Carrier(SID, TOKEN, faults=quiet)) as first,
        start_in_thread(Carrier(SID, TOKEN, faults=quiet)) as second,
        engine(house.sessions, first.url, tmp_path, ways=Ways(second_url=second.url)) as works,
    ):
        submitted(house)
        pager(house).look()
        drain(works, "sms")
        works.recorder.wait()
        keep(works)
        assert story.texted(first) == {PHONES["ana"][0]: 1}
        assert story.texted(second) == {PHONES["ana"][1]: 1}
    with house.sessions.begin() as session:
        words = session.scalars(
            select(Body.text)
            .join(Target, Target.body_id == Body.id)
            .join(Fanout, Fanout.id == Target.fanout_id)
            .where(Fanout.channel == "sms")
        ).first()
    assert words and words.startswith("State 911: APPROVE? 911 outage, the whole state, by ")
    assert page_link.opened(SECRET, words.rpartition("/")[2]) is not None


def test_what_rings_or_waits_at_the_carrier_is_taken_back_once_it_is_decided(house: House, tmp_path: Path) -> None:
    """Ana's phones: of two texts one waits for its turn, and both calls ring. A second look asks for nothing again."""
    with house.sessions.begin() as session:
        senders.register(session, NewSender("voice", "voice", SENDER, 1000.0))
    slow = Faults(**QUIET, sender_mps=0.001, call_rings_ms=60_000.0, call_answers="human")
    with (
        start_in_thread(Carrier(SID, TOKEN, faults=slow)) as carrier,
        engine(house.sessions, carrier.url, tmp_path, ways=Ways(voice="http://127.0.0.1:9")) as works,
    ):
        duty, key = PageRecall(works), submitted(house)
        pager(house).look()
        for queue in ("sms", "urgent"):
            drain(works, queue)
        works.recorder.wait()
        keep(works)
        assert duty.look() == 0, "it still waits for somebody"
        with house.sessions.begin() as session:
            row = session.get_one(Revision, key)
            actions.approve(house.actor(session, house.approver), row, row.hash or "")
        keep(works)
        story.until(lambda: duty.look() > 0)
        keep(works)
        assert (duty.look(), [call["status"] for call in carrier.calls()]) == (0, ["canceled"] * 2)
        waited = [message["status"] for message in carrier.ledger()["messages"] if message["to"] in PHONES["ana"]]
        assert sorted(waited)[0] == "canceled" and len(waited) == 2
    with house.sessions() as session:
        said = session.scalars(select(AuditEvent.canonical).where(AuditEvent.action == "pages_taken_back")).all()
        assert sorted(json.loads(one)["data"]["pages"] for one in said) == [1, 2]


def test_the_link_leads_through_the_sign_in_to_what_was_frozen(sessions: Sessions) -> None:
    desk = Desk(sessions)
    author = desk.browser(ISSUER)
    walk(desk, author)
    page = author.send("/submit").path
    secret, until = desk.chosen.secret_key, int(desk.now.timestamp()) + 3600
    link = page_link.url("", secret, 1, until)
    second = desk.browser()
    second.open(link)
    assert second.path == "/desk/sign-in"
    second.send("sign-in", email=SECOND, password="a password of the tests", code=desk.code(SECOND))
    assert second.path == page and second.has("/approve")
    assert second.open(link[:-1] + ("A" if link[-1] != "A" else "B")).status == 404
    assert "has run out" in second.open(page_link.url("", secret, 1, int(desk.now.timestamp()) - 1)).words
    alert = page.split("/revisions")[0]
    author.open(f"{alert}/edit").send("/edit", note="Something else").send("/submit")
    second.open(link)
    assert second.path == author.path and "A newer revision has taken the place" in second.words


def test_an_open_desk_is_told_and_the_author_sees_the_clock(sessions: Sessions) -> None:
    desk = Desk(sessions)
    author, second = desk.browser(ISSUER), desk.browser(SECOND)
    walk(desk, author)
    page = author.send("/submit").path
    assert "Calling Abe, Bea now" in author.open(page).words
    assert "Your approval is asked for First alert: Ayer, Groton and Harvard" not in second.open("/desk/asked").words
    assert "Your approval is asked for First alert: Ayer, Groton, Harvard" in second.open("/desk/asked").words
    assert "Your approval is asked for" in second.open("/desk/roster/").words
    assert "Your approval is asked for" not in author.open("/desk/asked").text
    duty = Pager(desk.sessions, desk.sealer, desk.app.extensions["broadcaster"].office, desk.chosen.secret_key)
    assert duty.look(desk.now) == 2
    desk.later(seconds=80)
    clock = author.open(f"{page}/called").words
    assert "Called Abe 1:20 ago" in clock and "Next: Abe, Bea in 0:40" in clock
    second.open(page).send("/approve", code=desk.code(SECOND))
    assert "Your approval is asked for" not in second.open("/desk/asked").text
    assert "Called" not in author.open(f"{page}/called").text
