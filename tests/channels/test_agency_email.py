"""Mail to agencies against a real relay that fails on request: every failure by its name, one Message-ID for all."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from email import message_from_bytes, policy

import pytest

from broadcaster.channels.agency_email import AgencyEmail, BadRelay, Mailer, Relay
from broadcaster.channels.contract import Channel, Key, Outgoing, Unsupported
from broadcaster.channels.errors import Ambiguous, Misconfigured, NotSent, Rejected, SendError
from broadcaster.channels.proof import proves
from broadcaster.local.mailbox import Mailboxes, start_in_thread
from broadcaster.messages.message import Message

SECRET = "s" * 40
MESSAGE = Message(
    "911 is down in Lynn",
    "911 is down — call 781-555-0100.\nI have read this: %%ACK_URL%%",
    '<p>911 is down</p><a href="%%ACK_URL%%">I have read this</a>',
)


@pytest.fixture
def boxes() -> Iterator[Mailboxes]:
    with start_in_thread() as running:
        yield running


def mailer(url: str, *, live: bool = False, connections: int = 4) -> Mailer:
    return Mailer(
        relay=Relay.of(url),
        sender="alerts@state911.example",
        sender_name="State 911 Department",
        public_base_url="https://alerts.example.gov",
        secret=SECRET,
        live=live,
        connections=connections,
    )


@contextlib.asynccontextmanager
async def channel(url: str, **more: bool) -> AsyncIterator[Channel]:
    made: Channel = AgencyEmail(mailer(url, **more))
    try:
        yield made
    finally:
        await made.close()


def out(address: int = 7, n: int = 1, to: str = "desk@lynn.example", message: Message = MESSAGE) -> Outgoing:
    return Outgoing(Key(3, address, n), to, message, "", 3600)


async def test_one_mail_with_everything_an_agency_needs(boxes: Mailboxes) -> None:
    async with channel(boxes.smtp_url) as email:
        accepted = await email.send(out())
    (mail,) = boxes.mails()
    assert accepted.ref == mail.message_id == "<3.7@state911.example>"
    assert mail.to == "desk@lynn.example"
    assert "call 781-555-0100" in mail.text and "%%" not in mail.text + mail.html
    link = mail.text.split()[-1]
    assert link in mail.html
    base, _, proof = link.rpartition(".")
    assert base == "https://alerts.example.gov/ack/3.7" and proves(SECRET, "ack", "3.7", proof)
    headers = message_from_bytes(mail.raw, policy=policy.default)
    assert headers["Auto-Submitted"] == "auto-generated"
    assert "<agencies.state911.example>" in headers["List-Id"]
    assert str(headers["From"]) == "State 911 Department <alerts@state911.example>"
    assert headers["Date"]


async def test_another_attempt_is_the_same_mail_to_its_reader(boxes: Mailboxes) -> None:
    async with channel(boxes.smtp_url) as email:
        await email.send(out(n=1))
        await email.send(out(n=2))
    first, second = boxes.mails()
    assert (first.message_id, first.text, first.html) == (second.message_id, second.text, second.html)
    assert boxes.summary()["doubles"] == 1


async def test_forty_agencies_share_a_few_connections(boxes: Mailboxes) -> None:
    boxes.set_faults(latency_s=0.02)
    email = AgencyEmail(mailer(boxes.smtp_url, connections=4))
    await asyncio.gather(*(email.send(out(address)) for address in range(40)))
    assert len(email._idle) == 4
    await email.close()
    assert len({mail.message_id for mail in boxes.mails()}) == 40


TABLE: list[tuple[str, dict[str, float], type[SendError], str]] = [
    ("a full or greylisting relay", {"share_4xx": 1}, NotSent, "smtp_450"),
    ("no such mailbox", {"share_5xx": 1}, Rejected, "smtp_550"),
    ("the line is cut after DATA", {"share_dropped_after_data": 1}, Ambiguous, "lost_after_data"),
]


@pytest.mark.parametrize(("name", "faults", "error", "reason"), TABLE, ids=[row[0] for row in TABLE])
async def test_what_a_relay_can_say(
    boxes: Mailboxes, name: str, faults: dict[str, float], error: type[SendError], reason: str
) -> None:
    boxes.set_faults(**faults)
    async with channel(boxes.smtp_url) as email:
        with pytest.raises(SendError) as caught:
            await email.send(out())
        assert (type(caught.value), caught.value.reason) == (error, reason)
        assert (caught.value.wait is not None) == (error is NotSent)
        boxes.set_faults(share_4xx=0, share_5xx=0, share_dropped_after_data=0)
        await email.send(out(8))
    assert boxes.mails()[-1].message_id == "<3.8@state911.example>"


async def test_a_relay_that_is_not_there_has_sent_nothing() -> None:
    async with channel("smtp://127.0.0.1:9") as email:
        with pytest.raises(NotSent, match="no_connection"):
            await email.send(out())


async def test_a_relay_that_hung_up_meanwhile_is_called_again(boxes: Mailboxes) -> None:
    email = AgencyEmail(mailer(boxes.smtp_url))
    await email.send(out(1))
    for client in email._idle:
        assert client.transport is not None
        client.transport.abort()
    await email.send(out(2))
    await email.close()
    assert len(boxes.mails()) == 2


@contextlib.asynccontextmanager
async def relay(answers: dict[bytes, bytes]) -> AsyncIterator[str]:
    """A relay of a few lines: what it says to a command, by its first word; an empty answer hangs up."""

    serving: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        me = asyncio.current_task()
        assert me is not None
        serving.add(me)
        writer.write(answers.get(b"hello", b"220 here\r\n"))
        while line := await reader.readline():
            word = line.split()[0].upper() if line.split() else b""
            reply = answers.get(word, b"250 OK\r\n")
            if not reply:
                break
            writer.write(reply)
            if word == b"DATA" and reply.startswith(b"354"):
                await reader.readuntil(b"\r\n.\r\n")
                writer.write(answers.get(b".", b"250 OK\r\n"))
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"smtp://me:pass@127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        await asyncio.wait_for(asyncio.gather(*serving), 10)  # every client has hung up


AUTH = {b"EHLO": b"250-here\r\n250 AUTH PLAIN\r\n", b"AUTH": b"235 in\r\n"}
DATA = {**AUTH, b"DATA": b"354 go on\r\n"}
ODD: list[tuple[str, dict[bytes, bytes], type[SendError], str]] = [
    ("a closed relay", {b"hello": b"554 no\r\n"}, NotSent, "smtp_554"),
    ("a busy relay", {b"hello": b"421 busy\r\n"}, NotSent, "smtp_421"),
    ("a wrong password", {**AUTH, b"AUTH": b"535 no\r\n"}, Misconfigured, "smtp_535"),
    ("a sender that it refuses", {**DATA, b"MAIL": b"553 no\r\n"}, Misconfigured, "smtp_553"),
    ("a sender that it puts off", {**DATA, b"MAIL": b"451 later\r\n"}, NotSent, "smtp_451"),
    ("gone before the recipient", {**DATA, b"RCPT": b""}, NotSent, "connection_lost"),
    ("mail put off at DATA", {**DATA, b"DATA": b"451 later\r\n"}, NotSent, "smtp_451"),
    ("mail refused at its end", {**DATA, b".": b"554 spam\r\n"}, Rejected, "smtp_554"),
    ("mail put off at its end", {**DATA, b".": b"452 full\r\n"}, NotSent, "smtp_452"),
    ("an answer that is none", {**DATA, b".": b"hm\r\n"}, Ambiguous, "lost_after_data"),
]


@pytest.mark.parametrize(("name", "answers", "error", "reason"), ODD, ids=[row[0] for row in ODD])
async def test_what_odd_relays_say(name: str, answers: dict[bytes, bytes], error: type[SendError], reason: str) -> None:
    async with relay(answers) as url, channel(url) as email:
        with pytest.raises(SendError) as caught:
            await email.send(out())
    assert (type(caught.value), caught.value.reason) == (error, reason)


@pytest.mark.parametrize("host", ["10.0.0.1", "192.0.2.7", "[2001:db8::1]", "0.0.0.0"])  # noqa: S104
async def test_outside_live_no_mail_leaves_this_machine(host: str) -> None:
    async with channel(f"smtp://{host}:25") as email:
        with pytest.raises(Misconfigured, match="door_closed"):
            await email.send(out())


@pytest.mark.parametrize("to", ["no address", "", "a@b\r\nBcc: c@d", "<>"])
async def test_what_is_no_address_is_rejected_before_anything_is_said(boxes: Mailboxes, to: str) -> None:
    async with channel(boxes.smtp_url) as email:
        with pytest.raises(Rejected, match="bad_address"):
            await email.send(out(to=to))
    assert boxes.mails() == []


async def test_a_subject_cannot_add_a_header(boxes: Mailboxes) -> None:
    async with channel(boxes.smtp_url) as email:
        await email.send(out(message=Message("911\r\nBcc: x@y.example", "text", "")))
    (mail,) = boxes.mails()
    assert mail.subject == "911 Bcc: x@y.example" and mail.html == ""


async def test_a_relay_cannot_be_asked(boxes: Mailboxes) -> None:
    async with channel(boxes.smtp_url) as email:
        assert not email.traits.listing
        with pytest.raises(Unsupported):
            await email.find([])


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("smtp://relay.example", Relay("relay.example", 25)),
        ("smtps://relay.example", Relay("relay.example", 465, tls=True)),
        ("smtp://me%40x:p%2Fw@relay.example:587", Relay("relay.example", 587, "me@x", "p/w")),
    ],
)
def test_a_relay_by_its_url(url: str, expected: Relay) -> None:
    assert Relay.of(url) == expected


@pytest.mark.parametrize("url", ["", "relay.example:25", "http://relay.example", "smtp://", "smtp://x:port"])
def test_what_is_no_relay_is_refused_with_a_sentence(url: str) -> None:
    with pytest.raises(BadRelay, match="write smtp://"):
        Relay.of(url)
