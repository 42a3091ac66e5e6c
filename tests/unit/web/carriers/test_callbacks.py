"""The carrier's webhooks: forged ones change nothing, true ones are durable before they are acknowledged."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from lxml import etree
from sqlalchemy import event

from broadcaster.receipts.accounts import Account
from broadcaster.settings import SettingsError
from broadcaster.store import database
from broadcaster.store.database import Sessions
from broadcaster.store.fanout.deliveries import Receipt
from broadcaster.store.public.residents import Suppression
from broadcaster.web.carriers import callbacks
from broadcaster.web.carriers.callbacks import INBOUND, STATUS, Callbacks
from tests import onair
from tests.onair import BASE, SEALER, SECRET, TOKEN
from tests.webhooks import FORM, KEY, TEXT, Caller, Told, caller, signed, status_url, told

PHONE = SEALER.index("sms:+14135550123")
SECOND, SECOND_TOKEN = "AC" + "9" * 32, "the-token-of-the-second-carrier"


@pytest.fixture
def phone(sessions: Sessions) -> Iterator[Caller]:
    """Whoever posts to us."""
    with caller(sessions) as made:
        yield made


def receipts(sessions: Sessions) -> list[Receipt]:
    with sessions() as session:
        return session.query(Receipt).order_by(Receipt.id).all()


def is_suppressed(sessions: Sessions) -> bool:
    with sessions() as session:
        return session.get(Suppression, PHONE) is not None


def test_a_true_callback_is_kept_once_and_the_bell_rings(sessions: Sessions, phone: Caller) -> None:
    url = status_url()
    assert [phone.post(url, FORM, signed(BASE + url, FORM)) for _ in range(2)] == [204, 204]
    (row,) = receipts(sessions)
    assert (row.fanout_id, row.address_id, row.n, row.ref, row.status) == (7, 11, 1, FORM["MessageSid"], "delivered")
    assert row.carrier == "twilio"
    assert phone.rung


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
    for account in ("", "AC" + "2" * 32, FORM["AccountSid"].lower()):  # signed with our token, for somebody else
        other_form = {**FORM, "AccountSid": account}
        yield url, other_form, signed(BASE + url, other_form)
    swapped = [url.replace(KEY, key) for key in ("7.11.2", "7.12.1", "8.11.1", "11.7.1", "", "7.11")]
    yield from ((each, FORM, good) for each in swapped)
    yield from ((each, FORM, signed(BASE + each, FORM)) for each in swapped)  # signed by Twilio, not addressed by us
    for secret, purpose in (("x" * 32, "delivery"), (SECRET, "ack"), (SECRET, "")):
        other = status_url(KEY, secret, purpose)
        yield other, FORM, signed(BASE + other, FORM)
    turned = f"{STATUS}?m={KEY}&d={url.rpartition('m=')[2]}"
    yield turned, FORM, signed(BASE + turned, FORM)
    bare = f"{STATUS}?d={KEY}"
    for each in (bare, f"{bare}&m=", STATUS, url + "&extra=1", url.replace("d=", "D=")):
        yield each, FORM, good
    yield bare, FORM, signed(BASE + bare, FORM)
    yield STATUS, FORM, signed(BASE + STATUS, FORM)
    yield url, {**FORM, "MessageStatus": "failed"}, good


def test_fifty_ways_to_forge_a_callback_are_refused_and_change_nothing(sessions: Sessions, phone: Caller) -> None:
    tried = list(mutants())
    assert len(tried) >= 50
    assert [phone.post(*each) for each in tried] == [403] * len(tried)
    assert receipts(sessions) == []


def test_a_flood_of_forgeries_is_counted_in_a_few_lines(
    sessions: Sessions, phone: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[dict[str, Any]] = []
    monkeypatch.setattr(callbacks, "log", SimpleNamespace(warning=lambda _, **more: said.append(more)))
    monkeypatch.setattr(callbacks, "SAY_EVERY_S", 3600.0)
    for _ in range(50):
        assert phone.post(status_url(), FORM, "x") == 403
    assert [line["more"] for line in said] == [0]
    phone.app._forgeries._next = 0.0
    assert phone.post(status_url(), FORM, "x") == 403
    assert [line["more"] for line in said] == [0, 49]


ODD = [
    (b"a" * 70_000, 413),
    (b"\xff\xfe=\xff", 403),
    (b"a=%ff", 403),
    (b"&".join([b"a=b"] * 300), 403),
    (b"", 403),
]


@pytest.mark.parametrize(("body", "expected"), ODD)
@pytest.mark.parametrize("in_pieces", [False, True])
def test_a_body_that_no_carrier_would_send_is_refused(
    phone: Caller, body: bytes, expected: int, in_pieces: bool
) -> None:
    request = told(status_url(), body, "x")
    if in_pieces:
        del request.headers["content-length"]
    assert phone.ask(request) == [expected]


def test_a_true_callback_in_pieces_is_kept_too(sessions: Sessions, phone: Caller) -> None:
    url = status_url()
    request = told(url, FORM, signed(BASE + url, FORM))
    del request.headers["content-length"]
    assert phone.ask(request) == [204]
    assert len(receipts(sessions)) == 1


@pytest.mark.parametrize(
    ("method", "url", "expected"),
    [("GET", STATUS, 405), ("PUT", INBOUND, 405), ("POST", "/callbacks/twilio", 404), ("HEAD", "/healthz", 200)],
)
def test_a_request_that_no_carrier_would_make_is_refused(phone: Caller, method: str, url: str, expected: int) -> None:
    assert phone.ask(told(url, b"", None, method)) == [expected]


def a_crowd(many: int) -> list[Told]:
    """True callbacks about so many messages."""
    made = []
    for number in range(many):
        form, url = {**FORM, "MessageSid": f"SM{number:032}"}, status_url(f"7.{number}.1")
        made.append(told(url, form, signed(BASE + url, form)))
    return made


def test_many_callbacks_at_once_share_a_few_transactions(sessions: Sessions, phone: Caller) -> None:
    commits: list[object] = []
    event.listen(sessions.kw["bind"], "commit", commits.append)
    assert set(phone.ask(*a_crowd(300))) == {204}
    assert len(receipts(sessions)) == 300
    assert len(commits) < 30


def test_each_carrier_signs_for_itself(sessions: Sessions, monkeypatch: pytest.MonkeyPatch) -> None:
    known = {FORM["AccountSid"]: Account("twilio", TOKEN), SECOND: Account("secondary", SECOND_TOKEN)}
    monkeypatch.setattr("broadcaster.web.carriers.callbacks.accounts", lambda _: known)
    url, theirs = status_url(), {**FORM, "AccountSid": SECOND}
    with caller(sessions) as phone:
        assert phone.post(url, theirs, signed(BASE + url, theirs)) == 403
        assert phone.post(url, FORM, signed(BASE + url, FORM, SECOND_TOKEN)) == 403
        assert phone.post(url, theirs, signed(BASE + url, theirs, SECOND_TOKEN)) == 204
        assert phone.post(url, FORM, signed(BASE + url, FORM)) == 204
        assert phone.say({**TEXT, "AccountSid": SECOND}, SECOND_TOKEN) == 200
    assert [row.carrier for row in receipts(sessions)] == ["secondary", "twilio", "secondary"]
    assert is_suppressed(sessions)  # heard by one carrier, kept for both: the list is ours


def test_stop_is_committed_before_the_answer(
    sessions: Sessions, phone: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []

    def answering() -> Any:
        seen.append(is_suppressed(sessions))
        return etree.Element("Response")

    monkeypatch.setattr("broadcaster.web.carriers.phones.MessagingResponse", answering)
    assert phone.say(TEXT) == 200
    assert seen == [True]


def answers(phone: Caller, body: str, sid: str) -> list[str]:
    form = {**TEXT, "Body": body, "MessageSid": sid}
    request = told(INBOUND, form, signed(BASE + INBOUND, form))
    assert (phone.ask(request), request.kind) == ([200], "application/xml")
    return [message.text or "" for message in etree.fromstring(request.text.encode()).iter("Message")]


def test_stop_start_and_a_question(sessions: Sessions, phone: Caller) -> None:
    suppressed = []
    for no, word in enumerate(("Stop.", "what?", "START", "HELP")):
        said = answers(phone, word, f"SM{no:032}")
        assert len(said) == (0 if word == "START" else 1), word  # the carrier answers its own words, and only those
        assert all("911" in each for each in said)
        suppressed.append(is_suppressed(sessions))
    assert suppressed == [True, True, False, False]
    assert [row.status for row in receipts(sessions)] == ["received"] * 4


@pytest.mark.parametrize(
    ("words", "before", "after", "texts"),
    [
        (("STOP", "UNSUBSCRIBE", "END", "QUIT", "STOPALL", "REVOKE", "OPTOUT", "CANCEL"), False, True, 0),
        (("START", "UNSTOP", "YES"), True, False, 0),
        (("HELP", "INFO"), True, True, 1),
        (("HELP", "INFO"), False, False, 1),
    ],
)
def test_every_word_that_phones_know(
    sessions: Sessions, phone: Caller, words: tuple[str, ...], before: bool, after: bool, texts: int
) -> None:
    for no, word in enumerate(words):
        assert answers(phone, "STOP" if before else "START", f"SMa{no}") == []
        assert is_suppressed(sessions) is before
        assert len(answers(phone, word, f"SMb{no}")) == texts
        assert is_suppressed(sessions) is after, word


def test_somebody_who_reads_spanish_is_answered_in_spanish(sessions: Sessions, phone: Caller) -> None:
    with sessions.begin() as session:
        onair.address(session, SEALER, "sms", "+14135550123", lang="es")
    assert "Nadie lee este numero" in answers(phone, "hola", "SM9")[0]


def test_a_forged_stop_silences_nobody(sessions: Sessions, phone: Caller) -> None:
    assert phone.say(TEXT, "wrong") == 403
    assert phone.post(INBOUND, TEXT, None) == 403
    assert not is_suppressed(sessions)


def test_without_postgres_nothing_is_acknowledged() -> None:
    nowhere = database.sessions(database.connect("postgresql+psycopg://nobody:x@127.0.0.1:9/none"))
    url = status_url()
    with caller(nowhere) as phone:
        assert phone.post(url, FORM, signed(BASE + url, FORM)) == 503
        assert set(phone.ask(*a_crowd(50))) == {503}
        assert phone.say(TEXT) == 503
        assert phone.ask(told("/readyz", b"", None, "GET"), told("/healthz", b"", None, "GET")) == [503, 200]
        assert phone.rung == []


@pytest.mark.parametrize("missing", ["twilio_auth_token", "twilio_account_sid"])
def test_without_an_account_the_door_stays_shut(sessions: Sessions, missing: str) -> None:
    with pytest.raises(SettingsError, match=missing.upper()):
        Callbacks(onair.settings(**{missing: ""}), sessions, lambda: None)
