"""Checkpoints: whatever single byte is changed in the chain, its head, its checkpoints or their file, it is found."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import rfc8785
from sqlalchemy import text
from sqlalchemy.orm import Session

from broadcaster.store.database import Sessions
from broadcaster.store.timeline import checkpoints, ledger, merkle
from broadcaster.store.timeline.checkpoints import EVERY, Found, Kept
from broadcaster.store.timeline.ledger import AuditEvent, AuditHead
from broadcaster.store.timeline.signed_note import Signer
from tests.unit.store.timeline.test_ledger import NO_TRIGGER

SIGNER = Signer.of("secret-key-of-the-tests-0123456789ab", "911.state.example")
NOON = datetime(2026, 6, 18, 16, 0, tzinfo=UTC)
EVENTS, STEP, SEALED = 24, 8, 16
COLUMNS = {
    "audit_event": ("seq", "at", "actor", "action", "object", "canonical", "chain"),
    "audit_head": ("id", "seq", "chain", "frontier"),
    "audit_checkpoint": ("size", "at", "root", "note"),
}
KEYS = {"audit_event": "seq", "audit_head": "id", "audit_checkpoint": "size"}


@pytest.fixture
def sealed(sessions: Sessions, tmp_path: Path) -> tuple[Sessions, Path]:
    """Twenty-four events, a checkpoint after each eight but the last, and their file."""
    file = tmp_path / "checkpoints.txt"
    for first in range(0, EVENTS, STEP):
        with sessions.begin() as session:
            for no in range(first, first + STEP):
                ledger.append(session, f"user:{no % 3}", "submitted", f"alert:{no % 2}", {"no": no, "town": "Gäa"})
        with sessions.begin() as session:
            if first + STEP <= SEALED:
                checkpoints.make(session, SIGNER, NOON + timedelta(minutes=first))
                checkpoints.keep(session, file)
    return sessions, file


def found(session: Session, *files: Kept) -> Found:
    return checkpoints.verify(session, [SIGNER.public], files)


@contextmanager
def tampered(sessions: Sessions) -> Iterator[Session]:
    """A superuser's transaction, which is taken back."""
    with sessions() as session:
        session.execute(text(NO_TRIGGER))
        yield session
        session.rollback()


def bent(dice: random.Random, value: object) -> object:
    """The value with one of its bytes changed, as its column would hold it."""
    if isinstance(value, int):
        return value ^ (1 << dice.randrange(40))
    if isinstance(value, datetime):
        return value + timedelta(microseconds=(1 << dice.randrange(40)) * dice.choice([-1, 1]))
    if isinstance(value, bytes):
        at = dice.randrange(len(value))
        return value[:at] + bytes([value[at] ^ dice.randrange(1, 256)]) + value[at + 1 :]
    assert isinstance(value, str)
    at = dice.randrange(len(value))
    return value[:at] + dice.choice([each for each in "abcXYZ019 :\n=" if each != value[at]]) + value[at + 1 :]


def change_a_byte(dice: random.Random, session: Session) -> str:
    """Change one byte of one column of one row; returns where."""
    table = dice.choice(list(COLUMNS))
    column, key = dice.choice(COLUMNS[table]), KEYS[table]
    keys = sorted(session.scalars(text(f"SELECT {key} FROM {table}")))  # noqa: S608 - names of this file
    row = dice.choice(keys)
    old = session.execute(text(f"SELECT {column} FROM {table} WHERE {key} = :row"), {"row": row}).scalar_one()  # noqa: S608 - names of this file
    old = bytes(old) if isinstance(old, memoryview) else old
    new = bent(dice, old)
    while column == key and new in keys:
        new = bent(dice, old)
    session.execute(text(f"UPDATE {table} SET {column} = :new WHERE {key} = :row"), {"new": new, "row": row})  # noqa: S608 - names of this file
    return f"{table}.{column} of {row}: {old!r} became {new!r}"


def test_a_thousand_changed_bytes_of_a_thousand_are_found(sealed: tuple[Sessions, Path]) -> None:
    sessions, file = sealed
    dice, whole = random.Random(911), file.read_bytes()
    missed = []
    for round_ in range(1000):
        with tampered(sessions) as session:
            if round_ % 5:
                where = change_a_byte(dice, session)
            else:
                file.write_bytes(bent(dice, whole))  # type: ignore[arg-type]
                where = f"the file, round {round_}"
            if not found(session, Kept(file)).why:
                missed.append(where)
        file.write_bytes(whole)
    assert missed == []
    with sessions() as session:
        assert (found(session, Kept(file)).why, found(session, Kept(file)).checkpoints) == ("", 4)


