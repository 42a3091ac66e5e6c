"""Calls through Twilio, or anything that speaks its API: placing one, the listing, their words for ours.

What is said is fetched from us when somebody picks up; here a call is only placed. A call that was placed and rings in
vain is over for this channel: whether it is tried again is the chase's business.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.rest import Client

from broadcaster.alert.delivery import Handset
from broadcaster.channels.contract import Accepted, Asked, Outgoing, Seen, Traits
from broadcaster.channels.errors import Ambiguous, Misconfigured, NotSent, Rejected, SendError, Throttled
from broadcaster.channels.http import Door
from broadcaster.channels.twilio_http import OVERRIDES, TWILIO, TwilioAccount, TwilioTransport, accepted

ERRORS: dict[int, type[SendError]] = {
    20429: Throttled,
    10004: Throttled,
    20503: NotSent,
    20003: Misconfigured,
    10001: Misconfigured,
    21210: Misconfigured,
    21212: Misconfigured,
    21213: Misconfigured,
    21215: Misconfigured,
    21219: Misconfigured,
    21205: Misconfigured,
    20500: Ambiguous,
}
"""Codes of an error answer to a POST (Twilio's error dictionary): calls per second and calls at once; our account, our
caller ID, our permissions and our address. Any other 4xx with a code is a rejection for good."""

ANSWERED, MACHINE, RANG, OVER = "call_human", "call_machine", "call_in_vain", "call_over"
CALLS_FAILED, CALL_BUSY, NO_SUCH_LINE = "call_failed", "call_busy", "call_no_such_line"
HANDSETS: dict[str, Handset] = {
    MACHINE: Handset.SENT,
    ANSWERED: Handset.DELIVERED,
    CALL_BUSY: Handset.UNDELIVERED,
    RANG: Handset.UNDELIVERED,
    CALLS_FAILED: Handset.FAILED,
    NO_SUCH_LINE: Handset.FAILED,
}
"""What we keep of a call in our words: a machine has it, and nobody may have heard it. `call_over` says nothing."""

STATUSES = {
    "completed": OVER,
    "busy": CALL_BUSY,
    "no-answer": RANG,
    "failed": CALLS_FAILED,
    "canceled": CALLS_FAILED,
}
"""Twilio's last word on a call, in ours."""
NO_LINE = frozenset({"404", "410", "484", "604"})
"""SIP codes of a failed call that another call does not change: no such number, gone, too short, nowhere (RFC 3261
section 21). Any other, or none, is the network's trouble of the moment: the line is worth another call."""
LOST = frozenset({CALL_BUSY, RANG, CALLS_FAILED, NO_SUCH_LINE})
"""Nobody heard these."""

NOT_RINGING = frozenset({21220, 20404})
"""The call is over or picked up, or was never there."""
RING_S = 30
"""Seconds that it rings before it is given up: a desk at night is not beside its telephone."""
MACHINES = ("machine", "fax")
"""How AnsweredBy begins where no person picked up."""
VOICES = {
    "en": "en-US", "es": "es-US", "pt": "pt-BR", "zh-Hans": "cmn-CN", "zh-Hant": "cmn-TW", "vi": "vi-VN",
    "ru": "ru-RU", "ar": "arb", "fr": "fr-FR", "ko": "ko-KR", "it": "it-IT", "de": "de-DE", "hi": "hi-IN",
    "tl": "fil-PH",
}  # fmt: skip
"""Languages that Twilio can speak by <Say language>; Haitian Creole has no voice."""
CLOCKS_APART = timedelta(minutes=2)
PAGE = 50


def picked_up(answered_by: str) -> str:
    """Who picked up, by Twilio's AnsweredBy; one that it could not tell may press a key, so it counts as a person."""
    return MACHINE if answered_by.startswith(MACHINES) else ANSWERED


def ended(status: str, sip: str) -> str:
    """How a call ended, by Twilio's CallStatus and SipResponseCode; KeyError when it has not."""
    word = STATUSES[status]
    return NO_SUCH_LINE if word == CALLS_FAILED and sip in NO_LINE else word


class TwilioVoice:
    """The Calls API, through the official client."""

    name = "voice"
    traits = Traits(receipts=True, listing=True, segments=False, cancels=True, in_flight=20)

    def __init__(self, account: TwilioAccount, door: Door) -> None:
        self.carrier = account.carrier
        self._account = account
        self._door = door
        self._client = Client(account.sid, account.token, http_client=TwilioTransport(door, account.api_url))
        self._calls = f"{TWILIO}/2010-04-01/Accounts/{account.sid}/Calls.json"

    async def send(self, out: Outgoing) -> Accepted:
        """One POST. The machine is told apart before we are asked for words, and is waited for until its beep."""
        asked = f"d={out.key}&m={out.proof}"
        form = {
            "To": out.to,
            "From": self._account.sender,
            "Url": f"{self._account.callback_url}/callbacks/twilio/answered?{asked}",
            "StatusCallback": f"{self._account.callback_url}/callbacks/twilio/call?{asked}{OVERRIDES}",
            "MachineDetection": "DetectMessageEnd",
            "Timeout": RING_S,
        }
        answer = await self._client.request_async("POST", self._calls, data=form)
        return accepted(answer, _refusal)

    async def ring(self, to: str, url: str) -> Accepted:
        """Call somebody of ours, who hears at `url` what is asked of them. One POST; no machine is told apart, for one
        presses no key, and nothing else is heard of the call."""
        form = {"To": to, "From": self._account.sender, "Url": url, "Timeout": RING_S}
        return accepted(await self._client.request_async("POST", self._calls, data=form), _refusal)

    async def find(self, asked: Sequence[Asked]) -> list[Seen]:
        """Look the attempts up by To and by when the call began (when it was made, while it waits: StartTime is null
        then, so the filter of that name would hide a call that is about to ring)."""
        pages = await asyncio.gather(*(self._listed(one) for one in asked))
        return [seen for page in pages for seen in page]

    async def _listed(self, one: Asked) -> list[Seen]:
        since, found = one.since - CLOCKS_APART, []
        try:
            async for call in await self._client.calls.stream_async(to=one.to, page_size=PAGE):
                began = call.start_time or call.date_created
                if began is None:
                    raise Ambiguous("unreadable_listing")
                if began < since:
                    break
                if str(call.direction) == "outbound-api" and self._is_ours(call):
                    found.append(Seen(one.key, str(call.sid), began))
        except (TwilioException, ValueError, LookupError, TypeError, AttributeError) as error:
            raise Ambiguous("listing_unreadable") from error
        return found

    def _is_ours(self, call: Any) -> bool:
        return str(getattr(call, "_from", "")) == self._account.sender

    async def cancel(self, ref: str) -> bool:
        """End a call that waits or rings. One that somebody has picked up goes on: whoever is on the line hears that
        the notice is over, or presses a key for nothing."""
        try:
            await self._client.calls(ref).update_async(status="canceled")
        except TwilioRestException as error:
            if error.code in NOT_RINGING or error.status == 404:
                return False
            raise _refusal(error.status, error.code) from error
        except (TwilioException, ValueError, KeyError, TypeError) as error:
            raise Ambiguous("unreadable_answer") from error
        return True

    async def close(self) -> None:
        """Close the pool."""
        await self._door.close()


def _refusal(status: int, code: int | None) -> SendError:
    kind = ERRORS.get(code or 0)
    if kind is not None:
        return kind(str(code))
    return Rejected(str(code)) if status in (400, 404) and code else Ambiguous(f"http_{status}")
