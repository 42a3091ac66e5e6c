"""A double click, or the way back: one form makes one alert, and what was changed in between is not lost."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select

from broadcaster.store.alerting.alerts import Alert
from broadcaster.store.database import Sessions
from tests.desk import ISSUER, SECOND, Browser, Desk

FORM = "/desk/new"


@pytest.fixture
def desk(sessions: Sessions) -> Desk:
    return Desk(sessions)


def alerts(desk: Desk) -> list[str]:
    with desk.sessions.begin() as store:
        return list(store.scalars(select(Alert.public_id).order_by(Alert.id)))


def test_clicks_at_once_make_one_alert(desk: Desk) -> None:
    author = desk.browser(ISSUER).open(FORM)
    sent = {**author.values(FORM), "names": "Ayer"}
    cookie = author.client.get_cookie("desk-demo")
    assert cookie is not None

    def click(_no: int) -> str:
        other = desk.app.test_client()
        other.set_cookie("desk-demo", cookie.value)
        answer = other.post(FORM, data=sent)
        assert answer.status_code == 303
        return answer.location

    with ThreadPoolExecutor(4) as clicks:
        pages = set(clicks.map(click, range(4)))
    (alert,) = alerts(desk)
    assert pages == {f"/desk/alerts/{alert}/revisions/1"}


def test_the_way_back_leads_to_the_alert_that_was_made(desk: Desk) -> None:
    author, second = desk.browser(ISSUER).open(FORM), desk.browser(SECOND)
    back = Browser(author.client).open(FORM)
    back.text = author.text
    author.send(FORM, names="Ayer").send("/submit")
    waiting = author.path
    back.send(FORM, names="Ayer")
    assert back.path == waiting and "Waiting for a second person" in back.words
    back.text = Browser(author.client).open(FORM).text
    back.send(FORM, names="Salem")
    assert len(alerts(desk)) == 2, "another form makes another alert"
    back.open(FORM)
    first = Browser(author.client)
    first.text = back.text
    back.send(FORM, names="Groton").send("/submit")
    first.send(FORM, names="Groton, Harvard", note="Both now.")
    assert "This form has made an alert already" in first.words and len(alerts(desk)) == 3
    assert first.values("/edit")["names"] == ["Groton, Harvard"] and first.values("/edit")["note"] == ["Both now."]
    first.send("/edit")
    assert first.path.endswith("/revisions/2") and "Harvard" in first.words and len(alerts(desk)) == 3
    second.open(waiting).send("/approve", code=desk.code(SECOND))
    assert "/revisions/" not in second.path, second.words


def test_a_form_whose_alert_was_thrown_away_makes_another(desk: Desk) -> None:
    author = desk.browser(ISSUER).open(FORM)
    again = Browser(author.client, text=author.text)
    author.send(FORM, names="Ayer").send("/discard")
    again.send(FORM, names="Ayer")
    assert again.path.endswith("/revisions/1") and len(set(alerts(desk))) == 2
