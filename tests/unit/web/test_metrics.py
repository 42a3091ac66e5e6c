"""/metrics: what wakes an operator is on it, nobody's number or name is, and only who may can read it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

from broadcaster.dispatch.sweep import Sweep
from broadcaster.store import database
from broadcaster.store.database import Sessions, engine_of
from broadcaster.store.fanout import senders, tallies
from broadcaster.store.fanout.senders import NewSender
from broadcaster.store.public import residents
from broadcaster.store.vitals import Heart
from broadcaster.web import create_app
from tests import onair
from tests.onair import SEALER
from tests.webhooks import Told, caller

TOKEN = "Mq8mT4vN1xR7cK2wP9sL5dH3jF6gB0yA"
STATES = ["accepted/delivered", "accepted", "unknown", "queued", "rejected:21610"]
SENDER = "+15005550006"


def browser(sessions: Sessions, **more: object) -> FlaskClient:
    return create_app(onair.settings(public_base_url="http://localhost", **more), sessions).test_client()


def page(sessions: Sessions, **more: object) -> dict[str, float]:
    """The page as a monitor reads it: samples by name and labels."""
    answer = browser(sessions, **more).get("/metrics")
    assert answer.status_code == 200
    lines = [line.rsplit(" ", 1) for line in answer.text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, value in lines}


def a_night(sessions: Sessions) -> None:
    """An outage past its expiry, a wave that hangs, a carrier that is given up, questions and a receipt that wait."""
    with sessions.begin() as session:
        air = onair.on_air(session)
        there = onair.residents(session, air, onair.PLACES[0][0], STATES)
        onair.agencies(session, air, ["Lynn Police"])
        senders.register(session, NewSender("sms", "twilio", SENDER, 10.0))
        session.execute(text("UPDATE sender SET circuit = 'open'"))
        late = {"late": database.now(session) - timedelta(seconds=100)}
        session.execute(text("UPDATE fanout SET expires_at = :late"), late)
        session.execute(
            text(
                "INSERT INTO wave (fanout_id, sender_id, purpose, rows, started_at, lease_until)"
                " SELECT :f, min(id), 'first', 1, :late, :late FROM sender"
            ),
            {"f": air.fanout, **late},
        )
        session.execute(
            text(
                "INSERT INTO followup (fanout_id, address_id, kind, n, due, started_at, settle_at)"
                " VALUES (:f, :a, 'ask', 1, now(), now(), now())"
            ),
            {"f": air.fanout, "a": there[2]},
        )
        session.execute(
            text("INSERT INTO receipt (fanout_id, address_id, n, carrier, ref, status) VALUES (1, 1, 1, 'c', 'r', 's')")
        )
        twice = {"f": air.fanout, "first": there[0], "second": there[1]}
        for statement in TWICE:
            session.execute(text(statement), {name: twice[name] for name in text(statement).compile().params})
        tallies.fold(session)


TWICE = (
    "UPDATE delivery SET n = 2 WHERE fanout_id = :f AND address_id = :first",
    "INSERT INTO past_attempt (fanout_id, address_id, n, outcome) VALUES (:f, :first, 1, 'blind')",
    "INSERT INTO past_attempt (fanout_id, address_id, n, outcome) VALUES (:f, :second, 1, 'blind')",
    "INSERT INTO sighting (carrier, ref, fanout_id, address_id, n) VALUES ('c', 'SM2', :f, :first, 1)",
    "INSERT INTO sighting (carrier, ref, fanout_id, address_id, n) VALUES ('c', 'SM3', :f, :second, 1)",
)
"""Somebody was sent it again blindly, another only waited for it; and two texts came that fit no open attempt."""


def test_what_wakes_an_operator_is_on_the_page(sessions: Sessions, tmp_path: Path) -> None:
    a_night(sessions)
    (tmp_path / "status.json").write_text("{}")
    found = page(sessions, publish_dir=tmp_path)
    expected = {
        "broadcaster_database_up": 1,
        'broadcaster_open_alerts{kind="outage"}': 1,
        "broadcaster_overdue_alerts": 1,
        'broadcaster_deliveries{channel="sms",state="accepted"}': 2,
        'broadcaster_deliveries{channel="sms",state="handset:delivered"}': 1,
        'broadcaster_deliveries{channel="sms",state="rejected"}': 1,
        'broadcaster_deliveries{channel="email",state="accepted"}': 1,
        "broadcaster_unknown": 1,
        "broadcaster_queued": 1,
        'broadcaster_followups{kind="ask"}': 1,
        'broadcaster_circuit_open{carrier="twilio",channel="sms"}': 1,
        "broadcaster_receipts_waiting": 1,
        'broadcaster_doubles{kind="possible"}': 1,
        'broadcaster_doubles{kind="confirmed"}': 2,
    }
    assert {name: found.get(name) for name in expected} == expected
    assert found["broadcaster_oldest_open_wave_seconds"] >= 100
    assert "broadcaster_published_age_seconds" in found and "broadcaster_receipts_taken_total" in found
    assert any(name.startswith("broadcaster_build_info{") and 'mode="demo"' in name for name in found)
    with sessions.begin() as session:
        session.execute(text("UPDATE wave SET closed_at = clock_timestamp()"))
        session.execute(text("UPDATE alert SET state = 'closed'"))
    after = page(sessions, publish_dir=tmp_path / "elsewhere")
    assert after["broadcaster_overdue_alerts"] == 0
    assert [after[f'broadcaster_doubles{{kind="{kind}"}}'] for kind in ("possible", "confirmed")] == [0, 0]
    gone = ("broadcaster_oldest_open_wave_seconds", "broadcaster_published_age_seconds")
    assert not set(gone) & set(after), "no age of what is not there"


def test_nobodys_number_name_or_link_is_on_the_page(sessions: Sessions) -> None:
    a_night(sessions)
    with sessions.begin() as session:
        residents.address(session, SEALER, "sms", "+14135550177")
        said = [onair.number_of(session, each) for each in session.execute(text("SELECT id FROM address")).scalars()]
        said += session.execute(text('SELECT email FROM "user" UNION SELECT name FROM agency')).scalars()
        said += session.execute(text("SELECT name FROM community UNION SELECT name FROM county")).scalars()
    client = browser(sessions)
    token = "1.2.AAAAAAAAAAAAAAAAAAAAAA"
    assert client.get(f"/ack/{token}").status_code == 404
    assert client.get("/nowhere/978-555-0101").status_code == 404
    shown = client.get("/metrics").text
    assert 'broadcaster_requests_total{route="ack.page",status="4xx"} 1.0' in shown
    assert 'broadcaster_requests_total{route="none",status="4xx"} 1.0' in shown
    assert len(said) > 10
    assert [each for each in [*said, SENDER, token, "555-0101"] if each.lower() in shown.lower()] == []


ACCESS: dict[str, tuple[str, str, dict[str, str], int]] = {
    "from here": ("", "127.0.0.1", {}, 200),
    "from here, IPv6": ("", "::1", {"Host": "[::1]:8911"}, 200),
    "from elsewhere": ("", "10.0.0.7", {}, 404),
    "through a proxy on this machine": ("", "127.0.0.1", {"X-Forwarded-For": "127.0.0.1"}, 404),
    "through another one": ("", "127.0.0.1", {"Forwarded": "for=127.0.0.1"}, 404),
    "by a page in a browser that calls us by another name": ("", "127.0.0.1", {"Host": "evil.example"}, 404),
    "a token where none is set": ("", "10.0.0.7", {"Authorization": f"Bearer {TOKEN}"}, 404),
    "with the token, from elsewhere": (TOKEN, "10.0.0.7", {"Authorization": f"Bearer {TOKEN}", "Host": "web"}, 200),
    "without the token, from here": (TOKEN, "127.0.0.1", {}, 404),
    "with another token": (TOKEN, "127.0.0.1", {"Authorization": f"Bearer {TOKEN[::-1]}"}, 404),
    "with an empty token": (TOKEN, "127.0.0.1", {"Authorization": "Bearer "}, 404),
    "with the token in another way": (TOKEN, "127.0.0.1", {"Authorization": f"Basic {TOKEN}"}, 404),
}


def test_only_who_may_reads_it_at_the_desk_and_at_the_callbacks(sessions: Sessions) -> None:
    for name, (token, remote, headers, status) in ACCESS.items():
        sent = {"Host": "localhost:8911", **headers}
        answer = browser(sessions, metrics_token=token, trusted_proxies=1).get(
            "/metrics", headers=sent, environ_overrides={"REMOTE_ADDR": remote}
        )
        assert answer.status_code == status, name
        with caller(sessions, onair.settings(metrics_token=token)) as machine:
            lower = {key.lower(): value for key, value in sent.items()}
            asked = Told("GET", "/metrics", "", b"", lower, client=f"{remote}:40000")
            assert machine.ask(asked) == [status], name
            assert ("broadcaster_database_up 1.0" in asked.text) == (status == 200), name


def test_a_database_that_is_away_is_on_the_page() -> None:
    away = database.sessions(database.connect("postgresql+psycopg://nobody@127.0.0.1:9/none"))
    found = page(away)
    assert found["broadcaster_database_up"] == 0
    assert not any(name.startswith("broadcaster_open_alerts") for name in found)


def test_a_sweep_is_heard_as_long_as_it_lives(sessions: Sessions) -> None:
    heart, name = Heart(engine_of(sessions)), "broadcaster_sweep_age_seconds"
    assert name not in page(sessions)
    heart.beat()
    first = page(sessions)[name]
    heart.beat()
    assert 0 <= page(sessions)[name] <= first + 60
    heart.close()
    assert name not in page(sessions)
    heart.beat()
    assert name in page(sessions), "the next beat begins anew"
    heart.close()


def test_the_heart_beats_after_a_whole_round_only(sessions: Sessions, monkeypatch: pytest.MonkeyPatch) -> None:
    class Parts:
        def __init__(self) -> None:
            self.sessions = sessions

    done: list[str] = []
    swept: Any = Sweep(Parts(), 1.0)  # type: ignore[arg-type]
    monkeypatch.setattr("broadcaster.dispatch.sweep.keep", lambda _: done.append("keep"))
    monkeypatch.setattr(swept._heart, "beat", lambda: done.append("beat"))
    swept._keep()
    assert done == ["keep", "beat"]
