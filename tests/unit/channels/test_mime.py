"""A patched mail is the mail that would have been built for this reader alone, and nothing in it can add a header."""

from __future__ import annotations

from email import message_from_bytes
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, default

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from broadcaster.channels.mime import NoAddress, Own, Press, one_line
from broadcaster.messages.mail import ACK_TOKEN

HEADERS = {"Auto-Submitted": "auto-generated", "Importance": "high"}
DATE = "Thu, 18 Jun 2026 17:15:00 -0000"
LINK = "https://alerts.example.gov/ack/3.7.abcdefghijklmnopqrstuv"
OWN = Own("desk@lynn.example", "<3.7.abc@state911.example>", DATE, LINK)
PRESS = Press("alerts@state911.example", "State 911 Department", HEADERS)


def from_scratch(name: str, subject: str, text: str, html: str, own: Own) -> EmailMessage:
    """The mail as the standard library builds it, for one reader."""
    mail = EmailMessage(policy=SMTP)
    mail["From"] = Address(name, addr_spec="alerts@state911.example")
    mail["To"] = Address(addr_spec=own.to)
    mail["Subject"], mail["Date"], mail["Message-ID"] = one_line(subject), own.date, own.message_id
    for header, value in HEADERS.items():
        mail[header] = value
    mail.set_content(text.replace(ACK_TOKEN, own.link))
    if html:
        mail.add_alternative(html.replace(ACK_TOKEN, own.link), subtype="html")
    return message_from_bytes(mail.as_bytes(), policy=default)  # type: ignore[return-value]


def read(mail: EmailMessage) -> tuple[object, ...]:
    """Everything that a reader's program sees: headers by name, and the parts with their kind and their words."""
    kept = {name: str(value) for name, value in mail.items() if not name.startswith(("Content-", "MIME-"))}
    parts = [(part.get_content_type(), part.get_content()) for part in mail.walk() if not part.is_multipart()]
    return kept, mail.get_content_type(), parts, [part.defects for part in mail.walk()]


PIECES = st.one_of(
    st.just(ACK_TOKEN),
    st.sampled_from(
        ["\n", "\r\n", "\r", ".", "\n.", "=", " ", "\t", "--=_911", "From ", "Café Ñandú — 911\n", "x" * 99]
    ),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=30),
)
WORDS = st.lists(PIECES, max_size=12).map("".join)
LINKS = st.sampled_from([LINK, "https://x.gov/a?b=c=d/ack/1.2.p", "https://" + "long." * 30 + "gov/ack/1.2.p"])


@given(subject=WORDS, text=WORDS, html=WORDS, link=LINKS, name=st.sampled_from(["State 911", "Policía Estatal «911»"]))
@example("911", f"Click {ACK_TOKEN}", f'<a href="{ACK_TOKEN}">{ACK_TOKEN}</a>{ACK_TOKEN}{ACK_TOKEN}', LINK, "A, B")
@example("", "", "", LINK, "State 911")
def test_a_patched_mail_is_the_one_that_would_have_been_built(
    subject: str, text: str, html: str, link: str, name: str
) -> None:
    own = Own(OWN.to, OWN.message_id, OWN.date, link)
    press = Press("alerts@state911.example", name, HEADERS)
    for _ in ("new", "kept"):
        raw = press.mail(subject, text, html, own)
        assert read(message_from_bytes(raw, policy=default)) == read(from_scratch(name, subject, text, html, own))  # type: ignore[arg-type]
        lines = raw.split(b"\r\n")
        assert all(b"\n" not in line and b"\r" not in line and len(line) <= 998 for line in lines)
        raw.decode("ascii")


def test_two_readers_of_one_mail_differ_in_what_is_their_own() -> None:
    other = Own("desk@ayer.example", "<3.8.def@state911.example>", DATE, LINK.replace("3.7", "3.8"))
    mails = [PRESS.mail("911", f"Read: {ACK_TOKEN}\n", f"<a href='{ACK_TOKEN}'>", own) for own in (OWN, other)]
    ours, theirs = (mail.split(b"\r\n") for mail in mails)
    assert len(ours) == len(theirs)
    changed = [(a, b) for a, b in zip(ours, theirs, strict=True) if a != b]
    assert [a.partition(b":")[0] for a, _ in changed] == [b"To", b"Message-ID", b"https", b"https"]


@pytest.mark.parametrize(
    "to",
    [
        "", "no address", "<>", "a@", "@b", "a@b\r\nBcc: c@d", "a@b\n", " a@b", "a@b ", "a@b,c@d", "a@b> RCPT TO:<c@d",
        "ä@b.example", "a@bücher.example", "a@-b.example", "a..b@c", ".a@b", "a@b..c", "a@b\x00",
        f"{'a' * 250}@b.example",
        '"a b"@c.example', "a@[127.0.0.1]",
    ],
)  # fmt: skip
def test_what_is_no_plain_address_is_refused(to: str) -> None:
    with pytest.raises(NoAddress):
        PRESS.mail("911", "text", "", Own(to, OWN.message_id, DATE, LINK))


@pytest.mark.parametrize(
    "to", ["a@b", "911+desk@town-1.example", "o'brien_x@sub.state.ma.us", "x!#$%&*/=?^`{|}~-@b.co"]
)
def test_a_plain_address_is_read_as_it_was_written(to: str) -> None:
    mail = message_from_bytes(PRESS.mail("911", "text", "", Own(to, OWN.message_id, DATE, LINK)), policy=default)
    assert [address.addr_spec for address in mail["To"].addresses] == [to]


@given(subject=st.text(max_size=40))
def test_a_subject_is_one_line_and_adds_nothing(subject: str) -> None:
    try:
        raw = PRESS.mail(subject + "\r\nBcc: x@y.example\n\nbody", "text", "", OWN)
    except UnicodeEncodeError:
        return
    mail = message_from_bytes(raw, policy=default)
    assert mail["Bcc"] is None
    assert mail.keys()[:4] == ["To", "Message-ID", "Date", "Subject"]
    assert mail["Subject"].endswith("Bcc: x@y.example body")


def test_what_utf8_cannot_hold_is_refused() -> None:
    with pytest.raises(UnicodeEncodeError):
        PRESS.mail("911", "\ud800", "", OWN)


def test_a_body_is_written_once_however_many_read_it() -> None:
    press = Press("alerts@state911.example", "State 911", HEADERS)
    for no in range(50):
        press.mail("911 is down", f"Read: {ACK_TOKEN}", "", Own(f"a{no}@b.example", OWN.message_id, DATE, LINK))
    assert (press.kept.misses, press.kept.hits) == (1, 49)
