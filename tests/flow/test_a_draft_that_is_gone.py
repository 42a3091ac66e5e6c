"""A draft that somebody threw away or joined to another alert is gone for every tab that still shows it."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from broadcaster.alert.lifecycle import AlertKind, LifecycleRefused
from broadcaster.dispatch import actions
from broadcaster.store.alerting.alerts import Alert, Release, Revision
from broadcaster.store.database import Sessions
from broadcaster.store.fanout.deliveries import Fanout
from tests.desk import BOTH, ISSUER, SECOND, Browser, Desk, released, walk
from tests.factories import content, directory, furnish, phones

GONE = "was thrown away, joined to another alert, or taken back"


@pytest.fixture
def desk(sessions: Sessions) -> Desk:
    return Desk(sessions)


def nothing_waits(desk: Desk, alert: str) -> None:
    with desk.sessions.begin() as store:
        of_alert = select(func.count(Release.id)).join(Revision).join(Alert)
        assert store.scalar(of_alert.where(Alert.public_id == alert.rpartition("/")[2])) == 0


@pytest.mark.parametrize("press", ["/submit", "/edit"])
def test_a_tab_that_still_shows_it_is_told(desk: Desk, press: str) -> None:
    author, other = desk.browser(ISSUER), desk.browser(BOTH)
    alert = walk(desk, author)
    check = author.path
    if press == "/edit":
        author.open(f"{alert}/edit")
    other.open(check).send("/discard")
    author.send(press)
    assert GONE in author.words and "Submitted" not in author.words
    nothing_waits(desk, alert)


def test_the_page_before_a_join_submits_nothing(desk: Desk) -> None:
    author, second = desk.browser(ISSUER), desk.browser(SECOND)
    released(desk, author, second, SECOND)
    draft = walk(desk, author, names="Ayer")
    before = Browser(author.client, text=author.text)
    author.send(next(form.action for form in author.page.forms if "/join/" in form.action))
    before.send("/submit")
    assert GONE in before.words
    nothing_waits(desk, draft)


def test_nothing_of_it_is_released_by_anybody(sessions: Sessions) -> None:
    house = furnish(sessions, directory(2), {phone: [f"town-{no + 1}"] for no, phone in enumerate(phones(2))})
    with sessions.begin() as session:
        row = actions.submit(house.actor(session), actions.new_alert(house.actor(session), AlertKind.OUTAGE, content()))
        row.alert.state = "withdrawn"
        session.flush()
        with pytest.raises(LifecycleRefused, match=GONE):
            actions.release_agencies(house.actor(session), row)
        with pytest.raises(LifecycleRefused, match=GONE):
            actions.approve(house.actor(session, house.approver), row, row.hash or "")
        assert session.scalar(select(func.count(Fanout.id)).where(Fanout.tier != "desk")) == 0
