"""An answering point reports 911 trouble by its link: two taps, loud at the desk, and never an alert by itself."""

from __future__ import annotations

import threading
from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, text, update

from broadcaster.channels import trouble_link
from broadcaster.cli.trouble_watch import TroubleWatch
from broadcaster.directory import Agency, AgencyRole, Contact, ContactChannel, Directory
from broadcaster.store import retention
from broadcaster.store.agencies import trouble as reports
from broadcaster.store.agencies.trouble import TroubleReport
from broadcaster.store.alerting.alerts import Alert
from broadcaster.store.database import Sessions
from broadcaster.store.desk import contacts, people
from broadcaster.store.desk.contacts import What
from broadcaster.store.fanout import senders
from broadcaster.store.fanout.senders import NewSender
from broadcaster.store.outage import outages
from broadcaster.store.outage.outages import Outage
from broadcaster.store.timeline import ledger
from broadcaster.web.house import NAME
from broadcaster.web.signin import accounts
from tests.desk import AUDITOR, ISSUER, PASSWORD, SECOND, Browser, Desk, directory

ADMIN = "ana@desk.example"


def places() -> Directory:
    """The directory of the desk's tests, with an agency for each answering point."""
    known = directory()
    desks = tuple(
        Agency(
            psap.code,
            psap.name,
            AgencyRole.PSAP,
            (Contact(ContactChannel.EMAIL, f"duty@{psap.code}.example", 1),),
            tuple(each.code for each in known.communities if each.psap_code == psap.code),
        )
        for psap in known.psaps
    )
    return replace(known, agencies=(*known.agencies, *desks))


@pytest.fixture
def desk(sessions: Sessions) -> Desk:
    made = Desk(sessions, places=places())
    with sessions.begin() as store:
        accounts.add_user(store, made.sealer, ADMIN, "Ana", PASSWORD, ["admin"])
    return made


def link(desk: Desk, agency: str, secret: str = "") -> str:
    with desk.sessions() as store:
        key = reports.agency_id(store, agency)
        return f"/trouble/{trouble_link.token(secret or desk.chosen.secret_key, key, reports.link_no(store, key))}"


def tap(desk: Desk, agency: str, what: str = "nothing", **more: str) -> Browser:
    browser = Browser(desk.app.test_client()).open(link(desk, agency))
    return browser.send("/trouble/" + browser.path.rpartition("/")[2], what=what, **more)


def kept(desk: Desk) -> list[TroubleReport]:
    with desk.sessions() as store:
        return list(store.scalars(select(TroubleReport).order_by(TroubleReport.id)))


def test_two_taps_are_loud_at_the_desk_and_become_a_draft(desk: Desk) -> None:
    ida = desk.browser(ISSUER)
    assert "911 trouble" not in ida.open("/desk/").words
    words = {"words": "Silence since noon", "call_back": "978-555-0111 ext. 4", "draft": "911 is out in Ayer."}
    psap = tap(desk, "ayer-psap", "some", **words)
    assert psap.status == 200 and "The desk has your report: some 911 calls fail" in psap.words
    assert "Ayer dispatch: some 911 calls fail" in ida.open("/desk/roster/").words  # on every page
    home = ida.open("/desk/").words
    assert "978-555-0111 ext. 4" in home and "They ask for an alert." in home and "911 is out in Ayer." in home
    assert b"Ayer dispatch" in ida.client.get("/desk/trouble/strip").data
    with desk.sessions() as store:
        (outage,) = outages.open_ones(store)
        assert (outage.known_from, outage.psaps, outage.kind) == ("Ayer dispatch", ["ayer-psap"], "intermittent")
        told = [line.text for line in outages.log_of(store, outage.id)]
        assert "Silence since noon" in told[-1] and "0111" not in " ".join(told)
        assert b"0111" not in b"".join(event.canonical for event in store.query(ledger.AuditEvent))
        assert store.scalars(select(Alert)).first() is None

    ida.send("/trouble/draft")
    form = ida.values("/edit")
    assert ida.path.endswith("/edit") and form["psaps"] == ["ayer-psap"] and form["note"] == ["911 is out in Ayer."]
    assert form["failure"] == ["intermittent"] and form["certainty"] == ["reported"]
    assert "911 trouble" not in ida.open("/desk/roster/").words
    with desk.sessions() as store:
        assert store.scalars(select(Alert)).one().outage_id == outage.id
        assert store.get_one(Outage, outage.id).officer_id is not None  # whoever made the draft
    assert "Somebody has dealt with it." in Browser(desk.app.test_client()).open(link(desk, "ayer-psap")).words
    with desk.sessions.begin() as store:
        store.execute(update(TroubleReport).values(at=text("clock_timestamp() - interval '31 days'")))
        assert [retention.DUTIES["call_back"](store) for _ in range(2)] == [1, 0]


