"""An authority's own wordings: one book a version, proposed by one person and approved by another, never changed.

The newest approved version of a language is in use; its approval is the review of the translation. What alerts say and
what residents are told are two volumes, and a version is a book of one of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, Select, func, select, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, Session, mapped_column

from broadcaster.messages.book import NAMES, Book, Books, Review
from broadcaster.messages.lint import Problem
from broadcaster.messages.volume import ALERTS, VOLUMES, Volume
from broadcaster.said import Said
from broadcaster.store.alerting import word_checks
from broadcaster.store.database import Base, identity, one_of
from broadcaster.store.timeline import ledger

_VOLUMES = ", ".join(f"'{name}'" for name in VOLUMES)


class WordingRefused(ValueError):
    """A wording that cannot be proposed or approved; `problems` are the sentences, the message is the first."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__(problems[0].sentence)
        self.problems = problems


class WordingState(StrEnum):
    """Where a version stands; a proposal that is overtaken by another one of its language is withdrawn."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


class Wording(Base):
    """A version of a language's book. `reviewer` is who read the translation, in their own words."""

    __tablename__ = "wording"
    __table_args__ = (
        CheckConstraint(f"state IN ({one_of(WordingState)})", name="state"),
        CheckConstraint("decided_by IS DISTINCT FROM authored_by OR state = 'withdrawn'", name="two_people"),
        CheckConstraint("(state = 'proposed') = (decided_at IS NULL)", name="decided"),
        CheckConstraint(f"volume IN ({_VOLUMES})", name="volume"),
        Index("ix_wording_one_waits", "volume", "lang", unique=True, postgresql_where=text("state = 'proposed'")),
    )
    id: Mapped[int] = identity()
    volume: Mapped[str] = mapped_column(default=ALERTS.name, server_default="alerts")
    lang: Mapped[str]
    sentences: Mapped[dict[str, str]] = mapped_column(JSONB)
    sha: Mapped[str]
    reviewer: Mapped[str] = mapped_column(default="", server_default="")
    state: Mapped[str] = mapped_column(default=WordingState.PROPOSED.value, server_default="proposed")
    authored_by: Mapped[int] = mapped_column(ForeignKey("user.id"))
    made_at: Mapped[datetime] = mapped_column(server_default=func.now())
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    decided_at: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(default="", server_default="")

    @property
    def book(self) -> Book:
        """Its words."""
        return Book.of(self.lang, self.sentences)

    @property
    def kind(self) -> Volume:
        """The volume that it is a book of."""
        return VOLUMES[self.volume]

    @property
    def subject(self) -> str:
        """What the ledger calls it."""
        return f"wording:{self.lang}" if self.volume == ALERTS.name else f"wording:{self.volume}:{self.lang}"


def propose(
    session: Session, book: Book, reviewer: str, author: int, now: datetime, volume: Volume = ALERTS
) -> Wording:
    """Put a book forward; a proposal of the same book that still waits is withdrawn. WordingRefused names every
    sentence that keeps it from being used."""
    problems = list(volume.check(book))
    if not reviewer.strip():
        problems.append(Problem("reviewer", Said("Say who has read this translation: a name, and what they are.")))
    if problems:
        raise WordingRefused(*problems)
    session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))"), {"name": f"wording {book.lang}"})
    for waiting in session.scalars(_proposed(volume, book.lang)):
        waiting.state, waiting.decided_by, waiting.decided_at = WordingState.WITHDRAWN.value, author, now
    session.flush()
    made = Wording(
        volume=volume.name,
        lang=book.lang,
        sentences=dict(book.sentences),
        sha=book.sha,
        reviewer=reviewer.strip(),
        authored_by=author,
    )
    session.add(made)
    session.flush()
    _note(session, made, author, "wording-proposed", {"reviewer": made.reviewer})
    return made


def approve(session: Session, key: int, sha: str, by: int, now: datetime) -> Wording:
    """The second person takes a version into use. WordingRefused when they wrote it, when it is not the one that they
    saw, or when it does not wait any more."""
    row = _waiting(session, key)
    if row.authored_by == by:
        raise _refused(Said("You wrote this wording: a second person must approve it."))
    if row.sha != sha:
        raise _refused(Said("This is not the wording that you saw: read it again, then approve it."))
    row.state, row.decided_by, row.decided_at = WordingState.APPROVED.value, by, now
    _note(session, row, by, "wording-approved", {"author": f"user:{row.authored_by}", "reviewer": row.reviewer})
    session.flush()
    return row


def reject(session: Session, key: int, reason: str, by: int, now: datetime) -> Wording:
    """Turn a version down, with a reason; its author may propose another. WordingRefused as for `approve`."""
    row = _waiting(session, key)
    if row.authored_by == by:
        raise _refused(Said("You wrote this wording: propose another one instead."))
    if not reason.strip():
        raise _refused(Said("Say why in a few words: the author reads it."))
    row.state, row.decided_by, row.decided_at, row.reason = WordingState.REJECTED.value, by, now, reason.strip()
    _note(session, row, by, "wording-rejected", {"reason": row.reason})
    session.flush()
    return row


