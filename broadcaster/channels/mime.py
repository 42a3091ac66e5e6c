"""A mail as bytes: what all its readers share is written once, what is one reader's own is put in between.

Text and HTML are quoted-printable, cut where the acknowledgement link stands: a soft line break before and after it
(RFC 2045 section 6.7) makes the link a line of its own that can be replaced without counting characters, in pure ASCII,
with no line longer than 76. The boundary begins with ``=_``, which quoted-printable can never contain.
"""

from __future__ import annotations

import unicodedata
from binascii import b2a_qp
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as WIRE
from email.utils import formataddr, formatdate, parseaddr
from functools import lru_cache
from typing import NamedTuple

from broadcaster.channels.contract import Key
from broadcaster.messages.mail import ACK_TOKEN
from broadcaster.values import MAIL_ADDRESS

BOUNDARY = b"=_911"
SOFT_BREAK, NEWLINE = b"=\r\n", b"\r\n"
SUBJECTS_KEPT, BODIES_KEPT = 64, 256
"""A statewide alert has one subject and a body per agency: 256 bodies are at most a few megabytes."""
LONGEST_ADDRESS = 254
"""RFC 5321 section 4.5.3.1.3, without the angle brackets."""


class NoAddress(ValueError):
    """What a mail shall go to is not ``name@host`` in ASCII (RFC 5321 Mailbox, without quoting and literals)."""


@dataclass(frozen=True, slots=True)
class Letterhead:
    """What a mail that is written one at a time begins with: its sender, and `name_of` for its Message-ID."""

    sender: str
    sender_name: str
    name_of: Callable[[Key], str]

    def mail(self, key: Key, to: str, subject: str) -> EmailMessage:
        """A mail without a text; NoAddress, or ValueError for what UTF-8 cannot hold."""
        if len(to) > LONGEST_ADDRESS or not MAIL_ADDRESS.fullmatch(to):
            raise NoAddress("A mail address must be name@host in ASCII.")
        mail = EmailMessage(policy=WIRE)
        mail["To"], mail["From"] = to, formataddr((one_line(self.sender_name), parseaddr(self.sender)[1]))
        mail["Subject"], mail["Date"] = one_line(subject), formatdate()
        mail["Message-ID"], mail["Auto-Submitted"] = self.name_of(key), "auto-generated"
        return mail


@dataclass(frozen=True, slots=True)
class Own:
    """What one reader's mail has of its own; `date` as RFC 5322 writes it, `link` the address to acknowledge at."""

    to: str
    message_id: str
    date: str
    link: str


class Kept(NamedTuple):
    """Uses of the kept bodies."""

    hits: int
    misses: int


class Press:
    """Prints mails for one sender; `headers` stand in every mail. Bodies and subjects are kept, a bounded number."""

    def __init__(self, sender: str, sender_name: str, headers: Mapping[str, str]) -> None:
        self._subject = lru_cache(SUBJECTS_KEPT)(lambda subject: _header("Subject", one_line(subject)))
        self._body = lru_cache(BODIES_KEPT)(_body)
        self._from = _header("From", Address(sender_name, addr_spec=sender))
        self._every = b"".join(_header(*each) for each in headers.items())

    def mail(self, subject: str, text: str, html: str, own: Own) -> bytes:
        """One reader's mail with CRLF line ends, not dot-stuffed. NoAddress; ValueError for what UTF-8 cannot hold."""
        if len(own.to) > LONGEST_ADDRESS or not MAIL_ADDRESS.fullmatch(own.to):
            raise NoAddress("An agency's mail address must be name@host in ASCII.")
        top = f"To: {own.to}\r\nMessage-ID: {own.message_id}\r\nDate: {own.date}\r\n".encode("ascii")
        link = _quoted(own.link)
        return top + self._subject(subject) + self._from + self._every + _between(self._body(text, html), link)

    @property
    def kept(self) -> Kept:
        """How often a body was found written already, and how often it was not."""
        found = self._body.cache_info()
        return Kept(found.hits, found.misses)


def _header(name: str, value: str | Address) -> bytes:
    name, parsed = WIRE.header_store_parse(name, value)
    return WIRE.fold_binary(name, parsed)


def one_line(subject: str) -> str:
    """A subject that cannot add a header: control characters are spaces, and spaces are single."""
    return " ".join("".join(" " if unicodedata.category(c) == "Cc" else c for c in subject).split())


def _body(text: str, html: str) -> tuple[bytes, ...]:
    """Everything after the headers that all mails share, cut where the link stands."""
    if not html:
        return _cut(b"MIME-Version: 1.0\r\n" + _part(text, b"plain"))
    head = b'MIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary="' + BOUNDARY + b'"\r\n\r\n'
    opening, closing = b"--" + BOUNDARY + NEWLINE, b"--" + BOUNDARY + b"--\r\n"
    return _cut(head + opening + _part(text, b"plain") + NEWLINE + opening + _part(html, b"html") + NEWLINE + closing)


def _part(content: str, kind: bytes) -> bytes:
    head = b"Content-Type: text/" + kind + b'; charset="utf-8"\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n'
    before, *after = (content if content.endswith("\n") else content + "\n").split(ACK_TOKEN)
    return head + _CUT.join([_quoted(before), *map(_quoted, after)])


def _quoted(content: str) -> bytes:
    """Quoted-printable lines; every kind of line end (LF, CRLF, CR) becomes CRLF."""
    plain = content.encode().replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return b2a_qp(plain, istext=True).replace(b"\n", NEWLINE)


_CUT = b"\x00"
"""Marks the place of the link while the body is put together: quoted-printable has no NUL."""


def _cut(body: bytes) -> tuple[bytes, ...]:
    return tuple(body.split(_CUT))


def _between(pieces: tuple[bytes, ...], link: bytes) -> bytes:
    """The pieces with the link between them, each time on lines of its own for the wire, and none for the reader."""
    whole = [pieces[0]]
    for piece in pieces[1:]:
        whole += [b"" if whole[-1].endswith(NEWLINE) else SOFT_BREAK, link]
        whole += [b"" if piece.startswith(NEWLINE) else SOFT_BREAK, piece]
    return b"".join(whole)
