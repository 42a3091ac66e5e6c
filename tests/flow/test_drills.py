"""Drills: asked by a prompt, timed by the clocks of a real alert, heard by nobody; and who is out of practice."""

from __future__ import annotations

import csv
from datetime import timedelta
from io import StringIO

import pytest
from sqlalchemy import text

from broadcaster.alert.lifecycle import LifecycleRefused
from broadcaster.dispatch.actor import Actor
from broadcaster.dispatch.paging.paging import Pager
from broadcaster.dispatch.practice.drills import Drills
from broadcaster.dispatch.revision import alone
from broadcaster.store.alerting.alerts import Alert, Document, Release, Revision
from broadcaster.store.database import Sessions
from broadcaster.store.desk import drills, people, practice
from broadcaster.store.desk.practice import Standing
from broadcaster.store.desk.roster import Shift
from broadcaster.store.fanout.deliveries import Fanout
from broadcaster.store.timeline import ledger
from broadcaster.store.timeline.ledger import AuditEvent
from broadcaster.web.signin import accounts
from tests.desk import AUDITOR, BOTH, ISSUER, NOON, PASSWORD, SECOND, Browser, Desk, released, walk
from tests.factories import SEALER

ADMIN, OTHER = "ana@desk.example", "otto@desk.example"
PROMPT = "Drill: 911 is down in Essex County."
FORM = {"failure": "all_calls", "counties": "25009"}


@pytest.fixture
def desk(sessions: Sessions) -> Desk:
    made = Desk(sessions)
    with sessions.begin() as store:
        accounts.add_user(store, made.sealer, ADMIN, "Ana", PASSWORD, ["admin"])
        accounts.add_user(store, made.sealer, OTHER, "Otto", PASSWORD, ["issuer"])
    return made


def plan(admin: Browser, who: str, begins: str, **more: str | list[str]) -> Browser:
    given = {"who": who, "begins": begins, "failure": "all_calls", "county": "25009", **more}
    return admin.open("/desk/drills/").send("/desk/drills/", **given)


def key(desk: Desk, email: str) -> int:
    with desk.sessions() as store:
        user = people.by_email(store, email)
        assert user is not None
        return user.id


def on_call(desk: Desk, email: str) -> None:
    """From eight to eight, as the roster says."""
    with desk.sessions.begin() as store:
        hours = timedelta(hours=4)
        store.add(Shift(user_id=key(desk, email), begins=NOON - hours, ends=NOON + 2 * hours, made_by=key(desk, ADMIN)))


def acted(desk: Desk) -> list[str]:
    with desk.sessions() as store:
        found = store.query(AuditEvent).filter(AuditEvent.object.like("drill%")).order_by(AuditEvent.seq)
        return [event.action for event in found]


def test_an_unannounced_drill_of_a_shift(desk: Desk) -> None:
    duty = Drills(desk.sessions)
    for email in (ISSUER, OTHER, SECOND):
        on_call(desk, email)
    admin, ida, otto, abe, bea = (desk.browser(email) for email in (ADMIN, ISSUER, OTHER, SECOND, BOTH))
    assert "Fill in date and time" in plan(admin, "on-call", "soon").text and admin.status == 422
    assert "Choose an issuer, an approver" in plan(admin, str(key(desk, AUDITOR)), "2026-06-18T13:00").text
    assert "Planned." in plan(admin, "on-call", "2026-06-18T13:00").text
    assert "Unannounced" in admin.text and "Essex County" not in ida.open("/desk/drills/").text
    assert duty.look(desk.now) == 0
    desk.now = NOON + timedelta(hours=1)
    assert (duty.look(desk.now), duty.look(desk.now)) == (2, 0), "both issuers, once; an approver issues nothing"
    assert PROMPT in ida.open("/desk/").text and PROMPT in otto.open("/desk/").text
    assert PROMPT not in abe.open("/desk/").text

    desk.later(seconds=20)
    ida.send("/start")
    assert "DRILL." in ida.text
    desk.later(seconds=70)
    ida.send("/new", **FORM)
    assert "DRILL." in ida.text and "only a test" in ida.text
    ida.send("/submit")
    assert Pager.of(desk.chosen, _no_engine(desk)).look(desk.now) == 0, "nobody is paged as for an alert"
    assert "Your approval is asked for" not in abe.open("/desk/").text
    desk.later(seconds=50)
    assert "Drill: Ida’s alert waits for a second person" in abe.open("/desk/").text
    assert "waits for a second person" not in otto.open("/desk/").words + bea.open("/desk/").words, "Bea is off duty"
    abe.open("/desk/drills/").open(abe.page.xpath("//a[text()='read it and decide']/@href")[0])
    assert "DRILL." in abe.text
    abe.send("/approve", code=desk.code(SECOND))
    assert abe.path == "/desk/drills/" and "nobody was told" in abe.text
    nobody_heard(desk)

    desk.now += timedelta(minutes=31)
    duty.look(desk.now)
    admin = desk.browser(ADMIN)
    page = admin.open("/desk/drills/")
    assert "Approved in drills" in page.text and "Submit to approval (median)" in page.text
    assert "1 of 2" in page.text and "not begun in time" in page.text and "complete" in page.text
    rows = list(csv.DictReader(StringIO(admin.open("/desk/drills/results.csv").text)))
    assert [(row["person"], row["outcome"], row["seconds_to_submit"]) for row in rows] == [
        ("Otto", "missed", ""), ("Ida", "complete", "70"),
    ]  # fmt: skip
    assert (rows[1]["approver"], rows[1]["seconds_to_approve"], rows[0]["approver"]) == ("Abe", "80", "")
    own = abe.open("/desk/drills/").words
    assert "What you approved" in own and "No drill yet" in own, "he has approved one, and issued none"
    assert rows[1]["shift_from"] and rows[1]["seconds_to_release"] == "150" and rows[1]["announced"] == "no"
    assert [row["person"] for row in csv.DictReader(StringIO(otto.open("/desk/drills/results.csv").text))] == ["Otto"]
    assert acted(desk) == [
        "drill-planned", "drill-begun", "drill-started", "draft", "submitted", "approved", "drill-finished",
        "drill-finished",
    ]  # fmt: skip