def test_two_answering_points_propose_a_wider_draft(desk: Desk) -> None:
    ida = desk.browser(ISSUER)
    tap(desk, "ayer-psap")
    desk.later(minutes=9)
    tap(desk, "harvard-psap", "no_location")
    shown = ida.open("/desk/trouble").words
    assert (
        "2 answering points within ten minutes" in shown and "a draft for Middlesex County, Worcester County" in shown
    )
    desk.later(minutes=5)
    tap(desk, "salem-psap", "some")
    assert "Proposed: a draft for the whole state." in ida.open("/desk/trouble").words
    with desk.sessions() as store:
        (outage,) = outages.open_ones(store)  # three places, one thing
        assert outage.psaps == ["ayer-psap", "harvard-psap", "salem-psap"]
        assert store.scalars(select(Alert)).first() is None
    ida.send("/trouble/draft")
    form = ida.values("/edit")
    assert "statewide" in form and form["failure"] == ["all_calls"] and form["certainty"] == ["reported"]
    assert [one.alert_id is not None for one in kept(desk)] == [True, True, True]
    assert "Nothing is reported" in ida.open("/desk/trouble").words
    desk.later(minutes=2)
    tap(desk, "groton-psap")
    assert "4 answering points" in ida.open("/desk/trouble").words


def test_two_reports_wake_the_watch_once(desk: Desk) -> None:
    """A text to each phone, a call and a mail, for the proposal; one report alone waits at the desk, unless it speaks
    of the whole state. A training installation wakes nobody."""
    with desk.sessions.begin() as store:
        ida = people.by_email(store, ISSUER)
        assert ida is not None
        contacts.put(store, desk.sealer, ida.id, What.PHONE, "+12025550101")
        senders.register(store, NewSender("voice", "voice", "+12025550100", 1.0))
    watch = TroubleWatch(desk.sessions, desk.sealer, "State 911", "http://localhost", ZoneInfo("America/New_York"))
    tap(desk, "ayer-psap")
    assert watch.look(desk.now) == 0
    desk.later(minutes=9)
    tap(desk, "harvard-psap", "some")
    assert replace(watch, practice=True).look(desk.now) == 0
    assert [watch.look(desk.now) for _ in range(2)] == [1, 0]
    desk.later(minutes=3)
    tap(desk, "salem-psap")
    assert watch.look(desk.now) == 0, "another report joins the proposal that was paged"
    sent = "SELECT f.channel, f.tier, min(l.priority), string_agg(b.text, ' ') FROM fanout f JOIN lane l ON l.fanout_id"
    sent += " = f.id JOIN target t ON t.fanout_id = f.id JOIN body b ON b.id = t.body_id GROUP BY f.id ORDER BY f.id"
    with desk.sessions() as store:
        (by_text, by_call, by_mail) = store.execute(text(sent)).all()
    assert [row[:3] for row in (by_text, by_call, by_mail)] == [(way, "desk", -1) for way in ("sms", "voice", "email")]
    words = "911 trouble, reported by Ayer dispatch, Harvard dispatch since 12:00 PM: some 911 calls fail."
    proposed = "Proposed: Middlesex County, Worcester County. Decide: http://localhost/desk/trouble"
    assert by_text[3] == f"State 911: {words} {proposed}"
    assert "Please go to the desk and decide." in by_call[3] and "You are told this once." in by_mail[3]
    desk.later(minutes=20)
    tap(desk, "groton-psap", words="It seems to be statewide.")
    assert [watch.look(desk.now) for _ in range(2)] == [1, 0]
    with desk.sessions() as store:
        assert ledger.verify(store).why == ""
        paged = store.scalars(select(ledger.AuditEvent).where(ledger.AuditEvent.action == "trouble_paged")).all()
    assert len(paged) == 2 and ISSUER.encode() in paged[0].canonical


def test_ten_minutes_later_is_another_thing(desk: Desk) -> None:
    tap(desk, "ayer-psap")
    desk.later(minutes=11)
    tap(desk, "salem-psap")
    assert "within ten minutes" not in desk.browser(ISSUER).open("/desk/trouble").words
    with desk.sessions() as store:
        assert len(outages.open_ones(store)) == 2


