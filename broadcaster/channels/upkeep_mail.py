"""The mail of the monthly round: is what we have of you still right? It carries a link at which an agency answers."""

from __future__ import annotations

from dataclasses import dataclass

from broadcaster.channels.contract import Key
from broadcaster.channels.mime import Letterhead
from broadcaster.channels.proof import proof
from broadcaster.messages.message import Message

CHECK = "check"
"""The purpose of the proofs in these links."""
LINK = "{link}"


def token(secret: str, ask: int) -> str:
    """The end of the address at which a question of the round is answered."""
    return f"{ask}.{proof(secret, CHECK, str(ask))}"


def link(base: str, secret: str, ask: int) -> str:
    """Where it is answered."""
    return f"{base}/ack/check/{token(secret, ask)}"


@dataclass(frozen=True, slots=True)
class CheckPrinter:
    """Prints such a mail; `key.address` is the number of the question."""

    head: Letterhead
    base: str
    secret: str

    def __call__(self, key: Key, to: str, message: Message) -> bytes:
        """The whole mail with CRLF line ends; NoAddress, or ValueError for what UTF-8 cannot hold."""
        mail = self.head.mail(key, to, message.subject)
        own = link(self.base, self.secret, key.address)
        mail.set_content(message.text.replace(LINK, own), cte="quoted-printable")
        return mail.as_bytes()
