"""Mail to agencies over SMTP: a few kept connections, a Message-ID that stays the same however often it is tried.

Nobody can ask a relay whether it has a mail: what was lost after DATA stays unknown until it is sent again under the
same Message-ID, and counted as possibly doubled.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as WIRE
from email.utils import formatdate, parseaddr
from socket import SOCK_STREAM
from urllib.parse import unquote, urlsplit

from aiosmtplib import SMTP
from aiosmtplib.errors import (
    SMTPAuthenticationError,
    SMTPDataError,
    SMTPException,
    SMTPRecipientRefused,
    SMTPResponseException,
    SMTPSenderRefused,
)

from broadcaster.channels.contract import Accepted, Asked, Key, Outgoing, Seen, Traits, Unsupported
from broadcaster.channels.errors import Ambiguous, Misconfigured, NotSent, Rejected, SendError
from broadcaster.channels.http import DoorClosed, is_loopback_address
from broadcaster.channels.proof import proof
from broadcaster.messages.mail import ACK_TOKEN

CONNECT_S, ANSWER_S = 3.0, 10.0
PUT_OFF_S = 20.0
"""A relay that says 4xx (greylisting, too many at once) is tried again after 20 s."""
REFUSED_S = 30.0
ACK = "ack"
"""The purpose of the proofs in acknowledgement links."""
SCHEMES = {"smtp": 25, "smtps": 465}
LOST = (TimeoutError, OSError)


class BadRelay(ValueError):
    """SMTP_URL cannot be used; the message says what to write instead."""


@dataclass(frozen=True, slots=True)
class Relay:
    """Where mail is handed over; `tls` means from the first byte, otherwise STARTTLS where it is offered."""

    host: str
    port: int
    user: str = ""
    password: str = ""
    tls: bool = False

    @classmethod
    def of(cls, url: str) -> Relay:
        """From ``smtp://user:pass@host:port`` or ``smtps://...``; BadRelay for anything else."""
        parts = urlsplit(url)
        try:
            port = parts.port or SCHEMES.get(parts.scheme, 0)
        except ValueError as error:
            raise BadRelay("SMTP_URL has an impossible port: write smtp://user:password@host:587.") from error
        if parts.scheme not in SCHEMES or not parts.hostname:
            raise BadRelay("SMTP_URL is no relay: write smtp://user:password@host:587 or smtps://host.")
        user, password = unquote(parts.username or ""), unquote(parts.password or "")
        return cls(parts.hostname, port, user, password, parts.scheme == "smtps")


@dataclass(frozen=True, slots=True)
class Mailer:
    """Who mails, through which relay, and where an agency acknowledges. `secret` makes the proofs in the links."""

    relay: Relay
    sender: str
    sender_name: str
    public_base_url: str
    secret: str
    live: bool
    connections: int = 16

    @property
    def domain(self) -> str:
        """The right-hand side of our Message-IDs."""
        return parseaddr(self.sender)[1].rpartition("@")[2] or "localhost"

    def message_id(self, key: Key) -> str:
        """The same for every attempt at a delivery: whoever gets two mails sees one."""
        return f"<{key.fanout}.{key.address}@{self.domain}>"

    def ack_url(self, key: Key) -> str:
        """The agency's own address of acknowledgement, the same in every attempt."""
        return f"{self.public_base_url}/ack/{ack_token(self.secret, key.fanout, key.address)}"


def ack_token(secret: str, fanout: int, address: int) -> str:
    """``fanout.address.proof``: nobody else can make one."""
    return f"{fanout}.{address}.{proof(secret, ACK, f'{fanout}.{address}')}"


def mail_of(mailer: Mailer, out: Outgoing) -> EmailMessage:
    """The mail on its way: text and HTML, with this agency's link; ValueError when the address is none."""
    link = mailer.ack_url(out.key)
    mail = EmailMessage(policy=WIRE)
    mail["From"] = Address(mailer.sender_name, addr_spec=parseaddr(mailer.sender)[1])
    mail["To"] = Address(addr_spec=out.to)
    mail["Subject"] = " ".join(out.message.subject.split())
    mail["Date"] = formatdate(localtime=False)
    mail["Message-ID"] = mailer.message_id(out.key)
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no vacation notice answers this
    mail["List-Id"] = f"911 outage notices <agencies.{mailer.domain}>"  # RFC 2919: a rule can be made for it
    mail["Importance"] = "high"
    mail.set_content(out.message.text.replace(ACK_TOKEN, link))
    if out.message.html:
        mail.add_alternative(out.message.html.replace(ACK_TOKEN, link), subtype="html")
    return mail


