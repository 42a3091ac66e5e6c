"""Twilio's JSON for a bulk operation, its messages and their events, and the filters of the listings.

Where Twilio's pages leave a form open: an operation is PROCESSING while one of its texts waits in a queue, and each
text counts once in `stats`, by its present status; times are whole seconds; the listing has no filter by sender,
because none is described; an event comes alone in its array.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar
from uuid import uuid4

from broadcaster.local.carrier.errors import NETWORK, REFUSALS
from broadcaster.local.carrier.records import OUTBOUND, WAITING, Message, Operation

VERSION = "v1"
DEFAULT_PAGE, MOST_PER_PAGE = 50, 1000
ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32
STATUSES = {status: status.upper() for status in ("queued", "sent", "delivered", "undelivered", "failed", "canceled")}
STATUSES["accepted"] = "QUEUED"
COUNTED = ("scheduled", "queued", "sent", "delivered", "read", "undelivered", "failed", "canceled")
EVENTS = frozenset({"queued", "sent", "delivered", "undelivered", "failed"})
Row = TypeVar("Row", Message, Operation)


def new_id(kind: str) -> str:
    """comms_<kind>_ and 26 characters of base 32. Not from the seeded dice: it must stay unique over a restart."""
    number = uuid4().int
    return f"comms_{kind}_" + "".join(ALPHABET[number >> shift & 31] for shift in range(125, -1, -5))


def as_time(seconds: float) -> str:
    """Seconds since 1970 as RFC 3339 in whole seconds of UTC."""
    return datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def as_operation(operation: Operation, messages: Sequence[Message]) -> dict[str, Any]:
    """An Operation resource: its status follows from its messages."""
    counts = Counter(STATUSES[each.status] for each in messages)
    if counts["QUEUED"]:
        status = "PROCESSING"
    else:
        status = "CANCELED" if messages and counts["CANCELED"] == len(messages) else "COMPLETED"
    return {
        "id": operation.id,
        "status": status,
        "stats": {
            "total": len(messages),
            "recipients": operation.recipients,
            "attempts": len(messages) - counts["QUEUED"] - counts["CANCELED"],
            "unaddressable": operation.unaddressable,
            **{name: counts[name.upper()] for name in COUNTED},
        },
        "createdAt": as_time(operation.at),
        "updatedAt": as_time(max((each.updated_at for each in messages), default=operation.at)),
    }


def as_listed(message: Message) -> dict[str, Any]:
    """A message as the listing has it: neither its content nor its attempts."""
    location = f"/{VERSION}/Messages/Operations/{message.operation}"
    return {
        "id": message.bulk_id,
        "from": _sender(message),
        "to": [{"address": message.to, "channel": "PHONE"}],
        "status": STATUSES[message.status],
        "related": [{"name": "operation", "id": message.operation, "uri": location}],
        "tags": message.tags,
        "scheduledFor": None,
        "createdAt": as_time(message.at),
        "updatedAt": as_time(message.updated_at),
        "deletedAt": None,
    }


def as_fetched(message: Message) -> dict[str, Any]:
    """A message by itself: with the text that its reader sees, and the attempts to send it."""
    attempts = [] if message.status in WAITING or message.status == "canceled" else [_attempt(message)]
    return {**as_listed(message), "content": {"text": message.body}, "attempts": attempts}


def as_event(account_sid: str, message: Message, now: float) -> dict[str, Any]:
    """The event of a message's present status (Event Streams, com.twilio.comms-api.message.*), as a CloudEvent."""
    status = STATUSES[message.status].lower()
    data = {
        "operation_id": message.operation,
        "message_id": message.bulk_id,
        "account_sid": account_sid,
        "attempt": "1",
        "from": _sender(message),
        "to": {"address": message.to, "channel": "PHONE"},
        "tags": message.tags,
    }
    if message.direction == OUTBOUND:
        data["downstream_id"] = message.sid
    if message.error_code:
        data["error_code"] = str(message.error_code)
    return {
        "specversion": "1.0",
        "type": f"com.twilio.comms-api.message.{status}",
        "source": f"/{VERSION}/Messages/{message.bulk_id}",
        "id": str(uuid4()),
        "dataschema": f"https://events-schemas.twilio.com/CommsApi.Message{status.capitalize()}/4",
        "datacontenttype": "application/json",
        "time": as_time(now),
        "data": data,
    }


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """One page of a listing, and what Twilio calls its pagination."""

    rows: list[Row]
    pagination: dict[str, str | None]


def page(query: Mapping[str, str], rows: Sequence[Row], listed_until: float) -> Page[Row]:
    """What lies between startDate and endDate (RFC 3339, both exclusive), newest first, and fits the other filters.

    The token is a place in the rows, which only grow at their end: a page is not shifted by what comes in between.
    The filters are not in it, so they are asked again with every page. Raises ValueError for what cannot be read.
    """
    start, end = _moment(query.get("startDate"), 0.0), _moment(query.get("endDate"), float("inf"))
    size, token = int(query.get("pageSize", DEFAULT_PAGE)), query.get("pageToken")
    if not (start < end and 1 <= size <= MOST_PER_PAGE):
        raise ValueError(f"endDate must be later than startDate, and pageSize 1 to {MOST_PER_PAGE}")
    place = len(rows) if token is None else min(int(token.removeprefix("PT")), len(rows))
    oldest = bisect_right(rows, start, key=lambda row: row.at)
    fits, begun, found = _fits(query), place, list[Row]()
    while place > oldest and len(found) < size:
        place -= 1
        row = rows[place]
        if row.at < end and row.at <= listed_until and fits(row):
            found.append(row)
    return Page(found, {"self": f"PT{begun}", "next": f"PT{place}" if place > oldest else None})


def _fits(query: Mapping[str, str]) -> Callable[[Message | Operation], bool]:
    """channel, status and tags (`key:value;...`, all of them) of messages; an operation's status is not known here."""
    status, channel = query.get("status"), query.get("channel", "SMS")
    pairs = (pair.partition(":") for pair in query.get("tags", "").split(";") if pair)
    tags = {key: value for key, _, value in pairs}

    def fits(row: Message | Operation) -> bool:
        if isinstance(row, Operation):
            return True
        return channel == "SMS" and status in {None, STATUSES[row.status]} and tags.items() <= row.tags.items()

    return fits


def _sender(message: Message) -> dict[str, str]:
    if message.sender:
        return {"address": message.sender, "channel": "SMS"}
    return {"senderPoolId": message.service}


def _attempt(message: Message) -> dict[str, Any]:
    found: dict[str, Any] = {
        "from": _sender(message),
        "to": [{"address": message.to, "channel": "PHONE"}],
        "status": STATUSES[message.status],
        "attemptedAt": as_time(message.sent_at or message.updated_at),
    }
    if code := message.error_code:
        words = NETWORK.get(code) or REFUSALS[code][1].format(message.to)
        found["error"] = {"code": code, "message": words, "infoUrl": f"https://twilio.com/docs/api/errors/{code}"}
    return found


def _moment(text: str | None, absent: float) -> float:
    if text is None:
        return absent
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text} has no time zone")
    return moment.timestamp()
