"""An agency's answer: looking changes nothing, answering does, and nobody can answer for another."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from lxml import html

from broadcaster.channels.agency_email import ack_token
from broadcaster.store.database import Sessions
from broadcaster.store.fanout.deliveries import Acknowledgement
from broadcaster.store.timeline import ledger
from tests import onair
from tests.onair import SECRET, OnAir
from tests.onair_desk import app_of, select, words


@pytest.fixture
def air(sessions: Sessions) -> OnAir:
    with sessions.begin() as session:
        made = onair.on_air(session)
        onair.agencies(session, made, ["Lynn Police", "Holyoke Police"])
    return made


@pytest.fixture
def client(sessions: Sessions) -> FlaskClient:
    app = app_of(sessions)
    app.config["WTF_CSRF_ENABLED"] = True  # the address is the proof: no form token is asked for
    return app.test_client()


def link(air: OnAir, name: str = "Lynn Police", secret: str = SECRET) -> str:
    return f"/ack/{ack_token(secret, air.mail, air.agencies[name])}"


def answers(sessions: Sessions) -> list[tuple[int, str, str]]:
    with sessions() as session:
        return [(row.address_id, row.answer, row.note) for row in session.query(Acknowledgement)]


def test_a_scanner_that_follows_the_link_acknowledges_nothing(
    client: FlaskClient, sessions: Sessions, air: OnAir
) -> None:
    for method in (client.get, client.head, client.get):
        assert method(link(air)).status_code == 200
    page = html.fromstring(client.get(link(air)).data)
    assert "To Lynn Police: 911 is down." in words(select(page, ".mail")[0])
    assert "%%" not in page.text_content()
    assert [button.get("value") for button in select(page, "button.big")] == ["read"]
    assert answers(sessions) == []


def test_one_press_is_an_answer_and_the_board_knows_who(client: FlaskClient, sessions: Sessions, air: OnAir) -> None:
    there = air.agencies["Lynn Police"]
    for _ in range(3):
        sent = client.post(link(air), data={"answer": "read"})
        assert (sent.status_code, sent.headers["Location"]) == (303, link(air))
    assert answers(sessions) == [(there, "read", "")]
    assert "Your answer is recorded" in words(html.fromstring(client.get(link(air)).data))
    with sessions() as session:
        (event,) = ledger.timeline(session, f"alert:{air.alert.public_id}")
    assert (event.action, "Lynn Police" in event.canonical.decode()) == ("acknowledged", True)


def test_an_answer_can_be_changed_and_says_what_is_wrong(client: FlaskClient, sessions: Sessions, air: OnAir) -> None:
    client.post(link(air), data={"answer": "read"})
    client.post(link(air), data={"answer": "jammed", "note": "  Two lines\r\ndown <b> \x00 " + "x" * 900})
    ((_, given, note),) = answers(sessions)
    assert given == "jammed" and note.startswith("Two lines down <b> x") and len(note) == 500
    assert b"&lt;b&gt;" in client.get(link(air)).data


@pytest.mark.parametrize(("given", "kept"), [("right", "right"), ("nonsense", "other"), ("", "other")])
def test_what_an_agency_can_answer(client: FlaskClient, sessions: Sessions, air: OnAir, given: str, kept: str) -> None:
    client.post(link(air), data={"answer": given})
    assert [answer for _, answer, _ in answers(sessions)] == [kept]


def test_nobody_answers_for_somebody_else(client: FlaskClient, sessions: Sessions, air: OnAir) -> None:
    good = link(air)
    mine, theirs = str(air.agencies["Lynn Police"]), str(air.agencies["Holyoke Police"])
    bad = [
        good[:-1],
        good + "A",
        good.replace(f".{mine}.", f".{theirs}."),
        good.replace(f"/{air.mail}.", f"/{air.fanout}."),
        link(air, secret="x" * 40),
        "/ack/",
        "/ack/1.2.3",
        "/ack/..",
        "/ack/%00",
    ]
    for each in bad:
        assert (client.get(each).status_code, client.post(each, data={"answer": "read"}).status_code) == (404, 404)
    assert "Open it again from the mail" in words(html.fromstring(client.get(bad[0]).data))
    assert answers(sessions) == []


def test_a_link_of_ours_to_nothing_says_so(client: FlaskClient, sessions: Sessions, air: OnAir) -> None:
    gone = f"/ack/{ack_token(SECRET, air.fanout, air.agencies['Lynn Police'])}"
    assert client.post(gone, data={"answer": "read"}).status_code == 404
    assert "no longer kept here" in words(html.fromstring(client.get(gone).data))


def test_the_address_is_told_to_nobody(client: FlaskClient, air: OnAir) -> None:
    headers = client.get(link(air)).headers
    assert headers["Referrer-Policy"] == "no-referrer"
    assert "noindex" in headers["X-Robots-Tag"] and headers["Cache-Control"] == "no-store"
