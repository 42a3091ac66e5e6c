"""Twilio's Bulk Messaging API (comms.twilio.com/v1) for the same account, over the same senders and phones.

Every recipient becomes a text like any other, which the account's Messages API lists too, under its own SM number;
who cannot be texted becomes a FAILED message with the code, and no text. No request carries an address for callbacks
and none expires: events go where `events_url` says, and a text waits as long as its queue holds it.
"""

from __future__ import annotations

import json
from typing import Any

from aiohttp import web

from broadcaster.local.carrier.bulk_request import BulkRequest, Recipient, RequestError, read
from broadcaster.local.carrier.bulk_resource import (
    VERSION,
    as_fetched,
    as_listed,
    as_operation,
    new_id,
    page,
)
from broadcaster.local.carrier.errors import MAGIC_FROM, Refusal, refusal
from broadcaster.local.carrier.front import JSON, Answer, Front, refused, seen
from broadcaster.local.carrier.ledger import new_sid
from broadcaster.local.carrier.liquid import LiquidError, render
from broadcaster.local.carrier.records import OUTBOUND, UNSENT, Attempt, Message, Operation
from broadcaster.local.carrier.rules import MOST_CHARACTERS, PHONE, SENDER, recipient_refusal
from broadcaster.local.carrier.segments import count
from broadcaster.local.carrier.switch import Switch

CREATED = 202


class BulkPost:
    """A POST to /v1/Messages; `at` is in seconds since 1970."""

    def __init__(self, switch: Switch, raw: bytes, at: float) -> None:
        self._switch, self._at, self._wrong = switch, at, ""
        try:
            self._asked = read(raw)
        except (RequestError, LiquidError) as error:
            self._asked, self._wrong = BulkRequest("", "", (), "", {}), str(error)

    def refusal(self) -> Refusal | None:
        """What is wrong with the request as a whole."""
        if self._wrong:
            return refusal(20001, self._wrong)
        sender = self._asked.sender
        if sender and not SENDER.fullmatch(sender):
            return refusal(21212, sender)
        return refusal(MAGIC_FROM[sender], sender) if sender in MAGIC_FROM else None

    def refuse(self, found: Refusal | None, fault: str) -> None:
        """Record it as not accepted: one attempt without a recipient."""
        answer = (found.status, found.code) if found else (0, 0)
        self._switch.ledger.attempt(self._attempt(answer, fault, "", 0))

    def accept(self, fault: str) -> Answer:
        """202 with the operation's id as a header and in the body (Twilio's pages show both)."""
        to, operation_id = self._asked.to, new_id("operation")
        addressed = [each for each in to if PHONE.fullmatch(each.address)]
        messages = [self._message(each, operation_id, fault) for each in addressed]
        operation = Operation(operation_id, self._at, len(to), len(to) - len(addressed))
        texts = sum(each.direction == OUTBOUND for each in messages)
        self._switch.accept_bulk(self._attempt(seen(fault, CREATED), fault, operation_id, texts), operation, messages)
        location = f"/{VERSION}/Messages/Operations/{operation_id}"
        names = {"operationId": operation_id, "operationLocation": location}
        return Answer(CREATED, json.dumps(names).encode(), names)

    def _attempt(self, answer: tuple[int, int], fault: str, operation_id: str, texts: int) -> Attempt:
        asked = self._asked
        sender, accepted = asked.sender or asked.pool, bool(operation_id)
        return Attempt(self._at, "", sender, asked.text, accepted, *answer, fault, operation_id, texts)

    def _message(self, recipient: Recipient, operation_id: str, fault: str) -> Message:
        asked, bulk_id = self._asked, new_id("message")
        body = render(asked.text, recipient.variables)
        code = self._code(recipient.address, body)
        return Message(
            seq=0,
            sid=bulk_id if code else new_sid(),
            at=self._at,
            to=recipient.address,
            sender=asked.sender,
            body=body,
            segments=count(body),
            status="failed" if code else "queued",
            direction=UNSENT if code else OUTBOUND,
            service=asked.pool,
            updated_at=self._at,
            error_code=code,
            fault=fault,
            operation=operation_id,
            bulk_id=bulk_id,
            tags={key: render(value, recipient.variables) for key, value in asked.tags.items()},
        )

    def _code(self, to: str, body: str) -> int | None:
        """Why nothing is sent to a recipient, or None."""
        if not body:
            return 21602
        if len(body) > MOST_CHARACTERS:
            return 21617
        found = recipient_refusal(self._switch, to)
        return found.code if found else None


class BulkApi:
    """Handlers of the bulk API."""

    def __init__(self, switch: Switch, front: Front) -> None:
        self._switch, self._front, self._ledger = switch, front, switch.ledger

    def routes(self) -> list[web.RouteDef]:
        """The paths of this API; Operations before the ids, which would take the word for one."""
        base, known = f"/{VERSION}/Messages", self._front.known
        return [
            web.post(base, self.create),
            web.get(base, known(self.index), allow_head=False),
            web.get(f"{base}/Operations", known(self.operations), allow_head=False),
            web.get(f"{base}/Operations/{{id}}", known(self.operation), allow_head=False),
            web.get(f"{base}/{{id}}", known(self.fetch), allow_head=False),
        ]

    async def create(self, request: web.Request) -> web.StreamResponse:
        """POST Messages."""
        return await self._front.answer(request, lambda raw: BulkPost(self._switch, raw, self._switch.clock()))

    async def index(self, request: web.Request) -> web.StreamResponse:
        """GET Messages: of one operation or of all, newest first, and behind the truth by the listing's lag."""
        ledger, wanted = self._ledger, request.query.get("operationId")
        rows = ledger.bulk_messages if wanted is None else ledger.by_operation.get(wanted, [])
        try:
            found = page(request.query, rows, self._listed_until())
        except ValueError as error:
            return refused(refusal(20001, f"Invalid query: {error}"))
        return _json({"messages": [as_listed(each) for each in found.rows], "pagination": found.pagination})

    async def fetch(self, request: web.Request) -> web.StreamResponse:
        """GET one message; it is there at once, only the listing lags."""
        message = self._ledger.by_bulk_id.get(request.match_info["id"])
        return _json(as_fetched(message)) if message else refused(refusal(20404, request.path))

    async def operations(self, request: web.Request) -> web.StreamResponse:
        """GET Operations, newest first; a status is sought within the page, which may come back empty."""
        ledger, status = self._ledger, request.query.get("status")
        try:
            found = page(request.query, list(ledger.operations.values()), self._listed_until())
        except ValueError as error:
            return refused(refusal(20001, f"Invalid query: {error}"))
        shown = [as_operation(each, ledger.by_operation.get(each.id, [])) for each in found.rows]
        kept = [each for each in shown if status in {None, each["status"]}]
        return _json({"operations": kept, "pagination": found.pagination})

    async def operation(self, request: web.Request) -> web.StreamResponse:
        """GET one operation, at once."""
        found = self._ledger.operations.get(request.match_info["id"])
        if found is None:
            return refused(refusal(20404, request.path))
        return _json(as_operation(found, self._ledger.by_operation.get(found.id, [])))

    def _listed_until(self) -> float:
        return self._switch.clock() - self._switch.panel.faults.listing_lag_s


def _json(document: dict[str, Any]) -> web.Response:
    return web.Response(body=json.dumps(document).encode(), headers={"Content-Type": JSON})
