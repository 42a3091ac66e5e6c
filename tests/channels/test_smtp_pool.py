"""A few connections to a relay that says no at every stage: nothing lost, nothing doubled, nothing opened twice."""

from __future__ import annotations

import asyncio
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from broadcaster.channels import agency_email, smtp_pool
from broadcaster.channels.errors import Ambiguous, Misconfigured, NotSent, PutOff, Rejected, SendError
from tests.channels.test_agency_email import channel, out
from tests.fakes.relay import HANG_UP, SILENCE, Scripted, relay

LOGIN = "me:pass@"
AUTH = {b"EHLO": b"250-here\r\n250 AUTH PLAIN\r\n", b"AUTH": b"235 in\r\n"}

STAGES: list[tuple[str, dict[bytes, bytes], type[SendError], str]] = [
    ("a closed relay", {b"hello": b"554 no\r\n"}, Misconfigured, "smtp_554"),
    ("a busy relay", {b"hello": b"421 busy\r\n"}, NotSent, "smtp_421"),
    ("gone before a greeting", {b"hello": HANG_UP}, NotSent, "no_connection"),
    ("no greeting", {b"hello": SILENCE}, NotSent, "no_connection"),
    ("neither EHLO nor HELO", {b"EHLO": b"550 no\r\n", b"HELO": b"550 no\r\n"}, Misconfigured, "smtp_550"),
    ("gone at EHLO", {b"EHLO": HANG_UP}, NotSent, "no_connection"),
    ("no login offered", {b"EHLO": b"250 here\r\n"}, Misconfigured, "no_login"),
    ("a wrong password", {b"AUTH": b"535 no\r\n"}, Misconfigured, "smtp_535"),
    ("a login that is away", {b"AUTH": b"454 later\r\n"}, NotSent, "smtp_454"),
    ("gone at AUTH", {b"AUTH": HANG_UP}, NotSent, "no_connection"),
    ("a sender that it refuses", {b"MAIL": b"553 no\r\n"}, Misconfigured, "smtp_553"),
    ("a sender that it puts off", {b"MAIL": b"451 later\r\n"}, NotSent, "smtp_451"),
    ("busy at MAIL", {b"MAIL": b"421 busy\r\n"}, NotSent, "smtp_421"),
    ("gone at MAIL", {b"MAIL": HANG_UP}, NotSent, "no_connection"),
    ("nothing said to MAIL", {b"MAIL": SILENCE}, NotSent, "no_connection"),
    ("no such mailbox", {b"RCPT": b"550 5.1.1 unknown\r\n"}, Rejected, "smtp_550"),
    ("a full mailbox", {b"RCPT": b"452 4.2.2 full\r\n"}, PutOff, "smtp_452"),
    ("relaying denied", {b"RCPT": b"554 5.7.1 relaying denied\r\n"}, Misconfigured, "smtp_554"),
    ("login needed", {b"RCPT": b"530 log in first\r\n"}, Misconfigured, "smtp_530"),
    ("busy at RCPT", {b"RCPT": b"421 busy\r\n"}, NotSent, "smtp_421"),
    ("gone at RCPT", {b"RCPT": HANG_UP}, NotSent, "no_connection"),
    ("an answer to RCPT that is none", {b"RCPT": b"hm\r\n"}, NotSent, "unreadable_answer"),
    ("put off at DATA", {b"DATA": b"451 later\r\n"}, PutOff, "smtp_451"),
    ("refused at DATA", {b"DATA": b"554 no\r\n"}, Rejected, "smtp_554"),
    ("gone at DATA", {b"DATA": HANG_UP}, NotSent, "no_connection"),
    ("nothing said to DATA", {b"DATA": SILENCE}, NotSent, "no_connection"),
    ("refused at its end", {b".": b"554 spam\r\n"}, Rejected, "smtp_554"),
    ("put off at its end", {b".": b"452 full\r\n"}, PutOff, "smtp_452"),
    ("busy at its end", {b".": b"421 busy\r\n"}, NotSent, "smtp_421"),
    ("gone after its end", {b".": HANG_UP}, Ambiguous, "lost_after_data"),
    ("nothing said to its end", {b".": SILENCE}, Ambiguous, "lost_after_data"),
    ("an answer to its end that is none", {b".": b"hm\r\n"}, Ambiguous, "lost_after_data"),
    ("an answer to its end that says nothing", {b".": b"354 go on\r\n"}, Ambiguous, "lost_after_data"),
]


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A relay that says nothing is given up within moments."""
    for module in (smtp_pool, agency_email):
        monkeypatch.setattr(module, "CONNECT_S", 0.2)
        monkeypatch.setattr(module, "ANSWER_S", 0.4)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(("name", "answers", "error", "reason"), STAGES, ids=[row[0] for row in STAGES])
async def test_a_no_at_every_stage(name: str, answers: dict[bytes, bytes], error: type[SendError], reason: str) -> None:
    async with relay(Scripted({**AUTH, **answers}), LOGIN) as there, channel(there.url) as email:
        with pytest.raises(SendError) as caught:
            await email.send(out())
        there.answers = AUTH
        assert (type(caught.value), caught.value.reason) == (error, reason)
        assert len(there.mails) == (b"." in answers)
        await email.send(out())  # no place was lost, and no connection is left in the middle of a mail
    assert len(there.mails) == 1 + (b"." in answers)


ELSEWHERE = [
    (word, answer)
    for word in (b"MAIL", b"RCPT", b"DATA")
    for answer in (HANG_UP, b"421 4.3.2 shutting down\r\n", SILENCE)
    if (word, answer) not in ((b"RCPT", SILENCE), (b"DATA", SILENCE))  # these use the time up
]


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(("word", "answer"), ELSEWHERE)
async def test_what_dies_before_the_mail_is_said_again_elsewhere(word: bytes, answer: bytes) -> None:
    async with relay() as there, channel(there.url) as email:
        await email.send(out(1))
        there.first = {word: [answer]}
        await email.send(out(2))
    assert (there.opened, len(there.mails)) == (2, 2)


async def test_connection_and_login_happen_once_however_many_waves() -> None:
    async with relay(Scripted(AUTH), LOGIN) as there, channel(there.url) as email:
        for wave in range(3):
            await asyncio.gather(*(email.send(out(10 * wave + no)) for no in range(10)))
        assert email.pool.idle == there.opened <= 4
        assert there.count(b"EHLO") == there.count(b"AUTH") == there.opened
        assert (there.count(b"NOOP"), there.count(b"RSET")) == (0, 0)
    assert len(there.mails) == there.count(b"MAIL") == 30


async def test_connections_are_opened_beside_each_other() -> None:
    greeted = asyncio.Event()
    there = Scripted()
    serve = there.serve

    async def held(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        waiting.append(writer)
        if len(waiting) == 4:
            greeted.set()
        await greeted.wait()  # nobody is greeted before four have called
        await serve(reader, writer)

    waiting: list[asyncio.StreamWriter] = []
    there.serve = held  # type: ignore[method-assign]
    async with relay(there), channel(there.url) as email:
        await asyncio.gather(*(email.send(out(no)) for no in range(12)))
        assert len(waiting) == email.pool.idle == 4


async def test_a_refusal_leaves_the_connection_ready_for_the_next() -> None:
    async with relay(Scripted(first={b"RCPT": [b"550 5.1.1 unknown\r\n"]})) as there, channel(there.url) as email:
        with pytest.raises(Rejected):
            await email.send(out(1))
        await email.send(out(2))
    assert (there.opened, there.count(b"RSET"), len(there.mails)) == (1, 1, 1)


async def test_what_is_put_off_does_not_come_back_all_at_once() -> None:
    async with relay(Scripted({b"MAIL": b"450 4.7.0 slow down\r\n"})) as there, channel(there.url) as email:
        results = await asyncio.gather(*(email.send(out(no)) for no in range(40)), return_exceptions=True)
    waits = sorted(each.wait or 0 for each in results if isinstance(each, NotSent))
    assert len(waits) == 40 and waits[0] >= 2 and waits[-1] <= 20
    assert waits[20] - waits[0] > 2 and waits[-1] - waits[20] > 2


async def test_what_the_relay_closed_meanwhile_is_found_before_a_word_is_said() -> None:
    async with relay() as there, channel(there.url) as email:
        await asyncio.gather(*(email.send(out(no)) for no in range(4)))
        there.hang_up()
        await there.gone()
        said = there.count(b"MAIL")
        await email.send(out(9))
        assert there.count(b"MAIL") == said + 1
        assert email.pool.idle == 1
    assert len(there.mails) == 5


async def test_a_relay_that_takes_two_at_a_time_gets_two_at_a_time() -> None:
    async with relay(Scripted(most=2)) as there, channel(there.url) as email:
        await asyncio.gather(*(email.send(out(no)) for no in range(40)))
        assert email.pool.idle == 2
    assert len(there.mails) == 40


async def test_a_relay_that_is_not_there_has_sent_nothing() -> None:
    async with channel("smtp://127.0.0.1:9") as email:
        with pytest.raises(NotSent, match="no_connection"):
            await email.send(out())


@pytest.mark.usefixtures("impatient")
async def test_whoever_gives_up_waiting_takes_no_place_along() -> None:
    async with relay(Scripted({b".": SILENCE})) as there, channel(there.url, connections=1) as email:
        results = await asyncio.gather(*(email.send(out(no)) for no in range(3)), return_exceptions=True)
        assert all(isinstance(each, Ambiguous | NotSent) for each in results)
        there.answers = {}
        await email.send(out(9))


async def test_a_relay_that_reports_is_asked_for_reports_of_failure_with_our_own_name_on_them() -> None:
    async with relay(Scripted({b"EHLO": b"250-here\r\n250 DSN\r\n"})) as there, channel(there.url) as email:
        accepted = await email.send(out())
    envelope = accepted.ref.strip("<>").partition("@")[0].encode()
    assert b"MAIL FROM:<alerts@state911.example> RET=HDRS ENVID=" + envelope in there.said
    assert b"RCPT TO:<desk@lynn.example> NOTIFY=FAILURE,DELAY" in there.said


def self_signed(folder: Path) -> ssl.SSLContext:
    """A server's side of TLS with a certificate that nobody vouches for."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "relay")])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + timedelta(days=1)).sign(key, SHA256())
    pem = made.public_bytes(Encoding.PEM) + key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "relay.pem").write_bytes(pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "relay.pem")
    return context


async def test_a_certificate_that_nobody_vouches_for_is_for_a_person_to_repair(tmp_path: Path) -> None:
    there = Scripted()
    server = await asyncio.start_server(there.serve, "127.0.0.1", 0, ssl=self_signed(tmp_path))
    async with server, channel(f"smtps://127.0.0.1:{server.sockets[0].getsockname()[1]}") as email:
        with pytest.raises(Misconfigured, match="certificate"):
            await email.send(out())
    assert there.mails == []
