"""What the relay takes, what it keeps, and how it fails on request."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from dataclasses import dataclass, field, fields, replace
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from random import Random
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session

from broadcaster.local.mailbox.returned import drop, report


class FaultError(ValueError):
    """A fault that is none, or out of its range; the message says what is allowed."""


@dataclass(frozen=True, slots=True)
class Faults:
    """What goes wrong, settable while it runs: seconds, and shares from 0 to 1.

    `share_returned` of the mails are taken, and a report that they cannot be delivered goes to the bounce mailbox.
    """

    latency_s: float = 0.0
    share_4xx: float = 0.0
    share_5xx: float = 0.0
    share_dropped_after_data: float = 0.0
    share_returned: float = 0.0

    def changed(self, updates: dict[str, Any]) -> Faults:
        """With some of them set; FaultError says which cannot be."""
        known = {each.name for each in fields(self)}
        for name, value in updates.items():
            if name not in known:
                raise FaultError(f"There is no fault “{name}”: choose among {', '.join(sorted(known))}.")
            if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
                raise FaultError(f"{name} must be a number from 0 up.")
            if name.startswith("share_") and value > 1:
                raise FaultError(f"{name} is a share: from 0 to 1.")
        return replace(self, **{name: float(value) for name, value in updates.items()})


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail as it was taken, for one mailbox; `at` is in seconds since 1970, `answered` False if we hung up."""

    no: int
    at: float
    to: str
    sender: str
    subject: str
    message_id: str
    text: str
    html: str
    raw: bytes
    answered: bool

    def json(self) -> dict[str, Any]:
        """Everything but the raw bytes."""
        return {each.name: getattr(self, each.name) for each in fields(self) if each.name != "raw"}


@dataclass
class Office:
    """Every mail that was taken. With a `folder` each is also written as ``000001.eml``; `bounces` is a Maildir."""

    folder: Path | None = None
    bounces: Path | None = None
    faults: Faults = field(default_factory=Faults)
    dice: Random = field(default_factory=lambda: Random(1))
    mails: list[Mail] = field(default_factory=list)
    returned: int = 0
    refused: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def take(self, envelope: Envelope, answered: bool) -> None:
        """Keep a mail in the mailbox of each recipient."""
        raw = bytes(envelope.original_content or b"")
        message = message_from_bytes(raw, policy=policy.default)
        for to in envelope.rcpt_tos:
            mail = Mail(
                no=len(self.mails) + 1,
                at=time.time(),
                to=to.lower(),
                sender=envelope.mail_from or "",
                subject=str(message["subject"] or ""),
                message_id=str(message["message-id"] or ""),
                text=_part(message, "plain"),
                html=_part(message, "html"),
                raw=raw,
                answered=answered,
            )
            self.mails.append(mail)
            if self.folder:
                (self.folder / f"{mail.no:06}.eml").write_bytes(raw)

    def send_back(self, envelope: Envelope, to: Path) -> None:
        """Report to the sender that nobody could be reached."""
        for address in envelope.rcpt_tos:
            drop(to, report(bytes(envelope.original_content or b""), address, envelope.mail_from or ""))
            self.returned += 1

    def boxes(self) -> dict[str, list[Mail]]:
        """The mails of each mailbox, newest first."""
        found: dict[str, list[Mail]] = defaultdict(list)
        for mail in reversed(self.mails):
            found[mail.to].append(mail)
        return dict(found)

    def summary(self) -> dict[str, Any]:
        """Counts: `doubles` are mails beyond the first of the same Message-ID in one mailbox."""
        distinct = {(mail.to, mail.message_id) for mail in self.mails}
        return {
            "mails": len(self.mails),
            "mailboxes": len({mail.to for mail in self.mails}),
            "doubles": len(self.mails) - len(distinct),
            "unanswered": sum(not mail.answered for mail in self.mails),
            "returned": self.returned,
            "refused": dict(self.refused),
        }


def _part(message: EmailMessage, kind: str) -> str:
    part = message.get_body(preferencelist=(kind,))
    return str(part.get_content()) if part else ""


class Counter:
    """The SMTP side: aiosmtpd calls these hooks; every answer is a reply line of RFC 5321."""

    def __init__(self, office: Office) -> None:
        self._office = office

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, _: list[str]) -> str:
        """Take a recipient, or refuse as the faults say."""
        faults, dice = self._office.faults, self._office.dice.random()
        if dice < faults.share_5xx:
            self._office.refused["550"] += 1
            return "550 5.1.1 there is no such mailbox"
        if dice < faults.share_5xx + faults.share_4xx:
            self._office.refused["450"] += 1
            return "450 4.2.1 try again later"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Take the mail; then answer, or hang up without a word as the faults say."""
        faults = self._office.faults
        if faults.latency_s:
            await asyncio.sleep(faults.latency_s)
        answered = self._office.dice.random() >= faults.share_dropped_after_data
        self._office.take(envelope, answered)
        if self._office.bounces and faults.share_returned and self._office.dice.random() < faults.share_returned:
            self._office.send_back(envelope, self._office.bounces)
        if not answered and server.transport is not None:
            server.transport.abort()
        return f"250 2.0.0 taken as {len(self._office.mails)}"
