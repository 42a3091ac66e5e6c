"""Waves for the bulk API, the client that hands them over, and what the simulated carrier made of them."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime

from broadcaster.channels.bulk_words import Progress, Told
from broadcaster.channels.contract import Asked, Key, Outgoing
from broadcaster.channels.http import Door
from broadcaster.channels.sms_bulk import BulkAccount, TwilioBulk
from broadcaster.local.carrier import Running
from broadcaster.messages.message import Message
from tests.carrier import SENDER, SID, TOKEN

LYNN = "911 is down in Lynn. Call 781-595-2000. {{n}} {% x %} “Police” [24h]"
SALEM = "El 911 no funciona en Salem. Llame al 978-744-1212."


@contextlib.asynccontextmanager
async def bulk(url: str, token: str = TOKEN, sender: str = SENDER) -> AsyncIterator[TwilioBulk]:
    """The client of a carrier, in the loop that uses it."""
    made = TwilioBulk(BulkAccount(SID, token, sender, url), Door(live=False))
    try:
        yield made
    finally:
        await made.close()


def phone(number: int) -> str:
    """A phone of its own for each number up to 9999."""
    return f"+1508555{number:04}"


def out(number: int, text: str = LYNN, *, n: int = 1, to: str = "", life_s: int = 3600) -> Outgoing:
    """A row whose address has this number."""
    return Outgoing(Key(3, number, n), to or phone(number), Message("", text, ""), f"proof-{number}", life_s)


def asked(rows: Sequence[Outgoing]) -> list[Asked]:
    """Questions about rows that were handed over just now."""
    return [Asked(row.key, row.to, row.message.text, datetime.now(UTC)) for row in rows]


async def settled(twilio: TwilioBulk, ref: str) -> None:
    """Wait until no text of an operation is in a queue."""
    async with asyncio.timeout(20):
        while (await twilio.operation(ref)).progress is not Progress.COMPLETED:
            await asyncio.sleep(0.01)


def texts(running: Running) -> Counter[tuple[str, str]]:
    """What the phones were sent, by the carrier's own ledger."""
    return Counter((row["to"], row["body"]) for row in running.ledger()["messages"])


def as_row(told: Told) -> tuple[str, str, str]:
    """The answer, the phone and the code, in words."""
    return type(told.answer).__name__, told.handset.value, told.code
