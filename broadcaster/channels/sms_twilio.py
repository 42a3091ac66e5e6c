"""Texts through Twilio, or anything that speaks its API: sending, the listing, their words for ours."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.rest import Client

from broadcaster.alert.delivery import Handset
from broadcaster.channels.contract import Accepted, Asked, Outgoing, Seen, Traits
from broadcaster.channels.errors import Ambiguous, Misconfigured, NotSent, OptedOut, Rejected, SendError, Throttled
from broadcaster.channels.http import Door
from broadcaster.channels.twilio_http import OVERRIDES, TWILIO, Quoted, TwilioAccount, TwilioTransport, accepted, quoted

ERRORS: dict[int, type[SendError]] = {
    20429: Throttled,
    20503: NotSent,
    21610: OptedOut,
    21611: Throttled,
    63017: Throttled,
    30001: Throttled,
    30022: Throttled,
    20003: Misconfigured,
    21606: Misconfigured,
    21408: Misconfigured,
    30002: Misconfigured,
    30034: Misconfigured,
    30929: Misconfigured,
    30007: Misconfigured,
    20500: Ambiguous,
    30500: Ambiguous,
    30008: Ambiguous,
    30003: Ambiguous,
    30005: Ambiguous,
}
"""Codes of an error answer to a POST (Twilio's error dictionary); any other 4xx with a code is a rejection for good.
What Twilio itself calls internal or unknown is asked after, and sent again once it is proved absent."""

HANDSETS: dict[str, Handset] = {
    "sent": Handset.SENT,
    "delivered": Handset.DELIVERED,
    "read": Handset.DELIVERED,
    "undelivered": Handset.UNDELIVERED,
    "failed": Handset.FAILED,
    "canceled": Handset.FAILED,
}
"""Twilio's statuses in our words; the others (queued, accepted, sending...) say nothing about the phone."""

NOT_WAITING = frozenset({30409, 20404})
"""The message is past the point at which it can be taken back, or was never there."""
LISTED_ONE_BY_ONE = 20
"""Above this many unknowns the listing is paged newest-first instead of asked per number (design section 4)."""
PAGE = 1000
SHORTEST_LIFE, LONGEST_LIFE = 60, 36_000
_OVERRIDES = quoted(OVERRIDES)


class TwilioSms:
    """The per-message API, through the official client.

    A text goes by the client's own generic request: its `messages.create` makes an instance of each answer, with three
    dates read from English, and costs as much as everything else in a send.
    """

    traits = Traits(receipts=True, listing=True, segments=True, cancels=True)

    def __init__(self, account: TwilioAccount, door: Door, channel: str = "sms") -> None:
        self.name, self.carrier = channel, account.carrier
        self._account = account
        self._door = door
        self._client = Client(account.sid, account.token, http_client=TwilioTransport(door, account.api_url))
        self._messages = f"{TWILIO}/2010-04-01/Accounts/{account.sid}/Messages.json"
        self._called_back = quoted(f"{account.callback_url}?d=")
        self._from = {"MessagingServiceSid" if account.sender.startswith("MG") else "From": account.sender}

    async def send(self, out: Outgoing) -> Accepted:
        """One POST. ValidityPeriod is the alert's remaining life: nobody hears "911 is down" after the all-clear."""
        asked = {
            "To": out.to,
            "Body": out.message.text,
            "StatusCallback": Quoted(f"{self._called_back}{out.key}%26m%3D{out.proof}{_OVERRIDES}"),
            "ValidityPeriod": max(SHORTEST_LIFE, min(LONGEST_LIFE, out.life_s)),
            **self._from,
        }
        answer = await self._client.request_async("POST", self._messages, data=asked)
        return accepted(answer, refusal)

    async def find(self, asked: Sequence[Asked]) -> list[Seen]:
        """Look the attempts up by To, text and date_created (never DateSent: it is null while a message waits)."""
        if not asked:
            return []
        if len(asked) <= LISTED_ONE_BY_ONE:
            pages = await asyncio.gather(*(self._listed(asked, to) for to in dict.fromkeys(one.to for one in asked)))
            return [seen for page in pages for seen in page]
        return await self._listed(asked)

    async def _listed(self, asked: Sequence[Asked], to: str | None = None) -> list[Seen]:
        wanted: dict[tuple[str, str], list[Asked]] = defaultdict(list)
        for one in asked:
            if to is None or one.to == to:
                wanted[one.to, one.text].append(one)
        oldest = min(one.since for one in asked) - timedelta(minutes=2)
        query: dict[str, Any] = {"page_size": PAGE if to is None else 50}
        if to is not None:
            query["to"] = to
        try:
            found = []
            async for message in await self._client.messages.stream_async(**query):
                if message.date_created is None:
                    raise Ambiguous("unreadable_listing")
                if message.date_created < oldest:
                    break
                found.append(message)
        except (TwilioException, ValueError, LookupError, TypeError, AttributeError) as error:
            raise Ambiguous("listing_unreadable") from error
        return list(_fitting(found, wanted))

    async def cancel(self, ref: str) -> bool:
        """Take a waiting message back. Twilio's page for 30409 promises it for scheduled ones only: it is asked all
        the same, and a text that cannot be taken back ends with its ValidityPeriod."""
        try:
            await self._client.messages(ref).update_async(status="canceled")
        except TwilioRestException as error:
            if error.code in NOT_WAITING or error.status == 404:
                return False
            raise refusal(error.status, error.code) from error
        except (TwilioException, ValueError, LookupError, TypeError, AttributeError) as error:
            raise Ambiguous("unreadable_answer") from error
        return True

    async def close(self) -> None:
        """Close the pool."""
        await self._door.close()


def _fitting(found: Iterable[Any], wanted: dict[tuple[str, str], list[Asked]]) -> Iterable[Seen]:
    for message in found:
        for one in wanted.get((message.to, message.body), ()):
            if str(message.direction) == "outbound-api" and message.date_created >= one.since - timedelta(minutes=2):
                yield Seen(one.key, str(message.sid), message.date_created)


def refusal(status: int, code: int | None) -> SendError:
    """The error of an answer with Twilio's status and code."""
    kind = ERRORS.get(code or 0)
    if kind is not None:
        return kind(str(code))
    if status in (400, 404) and code:
        return Rejected(str(code))
    return Ambiguous(f"http_{status}")
