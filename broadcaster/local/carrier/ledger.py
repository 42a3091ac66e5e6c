"""The ground truth: every message that was accepted, every POST that was seen, and who has opted out."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

from broadcaster.local.carrier.journal import Journal
from broadcaster.local.carrier.records import ATTEMPT_FIELDS, MESSAGE_FIELDS, OUTBOUND, Attempt, Message, as_row


def new_sid() -> str:
    """SM and 32 hexadecimal digits. Not from the seeded dice: it must stay unique over a restart."""
    return f"SM{uuid4().hex}"


class Ledger:
    """Everything in memory, and in the journal if there is one; a journal is read back here."""

    def __init__(self, journal: Journal | None = None) -> None:
        self._journal = journal
        self._forget()
        for row in journal.rows() if journal else ():
            self._recall(row)

    def attempt(self, attempt: Attempt, message: Message | None = None) -> None:
        """Record a POST and, if it was accepted, its message."""
        self._keep_attempt(attempt)
        if message is not None:
            self._keep_message(message)
        if self._journal:
            self._journal.append(*(as_row(each) for each in (message, attempt) if each is not None))

    def conversation_piece(self, message: Message) -> None:
        """Record a text that no POST asked for: from a phone, or an answer to it."""
        self._keep_message(message)
        if self._journal:
            self._journal.append(as_row(message))

    def status(self, message: Message, status: str, at: float, code: int | None = None) -> None:
        """Move a message to a status; `sent` also sets when it was sent."""
        self._move(message, status, at, code)
        if self._journal:
            row = {"sid": message.sid, "status": status, "at": at, "code": code, "sender": message.sender}
            self._journal.put_off({"kind": "status", **row})

    def opt(self, phone: str, out: bool) -> None:
        """A phone opts out, or in again."""
        (self.opted_out.add if out else self.opted_out.discard)(phone)
        if self._journal:
            self._journal.append({"kind": "opt", "phone": phone, "out": out})

    def clear(self) -> None:
        """Forget messages, attempts and opt-outs, in memory and on disk."""
        self._forget()
        if self._journal:
            self._journal.clear()

    def flush(self) -> None:
        """Write to disk what was put off."""
        if self._journal:
            self._journal.flush()

    def close(self) -> None:
        """Close the journal."""
        if self._journal:
            self._journal.close()

    def conversation(self, phone: str) -> list[Message]:
        """All texts to and from a phone, oldest first."""
        return sorted([*self.by_to.get(phone, ()), *self.by_phone.get(phone, ())], key=lambda each: each.seq)

    def latest_phones(self, count: int) -> list[Message]:
        """The newest text of each of the phones that were texted last."""
        found: dict[str, Message] = {}
        for message in reversed(self.messages[-20 * count :]):
            found.setdefault(message.phone, message)
        return list(found.values())[:count]

    def doubles(self) -> list[dict[str, Any]]:
        """Every (to, body) that was accepted more than once, with what became of each."""
        found = []
        for to, messages in self.by_to.items():
            if len(messages) > 1:
                found += _doubles_of(to, messages)
        return found

    def summary(self) -> dict[str, Any]:
        """Counts: `accepted` are POSTs that created a message, `distinct_to` the numbers they went to."""
        return {
            "attempts": len(self.attempts),
            "accepted": self.accepted,
            "distinct_to": len(self.recipients),
            "doubles": self.doubles(),
            "by_fault": dict(self.faults),
            "by_code": {str(code): count for code, count in self.codes.items()},
            "by_status": {status: count for status, count in self.statuses.items() if count},
            "opted_out": len(self.opted_out),
        }

    def rows(self, kinds: frozenset[str] = frozenset({"message", "attempt"})) -> Iterator[dict[str, Any]]:
        """The messages, then the attempts, that are there at this moment."""
        for kind, records in (("message", self.messages), ("attempt", self.attempts)):
            if kind in kinds:
                for number in range(len(records)):
                    yield as_row(records[number])

    def _forget(self) -> None:
        self.messages: list[Message] = []
        self.attempts: list[Attempt] = []
        self.by_sid: dict[str, Message] = {}
        self.by_to: dict[str, list[Message]] = {}
        self.by_phone: defaultdict[str, list[Message]] = defaultdict(list)
        self.recipients: set[str] = set()
        self.opted_out: set[str] = set()
        self.accepted = 0
        self.faults: Counter[str] = Counter()
        self.codes: Counter[int] = Counter()
        self.statuses: Counter[str] = Counter()

    def _keep_attempt(self, attempt: Attempt) -> None:
        self.attempts.append(attempt)
        self.accepted += attempt.accepted
        if attempt.fault:
            self.faults[attempt.fault] += 1
        if attempt.code:
            self.codes[attempt.code] += 1

    def _keep_message(self, message: Message) -> None:
        message.seq = len(self.messages)
        self.messages.append(message)
        self.by_sid[message.sid] = message
        self.by_to.setdefault(message.to, []).append(message)
        if message.direction == OUTBOUND:
            self.recipients.add(message.to)
            self.statuses[message.status] += 1
        elif message.direction == "inbound":
            self.by_phone[message.sender].append(message)

    def _move(self, message: Message, status: str, at: float, code: int | None) -> None:
        self.statuses[message.status] -= 1
        self.statuses[status] += 1
        message.status, message.updated_at, message.error_code = status, at, code
        if status == "sent":
            message.sent_at = at

    def _recall(self, row: dict[str, Any]) -> None:
        kind = row["kind"]
        if kind == "message":
            self._keep_message(Message(**{name: row[name] for name in MESSAGE_FIELDS}))
        elif kind == "attempt":
            self._keep_attempt(Attempt(**{name: row[name] for name in ATTEMPT_FIELDS}))
        elif kind == "status":
            message = self.by_sid[row["sid"]]
            message.sender = row["sender"]
            self._move(message, row["status"], row["at"], row["code"])
        else:
            (self.opted_out.add if row["out"] else self.opted_out.discard)(row["phone"])


def _doubles_of(to: str, messages: list[Message]) -> list[dict[str, Any]]:
    by_body: defaultdict[str, list[Message]] = defaultdict(list)
    for message in messages:
        if message.direction == OUTBOUND:
            by_body[message.body].append(message)
    return [
        {"to": to, "body": body, "sids": [each.sid for each in same], "statuses": [each.status for each in same]}
        for body, same in by_body.items()
        if len(same) > 1
    ]
