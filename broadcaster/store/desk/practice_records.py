"""Practice at the training desk: what its installation has posted, and what the live one has taken of it.

A record is a signed note (`signed_note`) of two lines: the name it is signed with, and one canonical JSON object. It
can say that somebody practised, and nothing else.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

import rfc8785
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from broadcaster.store.database import Base, identity, one_of, public_id
from broadcaster.store.desk.people import User
from broadcaster.store.desk.practice import FOR_A_SECOND, RED
from broadcaster.store.timeline.signed_note import PublicKey, Signer, opened

MOMENT = "%Y-%m-%dT%H:%M:%SZ"
TRAINING = "training"
"""The only MODE whose practice counts here: what was done live is known by itself, a demo is no training."""


class Did(StrEnum):
    """What somebody had in their hands at the training desk."""

    ISSUED = "issued"
    APPROVED = "approved"
    DRILLED = "drilled"


class NoPractice(ValueError):
    """Signed as it should be, and no practice record; the message says what is wrong with it."""


class _Said(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    key: str = Field(pattern="^[2-9a-z]{16}$")
    mode: str = Field(max_length=16)
    person: str = Field(min_length=3, max_length=254)
    did: str = Field(max_length=16)
    at: str = Field(pattern="^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$")


@dataclass(frozen=True, slots=True)
class Practised:
    """One record: `key` is its own for good, `person` the mail address by which both installations know somebody."""

    key: str
    person: str
    did: Did
    at: datetime

    def signed(self, signer: Signer) -> str:
        """The note that a training installation posts."""
        said = asdict(self) | {"mode": TRAINING, "did": self.did.value, "at": self.at.astimezone(UTC).strftime(MOMENT)}
        return signer.note(f"{signer.name}\n{rfc8785.dumps(said).decode()}\n")

    @classmethod
    def read(cls, note: str, key: PublicKey) -> tuple[Practised, str]:
        """A record and the name it is signed with; BadNote unless this key has signed it, NoPractice when it says
        anything else than that somebody practised."""
        words, name = opened(note, (key,))
        lines = words.splitlines()
        if len(lines) != 2 or lines[0] != name or not name.endswith("/practice"):
            raise NoPractice("This is no practice record.")
        try:
            said = _Said.model_validate_json(lines[1])
            did, at = Did(said.did), datetime.strptime(said.at, MOMENT).replace(tzinfo=UTC)
        except (ValidationError, ValueError) as error:
            raise NoPractice("This is no practice record.") from error
        if said.mode != TRAINING:
            raise NoPractice("Only a training installation posts practice.")
        if rfc8785.dumps(json.loads(lines[1])).decode() != lines[1]:
            raise NoPractice("This record is not written as it is signed.")
        return cls(said.key, said.person, did, at), name


class PracticeRecord(Base):
    """The live installation's: somebody practised over there. The key is taken once."""

    __tablename__ = "practice_record"
    __table_args__ = (
        CheckConstraint(f"did IN ({one_of(Did)})", name="did"),
        Index("ix_practice_record_person", "user_id", "at"),
    )
    key: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"))
    did: Mapped[str]
    at: Mapped[datetime]
    origin: Mapped[str]
    received_at: Mapped[datetime] = mapped_column(server_default=func.now())


class PracticePost(Base):
    """The training installation's: what is posted, and how far it has come; `source` is a release or a drill's run."""

    __tablename__ = "practice_post"
    __table_args__ = (
        UniqueConstraint("user_id", "source"),
        CheckConstraint(f"did IN ({one_of(Did)})", name="did"),
        Index("ix_practice_post_due", "next_at", postgresql_where=text("taken_at IS NULL")),
    )
    id: Mapped[int] = identity()
    key: Mapped[str] = mapped_column(unique=True, default=public_id)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"))
    source: Mapped[str]
    did: Mapped[str]
    at: Mapped[datetime]
    tries: Mapped[int] = mapped_column(default=0, server_default="0")
    next_at: Mapped[datetime]
    answer: Mapped[str] = mapped_column(default="", server_default="")
    """Why it was not taken at the last try; empty: it was, or there was none."""
    taken_at: Mapped[datetime | None]


