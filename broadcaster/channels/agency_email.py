"""Mail to agencies over SMTP: printed once, patched per agency, over a few kept connections.

Nobody can ask a relay whether it has a mail: what was lost after the final dot stays unknown until it is sent again
under the same Message-ID, and counted as possibly doubled. That Message-ID carries a proof, so that a bounce which
names it speaks of a mail of ours and nobody can make one up.
"""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from email.utils import formatdate, parseaddr
from random import Random

from aiosmtplib import SMTP
from aiosmtplib.errors import (
    SMTPDataError,
    SMTPException,
    SMTPRecipientRefused,
    SMTPResponseException,
    SMTPServerDisconnected,
)
from aiosmtplib.response import SMTPResponse

from broadcaster.alert.delivery import Handset
from broadcaster.channels.contract import Accepted, Asked, Key, Outgoing, Seen, Traits, Unsupported
from broadcaster.channels.errors import Ambiguous, Misconfigured, NotSent, PutOff, Rejected, SendError
from broadcaster.channels.http import DoorClosed
from broadcaster.channels.mime import NoAddress, Own, Press
from broadcaster.channels.proof import placed, proves
from broadcaster.channels.smtp_pool import ANSWER_S, CLOSING, CONNECT_S, LOST, Pool, Relay
from broadcaster.messages.message import Message

PUT_OFF_S = 20.0
"""A relay that says 4xx (greylisting, too many at once) is tried again after 2 to 20 s: spread, because one that takes
14 a second would refuse nearly all of a thousand that come back together."""
REFUSED_S = 30.0
ACK, MAIL = "ack", "mail"
"""The purposes of the proofs in acknowledgement links and in Message-IDs."""
CONNECTIONS = 16
"""1,000 agencies at 50 ms a mail take 3.1 s over 16; Exchange takes 20 from one host, Postfix 50, unless told else."""
GO_ON, NEED_LOGIN = 354, 530

HANDSETS: dict[str, Handset] = {
    "delivered": Handset.DELIVERED,
    "relayed": Handset.SENT,
    "expanded": Handset.SENT,
    "failed": Handset.UNDELIVERED,
}
"""Actions of a delivery report (RFC 3464 section 2.3.3) in our words; ``delayed`` says nothing yet."""

_MESSAGE_ID = re.compile(r"<(\d{1,18})\.(\d{1,18})\.([A-Za-z0-9_-]{22})@[A-Za-z0-9.-]{1,253}>")
_ENVELOPE_ID = re.compile(r"(\d{1,18})\.(\d{1,18})\.([A-Za-z0-9_-]{22})")
_OUR_FAULT = re.compile(r"(?m)^5\.7\.\d")
"""RFC 3463: security and policy; the relay does not let us relay, whoever the recipient is."""


@dataclass(frozen=True, slots=True)
class Mailer:
    """Who mails, through which relay, and where an agency acknowledges. `secret` makes the proofs.

    `bounces_to` is the envelope's sender, to which reports of failure go; empty: `sender`.
    """

    relay: Relay
    sender: str
    sender_name: str
    public_base_url: str
    secret: str
    live: bool
    connections: int = CONNECTIONS
    bounces_to: str = ""

    @property
    def address(self) -> str:
        """The sender without a name."""
        return parseaddr(self.sender)[1]

    @property
    def domain(self) -> str:
        """The right-hand side of our Message-IDs."""
        return domain_of(self.sender)

    def envelope_id(self, key: Key) -> str:
        """What a relay's report calls this mail by, if it was told (RFC 3461 ENVID)."""
        return envelope_id(self.secret, key.fanout, key.address)

    def message_id(self, key: Key) -> str:
        """The mail's name for everybody, and our reference to it."""
        return message_id(self.secret, self.domain, key.fanout, key.address)

    def ack_url(self, key: Key) -> str:
        """The agency's own address of acknowledgement, the same in every attempt."""
        return f"{self.public_base_url}/ack/{ack_token(self.secret, key.fanout, key.address)}"


def ack_token(secret: str, fanout: int, address: int) -> str:
    """The end of the address at which an agency acknowledges."""
    return placed(secret, ACK, fanout, address)