class AgencyEmail:
    """One mail to one agency, over one of a few kept connections."""

    name = "email"
    carrier = "smtp"
    traits = Traits(receipts=False, listing=False, segments=False, cancels=False, in_flight=16)

    def __init__(self, mailer: Mailer) -> None:
        self._mailer = mailer
        self._idle: list[SMTP] = []
        self._places = asyncio.Semaphore(mailer.connections)

    async def send(self, out: Outgoing) -> Accepted:
        """Hand one mail over; what is lost between DATA and the relay's 250 is Ambiguous, everything before NotSent."""
        try:
            mail = mail_of(self._mailer, out)
        except (ValueError, LookupError, MessageError) as error:
            raise Rejected("bad_address") from error
        async with self._places:
            client = await self._addressed(out.to)
            try:
                await _data(client, mail.as_bytes())
            except BaseException:
                client.close()
                raise
            self._idle.append(client)
        return Accepted(self._mailer.message_id(out.key))

    async def find(self, asked: Sequence[Asked]) -> list[Seen]:
        """No relay can be asked what it has."""
        raise Unsupported("A mail relay has no listing.")

    async def close(self) -> None:
        """Say goodbye on every kept connection."""
        while self._idle:
            client = self._idle.pop()
            try:
                await client.quit(timeout=1.0)
            except (SMTPException, *LOST):
                client.close()

    async def _addressed(self, to: str) -> SMTP:
        """A connection on which sender and recipient are accepted; whatever fails here, nothing has been sent."""
        try:
            async with asyncio.timeout(ANSWER_S):
                client = await self._with_sender()
        except SMTPAuthenticationError as error:
            raise Misconfigured(f"smtp_{error.code}", wait=REFUSED_S) from error
        except SMTPSenderRefused as error:
            kind = Misconfigured if error.code >= 500 else NotSent
            raise kind(f"smtp_{error.code}", wait=REFUSED_S) from error
        except SMTPResponseException as error:
            raise NotSent(f"smtp_{error.code}", wait=PUT_OFF_S) from error
        except DoorClosed as error:
            raise Misconfigured("door_closed", wait=REFUSED_S) from error
        except (SMTPException, *LOST) as error:
            raise NotSent("no_connection") from error
        try:
            await client.rcpt(to)
        except SMTPRecipientRefused as error:
            await self._put_back(client)
            raise _refused(error) from error
        except (SMTPException, *LOST) as error:
            client.close()
            raise NotSent("connection_lost") from error
        return client

    async def _with_sender(self) -> SMTP:
        """A kept connection, if the relay has not hung up meanwhile, or else a new one."""
        sender = parseaddr(self._mailer.sender)[1]
        while self._idle:
            client = self._idle.pop()
            try:
                await client.mail(sender, timeout=CONNECT_S)
            except (SMTPException, *LOST):
                client.close()
            else:
                return client
        client = await self._new()
        try:
            await client.connect()
            client.timeout = ANSWER_S
            await client.mail(sender)
        except BaseException:
            client.close()
            raise
        return client

    async def _new(self) -> SMTP:
        relay = self._mailer.relay
        return SMTP(
            hostname=relay.host if self._mailer.live else await _loopback(relay),
            port=relay.port,
            username=relay.user or None,
            password=relay.password or None,
            use_tls=relay.tls,
            timeout=CONNECT_S,
        )

    async def _put_back(self, client: SMTP) -> None:
        """Keep a connection after a refusal."""
        try:
            await client.rset()
        except (SMTPException, *LOST):
            client.close()
        else:
            self._idle.append(client)


async def _data(client: SMTP, mail: bytes) -> None:
    """The mail itself: from here on only the relay's own answer tells what happened."""
    try:
        await client.data(mail)
    except SMTPDataError as error:
        raise _refused(error) from error
    except (SMTPException, *LOST) as error:
        raise Ambiguous("lost_after_data") from error


def _refused(error: SMTPResponseException) -> SendError:
    """The relay's own answer: 5xx is for good, 4xx is put off (RFC 5321 section 4.2.1)."""
    if 500 <= error.code < 600:
        return Rejected(f"smtp_{error.code}")
    return NotSent(f"smtp_{error.code}", wait=PUT_OFF_S)


async def _loopback(relay: Relay) -> str:
    """The relay's address on this machine; DoorClosed when it is anywhere else (design law 9), before connecting."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(relay.host, relay.port, type=SOCK_STREAM)
    hosts = [str(sockaddr[0]) for *_, sockaddr in found]
    if not all(is_loopback_address(host) for host in hosts):
        raise DoorClosed(f"MODE is not live: no mail to {relay.host}.")
    return hosts[0]
