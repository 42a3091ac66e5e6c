"""What the ledger is made of: messages, and the POSTs that asked for them."""

from __future__ import annotations

from dataclasses import dataclass, fields
from operator import attrgetter
from typing import Any

OUTBOUND = "outbound-api"
WAITING = frozenset({"queued", "accepted"})


@dataclass(slots=True)
class Message:
    """One text. Times are seconds since 1970; `sender` is empty while a Messaging Service has not chosen one."""

    seq: int
    sid: str
    at: float
    to: str
    sender: str
    body: str
    segments: int
    status: str
    direction: str = OUTBOUND
    service: str = ""
    callback: str = ""
    expires_at: float | None = None
    sent_at: float | None = None
    updated_at: float = 0.0
    error_code: int | None = None
    fault: str = ""

    @property
    def phone(self) -> str:
        """The subscriber's end of the conversation."""
        return self.sender if self.direction == "inbound" else self.to


@dataclass(slots=True)
class Attempt:
    """One POST seen; `status` is the HTTP status that was answered, 0 if none was, `code` is Twilio's or 0."""

    at: float
    to: str
    sender: str
    body: str
    accepted: bool
    status: int
    code: int
    fault: str
    sid: str


MESSAGE_FIELDS = tuple(each.name for each in fields(Message))
ATTEMPT_FIELDS = tuple(each.name for each in fields(Attempt))
_message_values = attrgetter(*MESSAGE_FIELDS)
_attempt_values = attrgetter(*ATTEMPT_FIELDS)


def as_row(record: Message | Attempt) -> dict[str, Any]:
    """A record as one JSON object, with its kind, as it is written to the file and to `/sim/ledger`."""
    if isinstance(record, Message):
        return {"kind": "message", **dict(zip(MESSAGE_FIELDS, _message_values(record), strict=True))}
    return {"kind": "attempt", **dict(zip(ATTEMPT_FIELDS, _attempt_values(record), strict=True))}