def envelope_id(secret: str, fanout: int, address: int) -> str:
    """The name of a mail in Message-IDs and envelopes: the same for every attempt."""
    return placed(secret, MAIL, fanout, address)


def message_id(secret: str, domain: str, fanout: int, address: int) -> str:
    """The same for every attempt at a delivery: whoever gets two mails sees one."""
    return f"<{envelope_id(secret, fanout, address)}@{domain}>"


def domain_of(sender: str) -> str:
    """The right-hand side of the Message-IDs of a sender."""
    return parseaddr(sender)[1].rpartition("@")[2] or "localhost"


def mail_named(secret: str, text: str) -> tuple[int, int] | None:
    """Fan-out and address of the first Message-ID of ours in a text, or of the envelope id that it is; or None."""
    whole = _ENVELOPE_ID.fullmatch(text.strip())
    for found in [whole] if whole else _MESSAGE_ID.finditer(text):
        if proves(secret, MAIL, f"{found[1]}.{found[2]}", found[3]):
            return int(found[1]), int(found[2])
    return None


Printer = Callable[[Key, str, Message], bytes]
"""Prints a mail to an address in a way of its own; NoAddress, or ValueError for what no mail can hold."""


class AgencyEmail:
    """One mail to one agency, over one of a few kept connections; `other` is the name and print of another channel."""

    name = "email"
    carrier = "smtp"
    traits = Traits(receipts=True, listing=False, segments=False, cancels=False, in_flight=2 * CONNECTIONS)
    """Twice the connections are claimed at a time, so that none of them waits for the next claim."""

    def __init__(self, mailer: Mailer, dice: Random | None = None, other: tuple[str, Printer] | None = None) -> None:
        self._mailer = mailer
        if other is not None:
            self.name = self.carrier = other[0]
        self._printer = other[1] if other else self._print
        self._dice = dice or Random()  # noqa: S311 - it spreads waits, and keeps no secret
        self._envelope_from = mailer.bounces_to or mailer.address
        self._press = Press(mailer.address, mailer.sender_name, _headers(mailer))
        self.pool = Pool(mailer.relay, live=mailer.live, size=mailer.connections, hello=mailer.domain)

    async def send(self, out: Outgoing) -> Accepted:
        """Hand one mail over: until its final dot is written whatever fails is NotSent, after it only an answer counts.

        The relay has 10 s to be ready for the mail and 10 s to take it.
        """
        mail = self.printed(out)
        client = await self._ready(out)
        try:
            response = await _hand_over(client, mail)
        except BaseException:
            self.pool.drop(client)
            raise
        if response.code == CLOSING:
            self.pool.drop(client)
        else:
            self.pool.keep(client)
        if not 200 <= response.code < 300:
            raise self._answered(response)
        return Accepted(self._mailer.message_id(out.key))

    def printed(self, out: Outgoing) -> bytes:
        """The mail on its way; Rejected when the address is none, or the text cannot be written in UTF-8."""
        try:
            return self._printer(out.key, out.to, out.message)
        except NoAddress as error:
            raise Rejected("bad_address") from error
        except ValueError as error:
            raise Rejected("bad_text") from error

    def _print(self, key: Key, to: str, message: Message) -> bytes:
        own = Own(to, self._mailer.message_id(key), formatdate(), self._mailer.ack_url(key))
        return self._press.mail(message.subject, message.text, message.html, own)

    async def find(self, asked: Sequence[Asked]) -> list[Seen]:
        """No relay can be asked what it has."""
        raise Unsupported("A mail relay has no listing.")

    async def cancel(self, ref: str) -> bool:
        """Nothing can be taken back."""
        raise Unsupported("A mail that the relay has is on its way.")

    async def close(self) -> None:
        """Say goodbye on every kept connection."""
        await self.pool.close()

    async def _ready(self, out: Outgoing) -> SMTP:
        """A connection on which the relay waits for the mail; whatever fails here, nothing has been sent."""
        try:
            async with asyncio.timeout(ANSWER_S):
                return await self._begun(out)
        except DoorClosed as error:
            raise Misconfigured("door_closed", wait=REFUSED_S) from error
        except SMTPResponseException as error:
            raise self._refused(error) from error
        except (SMTPException, *LOST) as error:
            raise _unreached(error) from error

    async def _begun(self, out: Outgoing) -> SMTP:
        """MAIL, RCPT and DATA; where the relay hangs up (RFC 5321 section 3.8: 421), once more elsewhere."""
        for elsewhere in (True, False):
            client = await self.pool.take()
            try:
                await self._say(client, out)
            except SMTPResponseException as error:
                if error.code != CLOSING:
                    await self.pool.reset(client)
                    raise
                self.pool.drop(client)
                if not elsewhere:
                    raise
            except LOST:
                self.pool.drop(client, others=True)
                if not elsewhere:
                    raise
            except BaseException:
                self.pool.drop(client)
                raise
            else:
                return client
        raise AssertionError("the second try returns or raises")

    async def _say(self, client: SMTP, out: Outgoing) -> None:
        reports = client.supports_extension("dsn")
        envelope = ["RET=HDRS", f"ENVID={self._mailer.envelope_id(out.key)}"] if reports else []
        await client.mail(self._envelope_from, options=envelope, timeout=CONNECT_S)
        await client.rcpt(out.to, options=["NOTIFY=FAILURE,DELAY"] if reports else [])
        response = await client.execute_command(b"DATA")
        if response.code != GO_ON:
            raise SMTPDataError(response.code, response.message)

    def _answered(self, response: SMTPResponse) -> SendError:
        """The answer to the final dot that is not 2xx: 4xx and 5xx were not taken (RFC 5321 section 4.2.1)."""
        if 400 <= response.code < 600:
            return self._refused(SMTPDataError(response.code, response.message))
        return Ambiguous("lost_after_data")

    def _refused(self, error: SMTPResponseException) -> SendError:
        """The relay's own word: 4xx is put off, 5xx is for good, but what it says of us is for a person to repair."""
        if error.code < 500 or error.code >= 600:
            reason = f"smtp_{error.code}" if 400 <= error.code < 500 else "unreadable_answer"
            about_the_mail = isinstance(error, SMTPRecipientRefused | SMTPDataError) and 400 <= error.code != CLOSING
            kind = PutOff if about_the_mail else NotSent
            return kind(reason, wait=self._dice.uniform(PUT_OFF_S / 10, PUT_OFF_S))
        if _is_about_us(error):
            return Misconfigured(f"smtp_{error.code}", wait=REFUSED_S)
        return Rejected(f"smtp_{error.code}")


