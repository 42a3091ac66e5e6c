"""Twilio's JSON for a message, a page of messages and an account, and the filters of the listing."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import lru_cache
from typing import Any
from urllib.parse import urlencode

from broadcaster.local.carrier.errors import NETWORK
from broadcaster.local.carrier.ledger import Ledger
from broadcaster.local.carrier.records import WAITING, Message

VERSION = "2010-04-01"
MOST_PER_PAGE = 1000


@lru_cache(maxsize=4096)
def _rfc2822(second: int) -> str:
    return format_datetime(datetime.fromtimestamp(second, UTC))


def as_date(seconds: float | None) -> str | None:
    """Seconds since 1970 as RFC 2822 in whole seconds of GMT, as Twilio writes dates."""
    return None if seconds is None else _rfc2822(int(seconds))


def as_message(account_sid: str, message: Message) -> dict[str, Any]:
    """A Message resource; while a Messaging Service has not chosen a sender, `from` is null and segments are 0."""
    unassigned = bool(message.service) and message.status in WAITING
    uri = f"/{VERSION}/Accounts/{account_sid}/Messages/{message.sid}"
    return {
        "account_sid": account_sid,
        "api_version": VERSION,
        "body": message.body,
        "date_created": as_date(message.at),
        "date_sent": as_date(message.sent_at),
        "date_updated": as_date(message.updated_at),
        "direction": message.direction,
        "error_code": message.error_code,
        "error_message": NETWORK.get(message.error_code) if message.error_code else None,
        "from": message.sender or None,
        "messaging_service_sid": message.service or None,
        "num_media": "0",
        "num_segments": "0" if unassigned else str(message.segments),
        "price": None,
        "price_unit": "USD",
        "sid": message.sid,
        "status": message.status,
        "subresource_uris": {"media": f"{uri}/Media.json"},
        "to": message.to,
        "uri": f"{uri}.json",
    }


def as_account(account_sid: str) -> dict[str, Any]:
    """An Account resource."""
    uri = f"/{VERSION}/Accounts/{account_sid}"
    return {
        "auth_token": "",
        "date_created": as_date(0),
        "date_updated": as_date(0),
        "friendly_name": "Simulated carrier",
        "owner_account_sid": account_sid,
        "sid": account_sid,
        "status": "active",
        "subresource_uris": {"messages": f"{uri}/Messages.json"},
        "type": "Full",
        "uri": f"{uri}.json",
    }


@dataclass(frozen=True)
class Listing:
    """One request for a page. `before` is the cursor: only messages with a smaller sequence number."""

    to: str
    sender: str
    sent_from: float | None
    sent_until: float | None
    size: int
    number: int
    before: int | None

    def page(self, ledger: Ledger, listed_until: float) -> tuple[list[Message], int | None]:
        """Matches accepted by `listed_until`, newest first, and the cursor of the next page if there is one."""
        found: list[Message] = []
        for message in self._candidates(ledger):
            if message.at <= listed_until and self._matches(message):
                if len(found) == self.size:
                    return found, found[-1].seq
                found.append(message)
        return found, None

    def _candidates(self, ledger: Ledger) -> Iterator[Message]:
        rows: Sequence[Message] = ledger.by_to.get(self.to, ()) if self.to else ledger.messages
        if self.before is None:
            return reversed(rows)
        if not self.to:
            rows = rows[: self.before]
        return (message for message in reversed(rows) if message.seq < (self.before or 0))

    def _matches(self, message: Message) -> bool:
        if self.sender and message.sender != self.sender:
            return False
        if self.sent_from is None and self.sent_until is None:
            return True
        if message.sent_at is None:
            return False
        second = int(message.sent_at)
        return (self.sent_from or 0) <= second and (self.sent_until is None or second <= self.sent_until)


def listing(query: Mapping[str, str]) -> Listing:
    """A listing out of To, From, DateSent, DateSent>, DateSent<, PageSize, Page and PageToken.

    Dates are GMT, `YYYY-MM-DD` or ISO 8601; both bounds include their moment, and a DateSent of midnight or without a
    time is the whole day. Raises ValueError on anything else.
    """
    start, end = _moment(query.get("DateSent>")), _moment(query.get("DateSent<"))
    if query.get("DateSent"):
        start = _moment(query["DateSent"]) or 0
        whole_day = start % 86_400 == 0
        end = start + (timedelta(days=1).total_seconds() - 1 if whole_day else 0)
    token = query.get("PageToken", "")
    return Listing(
        to=query.get("To", ""),
        sender=query.get("From", ""),
        sent_from=start,
        sent_until=end,
        size=max(1, min(int(query.get("PageSize", 50)), MOST_PER_PAGE)),
        number=int(query.get("Page", 0)),
        before=int(token.removeprefix("PA")) if token else None,
    )


def as_page(
    account_sid: str, query: Mapping[str, str], asked: Listing, found: tuple[list[Message], int | None]
) -> bytes:
    """The page as Twilio wraps it; `next_page_uri` carries the filters and a cursor."""
    messages, cursor = found
    path = f"/{VERSION}/Accounts/{account_sid}/Messages.json"
    filters = {name: value for name, value in query.items() if name not in {"Page", "PageToken", "PageSize"}}
    first = {**filters, "PageSize": str(asked.size)}
    following = {**first, "Page": str(asked.number + 1), "PageToken": f"PA{cursor}"}
    start = asked.number * asked.size
    return json.dumps(
        {
            "first_page_uri": f"{path}?{urlencode({**first, 'Page': '0'})}",
            "next_page_uri": None if cursor is None else f"{path}?{urlencode(following)}",
            "previous_page_uri": None,
            "uri": f"{path}?{urlencode({**first, 'Page': str(asked.number)})}",
            "page": asked.number,
            "page_size": asked.size,
            "start": start,
            "end": start + max(0, len(messages) - 1),
            "messages": [as_message(account_sid, message) for message in messages],
        }
    ).encode()


def _moment(text: str | None) -> float | None:
    if not text:
        return None
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
