"""The carrier's webhooks: forged ones change nothing, true ones are durable before they are acknowledged."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlencode

import pytest
from flask.testing import FlaskClient
from lxml import etree
from sqlalchemy import event
from twilio.request_validator import RequestValidator

from broadcaster.channels.proof import proof
from broadcaster.local.postgres import Postgres
from broadcaster.settings import Settings, SettingsError
from broadcaster.store import database
from broadcaster.store.database import Sessions
from broadcaster.store.deliveries import Receipt
from broadcaster.store.residents import Suppression
from broadcaster.web.callbacks import INBOUND, STATUS, create_callbacks
from tests import onair
from tests.onair import BASE, SEALER, SECRET, TOKEN

KEY = "7.11.1"
FORM = {
    "AccountSid": "AC" + "1" * 32,
    "MessageSid": "SM" + "2" * 32,
    "MessageStatus": "delivered",
    "To": "+14135550123",
    "From": "+18885550911",
}
TEXT = {"MessageSid": "SM" + "3" * 32, "From": "+14135550123", "To": "+18885550911", "Body": "STOP"}


@pytest.fixture
def sessions(postgres_server: Postgres) -> Iterator[Sessions]:
    with onair.clean(postgres_server) as made:
        yield made


def client_of(sessions: Sessions, rung: list[str] | None = None) -> FlaskClient:
    bell = rung.append if rung is not None else len
    return create_callbacks(onair.settings(), sessions, lambda: bell("rung")).test_client()


def signed(url: str, form: dict[str, str], token: str = TOKEN) -> str:
    return str(RequestValidator(token).compute_signature(url, form))


def status_url(key: str = KEY, secret: str = SECRET, purpose: str = "delivery") -> str:
    return f"{STATUS}?d={key}&m={proof(secret, purpose, key)}"


def post(client: FlaskClient, url: str, form: dict[str, str], signature: str | None) -> int:
    headers = {} if signature is None else {"X-Twilio-Signature": signature}
    return client.post(url, data=form, headers=headers, base_url="http://inside:8912").status_code


def test_a_true_callback_is_kept_once_and_the_bell_rings(sessions: Sessions) -> None:
    rung: list[str] = []
    client, url = client_of(sessions, rung), status_url()
    assert [post(client, url, FORM, signed(BASE + url, FORM)) for _ in range(2)] == [204, 204]
    with sessions() as session:
        row = session.query(Receipt).one()
    assert (row.fanout_id, row.address_id, row.n, row.ref, row.status) == (7, 11, 1, FORM["MessageSid"], "delivered")
    assert rung


def mutants() -> Iterator[tuple[str, dict[str, str], str | None]]:
    """Ways to forge one true callback."""
    url = status_url()
    good = signed(BASE + url, FORM)
    yield url, FORM, None
    yield from ((url, FORM, each) for each in ("", "x", good[:-1], good.lower(), good + "=", f" {good}x", good[::-1]))
    for token in ("", "wrong", TOKEN[:-1], TOKEN.upper()):
        yield url, FORM, signed(BASE + url, FORM, token)
    for name, value in FORM.items():
        yield url, {**FORM, name: value + "0"}, good
        yield url, {other: each for other, each in FORM.items() if other != name}, good
    for name in ("ErrorCode", "MessageStatu", "d", "x"):
        yield url, {**FORM, name: "1"}, good
    for base in ("http://alerts.example.gov", "https://evil.example", "http://inside:8912", BASE + ".evil.example"):
        yield url, FORM, signed(base + url, FORM)
    swapped = [url.replace(KEY, key) for key in ("7.11.2", "7.12.1", "8.11.1", "11.7.1", "", "7.11")]
    yield from ((each, FORM, good) for each in swapped)
    yield from ((each, FORM, signed(BASE + each, FORM)) for each in swapped)  # signed by Twilio, not addressed by us
    for secret, purpose in (("x" * 32, "delivery"), (SECRET, "ack"), (SECRET, "")):
        other = status_url(KEY, secret, purpose)
        yield other, FORM, signed(BASE + other, FORM)
    bare = f"{STATUS}?d={KEY}"
    for each in (bare, f"{bare}&m=", STATUS, url + "&extra=1", url.replace("d=", "D=")):
        yield each, FORM, good
    yield bare, FORM, signed(BASE + bare, FORM)
    yield STATUS, FORM, signed(BASE + STATUS, FORM)
    yield url, {**FORM, "MessageStatus": "failed"}, good


def test_fifty_ways_to_forge_a_callback_are_refused_and_change_nothing(sessions: Sessions) -> None:
    client, tried = client_of(sessions), list(mutants())
    assert len(tried) >= 50
    assert [post(client, *each) for each in tried] == [403] * len(tried)
    with sessions() as session:
        assert session.query(Receipt).count() == 0


@pytest.mark.parametrize(
    ("body", "expected"), [(b"a" * 70_000, 413), (b"\xff\xfe=\xff", 403), (b"&".join([b"a=b"] * 300), 403)]
)
def test_a_body_that_no_carrier_would_send_is_refused(sessions: Sessions, body: bytes, expected: int) -> None:
    kind = "application/x-www-form-urlencoded"
    assert client_of(sessions).post(status_url(), data=body, content_type=kind).status_code == expected


def test_many_callbacks_at_once_share_a_few_transactions(sessions: Sessions) -> None:
    commits: list[object] = []
    engine = sessions.kw["bind"]
    event.listen(engine, "commit", commits.append)
    app = create_callbacks(onair.settings(), sessions, bell=lambda: None)

    def one(number: int) -> int:
        form = {**FORM, "MessageSid": f"SM{number:032}"}
        url = status_url(f"7.{number}.1")
        return post(app.test_client(), url, form, signed(BASE + url, form))

    with ThreadPoolExecutor(32) as crowd:
        assert set(crowd.map(one, range(200))) == {204}
    with sessions() as session:
        assert session.query(Receipt).count() == 200
    assert len(commits) < 150


def test_stop_is_committed_before_the_answer(sessions: Sessions, monkeypatch: pytest.MonkeyPatch) -> None:
    client, seen = client_of(sessions), []

    def answering() -> Any:
        with sessions() as session:
            seen.append(session.get(Suppression, SEALER.index("sms:+14135550123")))
        return etree.Element("Response")

    monkeypatch.setattr("broadcaster.web.callbacks.MessagingResponse", answering)
    assert post(client, INBOUND, TEXT, signed(BASE + INBOUND, TEXT)) == 200
    assert seen != [None]


def inbound(client: FlaskClient, body: str, sid: str) -> list[str]:
    form = {**TEXT, "Body": body, "MessageSid": sid}
    answer = client.post(INBOUND, data=form, headers={"X-Twilio-Signature": signed(BASE + INBOUND, form)})
    assert (answer.status_code, answer.mimetype) == (200, "application/xml")
    return [message.text or "" for message in etree.fromstring(answer.data).iter("Message")]


def test_stop_start_and_a_question(sessions: Sessions) -> None:
    client, index = client_of(sessions), SEALER.index("sms:+14135550123")
    suppressed = []
    for no, word in enumerate(("Stop.", "what?", "START", "HELP")):
        said = inbound(client, word, f"SM{no:032}")
        assert len(said) == (0 if word in ("Stop.", "START") else 1)
        assert all(BASE in each and "911" in each for each in said)
        with sessions() as session:
            suppressed.append(session.get(Suppression, index) is not None)
    assert suppressed == [True, True, False, False]
    with sessions() as session:
        assert session.query(Receipt).filter_by(status="received").count() == 4


def test_somebody_who_reads_spanish_is_answered_in_spanish(sessions: Sessions) -> None:
    with sessions.begin() as session:
        onair.address(session, SEALER, "sms", "+14135550123", lang="es")
    assert "emergencia" in inbound(client_of(sessions), "hola", "SM9")[0]


def test_a_forged_stop_silences_nobody(sessions: Sessions) -> None:
    client = client_of(sessions)
    assert post(client, INBOUND, TEXT, signed(BASE + INBOUND, TEXT, "wrong")) == 403
    assert post(client, INBOUND, TEXT, None) == 403
    with sessions() as session:
        assert session.query(Suppression).count() == 0


def test_without_postgres_nothing_is_acknowledged() -> None:
    nowhere = database.sessions(database.connect("postgresql+psycopg://nobody:x@127.0.0.1:9/none"))
    client, url = client_of(nowhere), status_url()
    assert post(client, url, FORM, signed(BASE + url, FORM)) == 503
    assert post(client, INBOUND, TEXT, signed(BASE + INBOUND, TEXT)) == 503
    assert client.get("/readyz").status_code == 503
    assert client.get("/healthz").status_code == 200


def test_without_a_token_the_door_stays_shut(sessions: Sessions) -> None:
    with pytest.raises(SettingsError, match="TWILIO_AUTH_TOKEN"):
        create_callbacks(onair.settings(twilio_auth_token=""), sessions)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment(settings: Settings, url: str) -> dict[str, str]:
    names = ("mode", "secret_key", "field_key", "index_key", "public_base_url", "twilio_auth_token")
    plain = {name.upper(): str(getattr(settings, name)) for name in names}
    return {**os.environ, **plain, "MODE": "demo", "DATABASE_URL": url, "CALLBACKS_PORT": str(settings.callbacks_port)}


def knock(url: str, form: dict[str, str] | None = None, signature: str = "") -> int:
    data = urlencode(form).encode() if form else None
    ask = urllib.request.Request(url, data, {"X-Twilio-Signature": signature})
    try:
        with urllib.request.urlopen(ask, timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code
    except OSError:
        return 0


def test_what_was_acknowledged_survives_kill_9(sessions: Sessions, postgres_server: Postgres) -> None:
    settings = onair.settings(callbacks_port=free_port())
    code = "from broadcaster import settings; from broadcaster.web.callbacks import serve; serve(settings.current())"
    process = subprocess.Popen(
        [sys.executable, "-c", code], env=environment(settings, postgres_server.url), start_new_session=True
    )
    here, url = f"http://127.0.0.1:{settings.callbacks_port}", status_url()
    try:
        deadline = time.monotonic() + 30
        while knock(here + "/readyz") != 200:
            assert time.monotonic() < deadline and process.poll() is None, "the callbacks process never got ready"
            time.sleep(0.05)
        answered = knock(here + url, FORM, signed(BASE + url, FORM))
        forged = knock(here + url, {**FORM, "MessageStatus": "failed"}, signed(BASE + url, FORM))
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    assert (answered, forged) == (204, 403)
    with sessions() as session:
        assert [row.status for row in session.query(Receipt)] == ["delivered"]