def _is_about_us(error: SMTPResponseException) -> bool:
    """Whether a 5xx is about our login, our sender or our right to relay, and not about this mail or its reader."""
    if error.code == NEED_LOGIN or not isinstance(error, SMTPRecipientRefused | SMTPDataError):
        return True
    return isinstance(error, SMTPRecipientRefused) and _OUR_FAULT.search(error.message) is not None


def _headers(mailer: Mailer) -> dict[str, str]:
    """What stands in every mail beside its sender."""
    return {
        "Auto-Submitted": "auto-generated",  # RFC 3834: no vacation notice answers this
        "List-Id": f"911 outage notices <agencies.{mailer.domain}>",  # RFC 2919: a rule can be made for it
        "Importance": "high",
    }


async def _hand_over(client: SMTP, mail: bytes) -> SMTPResponse:
    """Write the mail and its final dot; from here on only the relay's own answer tells what happened."""
    protocol = client.protocol
    if protocol is None:
        raise NotSent("connection_lost")
    try:
        protocol.write(mail.replace(b"\r\n.", b"\r\n..") + b".\r\n")
    except SMTPServerDisconnected as error:  # it was closed before a byte was written
        raise NotSent("connection_lost") from error
    try:
        return await protocol.read_response(timeout=ANSWER_S)
    except (SMTPException, *LOST) as error:
        raise Ambiguous("lost_after_data") from error


def _unreached(error: BaseException) -> SendError:
    """Why no relay was ready: a certificate or a missing login is ours to repair, anything else is tried again."""
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, ssl.SSLCertVerificationError):
        cause = cause.__cause__
    if cause is not None:
        return Misconfigured("certificate", wait=REFUSED_S)
    if type(error) is SMTPException:  # aiosmtplib's own word for a relay that offers no login that we know
        return Misconfigured("no_login", wait=REFUSED_S)
    return NotSent("no_connection")
