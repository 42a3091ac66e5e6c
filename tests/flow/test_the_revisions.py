"""Every kind of revision as machines read it, through the releasing transaction: what it refers to, where it goes.

The clock is an argument: an hour later is a step.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from lxml import etree

from broadcaster.alert import alert as heart
from broadcaster.alert.alert import Area, Certainty, ChannelName, Confirmation, Content, FailureKind, RevisionKind
from broadcaster.alert.lifecycle import AlertKind
from broadcaster.dispatch import actions
from broadcaster.dispatch.documents.publish import publish
from broadcaster.dispatch.revision import plan
from broadcaster.dispatch.revision import preview as previews
from broadcaster.feeds import cap, profile, signature
from broadcaster.feeds.finding import Concern
from broadcaster.feeds.recent import wrapped
from broadcaster.messages import bulletin
from broadcaster.store.alerting.alerts import Body, Document, Revision
from broadcaster.store.database import Sessions
from broadcaster.store.places import directory_load
from tests import factories
from tests.factories import House, directory, furnish

T0 = datetime(2026, 6, 18, 17, 15, tzinfo=UTC)
A_CLOCKS_REST = timedelta(microseconds=654321)
TOWNS = ("town-1", "town-2", "town-3")
SURE = (Confirmation(TOWNS, "Vendor", "restored and tested", T0),)


def words(**changes: object) -> Content:
    """A statewide outage that is over in two hours unless it is renewed."""
    made = Content(FailureKind.ALL_CALLS, Area(statewide=True), T0 - timedelta(minutes=10), T0 + timedelta(hours=2))
    return replace(made, **changes)  # type: ignore[arg-type]


@dataclass
class Desk:
    """Two people and a clock that stands until a story moves it."""

    house: House
    now: datetime = T0 + A_CLOCKS_REST
    first: int = 0

    def first_alert(self, kind: AlertKind = AlertKind.OUTAGE, **changes: object) -> cap.Alert:
        """An alert from its draft to its document."""
        with self.house.sessions.begin() as session:
            actor = replace(self.house.actor(session), now=self.now)
            revision = actions.new_alert(actor, kind, words(**changes))
            self.first = revision.id
            return self._out(session, revision)

    def follow(self, kind: RevisionKind, **changes: object) -> cap.Alert:
        """The next revision of it."""
        with self.house.sessions.begin() as session:
            actor = replace(self.house.actor(session), now=self.now)
            draft = actions.next_draft(actor, session.get_one(Revision, self.first).alert, kind)
            content = replace(heart.content_from_json(draft.content), **changes)  # type: ignore[arg-type]
            actions.edit(actor, draft, content)
            return self._out(session, draft)

    def _out(self, session, revision: Revision) -> cap.Alert:  # type: ignore[no-untyped-def]
        actor = replace(self.house.actor(session), now=self.now)
        actions.submit(actor, revision)
        second = replace(self.house.actor(session, self.house.approver), now=self.now)
        actions.approve(second, revision, revision.hash or "")
        row = session.query(Document).filter_by(revision_id=revision.id).one()
        return cap.parse(row.bytes)

    def later(self, **length: float) -> None:
        """Let time pass."""
        self.now += timedelta(**length)

    def documents(self) -> list[Document]:
        """Everything that was made, oldest first."""
        with self.house.sessions() as session:
            return session.query(Document).order_by(Document.id).all()


@pytest.fixture
def desk(sessions: Sessions) -> Desk:
    """An installation with three towns and nobody subscribed."""
    return Desk(furnish(sessions, directory(3), {}))


def named(alert: cap.Alert) -> list[str]:
    """Which revisions a message refers to, by their number."""
    return [reference.identifier.rpartition("-")[2] for reference in alert.references]


def test_each_revision_refers_to_all_that_live_by_the_time_they_were_sent(desk: Desk) -> None:
    first = desk.first_alert()
    desk.later(minutes=20)
    update = desk.follow(RevisionKind.UPDATE)
    desk.later(minutes=20)
    part = desk.follow(RevisionKind.RESTORED_IN_PART, restored=("town-1",))
    desk.later(minutes=20)
    clear = desk.follow(RevisionKind.ALL_CLEAR, confirmations=SURE)
    assert [one.msg_type for one in (first, update, part, clear)] == ["Alert", "Update", "Update", "Update"]
    assert [named(one) for one in (first, update, part, clear)] == [[], ["1"], ["1", "2"], ["1", "2", "3"]]
    assert clear.infos[0].response_types == ("AllClear",)
    sent = {row.identifier: etree.fromstring(row.bytes).findtext("{*}sent") for row in desk.documents()}
    for alert in (update, part, clear):
        assert all(reference.sent == sent[reference.identifier] for reference in alert.references)
    thread = [cap.parse(row.bytes) for row in desk.documents()]
    for no, alert in enumerate(thread):
        assert list(profile.thread_findings(alert, thread[:no])) == []
        assert profile.blocking(profile.check(alert, arrived=alert.sent)) == []


def test_whoever_comes_after_the_end_begins_anew_and_is_tied_by_the_incident(desk: Desk) -> None:
    first = desk.first_alert()
    desk.later(hours=2)
    update = desk.follow(RevisionKind.UPDATE)
    assert (update.msg_type, update.references) == ("Alert", ())
    assert update.incidents == first.incidents != ""
    assert update.identifier != first.identifier
    desk.later(hours=3)
    clear = desk.follow(RevisionKind.ALL_CLEAR, confirmations=SURE)
    assert (clear.msg_type, clear.references, clear.incidents) == ("Alert", (), first.incidents)
    assert clear.infos[0].same_event == "ADR"


def test_only_what_lives_is_referred_to(desk: Desk) -> None:
    desk.first_alert(expires=T0 + timedelta(minutes=30))
    desk.later(minutes=10)
    desk.follow(RevisionKind.UPDATE)
    desk.later(minutes=20)
    assert named(desk.follow(RevisionKind.UPDATE)) == ["2"]


def test_a_false_alarm_cancels_wherever_the_outage_went(desk: Desk) -> None:
    outage = desk.first_alert()
    desk.later(minutes=5)
    cancel = desk.follow(RevisionKind.FALSE_ALARM)
    assert (cancel.msg_type, named(cancel)) == ("Cancel", ["1"])
    assert "in error" in cancel.note
    for before, after in zip(outage.infos, cancel.infos, strict=True):
        assert after.parameters_named("BLOCKCHANNEL") == before.parameters_named("BLOCKCHANNEL") == ()
        assert after.parameter("WEAHandling") == before.parameter("WEAHandling") == "Imminent Threat"


CHOICES = {
    "feed alone": (frozenset[str](), "ADR", ("CMAS", "EAS", "NWEM"), ""),
    "EAS": (frozenset({"EAS"}), "ADR", ("CMAS",), ""),
    "phones": (frozenset({"CMAS"}), "TOE", ("EAS", "NWEM"), "Public Safety"),
}


@pytest.mark.parametrize("name", CHOICES)
def test_an_all_clear_goes_where_the_authority_chose(desk: Desk, name: str) -> None:
    chosen, event, closed, handling = CHOICES[name]
    desk.house.office = replace(desk.house.office, clear_on=chosen)
    desk.first_alert()
    desk.later(minutes=5)
    info = desk.follow(RevisionKind.ALL_CLEAR, confirmations=SURE).infos[0]
    assert (info.same_event, info.parameters_named("BLOCKCHANNEL")) == (event, closed)
    assert info.parameter("WEAHandling") == handling


@pytest.mark.parametrize("event", ["DMO", "RWT", "RMT"])
def test_a_test_never_says_that_911_is_down_to_a_machine(desk: Desk, event: str) -> None:
    desk.house.office = replace(desk.house.office, test_event=event)
    alert = desk.first_alert(AlertKind.TEST)
    assert {info.same_event for info in alert.infos} == {event}
    assert {info.parameter("WEAHandling") for info in alert.infos} == {"WEA Test"}
    assert b"TOE" not in desk.documents()[0].bytes


def test_the_bytes_are_the_same_wherever_they_are(desk: Desk, tmp_path: Path) -> None:
    key, certificate = signature.make_demo_certificate(T0)
    desk.house.office = factories.office(signing=(key, certificate))
    desk.first_alert(languages=("en", "es"))
    desk.later(minutes=5)
    desk.follow(RevisionKind.UPDATE)
    publish(desk.house.sessions, desk.house.office, tmp_path, desk.now)
    for row in desk.documents():
        with desk.house.sessions() as session:
            posted = session.query(Body).filter_by(sha=row.sha).one().text.encode()
            revision = session.get_one(Revision, row.revision_id)
            shown = previews.of_frozen(session, desk.house.office, directory_load.load(session), revision).cap_xml
        served = (tmp_path / "cap" / f"{row.identifier}.xml").read_bytes()
        assert served == posted == shown.encode() == row.bytes
        assert sha256(served).hexdigest() == row.sha
        assert served.partition(b"?>")[2].strip() in wrapped([row.bytes])
        assert signature.verify(served, certificate, desk.now)
        assert etree.fromstring(served).findtext("{*}sent") == row.sent_text == cap.format_time(cap.parse(served).sent)


def test_nothing_is_made_before_the_second_person_approves(desk: Desk) -> None:
    with desk.house.sessions.begin() as session:
        actor = replace(desk.house.actor(session), now=desk.now)
        actions.submit(actor, actions.new_alert(actor, AlertKind.OUTAGE, words()))
    assert desk.documents() == []


def test_a_clock_that_was_set_back_does_not_make_an_update_older_than_its_alert(desk: Desk) -> None:
    first = desk.first_alert()
    desk.later(minutes=1)
    with desk.house.sessions.begin() as session:
        actor = replace(desk.house.actor(session), now=desk.now)
        draft = actions.next_draft(actor, session.get_one(Revision, desk.first).alert, RevisionKind.UPDATE)
        actions.submit(actor, draft)
        desk.later(minutes=-3)
        second = replace(desk.house.actor(session, desk.house.approver), now=desk.now)
        actions.approve(second, draft, draft.hash or "")
    update = cap.parse(desk.documents()[1].bytes)
    assert update.sent == first.sent
    assert named(update) == ["1"]
    assert profile.blocking(profile.check(update)) == []


def test_a_text_that_phones_refuse_keeps_it_from_phones_alone(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulletin, "only_gsm", lambda text: f"{text} {'9' * 400}")
    alert = desk.first_alert()
    assert alert.infos[0].parameters_named("BLOCKCHANNEL") == ("CMAS",)
    assert alert.infos[0].parameter("CMAMtext") == ""
    assert alert.infos[0].same_event == "TOE"
    with desk.house.sessions() as session:
        revision = session.get_one(Revision, desk.first)
        codes = {(finding["code"], finding["level"], finding["concern"]) for finding in revision.findings}
        assert ("wea-long", "error", "wea") in codes
        assert plan.blocked(revision, Concern.WEA)
        assert not plan.blocked(revision, Concern.FEED)


def test_the_preview_of_a_follow_up_is_what_will_go(desk: Desk) -> None:
    desk.first_alert(AlertKind.TEST)
    desk.later(minutes=5)
    with desk.house.sessions.begin() as session:
        actor = replace(desk.house.actor(session), now=desk.now)
        draft = actions.next_draft(actor, session.get_one(Revision, desk.first).alert, RevisionKind.UPDATE)
        shown = previews.of_draft(
            session,
            desk.house.office,
            directory_load.load(session),
            plan.Draft(draft.alert, RevisionKind.UPDATE, heart.content_from_json(draft.content)),
            desk.now,
        )
    alert = cap.parse(shown.cap_xml.encode())
    assert (alert.msg_type, named(alert), alert.infos[0].same_event) == ("Update", ["1"], "DMO")


GRADES = [
    (FailureKind.ALL_CALLS, Certainty.CONFIRMED, ("Immediate", "Extreme", "Observed")),
    (FailureKind.INTERMITTENT, Certainty.REPORTED, ("Immediate", "Severe", "Likely")),
    (FailureKind.TEXT_TO_911, Certainty.CONFIRMED, ("Expected", "Moderate", "Observed")),
]


@pytest.mark.parametrize(("failure", "certainty", "grades"), GRADES)
def test_how_soon_how_bad_how_sure(
    desk: Desk, failure: FailureKind, certainty: Certainty, grades: tuple[str, str, str]
) -> None:
    info = desk.first_alert(failure=failure, certainty=certainty).infos[0]
    assert (info.urgency, info.severity, info.certainty) == grades


def test_an_alert_without_the_feed_makes_no_document_and_is_not_referred_to(desk: Desk) -> None:
    with desk.house.sessions.begin() as session:
        actor = replace(desk.house.actor(session), now=desk.now)
        revision = actions.new_alert(actor, AlertKind.OUTAGE, words(channels=(ChannelName.SMS,)))
        desk.first = revision.id
        actions.submit(actor, revision)
        second = replace(desk.house.actor(session, desk.house.approver), now=desk.now)
        actions.approve(second, revision, revision.hash or "")
    assert desk.documents() == []
    desk.later(minutes=5)
    update = desk.follow(RevisionKind.UPDATE, channels=(ChannelName.FEED,))
    assert (update.msg_type, update.references) == ("Alert", ())
