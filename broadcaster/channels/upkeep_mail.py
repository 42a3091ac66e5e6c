"""The mail of the monthly round: is what we have of you still right? It carries a link at which an agency answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formataddr, formatdate, parseaddr

from broadcaster.channels.contract import Key
from broadcaster.channels.mime import LONGEST_ADDRESS, NoAddress, one_line
from broadcaster.channels.proof import proof
from broadcaster.messages.message import Message
from broadcaster.values import MAIL_ADDRESS

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
    """Prints such a mail; `key.address` is the number of the question, and `name_of` gives the Message-ID."""

    sender: str
    sender_name: str
    base: str
    secret: str
    name_of: Callable[[Key], str]

    def __call__(self, key: Key, to: str, message: Message) -> bytes:
        """The whole mail with CRLF line ends; NoAddress, or ValueError for what UTF-8 cannot hold."""
        if len(to) > LONGEST_ADDRESS or not MAIL_ADDRESS.fullmatch(to):
            raise NoAddress("A contact must be name@host in ASCII.")
        mail = EmailMessage(policy=SMTP)
        mail["To"], mail["From"] = to, formataddr((one_line(self.sender_name), parseaddr(self.sender)[1]))
        mail["Subject"], mail["Date"] = one_line(message.subject), formatdate()
        mail["Message-ID"], mail["Auto-Submitted"] = self.name_of(key), "auto-generated"
        own = link(self.base, self.secret, key.address)
        mail.set_content(message.text.replace(LINK, own), cte="quoted-printable")
        return mail.as_bytes()