def keep(session: Session, said: Practised, user: int, origin: str, now: datetime) -> tuple[PracticeRecord, bool]:
    """Keep a record, and whether it is new; of two at once one waits for the other and finds it there."""
    values = {"key": said.key, "user_id": user, "did": said.did.value, "at": said.at, "origin": origin}
    made = insert(PracticeRecord).values(**values, received_at=now).on_conflict_do_nothing()
    new = session.execute(made.returning(PracticeRecord.key)).scalar_one_or_none() is not None
    return session.get_one(PracticeRecord, said.key), new


_HANDS = text(
    "SELECT h.* FROM ("
    " SELECT x.requested_by AS user_id, 'release:' || x.id AS source, 'issued' AS did, x.at FROM release x"
    "   JOIN revision v ON v.id = x.revision_id JOIN alert a ON a.id = v.alert_id"
    f"   WHERE x.state IN ('released', 'held') AND a.kind <> 'canary' AND NOT {FOR_A_SECOND}"
    " UNION ALL SELECT x.approved_by, 'release:' || x.id, 'approved', x.at FROM release x"
    "   JOIN revision v ON v.id = x.revision_id JOIN alert a ON a.id = v.alert_id"
    "   WHERE x.state IN ('released', 'held') AND a.kind <> 'canary' AND x.approved_by <> x.requested_by"
    " UNION ALL SELECT r.user_id, 'drill:' || r.id, 'drilled', r.ended_at FROM drill_run r WHERE r.outcome = 'complete'"
    ") AS h WHERE h.at > :since AND NOT EXISTS"
    " (SELECT 1 FROM practice_post p WHERE p.user_id = h.user_id AND p.source = h.source) ORDER BY h.at, h.did"
)


def gather(session: Session, now: datetime) -> int:
    """Note what was practised here and is not noted yet; returns how much. What is too old to count is left."""
    found = session.execute(_HANDS, {"since": now - RED}).all()
    session.add_all(PracticePost(**row._asdict(), next_at=now) for row in found)
    session.flush()
    return len(found)


@dataclass(frozen=True, slots=True)
class Due:
    """A record that is to be posted now."""

    id: int
    said: Practised


def claim(session: Session, now: datetime, pause: timedelta, longest: timedelta) -> Due | None:
    """The next one that is due. Its next try is set before it is made, at twice the pause each time and never beyond
    `longest`: a process that dies leaves nothing behind, and twice is once at the other end."""
    query = (
        select(PracticePost, User.email)
        .join(User, User.id == PracticePost.user_id)
        .where(PracticePost.taken_at.is_(None), PracticePost.next_at <= now, PracticePost.at > now - RED)
        .order_by(PracticePost.next_at, PracticePost.id)
        .limit(1)
    )
    row = session.execute(query.with_for_update(of=PracticePost, skip_locked=True)).first()
    if row is None:
        return None
    post, email = row
    post.next_at = now + min(longest, pause * 2 ** min(post.tries, 20))
    post.tries += 1
    session.flush()
    return Due(post.id, Practised(post.key, email, Did(post.did), post.at))


def settle(session: Session, post: int, answer: str, now: datetime) -> None:
    """How a try ended: taken where there is no `answer`."""
    row = session.get_one(PracticePost, post)
    row.answer, row.taken_at = answer[:200], None if answer else now


@dataclass(frozen=True, slots=True)
class Posted:
    """How the posting stands: how many were taken, how many wait, since when, and what was answered to the last try."""

    taken: int
    waiting: int
    since: datetime | None
    answer: str


_STANDING = text(
    "SELECT count(*) FILTER (WHERE taken_at IS NOT NULL) AS taken, count(*) FILTER (WHERE waits) AS waiting,"
    " min(at) FILTER (WHERE waits) AS since, coalesce((array_agg(answer ORDER BY next_at DESC) FILTER"
    " (WHERE waits AND answer <> ''))[1], '') AS answer"
    " FROM (SELECT *, taken_at IS NULL AND at > :since AS waits FROM practice_post) AS one"
)


def standing(session: Session, now: datetime) -> Posted:
    """How the posting stands now."""
    return Posted(**session.execute(_STANDING, {"since": now - RED}).one()._asdict())
