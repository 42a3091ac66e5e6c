"""Mail to agencies against a real relay: one mail with everything in it, one Message-ID for all attempts, a proof."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Iterator
from email import message_from_bytes, policy
from random import Random

import pytest

from broadcaster.channels.agency_email import AgencyEmail, Mailer, mail_named
from broadcaster.channels.contract import Key, Outgoing, Unsupported
from broadcaster.channels.errors import Ambiguous, Misconfigured, PutOff, Rejected, SendError
from broadcaster.channels.proof import proves
from broadcaster.channels.smtp_pool import BadRelay, Relay
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


def mailer(url: str, *, live: bool = False, connections: int = 4, bounces_to: str = "") -> Mailer:
    return Mailer(
        relay=Relay.of(url),
        sender="alerts@state911.example",
        sender_name="State 911 Department",
        public_base_url="https://alerts.example.gov",
        secret=SECRET,
        live=live,
        connections=connections,
        bounces_to=bounces_to,
    )


@contextlib.asynccontextmanager
async def channel(url: str, **more: object) -> AsyncIterator[AgencyEmail]:
    made = AgencyEmail(mailer(url, **more), Random(1))  # type: ignore[arg-type]
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
    assert accepted.ref == mail.message_id
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


@pytest.mark.parametrize(("to", "expected"), [("", "alerts@state911.example"), ("bounces@b.example",) * 2])
async def test_reports_of_failure_go_where_they_are_read(boxes: Mailboxes, to: str, expected: str) -> None:
    async with channel(boxes.smtp_url, bounces_to=to) as email:
        await email.send(out())
    assert boxes.mails()[0].sender == expected


def test_a_message_id_names_its_mail_and_cannot_be_made_up() -> None:
    ours = mailer("smtp://127.0.0.1")
    message_id = ours.message_id(Key(3, 7, 1))
    assert message_id.startswith("<3.7.") and message_id.endswith("@state911.example>")
    assert mail_named(SECRET, f"In-Reply-To: <a@b>\n {message_id}") == (3, 7)
    assert mail_named(SECRET, f" {ours.envelope_id(Key(3, 7, 2))}\n") == (3, 7)
    for forged in (
        message_id.replace("<3.7", "<3.8"),
        message_id.replace("<3.7", "<13.7"),
        "<3.7@state911.example>",
        "",
    ):
        assert mail_named(SECRET, forged) is None
    assert mail_named("another" * 6, message_id) is None


TABLE: list[tuple[str, dict[str, float], type[SendError], str]] = [
    ("a full or greylisting relay", {"share_4xx": 1}, PutOff, "smtp_450"),
    ("no such mailbox", {"share_5xx": 1}, Rejected, "smtp_550"),
    ("the line is cut after DATA", {"share_dropped_after_data": 1}, Ambiguous, "lost_after_data"),
]


@pytest.mark.parametrize(("name", "faults", "error", "reason"), TABLE, ids=[row[0] for row in TABLE])
async def test_what_a_real_relay_says(
    boxes: Mailboxes, name: str, faults: dict[str, float], error: type[SendError], reason: str
) -> None:
    boxes.set_faults(**faults)
    async with channel(boxes.smtp_url) as email:
        with pytest.raises(SendError) as caught:
            await email.send(out())
        assert (type(caught.value), caught.value.reason) == (error, reason)
        assert (caught.value.wait is not None) == (error is PutOff)
        boxes.set_faults(share_4xx=0, share_5xx=0, share_dropped_after_data=0)
        accepted = await email.send(out(8))
    assert boxes.mails()[-1].message_id == accepted.ref


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


async def test_what_cannot_be_written_is_rejected() -> None:
    async with channel("smtp://127.0.0.1:9") as email:
        with pytest.raises(Rejected, match="bad_text"):
            await email.send(out(message=Message("911", "\ud800", "")))


async def test_a_subject_cannot_add_a_header(boxes: Mailboxes) -> None:
    async with channel(boxes.smtp_url) as email:
        await email.send(out(message=Message("911\r\nBcc: x@y.example", "text", "")))
    (mail,) = boxes.mails()
    assert mail.subject == "911 Bcc: x@y.example" and mail.html == ""


async def test_lines_that_begin_with_a_dot_arrive_as_they_were(boxes: Mailboxes) -> None:
    async with channel(boxes.smtp_url) as email:
        await email.send(out(message=Message("911", "first\n.\n.second\n..third\n", "")))
    assert boxes.mails()[0].text.splitlines() == ["first", ".", ".second", "..third"]


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
