"""The mail that carries a checkpoint of the ledger out of the house, with the signed note attached as it is."""

from __future__ import annotations

from dataclasses import dataclass

from broadcaster.channels.contract import Key
from broadcaster.channels.mime import Letterhead
from broadcaster.messages.message import Message

NAME = "checkpoint.txt"


@dataclass(frozen=True, slots=True)
class CheckpointPrinter:
    """Prints such a mail; the message's third part is the note."""

    head: Letterhead

    def __call__(self, key: Key, to: str, message: Message) -> bytes:
        """The whole mail with CRLF line ends; NoAddress, or ValueError for what UTF-8 cannot hold."""
        mail = self.head.mail(key, to, message.subject)
        mail.set_content(message.text, cte="quoted-printable")
        mail.add_attachment(message.html.encode(), maintype="application", subtype="octet-stream", filename=NAME)
        return mail.as_bytes()
