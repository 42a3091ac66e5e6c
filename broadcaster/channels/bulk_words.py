"""What Twilio's Bulk Messaging API is told and says, in our words; `sms_bulk` carries it.

Where its pages are open, the reading that cannot lose or double anybody is taken, and what cannot be read is Ambiguous.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from broadcaster.alert.delivery import Handset
from broadcaster.channels.contract import Accepted, Asked, Operation, Outgoing, Progress, Told
from broadcaster.channels.errors import Ambiguous, Misconfigured, NotSent, OptedOut, Rejected, SendError, Throttled

HANDSETS: dict[str, Handset] = {
    "SENT": Handset.SENT,
    "DELIVERED": Handset.DELIVERED,
    "READ": Handset.DELIVERED,
    "UNDELIVERED": Handset.UNDELIVERED,
    "FAILED": Handset.FAILED,
    "CANCELED": Handset.FAILED,
}
"""Their statuses in our words; SCHEDULED and QUEUED say nothing about the phone."""

UNTAKEN: dict[int, type[SendError]] = {
    20429: Throttled,
    21611: Throttled,
    20003: Misconfigured,
    21212: Misconfigured,
    21408: Misconfigured,
    21606: Misconfigured,
    21610: OptedOut,
}
"""Codes with which Twilio refuses to send at all. Any other 21xxx is a rejection for good; a FAILED message with a
code of the networks (30xxx) was taken and then failed, as with the per-message API."""

_OPERATION = re.compile(r"comms_operation_[0-7][a-hjkmnpqrstv-z0-9]{25,34}")
_KEY = re.compile(r"\d{1,18}\.\d{1,18}\.\d{1,9}")


@dataclass(frozen=True, slots=True)
class Listed:
    """A row of their listing, read strictly: one that is passed over in silence would count as absent.

    `tag` is our key, or empty where it did not come back as we gave it.
    """

    ref: str
    to: str
    status: str
    made_at: datetime
    tag: str
    operation: str

    @classmethod
    def of(cls, row: Any) -> Listed:
        """Raises Ambiguous for a row that cannot be read."""
        try:
            made_at = datetime.fromisoformat(row["createdAt"])
            if made_at.tzinfo is None:
                raise ValueError("a time without its zone")
            tag = str((row.get("tags") or {}).get("delivery", ""))
            related = (str(each.get("id")) for each in row.get("related") or ())
            return cls(
                ref=str(row["id"]),
                to=str(row["to"][0]["address"]),
                status=str(row["status"]),
                made_at=made_at,
                tag=tag if _KEY.fullmatch(tag) else "",
                operation=next(filter(_OPERATION.fullmatch, related), ""),
            )
        except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
            raise Ambiguous("unreadable_listing") from error


def request(sender: str, rows: Sequence[Outgoing]) -> dict[str, object]:
    """The whole text is one variable: what is frozen is sent exactly, braces and all, with the segments it was given.

    No variable has a default, because each row gives all of them, and words by default would be wrong words.
    """
    return {
        "from": {"address": sender, "channel": "SMS"},
        "to": [
            {
                "address": row.to,
                "channel": "PHONE",
                "variables": {"text": row.message.text, "key": str(row.key), "proof": row.proof},
            }
            for row in rows
        ],
        "content": {"text": "{{text}}"},
        "tags": {"delivery": "{{key}}", "proof": "{{proof}}"},
    }


def operation_ref(headers: Mapping[str, str], text: str) -> str:
    """The operation's id out of a 202: the header, or else the body; empty if neither holds one."""
    header = next((value for name, value in headers.items() if name.lower() == "operationid"), "")
    said = header or str((as_object(text) or {}).get("operationId", ""))
    return said if _OPERATION.fullmatch(said) else ""


def as_operation(ref: str, found: Mapping[str, Any]) -> Operation:
    """How far an operation is; Ambiguous where it does not say so."""
    try:
        stats = found["stats"]
        counts = (int(stats[name]) for name in ("recipients", "total", "unaddressable"))
        return Operation(ref, Progress(found["status"]), *counts)
    except (KeyError, TypeError, ValueError) as error:
        raise Ambiguous("unreadable_operation") from error


def as_told(one: Asked, message: Listed, fetched: Mapping[str, Any]) -> Told:
    """A message that failed or was not delivered comes with what fetching it said."""
    code = _code(fetched)
    answer: Accepted | SendError = Accepted(message.ref)
    handset = HANDSETS.get(message.status, Handset.NONE)
    if message.status == "FAILED":
        if fetched.get("attempts") == []:
            answer, handset = NotSent("not_attempted"), Handset.NONE
        elif code in UNTAKEN or 21000 <= code < 22000:
            answer, handset = UNTAKEN.get(code, Rejected)(str(code)), Handset.NONE
    return Told(one.key, message.ref, message.made_at, answer, handset, message.operation, str(code or ""))


def _code(fetched: Mapping[str, Any]) -> int:
    """The code of the last attempt, or 0."""
    try:
        return int(fetched["attempts"][-1]["error"]["code"])
    except (IndexError, KeyError, TypeError, ValueError):
        return 0


def reason(status: int, text: str) -> str:
    """Why a request was refused as a whole: the carrier's code, or the HTTP status."""
    code = (as_object(text) or {}).get("code")
    return str(code) if isinstance(code, int) else f"http_{status}"


def as_object(text: str) -> dict[str, Any] | None:
    """The JSON object in an answer, or None."""
    try:
        found = json.loads(text)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None