def books(session: Session, volume: Volume = ALERTS, *, strict: bool) -> Books:
    """The books in use of a volume: as shipped, or as this authority approved them last. `strict` is live.

    A version of before an upgrade gets the sentences that are new in it, and then counts as unreviewed; one that no
    longer fits gives way to the shipped book, because a wording must never stop an alert.
    """
    base = volume.shipped()
    made, reviews, given_up = dict(base.books), dict(base.reviews), set()
    judged = word_checks.verdicts(session)
    for row in _newest(session, volume):
        book = volume.edited(row.lang, row.sentences)
        if judged.get(row.id) or (row.id not in judged and _breaks(row, book)):
            given_up.add(row.lang)
            continue
        made[row.lang] = book
        reviews[row.lang] = Review(row.lang, row.reviewer, _day(row.decided_at), row.sha)
    return Books(made, reviews, strict, frozenset(given_up))


def _newest(session: Session, volume: Volume) -> list[Wording]:
    """The version of each language that was approved last, of the languages of the house."""
    ours = select(func.max(Wording.id)).where(Wording.volume == volume.name, Wording.state == WordingState.APPROVED)
    rows = session.scalars(select(Wording).where(Wording.id.in_(ours.group_by(Wording.lang))).order_by(Wording.id))
    return [row for row in rows if row.lang in NAMES]


def _breaks(row: Wording, book: Book) -> bool:
    """Whether a version that no sweep has judged yet is unfit, as far as a release can wait for it: a book of alerts is
    read as a whole only where the shipped one has other sentences than it was approved with."""
    quick = row.kind is ALERTS and book.sha == row.sha
    return not quick and bool(row.kind.check(book))


@dataclass(frozen=True, slots=True)
class Unfit:
    """A wording in use that no longer fits this version of the program, and why."""

    key: int
    volume: str
    lang: str
    sentences: Mapping[str, str]
    problems: tuple[Problem, ...]


def unfit(session: Session, *, thorough: bool = False) -> list[Unfit]:
    """What no longer fits, of either volume; `thorough` reads what no sweep has judged yet, up to a second a book, and
    says what is wrong in sentences that can still be said in another language, which a kept verdict cannot."""
    judged, found = word_checks.verdicts(session), []
    for volume in VOLUMES.values():
        for row in _newest(session, volume):
            book = volume.edited(row.lang, row.sentences)
            problems = judged.get(row.id, ())
            if (thorough and problems) or (row.id not in judged and (thorough or _breaks(row, book))):
                problems = volume.check(book)
            if problems:
                found.append(Unfit(row.id, volume.name, row.lang, book.sentences, problems))
    return found


def unjudged(session: Session) -> list[Wording]:
    """The versions in use that the rules of this program have not judged yet."""
    judged = word_checks.verdicts(session)
    return [row for volume in VOLUMES.values() for row in _newest(session, volume) if row.id not in judged]


def approvals(session: Session) -> tuple[int, int]:
    """How many versions were ever approved and how many are refused now, of either volume: as long as both stand, the
    words in use are the same."""
    approved = select(func.count()).where(Wording.state == WordingState.APPROVED).scalar_subquery()
    one, other = session.execute(select(approved, word_checks.refused().scalar_subquery())).one()
    return one, other


def versions(session: Session, volume: Volume, lang: str, most: int = 20) -> list[Wording]:
    """The versions of a book, newest first."""
    query = select(Wording).where(Wording.volume == volume.name, Wording.lang == lang)
    return list(session.scalars(query.order_by(Wording.id.desc()).limit(most)))


def waiting(session: Session) -> list[Wording]:
    """What waits for a second person."""
    return list(session.scalars(select(Wording).where(Wording.state == WordingState.PROPOSED).order_by(Wording.id)))


def _proposed(volume: Volume, lang: str) -> Select[Wording]:
    ours = select(Wording).where(Wording.volume == volume.name, Wording.lang == lang)
    return ours.where(Wording.state == WordingState.PROPOSED).with_for_update()


def _waiting(session: Session, key: int) -> Wording:
    query = select(Wording).where(Wording.id == key).with_for_update()
    row = session.scalar(query.execution_options(populate_existing=True))
    if row is None or row.state != WordingState.PROPOSED:
        raise _refused(Said("This wording was decided on already, or another one took its place: look at the newest."))
    return row


def _refused(sentence: str) -> WordingRefused:
    return WordingRefused(Problem("", sentence))


def _note(session: Session, row: Wording, who: int, action: str, more: Mapping[str, str]) -> None:
    ledger.append(session, f"user:{who}", action, row.subject, {"version": str(row.id), "sha256": row.sha, **more})


def _day(moment: datetime | None) -> str:
    return moment.astimezone(UTC).date().isoformat() if moment else ""
