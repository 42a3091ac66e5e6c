"""The mail that hands an alert over to the agency with the state's seat at IPAWS: words, the signed CAP document
attached as it is, and a link at which they say when it was on air.

It is carried as every mail is; only its print is another one.
"""

from __future__ import annotations

from dataclasses import dataclass

from broadcaster.channels.contract import Key
from broadcaster.channels.mime import Letterhead
from broadcaster.channels.proof import placed
from broadcaster.messages.handoff import LINK
from broadcaster.messages.message import Message

HANDOFF = "handoff"
"""The purpose of the proofs in these links."""


def link(base: str, secret: str, fanout: int, address: int) -> str:
    """Where the agency answers."""
    return f"{base}/ack/aired/{placed(secret, HANDOFF, fanout, address)}"


@dataclass(frozen=True, slots=True)
class HandoffPrinter:
    """Prints a hand-off: the message's third part is the CAP document, or empty where none could be made."""

    head: Letterhead
    base: str
    secret: str

    def __call__(self, key: Key, to: str, message: Message) -> bytes:
        """The whole mail with CRLF line ends; NoAddress, or ValueError for what UTF-8 cannot hold."""
        mail = self.head.mail(key, to, message.subject)
        mail["Importance"] = "high"
        text = message.text.replace(LINK, link(self.base, self.secret, key.fanout, key.address))
        mail.set_content(text, cte="quoted-printable")
        if message.html:
            document = message.html.encode()
            mail.add_attachment(document, maintype="application", subtype="cap+xml", filename="alert.cap.xml")
        return mail.as_bytes()
