"""Mail that comes back: reports of mail servers (RFC 3464), read without trust, from raw bytes to a delivery.

A report counts only if it names a Message-ID or envelope id of ours with its proof: nobody can mark an agency as not
reached who has not had that agency's mail. Everything else in a bounce mailbox is no report: said so, and left alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes, message_from_string
from email.message import Message

from sqlalchemy.orm import Session

from broadcaster import logs
from broadcaster.alert.delivery import Handset
from broadcaster.channels.agency_email import HANDSETS, domain_of, mail_named, message_id
from broadcaster.settings import Settings
from broadcaster.store.fanout import bounces
from broadcaster.store.fanout.bounces import Bounce
from broadcaster.store.sealed import Sealer
from broadcaster.values import Keyring

log = logs.get(__name__)
LARGEST = 256 * 1024
"""Bytes: a report with the whole of our longest mail in it is a quarter of this."""
MOST_PARTS, MOST_BOUNDARIES, LONGEST_HEADER = 60, 12, 2000
"""A report has three parts; the mail it may return has three more. Counted before anything is parsed."""
ACTIONS = ("failed", "delayed", "delivered", "relayed", "expanded")
"""RFC 3464 section 2.3.3, the worst first: a report about several recipients says the worst of them."""
REPORTS = {"message/delivery-status", "message/global-delivery-status"}
RETURNED = {"message/rfc822", "message/global"}
RETURNED_HEADERS = {"text/rfc822-headers", "message/global-headers"}
_CONTENT_TYPE = re.compile(rb"(?m)^content-type[^\n]*(?:\n[ \t][^\n]*)*")
_STATUS = re.compile(r"\b([245]\.\d{1,3}\.\d{1,3})\b")


class NoReport(ValueError):
    """An ordinary mail, an automatic answer, or a report about somebody else's mail; `why` is a word for the log."""

    def __init__(self, why: str) -> None:
        super().__init__(f"This is no report about a mail of ours: {why}.")
        self.why = why


class Refused(ValueError):
    """Too large, or made of too many parts, to be read; `why` is a word for the log."""

    def __init__(self, why: str) -> None:
        super().__init__(f"This mail is not read: {why}.")
        self.why = why


@dataclass(frozen=True, slots=True)
class Report:
    """What became of one mail: `action` is one of ACTIONS, `code` an RFC 3463 status such as 5.1.1, or empty."""

    fanout: int
    address: int
    action: str
    code: str

    @property
    def handset(self) -> Handset:
        """The action in our words; a delay says nothing yet."""
        return HANDSETS.get(self.action, Handset.NONE)


@dataclass(frozen=True, slots=True)
class Desk:
    """Where mail that came back is read: `keys` made the proofs in our Message-IDs, `domain` is their other half."""

    keys: Keyring
    domain: str
    sealer: Sealer

    @classmethod
    def of(cls, settings: Settings) -> Desk:
        """The desk of an installation; SettingsError when a secret is missing."""
        sealer = Sealer(settings.field_key_bytes, settings.index_key_bytes, settings.field_key_id)
        return cls(settings.keyring, domain_of(settings.mail_from), sealer)

    def take(self, session: Session, raw: bytes) -> Report:
        """Read, keep and apply a report, in the caller's transaction; twice is once. NoReport and Refused as `read`."""
        report = read(raw, self.keys)
        ref = message_id(self.keys.newest, self.domain, report.fanout, report.address)
        kept = Bounce(
            fanout_id=report.fanout,
            address_id=report.address,
            ref=ref,
            status=report.action,
            code=report.code,
            handset=report.handset,
            raw_enc=self.sealer.seal(raw.decode("latin-1"), f"receipt:{ref}".encode()),
        )
        known = bounces.record(session, kept)
        about = f"{report.fanout}.{report.address}"
        log.info("mail_reported", delivery=about, action=report.action, code=report.code, known=known)
        return report


def read(raw: bytes, keys: Keyring) -> Report:
    """The report in a mail; NoReport for any other mail, Refused for one that it is no use to open."""
    _bounded(raw)
    parts = _parts(message_from_bytes(raw))
    blocks = [block for part in parts if part.get_content_type() in REPORTS for block in _blocks(part)]
    if not blocks:
        raise NoReport("not_a_delivery_report")
    names = list(_names(parts, blocks))
    named = keys.first(lambda key: next(filter(None, (mail_named(key, text) for text in names)), None))
    if named is None:
        raise NoReport("not_about_our_mail")
    said = {str(block["Action"] or "").strip().lower(): block for block in reversed(blocks)}
    action = next((each for each in ACTIONS if each in said), None)
    if action is None:
        raise NoReport("says_nothing")
    code = _STATUS.search(str(said[action]["Status"] or ""))
    return Report(*named, action, code[1] if code else "")


def _bounded(raw: bytes) -> None:
    """Refused for what the parser would need long for: its time grows with the square of a header's parameters."""
    if len(raw) > LARGEST:
        raise Refused("too_large")
    plain = raw.lower().replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    if any(len(header) > LONGEST_HEADER for header in _CONTENT_TYPE.findall(plain)):
        raise Refused("too_long_a_header")
    if plain.count(b"content-type") > MOST_PARTS or plain.count(b"boundary") > MOST_BOUNDARIES:
        raise Refused("too_many_parts")


def _parts(mail: Message) -> list[Message]:
    """The parts of a report as it was sent to us; what is forwarded inside another mail is no report to us."""
    inside = mail.get_payload()
    if mail.get_content_type() != "multipart/report" or not isinstance(inside, list):
        raise NoReport("not_a_delivery_report")
    return [part for part in inside if isinstance(part, Message)]


def _blocks(part: Message) -> Iterator[Message]:
    """The groups of fields of a report, whether the parser has cut them apart (RFC 3464) or not (RFC 6533)."""
    groups = part.get_payload()
    for group in groups if isinstance(groups, list) else []:
        if isinstance(group, Message):
            yield group
            rest = group.get_payload()
            for text in re.split(r"\r?\n\r?\n", rest) if isinstance(rest, str) else []:
                yield message_from_string(text.lstrip("\r\n"))


def _names(parts: list[Message], blocks: list[Message]) -> Iterator[str]:
    """Where a report names the mail it is about: the envelope id, the returned headers, a field of its own."""
    for block in blocks:
        yield from (str(block[field] or "") for field in ("Original-Envelope-Id", "Original-Message-ID"))
    for part in parts:
        inside = part.get_payload()
        if part.get_content_type() in RETURNED and isinstance(inside, list):
            yield from (str(mail["Message-ID"] or "") for mail in inside if isinstance(mail, Message))
        elif part.get_content_type() in RETURNED_HEADERS:
            yield _text_of(part)


def _text_of(part: Message) -> str:
    """The returned headers as text, whatever they are encoded in."""
    inside = part.get_payload()
    if isinstance(inside, list):  # message/global-headers: the parser took it for a mail
        return "\n".join(str(mail["Message-ID"] or "") for mail in inside if isinstance(mail, Message))
    decoded = part.get_payload(decode=True)
    return decoded.decode("latin-1") if isinstance(decoded, bytes) else ""
