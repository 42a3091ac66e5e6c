"""The agencies were told, the public text was rejected: the alert is ended for the agencies, by a second person."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from broadcaster.store.alerting.alerts import Alert, Body
from broadcaster.store.database import Sessions
from broadcaster.store.fanout.deliveries import Fanout, Target
from broadcaster.store.timeline.ledger import AuditEvent
from tests.desk import ISSUER, SECOND, Browser, Desk, walk

WHO = "Comtech, test call at 3:10 p.m."


@pytest.fixture
def desk(sessions: Sessions) -> Desk:
    return Desk(sessions)


def rejected(desk: Desk, author: Browser, second: Browser) -> str:
    """The page of a revision of which the agencies were told, and never the public."""
    alert = walk(desk, author)
    author.send("/submit").send("/release-agencies")
    page = f"{alert}/revisions/1"
    second.open(page).send("/return", reason="It works again.", button=f"{page}/reject")
    return page


def test_a_second_person_ends_it_and_every_agency_that_was_told_hears(desk: Desk) -> None:
    author, second = desk.browser(ISSUER), desk.browser(SECOND)
    page = rejected(desk, author, second)
    assert not author.open(page).has("/end-for-agencies"), "nobody ends what they wrote"
    second.open(page).send("/end-for-agencies", confirmed=" ", code=desk.code(SECOND))
    assert second.status == 422 and "Say who confirmed" in second.words
    second.send("/end-for-agencies", confirmed=WHO, code="000000")
    assert second.status == 422 and WHO in second.page.xpath("//input[@name='confirmed']/@value")
    desk.later(hours=3)
    second = desk.browser(SECOND).open(page)
    second.send("/end-for-agencies", confirmed=WHO, code=desk.code(SECOND))
    assert "Ended." in second.words
    with desk.sessions() as store:
        assert store.scalars(select(Alert.state)).one() == "closed"
        over = store.scalars(select(Fanout).where(Fanout.purpose == "over")).all()
        assert {row.channel for row in over} == {"email"} and all(row.expires_at > desk.now for row in over)
        words = store.scalars(select(Body.text).join(Target).join(Fanout).where(Fanout.purpose == "over")).all()
        assert len(words) == 2 and all(WHO.rstrip(".") in text for text in words)
        running = store.scalars(select(Fanout.state).where(Fanout.purpose == "alert")).all()
        assert "running" not in running
        assert "ended_for_agencies" in store.scalars(select(AuditEvent.action)).all()
    assert not second.open(page).has("/end-for-agencies")


def test_what_the_public_heard_or_what_waits_does_not_end_like_this(desk: Desk) -> None:
    author, second = desk.browser(ISSUER), desk.browser(SECOND)
    page = rejected(desk, author, second)
    asked = {**second.open(page).values("/end-for-agencies"), "confirmed": WHO}
    author.open(f"{page.rpartition('/revisions')[0]}/edit").send("/edit", note="It fails again.")
    author.send("/submit")
    answer = second.client.post(
        f"{page}/end-for-agencies", data={**asked, "code": desk.code(SECOND)}, follow_redirects=True
    )
    assert "the public never heard of ends like this" in answer.text
    with desk.sessions() as store:
        assert store.scalars(select(Alert.state)).one() == "open"
