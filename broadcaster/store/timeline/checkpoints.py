"""Checkpoints of the ledger: signed, kept in the database, appended to a file, sent to whoever keeps them elsewhere.

What is rewritten in the database, however consistently, no longer has the roots that these have signed.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import BigInteger, exists, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from broadcaster.store.database import Base
from broadcaster.store.timeline import ledger, merkle
from broadcaster.store.timeline.ledger import AuditEvent, AuditHead, Seal, Verdict
from broadcaster.store.timeline.signed_note import BadNote, Checkpoint, PublicKey, Signer, notes_in

EVERY = timedelta(seconds=60)
"""How long events may wait for a checkpoint; the steps of an alert do not wait (reliability.md section 5)."""
STEPS = ("released_to_agencies", "approved", "held", "resumed", "returned", "rejected")


class AuditCheckpoint(Base):
    """One signed checkpoint; `note` is what was signed, and says the rest too."""

    __tablename__ = "audit_checkpoint"
    size: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    root: Mapped[bytes]
    note: Mapped[str]


class AuditPost(Base):
    """One row: the newest checkpoint that was mailed, and when."""

    __tablename__ = "audit_post"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    size: Mapped[int] = mapped_column(BigInteger)
    at: Mapped[datetime]


def newest(session: Session) -> AuditCheckpoint | None:
    """The newest checkpoint, if there is any."""
    return session.scalar(select(AuditCheckpoint).order_by(AuditCheckpoint.size.desc()).limit(1))


def due(session: Session, now: datetime) -> bool:
    """Whether events have no checkpoint yet, and a step of an alert is among them or a minute has gone by."""
    last = newest(session)
    size, since = (last.size, last.at) if last else (0, None)
    fresh = select(AuditEvent.seq).where(AuditEvent.seq > size)
    if session.scalar(select(exists(fresh))) is not True:
        return False
    urgent = session.scalar(select(exists(fresh.where(AuditEvent.action.in_(STEPS)))))
    return bool(urgent) or since is None or now - since >= EVERY


def make(session: Session, signer: Signer, now: datetime) -> Checkpoint | None:
    """Sign the tree as it is, in the caller's transaction; None when nothing has happened since the newest one."""
    head = session.execute(select(AuditHead).where(AuditHead.id == 1).with_for_update()).scalar_one_or_none()
    last = newest(session)
    if head is None or head.seq == (last.size if last else 0):
        return None
    session.refresh(head)
    made = Checkpoint(signer.name, head.seq, merkle.root(head.frontier), now.replace(microsecond=0))
    session.add(AuditCheckpoint(size=made.size, at=made.at, root=made.root, note=signer.note(made.text)))
    session.flush()
    return made


def keep(session: Session, file: Path) -> int:
    """Append to the file what it does not hold yet; returns how many. What stands in it is never written again."""
    file.parent.mkdir(parents=True, exist_ok=True)
    held = _sizes(file)
    rows = session.execute(
        select(AuditCheckpoint.note).where(AuditCheckpoint.size > max(held, default=0)).order_by(AuditCheckpoint.size)
    ).all()
    if not rows:
        return 0
    with file.open("a", encoding="utf-8", newline="\n") as out:
        out.writelines(row.note for row in rows)
        out.flush()
        os.fsync(out.fileno())
    return len(rows)


def _sizes(file: Path) -> list[int]:
    """The sizes that a file's notes claim, unchecked: `verify` is who checks."""
    if not file.exists():
        return []
    lines = [note.splitlines()[1] for note in notes_in(file.read_text(encoding="utf-8", errors="replace"))]
    return [int(line) for line in lines if line.isdecimal()]


@dataclass(frozen=True, slots=True)
class Kept:
    """A file of checkpoints. `whole`: ours, in which every byte counts; else a mail or a page that holds some."""

    file: Path
    whole: bool = True


@dataclass(frozen=True, slots=True)
class Found:
    """The verdict on the chain, how many checkpoints were held against it, and what is wrong with one of those."""

    verdict: Verdict
    checkpoints: int
    wrong: str = ""

    @property
    def why(self) -> str:
        """What is broken, or ``""``: the chain first."""
        return self.verdict.why or self.wrong


def verify(session: Session, keys: Sequence[PublicKey], files: Sequence[Kept] = ()) -> Found:
    """Read the whole ledger again, and hold it against every checkpoint: those of the database and those of files.

    A checkpoint that cannot be trusted is named, and the others are used all the same. OSError: a file cannot be read.
    """
    known = tuple(keys)
    seals, wrong = _of_database(session, known)
    for kept in files:
        more, also = _of_file(kept, known)
        seals, wrong = [*seals, *more], wrong or also
    return Found(ledger.verify(session, seals), len(seals), wrong)


def _of_database(session: Session, keys: tuple[PublicKey, ...]) -> tuple[list[Seal], str]:
    seals, wrong = [], ""
    for row in session.scalars(select(AuditCheckpoint).order_by(AuditCheckpoint.size)):
        where = f"the checkpoint of {row.size} events in the database"
        try:
            said = Checkpoint.read(row.note, keys)
        except BadNote as error:
            wrong = wrong or f"{where} was changed: {error}"
            continue
        if (said.size, said.root, said.at) != (row.size, row.root, row.at):
            wrong = wrong or f"{where} was changed"
        seals.append(Seal(said.size, said.root, where))
    return seals, wrong


def _of_file(kept: Kept, keys: tuple[PublicKey, ...]) -> tuple[list[Seal], str]:
    name = kept.file.name
    text = kept.file.read_bytes().decode("utf-8", "replace")
    notes = notes_in(text)
    wrong = f"{name} was changed" if kept.whole and "".join(notes) != text else ""
    if not notes and not kept.whole:
        wrong = f"{name} holds no checkpoint"
    seals: list[Seal] = []
    for note in notes:
        try:
            said = Checkpoint.read(note, keys)
        except BadNote as error:
            wrong = wrong or f"a checkpoint in {name} was changed: {error}"
            continue
        if kept.whole and seals and said.size <= seals[-1].size:
            wrong = wrong or f"the checkpoints in {name} are not in their order"
        seals.append(Seal(said.size, said.root, f"the checkpoint of {said.size} events in {name}"))
    return seals, wrong


def unmailed(session: Session, now: datetime, every: timedelta) -> AuditCheckpoint | None:
    """The newest checkpoint if it is time to mail it: `every` has gone by, or it is the first about a step of an alert.

    Never two within a minute: on the night itself a mailbox needs the newest, not all of them.
    """
    last, post = newest(session), session.get(AuditPost, 1)
    size = post.size if post else 0
    if last is None or last.size <= size or (post and now - post.at < EVERY):
        return None
    between = select(AuditEvent.seq).where(AuditEvent.seq > size, AuditEvent.seq <= last.size)
    urgent = session.scalar(select(exists(between.where(AuditEvent.action.in_(STEPS)))))
    return last if urgent or post is None or now - post.at >= every else None


def mailed(session: Session, size: int, now: datetime) -> int:
    """Note that the checkpoint of so many events is out; returns of how many events the one before was."""
    post = session.get(AuditPost, 1, with_for_update=True)
    before = post.size if post else 0
    session.merge(AuditPost(id=1, size=size, at=now))
    return before
