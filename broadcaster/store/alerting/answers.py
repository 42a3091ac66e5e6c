"""Answers that were given already: who sends the same request twice, with one key, gets one act and one answer.

After draft-ietf-httpapi-idempotency-key-header. The row is written in the transaction of the act, so that a second
request waits for the first one, and one that failed leaves nothing behind.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import BigInteger, ForeignKey, delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from broadcaster.store.database import Base

KEPT = timedelta(hours=24)
"""How long a key is known."""


class AnotherRequest(ValueError):
    """A key that was used for something else; the message is a sentence."""


class Answer(Base):
    """One answer by its person and key; `request` is the SHA-256 of what was asked."""

    __tablename__ = "api_answer"
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    request: Mapped[bytes]
    status: Mapped[int] = mapped_column(BigInteger)
    location: Mapped[str]
    body: Mapped[bytes]
    at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())


@dataclass(frozen=True, slots=True)
class Given:
    """What was answered."""

    status: int
    location: str
    body: bytes


def find(session: Session, user: int, key: str, request: bytes) -> Given | None:
    """The answer that this key got before; None: it is new, and whoever comes with it now waits for this transaction.

    AnotherRequest: the key was used for something else. Keys of more than a day ago are forgotten.
    """
    session.execute(delete(Answer).where(Answer.user_id == user, Answer.at < func.clock_timestamp() - KEPT))
    claim = insert(Answer).values(user_id=user, key=key, request=request, status=0, location="", body=b"")
    if session.execute(claim.on_conflict_do_nothing().returning(Answer.key)).scalar_one_or_none() is not None:
        return None
    row = session.execute(select(Answer).where(Answer.user_id == user, Answer.key == key)).scalar_one()
    if row.request != request:
        raise AnotherRequest("This idempotency key was used for another request: send a new one.")
    return Given(row.status, row.location, row.body)


def keep(session: Session, user: int, key: str, given: Given) -> None:
    """Keep what is answered to a key that was new."""
    row = session.get_one(Answer, (user, key))
    row.status, row.location, row.body = given.status, given.location, given.body