def rewrite(session: Session, events: list[bytes]) -> None:
    """What a superuser can do who knows all this: a chain, a tree and a head that fit each other."""
    session.execute(text("DELETE FROM audit_event"))
    chain, frontier = ledger.START, b""
    for size, canonical in enumerate(events):
        chain = merkle.node(chain, merkle.leaf(canonical))
        frontier = merkle.grown(frontier, size, merkle.leaf(canonical))
        told = json.loads(canonical)
        fields = {name: told[name] for name in ("seq", "actor", "action", "object")}
        at = datetime.fromisoformat(told["at"])
        session.add(AuditEvent(**fields, at=at, canonical=canonical, chain=chain))
    head = session.get_one(AuditHead, 1)
    head.seq, head.chain, head.frontier = len(events), chain, frontier
    session.flush()
    session.expire_all()


def renumbered(events: list[bytes]) -> list[bytes]:
    """The same events, numbered as they stand now."""
    return [rfc8785.dumps({**json.loads(each), "seq": no}) for no, each in enumerate(events, 1)]


Forgery = Callable[[list[bytes]], list[bytes]]
FORGERIES: dict[str, Forgery] = {
    "one changed": lambda all_: [*all_[:4], all_[4].replace(b"user:1", b"user:2"), *all_[5:]],
    "one taken out": lambda all_: [*all_[:3], *all_[4:]],
    "one put in": lambda all_: [*all_[:3], all_[2], *all_[3:]],
    "two in the other order": lambda all_: [*all_[:9], all_[10], all_[9], *all_[11:]],
    "the tail cut off behind a checkpoint": lambda all_: all_[: SEALED - 1],
    "all of it begun anew": lambda all_: all_[-3:],
}


@pytest.mark.parametrize("name", FORGERIES)
def test_a_rewriting_that_fits_in_itself_is_found_by_the_checkpoints(
    sealed: tuple[Sessions, Path], name: str
) -> None:  # fmt: skip
    sessions, file = sealed
    with tampered(sessions) as session:
        kept = [bytes(each) for each in session.scalars(text("SELECT canonical FROM audit_event ORDER BY seq"))]
        session.expire_all()
        rewrite(session, renumbered(FORGERIES[name](kept)))
        assert ledger.verify(session).why == ""
        assert found(session).why
        session.execute(text("DELETE FROM audit_checkpoint"))
        assert found(session).why == ""
        assert "in checkpoints.txt" in found(session, Kept(file)).why


def test_a_mail_that_somebody_kept_is_enough(sealed: tuple[Sessions, Path], tmp_path: Path) -> None:
    sessions, file = sealed
    mail, other = tmp_path / "mail.txt", tmp_path / "other.txt"
    mail.write_text(f"Dear watch,\n\n{checkpoints.notes_in(file.read_text())[0]}\nYours\n")
    other.write_text("Dear watch, nothing new.\n")
    with sessions() as session:
        assert found(session, Kept(mail, whole=False)).why == ""
        assert found(session, Kept(other, whole=False)).why == "other.txt holds no checkpoint"
        assert "was changed" in checkpoints.verify(session, [Signer.of("another", "x").public]).why


def test_a_checkpoint_is_due_at_once_for_an_alert_and_after_a_minute_for_the_rest(sessions: Sessions) -> None:
    with sessions.begin() as session:
        assert not checkpoints.due(session, NOON)
        assert checkpoints.make(session, SIGNER, NOON) is None
        ledger.append(session, "ida", "signed-in", "ida")
        assert checkpoints.due(session, NOON)
        assert checkpoints.make(session, SIGNER, NOON) is not None
        assert checkpoints.make(session, SIGNER, NOON) is None
        ledger.append(session, "ida", "signed-out", "ida")
        assert not checkpoints.due(session, NOON + EVERY / 2)
        assert checkpoints.due(session, NOON + EVERY)
        ledger.append(session, "ida", "approved", "alert:1")
        assert checkpoints.due(session, NOON + EVERY / 2)