def test_a_report_counts_once(desk: Desk) -> None:
    page = Browser(desk.app.test_client()).open(link(desk, "ayer-psap"))
    form = {"what": "nothing", "key": page.values(page.path)["key"][0]}
    for _ in range(3):
        assert page.client.get(page.path).status_code == 200  # a scanner
    assert kept(desk) == []
    clients = [desk.app.test_client() for _ in range(4)]
    taps = [threading.Thread(target=client.post, args=(page.path,), kwargs={"data": form}) for client in clients]
    for each in taps:
        each.start()
    for each in taps:
        each.join()
    assert len(kept(desk)) == 1
    page.client.post(page.path, data={"what": "nothing"})  # another page, the same word
    assert len(kept(desk)) == 1
    desk.later(minutes=3)
    page.client.post(page.path, data={"what": "nothing"})
    page.client.post(page.path, data={"what": "some"})
    assert len(kept(desk)) == 3
    with desk.sessions() as store:
        assert len(outages.open_ones(store)) == 1 and ledger.verify(store).why == ""


def test_many_reports_wait_and_none_is_refused(desk: Desk) -> None:
    slept: list[float] = []
    desk.app.extensions[NAME].brake._sleep = slept.append
    where, client = link(desk, "ayer-psap"), desk.app.test_client()
    for number in range(6):
        assert client.post(where, data={"what": "other", "words": f"no. {number}"}).status_code == 303
    assert len(kept(desk)) == 6 and slept == [0.5, 1.0, 2.0]


def test_what_is_missing_is_said_and_the_rest_kept(desk: Desk) -> None:
    for what in ("", "all of it"):
        page = tap(desk, "ayer-psap", what, words="Silence since noon", call_back="978-555-0111")
        assert page.status == 422 and "Choose what is wrong" in page.beside("what") and kept(desk) == []
        form = page.values(page.path)
        assert form["words"] == ["Silence since noon"] and form["call_back"] == ["978-555-0111"]


def status(client: FlaskClient, path: str) -> int:
    return client.post(path, data={"what": "nothing"}).status_code


def test_nobody_reports_for_somebody_else(desk: Desk) -> None:
    client, own = desk.app.test_client(), link(desk, "ayer-psap")
    agency, no, proof = own.removeprefix("/trouble/").split(".")
    wrong = [f"/trouble/{int(agency) + 1}.{no}.{proof}", f"/trouble/{agency}.2.{proof}", "/trouble/nothing"]
    for path in (*wrong, link(desk, "ayer-psap", secret="another-secret-key-of-the-tests-012345")):
        assert (status(client, path), client.get(path).status_code) == (404, 404)
    assert kept(desk) == []
    assert client.get(own).headers["X-Robots-Tag"] == "noindex, nofollow"

    ana, ida = desk.browser(ADMIN), desk.browser(ISSUER)
    assert f"http://localhost{own}" in ida.open("/desk/trouble/links?q=Ayer+disp").words
    assert not ida.has("/new") and desk.browser(AUDITOR).open("/desk/trouble/links").status == 403
    ana.open("/desk/trouble/links?q=ayer-psap").send("/new")
    assert "the one before no longer works" in ana.words
    assert status(client, own) == 404 and status(client, link(desk, "ayer-psap")) == 303
    with desk.sessions.begin() as store:
        row = reports.listed(store, int(agency))
        assert row is not None
        row.retired_at = desk.now
    assert status(client, link(desk, "ayer-psap")) == 404


def test_put_aside_and_closed_and_back(desk: Desk) -> None:
    ida, abe = desk.browser(ISSUER), desk.browser(SECOND)
    tap(desk, "ayer-psap")
    abe.open("/desk/trouble").send("/trouble/aside")
    assert "Put aside" in abe.words and not abe.has("/trouble/aside")
    with desk.sessions() as store:
        (outage,) = outages.open_ones(store)
    record = f"/desk/outages/{outage.public_id}"
    assert "Put aside: the report of Ayer dispatch." in abe.open(record).words
    abe.send("/close")
    desk.later(minutes=40)
    tap(desk, "ayer-psap")
    assert "Its outage was closed at" in ida.open("/desk/").words
    ida.send("/trouble/draft")
    with desk.sessions() as store:
        (row,) = store.scalars(select(Outage))
        assert row.is_open and row.reopened_at is not None
    late = desk.browser(SECOND).open("/desk/trouble")
    token = abe.open("/desk/roster/me").values("/me")["csrf_token"][0]
    answer = abe.client.post("/desk/trouble/aside", data={"csrf_token": token, "report": kept(desk)[0].public_id})
    assert answer.status_code == 409 and "Nothing is reported" in late.words
