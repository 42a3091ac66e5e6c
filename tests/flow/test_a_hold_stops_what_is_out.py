"""Hold: what is out stops, whatever page it was pressed on; and what it does not stop is said."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from broadcaster.store.alerting.alerts import Release, Revision
from broadcaster.store.database import Sessions
from broadcaster.store.fanout.deliveries import Fanout
from tests.desk import ISSUER, SECOND, Browser, Desk, released, walk
from tests.flow.test_the_api_by_machine import Api

HELD, WAITS = "On hold: nothing more goes out", "still waits, and can be approved"


@pytest.fixture
def desk(sessions: Sessions) -> Desk:
    return Desk(sessions)


def states(desk: Desk) -> list[str]:
    with desk.sessions.begin() as store:
        query = select(Revision.no, Release.tier, Release.state).join(Release).order_by(Revision.no, Release.tier)
        return [f"{no} {tier} {state}" for no, tier, state in store.execute(query)]


def going(desk: Desk) -> set[str]:
    with desk.sessions.begin() as store:
        return set(store.scalars(select(Fanout.tier).where(Fanout.state == "running", Fanout.tier != "desk")))


def updated(desk: Desk) -> tuple[str, Browser]:
    """An alert on air with an update after it, and the page of the first alert as it stood before."""
    author, second = desk.browser(ISSUER), desk.browser(SECOND)
    alert = released(desk, author, second, SECOND)
    old = Browser(author.client).open(f"{alert}/revisions/1")
    author.open(alert).send("/next/update")
    author.send("/edit", note="Still down.").send("/submit")
    second.open(author.path).send("/approve", code=desk.code(SECOND))
    return alert, old


def test_an_old_page_stops_the_newest(desk: Desk) -> None:
    alert, old = updated(desk)
    for _twice in range(2):
        old.send("/hold")
        assert HELD in old.words and old.path == f"{alert}/revisions/2" and going(desk) == set()
        assert states(desk) == ["1 agency released", "1 public released", "2 agency held", "2 public held"]
        old.open(f"{alert}/revisions/1")


def test_what_waits_is_not_stopped_and_that_is_said(desk: Desk) -> None:
    author = desk.browser(ISSUER)
    walk(desk, author)
    author.send("/submit")
    page, sent = author.path, author.values("/release-agencies")
    author.send("/release-agencies", button=f"{page}/hold")
    assert HELD not in author.words and "there is nothing to hold" in author.words and WAITS in author.words
    assert author.client.post(f"{page}/release-agencies", data=sent).status_code == 303
    author.open(page).send("/hold")
    assert HELD in author.words and WAITS in author.words
    assert states(desk) == ["1 agency held", "1 public pending"]


def test_a_program_that_holds_twice_holds_nothing_older(sessions: Sessions, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("broadcaster.web.api.api.tasks.ring", lambda *_: None)
    api = Api(Desk(sessions))
    alert, _ = updated(api.desk)
    path = f"/alerts/{alert.rpartition('/')[2]}/hold"
    assert [api.ask(ISSUER, "POST", path, {}).status_code for _twice in range(2)] == [200, 409]
    assert states(api.desk)[:2] == ["1 agency released", "1 public released"] and going(api.desk) == set()
