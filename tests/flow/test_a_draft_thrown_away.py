"""A draft that came to nothing leaves the desk by one button; whatever anybody was told of cannot."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from broadcaster.store.alerting.alerts import Alert, Revision
from broadcaster.store.database import Sessions
from broadcaster.store.timeline.ledger import AuditEvent
from tests.desk import ISSUER, SECOND, Desk, released, walk


@pytest.fixture
def desk(sessions: Sessions) -> Desk:
    return Desk(sessions)


def told(desk: Desk, action: str) -> int:
    with desk.sessions() as store:
        return len(store.scalars(select(AuditEvent).where(AuditEvent.action == action)).all())


def test_a_draft_leaves_the_desk_and_stays_in_the_ledger(desk: Desk) -> None:
    author = desk.browser(ISSUER)
    alert = walk(desk, author)
    assert "Not released" in author.open("/desk/").words
    author.open(f"{alert}/revisions/1").send("/discard")
    assert "Thrown away" in author.words and "Not released" not in author.words and "Ended" not in author.words
    assert told(desk, "discarded") == 1
    author.client.post(f"{alert}/revisions/1/discard", data=author.values("/sign-out"))
    assert told(desk, "discarded") == 1, "twice is once"


def test_the_draft_of_an_update_goes_and_its_alert_stays_on_air(desk: Desk) -> None:
    author, second = desk.browser(ISSUER), desk.browser(SECOND)
    alert = released(desk, author, second, SECOND)
    author.open(f"{alert}/next/update").send("/next/update")
    author.open(f"{alert}/revisions/2").send("/discard")
    with desk.sessions() as store:
        assert [row.no for row in store.scalars(select(Revision))] == [1]
        assert store.scalars(select(Alert.state)).one() == "open"
    author.open(f"{alert}/next/all_clear")
    assert author.status == 200, "the next revision can be begun"


def test_what_waits_or_was_told_is_not_thrown_away(desk: Desk) -> None:
    author = desk.browser(ISSUER)
    alert = walk(desk, author)
    page = author.open(f"{alert}/revisions/1").path
    asked = author.values(f"{page}/discard")

    def answer() -> str:
        return author.client.post(f"{page}/discard", data=asked, follow_redirects=True).text

    author.send("/submit")
    assert "waits for a second person" in answer()
    author.open(page).send("/release-agencies")
    assert "has been told of it" in answer()
    assert told(desk, "discarded") == 0
