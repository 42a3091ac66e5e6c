"""A whole wave of texts in one request: Twilio's Bulk Messaging API (comms.twilio.com/v1, public beta without an SLA).

The library has no module for it, so its generic `request_async` carries JSON. What the API leaves out decides how it
is used: nothing expires there (ValidityPeriod has no counterpart), an answer names no message, and the listing holds
neither texts nor codes. So each message carries our key and proof as tags, only texts with enough life go this way,
and what came of a row is read from the operation's messages, never from the 202.
"""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from twilio.rest import Client

from broadcaster.channels.bulk_words import (
    Listed,
    as_object,
    as_operation,
    as_told,
    operation_ref,
    reason,
    request,
)
from broadcaster.channels.contract import Asked, Operation, Outgoing, Progress, Told
from broadcaster.channels.errors import Ambiguous, Misconfigured, NotSent
from broadcaster.channels.http import Door
from broadcaster.channels.twilio_http import JSON, TwilioTransport

COMMS = "https://comms.twilio.com"
MOST_ROWS = 1000
"""A wave is at most 1,000 rows (and 10 s of its sender's rate, which the claim grants); the API takes 10,000."""
LEAST_LIFE_S = 120
"""A text that has less time left goes by the per-message API, which lets it expire at the carrier."""
PAGE = 1000
FETCHED_AT_ONCE = 8
CLOCKS_APART = timedelta(minutes=2)
REFUSED = frozenset({400, 404, 405, 413, 415, 422})
"""Answers by which the whole request was read and not taken ("400 errors indicate that your request is invalid")."""
_NOT_OURS = frozenset({"INBOUND", "GROUP"})
_LOST = frozenset({"FAILED", "UNDELIVERED"})


@dataclass(frozen=True, slots=True)
class BulkAccount:
    """The TWILIO_* settings of the bulk API. `sender` is one number: a Messaging Service cannot be named there."""

    sid: str
    token: str
    sender: str
    comms_url: str = COMMS
    carrier: str = "twilio"


class TwilioBulk:
    """The bulk API of one account, through the official client."""

    most_rows = MOST_ROWS
    least_life_s: float = LEAST_LIFE_S

    def __init__(self, account: BulkAccount, door: Door) -> None:
        self.carrier = account.carrier
        self._sender = account.sender
        self._door = door
        self._messages = f"{account.comms_url}/v1/Messages"
        self._client = Client(account.sid, account.token, http_client=TwilioTransport(door))

    async def hand_over(self, rows: Sequence[Outgoing]) -> Operation:
        """One POST for all rows. From the 202 on the carrier has them; until each is seen, its reference is unknown.

        Raises NotSent (no connection, or a row with too little life), Throttled with the carrier's wait, Misconfigured
        for a request refused as a whole (nobody is texted, and no person's number is to blame) and Ambiguous for
        anything else: then `find` settles it, and nothing goes another way before. ValueError above MOST_ROWS.
        """
        if not 0 < len(rows) <= MOST_ROWS:
            raise ValueError(f"A bulk wave has 1 to {MOST_ROWS} rows, not {len(rows)}.")
        if min(row.life_s for row in rows) < LEAST_LIFE_S:
            raise NotSent("too_little_life_for_bulk")
        asked = request(self._sender, rows)
        answer = await self._client.request_async("POST", self._messages, data=asked, headers={"Content-Type": JSON})
        if answer.status_code in REFUSED:
            raise Misconfigured(reason(answer.status_code, answer.text))
        ref = operation_ref(answer.headers or {}, answer.text) if answer.status_code == 202 else ""
        if not ref:
            raise Ambiguous("answer_without_operation")
        return Operation(ref, Progress.PROCESSING, len(rows))

    async def operation(self, ref: str) -> Operation:
        """How far an operation is; SendError when that cannot be had."""
        return as_operation(ref, await self._get(f"/Operations/{ref}"))

    async def messages(self, ref: str, asked: Sequence[Asked]) -> list[Told]:
        """What became of rows in an operation, by tag, or by number where the tags did not come back.

        A row without one is not there yet, or never will be: see `Operation.whole`. SendError when the listing fails.
        """
        times = Counter(one.to for one in asked)
        by_place = {(one.to, str(one.key)): one for one in asked}
        by_place |= {(one.to, ""): one for one in asked if times[one.to] == 1}
        listed = [message async for message in self._listed(operationId=ref)]
        matches = [(by_place.get((message.to, message.tag)), message) for message in listed]
        return await self._told([(one, message) for one, message in matches if one is not None])

    async def find(self, asked: Sequence[Asked]) -> list[Told]:
        """The messages of rows whose operation's id was lost, in all that was listed since their waves began.

        By tag, number and time; a message without our tag is fetched and compared by number, text and time.
        """
        if not asked:
            return []
        wanted: dict[str, list[Asked]] = defaultdict(list)
        for one in asked:
            wanted[one.to].append(one)
        since = min(one.since for one in asked) - CLOCKS_APART
        matches = []
        async for message in self._listed(startDate=_as_time(since)):
            recent = [one for one in wanted.get(message.to, ()) if message.made_at >= one.since - CLOCKS_APART]
            matches += [(one, message) for one in await self._fitting(recent, message)]
        return await self._told(matches)

    async def close(self) -> None:
        """Close the pool."""
        await self._door.close()

    async def _fitting(self, asked: Sequence[Asked], message: Listed) -> list[Asked]:
        if message.tag or not asked:
            return [one for one in asked if str(one.key) == message.tag]
        content = (await self._get(f"/{message.ref}")).get("content")
        text = content.get("text") if isinstance(content, dict) else None
        return [one for one in asked if one.text == text]

    async def _told(self, matches: Sequence[tuple[Asked, Listed]]) -> list[Told]:
        places = asyncio.Semaphore(FETCHED_AT_ONCE)

        async def told(one: Asked, message: Listed) -> Told:
            if message.status not in _LOST:
                return as_told(one, message, {})
            async with places:
                return as_told(one, message, await self._get(f"/{message.ref}"))

        return list(await asyncio.gather(*(told(one, message) for one, message in matches)))

    async def _listed(self, **query: str) -> AsyncIterator[Listed]:
        """Every outbound message of every page; Ambiguous when a page cannot be read or leads in a circle."""
        seen: set[str] = set()
        following: dict[str, str] = {}
        while True:
            found = await self._get("", **query, pageSize=str(PAGE), **following)
            try:
                rows, token = list(found["messages"]), found["pagination"].get("next")
            except (AttributeError, KeyError, TypeError) as error:
                raise Ambiguous("unreadable_listing") from error
            for row in rows:
                if not (isinstance(row, dict) and row.get("status") in _NOT_OURS):
                    yield Listed.of(row)
            if not token:
                return
            if token in seen:
                raise Ambiguous("listing_in_a_circle")
            seen.add(token)
            following = {"pageToken": token}

    async def _get(self, path: str, **query: str) -> dict[str, Any]:
        answer = await self._client.request_async("GET", self._messages + path, params=query)
        found = as_object(answer.text)
        if answer.status_code != 200 or found is None:
            raise Ambiguous(f"listing_http_{answer.status_code}")
        return found


def _as_time(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
