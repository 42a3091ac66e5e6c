"""The radio side: each sender's queue is sent at its own pace, and texts reach handsets, or do not."""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from broadcaster.local.carrier.faults import Panel
from broadcaster.local.carrier.ledger import Ledger
from broadcaster.local.carrier.records import OUTBOUND, WAITING, Message

QUEUE_S = 36_000  # a sender's queue holds ten hours of texts at its rate (Twilio 21611, 30001)
CATCH_UP_S = 0.1  # a sender that was not stepped in time may catch up this much
STEP_LIMIT = 500  # moves in one step, so that a burst does not keep answers waiting
UNDELIVERED = (30003, 30005, 30006)


@dataclass(slots=True)
class _Queue:
    waiting: deque[Message] = field(default_factory=deque)
    segments: int = 0
    free_at: float = 0.0


class Network:
    """Queues by sender or Messaging Service. `step(now)` does all the work; `tell` hears of every new status."""

    def __init__(self, ledger: Ledger, panel: Panel, service_sender: str, tell: Callable[[Message], None]) -> None:
        self._ledger, self._panel, self._service_sender, self._tell = ledger, panel, service_sender, tell
        self.forget()

    def forget(self) -> None:
        """Drop everything that waits."""
        self._queues: dict[str, _Queue] = {}
        self._expiries: list[tuple[float, int, Message]] = []
        self._arrivals: list[tuple[float, int, Message]] = []

    def full(self, key: str, segments: int) -> bool:
        """Whether the queue of a sender or service has no room for so many segments more."""
        rate = self._panel.rate(key)
        queue = self._queues.get(key)
        return rate > 0 and (queue.segments if queue else 0) + segments > rate * QUEUE_S

    def take(self, message: Message) -> None:
        """Queue an accepted message; where nobody could refuse it and its queue is full, it fails with 30001.

        That is a text through a service, or of a bulk request.
        """
        key = message.service or message.sender
        if (message.service or message.operation) and self.full(key, message.segments):
            self._move(message, "failed", message.at, 30001)
            return
        queue = self._queues.setdefault(key, _Queue())
        queue.waiting.append(message)
        queue.segments += message.segments
        if message.expires_at is not None:
            heapq.heappush(self._expiries, (message.expires_at, message.seq, message))

    def resume(self, messages: Iterable[Message], now: float) -> None:
        """Take up messages that were under way when the simulator stopped."""
        for message in messages:
            if message.direction == OUTBOUND and message.status in WAITING:
                self.take(message)
            elif message.direction == OUTBOUND and message.status == "sent":
                heapq.heappush(self._arrivals, (now, message.seq, message))

    def cancel(self, message: Message, now: float) -> bool:
        """Cancel a message that still waits; False if it does not."""
        if message.status not in WAITING or not self._panel.faults.cancel_queued:
            return False
        self._leave(message)
        self._move(message, "canceled", now)
        return True

    def step(self, now: float) -> int:
        """Expire, deliver and send whatever is due; returns how many statuses moved."""
        moved = self._expire(now) + self._arrive(now)
        for key, queue in self._queues.items():
            moved += self._send(key, queue, now, STEP_LIMIT - moved)
        return moved

    def _expire(self, now: float) -> int:
        moved = 0
        while self._expiries and self._expiries[0][0] <= now:
            message = heapq.heappop(self._expiries)[2]
            if message.status in WAITING:
                self._leave(message)
                self._move(message, "failed", now, 30036)
                moved += 1
        return moved

    def _arrive(self, now: float) -> int:
        moved = 0
        while self._arrivals and self._arrivals[0][0] <= now and moved < STEP_LIMIT:
            message = heapq.heappop(self._arrivals)[2]
            dice = self._panel.handsets
            if dice.random() < self._panel.faults.share_undelivered:
                self._move(message, "undelivered", now, dice.choice(UNDELIVERED))
            else:
                self._move(message, "delivered", now)
            moved += 1
        return moved

    def _send(self, key: str, queue: _Queue, now: float, most: int) -> int:
        rate, moved = self._panel.rate(key), 0
        queue.free_at = max(queue.free_at, now - CATCH_UP_S)
        while queue.waiting and moved < most and (not rate or queue.free_at <= now):
            message = queue.waiting.popleft()
            if message.status in WAITING:
                queue.segments -= message.segments
                queue.free_at += message.segments / rate if rate else 0.0
                self._transmit(message, now)
                moved += 1
        return moved

    def _transmit(self, message: Message, now: float) -> None:
        faults, dice = self._panel.faults, self._panel.handsets
        message.sender = message.sender or self._service_sender
        if faults.share_failed and dice.random() < faults.share_failed:
            self._move(message, "failed", now, 30008)
            return
        self._move(message, "sent", now)
        heapq.heappush(self._arrivals, (now + faults.delivery_ms / 1000 * (0.5 + dice.random()), message.seq, message))

    def _leave(self, message: Message) -> None:
        """Take a message's segments off its queue; the entry itself is skipped when its turn comes."""
        self._queues[message.service or message.sender].segments -= message.segments

    def _move(self, message: Message, status: str, now: float, code: int | None = None) -> None:
        self._ledger.status(message, status, now, code)
        self._tell(message)
