"""What the ledger is made of: messages, and the POSTs that asked for them."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from operator import attrgetter
from typing import Any

OUTBOUND = "outbound-api"
UNSENT = "outbound-refused"  # a recipient of a bulk request whom nothing was sent to: no text, and never counted as one
WAITING = frozenset({"queued", "accepted"})


@dataclass(slots=True)
class Message:
    """One text. Times are seconds since 1970; `sender` is empty while a Messaging Service has not chosen one.

    A text of a bulk request has its `operation`, its `bulk_id` there (comms_message_...) and its `tags`.
    """

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
    operation: str = ""
    bulk_id: str = ""
    tags: dict[str, str] = field(default_factory=dict)

    @property
    def phone(self) -> str:
        """The subscriber's end of the conversation."""
        return self.sender if self.direction == "inbound" else self.to


@dataclass(slots=True)
class Attempt:
    """One POST seen; `status` is the HTTP status that was answered, 0 if none was, `code` is Twilio's or 0.

    `texts` is how many texts it made: of a bulk request, whose `sid` is its operation's, as many as were not refused.
    """

    at: float
    to: str
    sender: str
    body: str
    accepted: bool
    status: int
    code: int
    fault: str
    sid: str
    texts: int = 1


@dataclass(frozen=True, slots=True)
class Operation:
    """One bulk request that was accepted; `unaddressable` recipients made no message at all."""

    id: str
    at: float
    recipients: int
    unaddressable: int


MESSAGE_FIELDS = tuple(each.name for each in fields(Message))
ATTEMPT_FIELDS = tuple(each.name for each in fields(Attempt))
OPERATION_FIELDS = tuple(each.name for each in fields(Operation))
_message_values = attrgetter(*MESSAGE_FIELDS)
_attempt_values = attrgetter(*ATTEMPT_FIELDS)


_operation_values = attrgetter(*OPERATION_FIELDS)


def as_row(record: Message | Attempt | Operation) -> dict[str, Any]:
    """A record as one JSON object, with its kind, as it is written to the file and to `/sim/ledger`."""
    if isinstance(record, Message):
        kind = "unsent" if record.direction == UNSENT else "message"
        return {"kind": kind, **dict(zip(MESSAGE_FIELDS, _message_values(record), strict=True))}
    if isinstance(record, Operation):
        return {"kind": "operation", **dict(zip(OPERATION_FIELDS, _operation_values(record), strict=True))}
    return {"kind": "attempt", **dict(zip(ATTEMPT_FIELDS, _attempt_values(record), strict=True))}
