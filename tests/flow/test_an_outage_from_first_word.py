"""An outage from the first word to the relapse: its record, a hand-over, and an end that waits for the all-clear."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from broadcaster.store.alerting import alerts
from broadcaster.store.alerting.alerts import Alert
from broadcaster.store.database import Sessions
from broadcaster.store.desk import people
from broadcaster.store.outage import outages
from broadcaster.store.outage.outages import Outage
from broadcaster.store.timeline import ledger
from tests.desk import AUDITOR, BOTH, ISSUER, SECOND, Browser, Desk, released, walk


@pytest.fixture
def desk(sessions: Sessions) -> Desk:
    return Desk(sessions)


def opened(browser: Browser, **known: str | list[str]) -> str:
    """A record, opened at the desk; its address."""
    browser.open("/desk/outages/new")
    browser.send("/outages/new", **({"known_from": "Ayer dispatch, by phone", "names": "Ayer, Groton"} | known))
    assert browser.status == 200, browser.words
    return browser.path


def all_clear(desk: Desk, author: Browser, second: Browser, alert: str) -> None:
    author.open("/desk/").send(f"{alert}/next/all_clear")
    author.send("/edit", **{"who-0": "Vendor NOC", "how-0": "Their own systems"})
    author.send("/submit")
    second.open(author.path).send("/approve", code=desk.code(SECOND))
    assert second.path == alert, second.words


def test_from_the_first_word_to_the_relapse(desk: Desk) -> None:
    ida, bea, abe = desk.browser(ISSUER), desk.browser(BOTH), desk.browser(SECOND)
    record = opened(ida, failure="one_carrier", carriers="Example Wireless", services="wireless calls")
    assert "Ayer, Groton" in ida.words and "Ida (you)" in ida.words and "Example Wireless" in ida.words
    desk.later(minutes=4)
    ida.open(record).send("/note", note="The vendor was called.", at="2026-06-18T12:01")
    assert "12:01 p.m., Jun 18 Ida The vendor was called." in ida.words

    ida.open(f"/desk/new?outage={record.rpartition('/')[2]}")
    form = ida.values("/desk/new")
    assert form["communities"] == ["ayer", "groton"] and form["provider"] == ["Example Wireless"]
    assert form["failure"] == ["one_carrier"] and "4 min since the outage was known" in ida.words
    ida.send("/desk/new").send("/submit")
    alert = ida.path.split("/revisions/")[0]
    assert not bea.open(record).has("/close") and "waits for a second person" in bea.words
    token = bea.values("/take-over")["csrf_token"][0]
    refused = bea.client.post(f"{record}/close", data={"csrf_token": token})
    assert refused.status_code == 422 and b"have it decided, then close the outage" in refused.data
    abe.open(ida.path).send("/approve", code=desk.code(SECOND))
    assert "The public was told of revision 1." in ida.open(record).words

    ida.send("/hand-over", to="", hand="The vendor calls back at one.")
    assert ida.status == 422 and ida.values("/hand-over")["hand"] == ["The vendor calls back at one."]
    ida.send("/hand-over", to=str(person_id(desk, BOTH)))
    assert not ida.has("/receive") and "The vendor calls back at one." in bea.open(record).words
    bea.send("/receive")
    assert "Bea (you)" in bea.words and "Bea has read the note and is in charge." in bea.words

    assert not bea.has("/close") and f"Alert {alert.rpartition('/')[2]} needs its all-clear" in bea.words
    all_clear(desk, ida, abe, alert)
    assert "Every alert of it has ended" in bea.open("/desk/outages").words
    bea.open(record).send("/close", close="Vendor NOC, by phone")
    assert "Closed at" in bea.words and not bea.has("/close")

    desk.later(hours=3)
    ida, abe = desk.browser(ISSUER), desk.browser(SECOND)
    ida.open("/desk/outages").send("/again")
    assert ida.path == "/desk/new" and ida.values("/desk/new")["communities"] == ["ayer", "groton"]
    ida.send("/desk/new")
    assert "failing again since" in abe.open("/desk/outages").words.lower()
    with desk.sessions() as store:
        (outage,) = store.scalars(select(Outage))
        assert len(alerts.on_outage(store, outage.id)) == 2 and outage.is_open
        assert ledger.verify(store).why == ""


def person_id(desk: Desk, email: str) -> int:
    with desk.sessions() as store:
        user = people.by_email(store, email)
        assert user is not None
        return user.id


def test_an_alert_without_a_record_makes_or_joins_one(desk: Desk) -> None:
    ida, bea = desk.browser(ISSUER), desk.browser(BOTH)
    walk(desk, ida, names="Ayer")
    walk(desk, bea, names="Salem")
    walk(desk, bea, names="Ayer, Harvard")
    with desk.sessions() as store:
        hung = [alert.outage_id for alert in store.scalars(select(Alert).order_by(Alert.id))]
        assert hung[0] == hung[2] and hung[1] not in (None, hung[0])
        first, second = sorted(outages.open_ones(store), key=lambda one: one.id)
        assert (
            first.known_from == "the desk (Ida)" and first.communities == ["ayer"] and second.communities == ["salem"]
        )
    shown = ida.open("/desk/outages").words
    assert "Ayer" in shown and "Salem" in shown and "In charge: Bea." in shown
    desk.later(hours=30)
    walk(desk, desk.browser(ISSUER), names="Ayer")
    with desk.sessions() as store:
        assert len(outages.open_ones(store)) == 3  # what nobody spoke of for a day is another outage


def test_a_relapse_is_the_same_outage_for_a_day(desk: Desk) -> None:
    ida, abe = desk.browser(ISSUER), desk.browser(SECOND)
    alert = released(desk, ida, abe, SECOND)
    all_clear(desk, ida, abe, alert)
    ida.open("/desk/outages")
    record = next(
        link for link in ida.page.xpath("//a/@href") if link.startswith("/desk/outages/") and "new" not in link
    )
    ida.open(record).send("/close")
    desk.later(hours=23)
    ida = desk.browser(ISSUER)
    walk(desk, ida, names="Groton")
    with desk.sessions() as store:
        (outage,) = store.scalars(select(Outage))
        assert outage.is_open and outage.reopened_at is not None
    assert "It fails again." in ida.open(record).words


def test_what_cannot_be_is_said_and_the_rest_kept(desk: Desk) -> None:
    ida = desk.browser(ISSUER)
    for typed, field, words in (
        ({"known_from": " "}, "known_from", "Write who said it first"),
        ({"known_at": "2026-06-18T13:00"}, "known_at", "in the future"),
        ({"known_at": "2026-01-01T13:00"}, "known_at", "more than a month ago"),
        ({"known_at": "noon"}, "known_at", "write it like"),
        ({"names": "Ayre"}, "names", "did you mean Ayer"),
        ({"failure": "everything"}, "failure", "Choose what fails"),
    ):
        ida.open("/desk/outages/new")
        ida.send("/outages/new", **({"known_from": "a caller", "carriers": "Example Wireless", "names": ""} | typed))
        assert ida.status == 422 and words in ida.beside(field), (field, ida.words)
        assert ida.values("/outages/new")["carriers"] == ["Example Wireless"]
    with desk.sessions() as store:
        assert outages.open_ones(store) == []


def test_who_may(desk: Desk) -> None:
    ida = desk.browser(ISSUER)
    record = opened(ida, names="")
    assert "Nobody knows yet" in ida.words
    ida.open(f"{record}/facts").send("/facts", statewide="1", known_from="State Police")
    assert "The whole state" in ida.words and "Changed: known from, statewide." in ida.words
    una = desk.browser(AUDITOR).open(record)
    assert una.status == 200 and not any(una.has(end) for end in ("/note", "/close", "/hand-over", "/take-over"))
    assert una.open(f"{record}/facts").status == 403 and una.open("/desk/outages/new").status == 403
    abe = desk.browser(SECOND).open(record)
    abe.send("/take-over")
    assert "Abe (you)" in abe.words
    assert abe.open("/desk/outages/nothing").status == 404
