"""The ground truth: every message that was accepted, every POST that was seen, and who has opted out."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from typing import Any
from uuid import uuid4

from broadcaster.local.carrier.journal import Journal
from broadcaster.local.carrier.records import (
    ATTEMPT_FIELDS,
    MESSAGE_FIELDS,
    OPERATION_FIELDS,
    OUTBOUND,
    UNSENT,
    Attempt,
    Message,
    Operation,
    as_row,
)

KINDS = {"messages": "message", "attempts": "attempt", "operations": "operation", "unsent": "unsent"}
"""The kinds of row by the name of their list: the last two are of the bulk API, and no text is in them."""


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

    def bulk(self, attempt: Attempt, operation: Operation, messages: Sequence[Message]) -> None:
        """Record a bulk request that was accepted, with its texts and with the recipients who get none."""
        self._keep_attempt(attempt)
        self._keep_operation(operation)
        for message in messages:
            self._keep_message(message)
        if self._journal:
            self._journal.append(as_row(operation), *map(as_row, messages), as_row(attempt))

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
        """Counts: `accepted` are the texts that POSTs created, `distinct_to` the numbers they went to."""
        return {
            "attempts": len(self.attempts),
            "accepted": self.accepted,
            "distinct_to": len(self.recipients),
            "doubles": self.doubles(),
            "by_fault": dict(self.faults),
            "by_code": {str(code): count for code, count in self.codes.items()},
            "by_status": {status: count for status, count in self.statuses.items() if count},
            "opted_out": len(self.opted_out),
            "operations": len(self.operations),
            "unsent": len(self.unsent),
        }

    def rows(self, *kinds: str) -> Iterator[dict[str, Any]]:
        """The rows of some kinds, or of all, that are there at this moment; messages first, then attempts."""
        everything: dict[str, Sequence[Message | Attempt | Operation]] = {
            "message": self.messages,
            "attempt": self.attempts,
            "operation": list(self.operations.values()),
            "unsent": self.unsent,
        }
        for kind, records in everything.items():
            if not kinds or kind in kinds:
                for number in range(len(records)):
                    yield as_row(records[number])

    def _forget(self) -> None:
        self.messages: list[Message] = []
        self.attempts: list[Attempt] = []
        self.by_sid: dict[str, Message] = {}
        self.by_to: dict[str, list[Message]] = {}
        self.by_phone: defaultdict[str, list[Message]] = defaultdict(list)
        self.operations: dict[str, Operation] = {}
        self.bulk_messages: list[Message] = []
        self.by_operation: defaultdict[str, list[Message]] = defaultdict(list)
        self.by_bulk_id: dict[str, Message] = {}
        self.unsent: list[Message] = []
        self.recipients: set[str] = set()
        self.opted_out: set[str] = set()
        self.accepted = 0
        self.faults: Counter[str] = Counter()
        self.codes: Counter[int] = Counter()
        self.statuses: Counter[str] = Counter()

    def _keep_attempt(self, attempt: Attempt) -> None:
        self.attempts.append(attempt)
        self.accepted += attempt.texts if attempt.accepted else 0
        if attempt.fault:
            self.faults[attempt.fault] += 1
        if attempt.code:
            self.codes[attempt.code] += 1

    def _keep_operation(self, operation: Operation) -> None:
        self.operations[operation.id] = operation

    def _keep_message(self, message: Message) -> None:
        if message.operation:
            self.bulk_messages.append(message)
            self.by_operation[message.operation].append(message)
            self.by_bulk_id[message.bulk_id] = message
        if message.direction == UNSENT:
            self.unsent.append(message)
        else:
            self._keep_text(message)

    def _keep_text(self, message: Message) -> None:
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
        if kind in {"message", "unsent"}:
            self._keep_message(Message(**_known(MESSAGE_FIELDS, row)))
        elif kind == "attempt":
            self._keep_attempt(Attempt(**_known(ATTEMPT_FIELDS, row)))
        elif kind == "operation":
            self._keep_operation(Operation(**_known(OPERATION_FIELDS, row)))
        elif kind == "status":
            message = self.by_sid[row["sid"]]
            message.sender = row["sender"]
            self._move(message, row["status"], row["at"], row["code"])
        else:
            (self.opted_out.add if row["out"] else self.opted_out.discard)(row["phone"])


def _known(names: Sequence[str], row: dict[str, Any]) -> dict[str, Any]:
    """The fields of a row; a journal that was written before a field existed has its default."""
    return {name: row[name] for name in names if name in row}


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