def _no_engine(desk: Desk):  # type: ignore[no-untyped-def]
    """What a pager takes of an engine."""
    return type("Parts", (), {"sessions": desk.sessions, "sealer": SEALER, "secret": "s" * 40})


def nobody_heard(desk: Desk) -> None:
    """No fan-out, no document, no list of the desk; and nothing for whoever is told of alerts."""
    with desk.sessions() as store:
        alert = store.query(Alert).filter_by(kind="drill").one()
        assert alert.state == "closed"
        assert (store.query(Fanout).count(), store.query(Document).count()) == (0, 0)
        assert store.query(AuditEvent).filter(AuditEvent.object.like("alert:%")).count() == 0
    assert alert.public_id not in desk.browser(SECOND).open("/desk/").text


def test_a_drill_that_is_ended_and_one_that_is_overtaken(desk: Desk) -> None:
    duty = Drills(desk.sessions)
    ida, otto, abe = desk.browser(ISSUER), desk.browser(OTHER), desk.browser(SECOND)
    ida.open("/desk/drills/").send("/practise")
    assert ida.path == "/desk/new"
    ida.send("/new", failure="all_calls")
    assert ida.status == 422 and "DRILL." in ida.text, "a form that is wrong stays a drill's"
    ida.send("/new", **FORM)
    check = ida.path
    ida.send("/submit")
    with desk.sessions() as store:
        draft = store.query(Revision).one()
        actor = Actor(store, desk.app.extensions["broadcaster"].office, desk.sealer, key(desk, ISSUER), desk.now)
        with pytest.raises(LifecycleRefused, match="This is a drill"):
            alone.break_glass(actor, draft, "nobody answers", timedelta(0))
    abe.open(check)
    ida.send("/finish")
    assert "Drill complete" in ida.text
    with desk.sessions() as store:
        assert {(row.state, row.reason) for row in store.query(Release)} == {("withdrawn", "drill complete")}
    assert "cannot be released" in abe.send("/approve", code=desk.code(SECOND)).text

    otto.open("/desk/drills/").send("/practise")
    released(desk, ida, abe, SECOND)
    duty.look(desk.now)
    assert "Drill: " not in otto.open("/desk/").text
    assert "no time for a drill" in otto.open("/desk/drills/").send("/practise").text
    assert "911 really failed" in otto.open("/desk/drills/").text
    with desk.sessions() as store:
        assert ledger.verify(store).why == ""


def test_a_plan_is_taken_back_and_an_announced_one_is_seen(desk: Desk) -> None:
    admin, ida = desk.browser(ADMIN), desk.browser(ISSUER)
    plan(admin, str(key(desk, ISSUER)), "2026-06-19T09:00", announced="1")
    assert "911 is down in Essex County" in ida.open("/desk/drills/").text
    admin.send("/cancel")
    assert "Taken back." in admin.text
    assert Drills(desk.sessions).look(NOON + timedelta(days=2)) == 0
    assert acted(desk) == ["drill-planned", "drill-cancelled"]


def test_who_is_out_of_practice(desk: Desk) -> None:
    ida, abe = desk.browser(ISSUER), desk.browser(SECOND)
    assert "You have not practised here yet" in ida.open("/desk/").text
    walk(desk, ida)
    released(desk, ida, abe, SECOND)
    with desk.sessions.begin() as store:
        store.execute(text('UPDATE "user" SET made_at = :at'), {"at": NOON})
        for days, stands in ((0, Standing.FRESH), (30, Standing.FRESH), (32, Standing.AMBER), (63, Standing.RED)):
            found = {one.name: one.standing for one in practice.practice(store, desk.now + timedelta(days=days))}
            assert (found["Ida"], found["Abe"]) == (stands, stands), days
            assert found["Otto"] is (Standing.RED if days > 62 else Standing.AMBER)
        assert not drills.running(store)
    assert "no alert in your hands" not in ida.open("/desk/").text
