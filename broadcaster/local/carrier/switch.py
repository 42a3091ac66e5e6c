"""The carrier itself, without HTTP: what happens when a text is accepted, and who is told of its status."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace

from broadcaster import logs
from broadcaster.local.carrier.bulk_resource import EVENTS, as_event
from broadcaster.local.carrier.callbacks import Callbacks
from broadcaster.local.carrier.calls import Exchange
from broadcaster.local.carrier.config import Carrier
from broadcaster.local.carrier.errors import Refusal
from broadcaster.local.carrier.faults import Panel
from broadcaster.local.carrier.journal import Journal
from broadcaster.local.carrier.ledger import Ledger, new_sid
from broadcaster.local.carrier.network import STEP_LIMIT, Network
from broadcaster.local.carrier.records import OUTBOUND, Attempt, Message, Operation
from broadcaster.local.carrier.segments import count

BEAT_S = 0.02
log = logs.get(__name__)


class Switch:
    """All the parts of one carrier, wired. Raises OSError if the ledger's file cannot be opened."""

    def __init__(self, config: Carrier) -> None:
        self.config = config
        self.clock = config.clock
        self.panel = Panel(config.faults)
        self.ledger = Ledger(Journal(config.ledger) if config.ledger else None)
        self.callbacks = Callbacks(config.auth_token, self.panel, config.callback_connections)
        self.network = Network(self.ledger, self.panel, config.service_sender, self._tell)
        self.calls = Exchange(config.account_sid, config.auth_token, self.panel, self.clock)
        self.closing = asyncio.Event()
        self._beating: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Start sending; messages that were under way at the last stop are taken up again."""
        self.callbacks.start()
        self.network.resume(self.ledger.messages, self.clock())
        self._beating = asyncio.create_task(self._beat())
        self._beating.add_done_callback(_say_if_dead)

    async def stop(self) -> None:
        """Stop sending and close the ledger's file."""
        if self._beating:
            self._beating.cancel()
        await self.calls.stop()
        await self.callbacks.stop()
        self.ledger.close()

    def refuse(self, form: Mapping[str, str], refusal: Refusal | None, fault: str) -> None:
        """Record a POST that was not accepted; no refusal means that it is never answered."""
        status, code = (refusal.status, refusal.code) if refusal else (0, 0)
        self.ledger.attempt(_attempt(form, self.clock(), (status, code), fault))

    def accept(self, form: Mapping[str, str], fault: str, answer: tuple[int, int]) -> Message:
        """Record a POST that was accepted, with the (HTTP status, code) that its client will see; queue its text."""
        now = self.clock()
        message = _message(form, now, fault)
        self.ledger.attempt(_attempt(form, now, answer, fault, message.sid), message)
        self.network.take(message)
        return message

    def accept_trial(self, form: Mapping[str, str], fault: str, answer: tuple[int, int]) -> Message:
        """Record a POST with test credentials: its text is answered for, goes nowhere, and nobody hears of it."""
        now = self.clock()
        message = _message(form, now, fault)
        self.ledger.attempt(replace(_attempt(form, now, answer, fault, message.sid), texts=0))
        return message

    def accept_bulk(self, attempt: Attempt, operation: Operation, messages: Sequence[Message]) -> None:
        """Record a bulk request that was accepted, tell of each message, and queue those that are texts."""
        self.ledger.bulk(attempt, operation, messages)
        for message in messages:
            self._tell(message)
            if message.direction == OUTBOUND:
                self.network.take(message)

    def clear(self) -> None:
        """Forget all messages, also those that wait."""
        self.ledger.clear()
        self.network.forget()
        self.calls.forget()
        self.callbacks.counts.clear()

    def _tell(self, message: Message) -> None:
        if message.callback:
            self.callbacks.send(message.callback, status_params(self.config.account_sid, message))
        url = self.panel.faults.events_url
        if url and message.operation and message.status in EVENTS:
            self.callbacks.send_json(url, [as_event(self.config.account_sid, message, self.clock())])

    async def _beat(self) -> None:
        while True:
            moved = self.network.step(self.clock())
            self.ledger.flush()
            await asyncio.sleep(0 if moved >= STEP_LIMIT else BEAT_S)


def status_params(account_sid: str, message: Message) -> dict[str, str]:
    """The form of a status callback (Twilio, "Track outbound message status")."""
    params = {
        "AccountSid": account_sid,
        "ApiVersion": "2010-04-01",
        "From": message.sender,
        "MessageSid": message.sid,
        "MessageStatus": message.status,
        "SmsSid": message.sid,
        "SmsStatus": message.status,
        "To": message.to,
    }
    if message.service:
        params["MessagingServiceSid"] = message.service
    if message.error_code:
        params["ErrorCode"] = str(message.error_code)
    return params


def _message(form: Mapping[str, str], now: float, fault: str) -> Message:
    body, service, validity = form["Body"], form.get("MessagingServiceSid", ""), form.get("ValidityPeriod")
    return Message(
        seq=0,
        sid=new_sid(),
        at=now,
        to=form["To"],
        sender=form.get("From", ""),
        body=body,
        segments=count(body),
        status="accepted" if service else "queued",
        service=service,
        callback=form.get("StatusCallback", ""),
        expires_at=now + int(validity) if validity else None,
        updated_at=now,
        fault=fault,
    )


def _attempt(form: Mapping[str, str], now: float, answer: tuple[int, int], fault: str, sid: str = "") -> Attempt:
    sender = form.get("From") or form.get("MessagingServiceSid", "")
    return Attempt(now, form.get("To", ""), sender, form.get("Body", ""), bool(sid), *answer, fault, sid)


def _say_if_dead(beating: asyncio.Task[None]) -> None:
    if not beating.cancelled() and (error := beating.exception()):
        log.error("the network stopped sending", exc_info=error)
