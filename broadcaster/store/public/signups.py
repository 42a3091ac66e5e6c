"""Sign-ups: asked on a page, done when the phone itself answers, and nothing before that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import CheckConstraint, func, text
from sqlalchemy.dialects.postgresql import ARRAY, TEXT
from sqlalchemy.orm import Mapped, Session, mapped_column

from broadcaster.store.database import Base
from broadcaster.store.places import directory_load
from broadcaster.store.public import consent, residents
from broadcaster.store.public.consent import Proof, Step
from broadcaster.store.sealed import Sealer

MOST_PLACES = 10
"""Of one phone."""


class Signup(Base):
    """What a page was asked for a number; the newest counts, and after a day it is forgotten."""

    __tablename__ = "signup"
    __table_args__ = (CheckConstraint("kind IN ('sms', 'voice')", name="kind"),)
    value_index: Mapped[bytes] = mapped_column(primary_key=True)
    kind: Mapped[str]
    value_enc: Mapped[bytes]
    lang: Mapped[str]
    no_voice: Mapped[bool] = mapped_column(default=False, server_default="false")
    places: Mapped[list[str]] = mapped_column(ARRAY(TEXT))
    words: Mapped[str]
    source: Mapped[str] = mapped_column(default="", server_default="")
    asked_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())


@dataclass(frozen=True, slots=True)
class NewSignup:
    """A form as it was sent: a phone in E.164, codes of places, and the SHA-256 of the words beside the button."""

    kind: str
    phone: str
    lang: str
    places: tuple[str, ...]
    no_voice: bool
    words: str


def ask(session: Session, sealer: Sealer, new: NewSignup, source: str) -> None:
    """Keep a form until its phone answers; `source` is what is recorded of where it came from.

    Nothing else is written: a flood of forms leaves one row for each number, and after a day none.
    """
    index = sealer.index(f"{new.kind}:{new.phone}")
    session.execute(
        text(
            "INSERT INTO signup (value_index, kind, value_enc, lang, no_voice, places, words, source)"
            " VALUES (:i, :kind, :enc, :lang, :no_voice, CAST(:places AS text[]), :words, :source)"
            " ON CONFLICT (value_index) DO UPDATE SET lang = excluded.lang, no_voice = excluded.no_voice,"
            " places = excluded.places, words = excluded.words, source = excluded.source,"
            " asked_at = excluded.asked_at"
        ),
        {
            "i": index,
            "kind": new.kind,
            "enc": sealer.seal(new.phone, index),
            "lang": new.lang,
            "no_voice": new.no_voice,
            "places": list(new.places),
            "words": new.words,
            "source": source,
        },
    )


def waiting(session: Session, index: bytes) -> tuple[str, ...]:
    """The places of a form that waits for its phone; none after a day."""
    row = session.execute(
        text("SELECT places FROM signup WHERE value_index = :i AND asked_at > clock_timestamp() - interval '1 day'"),
        {"i": index},
    ).first()
    return tuple(row.places) if row else ()


def confirm(session: Session, sealer: Sealer, index: bytes, proof: Proof) -> tuple[str, ...]:
    """The phone has answered: it is signed up for what its form says. Returns the places, none without a form."""
    row = session.execute(
        text(
            "DELETE FROM signup WHERE value_index = :i AND asked_at > clock_timestamp() - interval '1 day'"
            " RETURNING kind, value_enc, lang, no_voice, places, words, source, asked_at"
        ),
        {"i": index},
    ).first()
    if row is None:
        return ()
    phone = sealer.open(bytes(row.value_enc), index)
    address = residents.address(session, sealer, row.kind, phone, lang=row.lang)
    places = settle(session, address, row.places, no_voice=row.no_voice)
    when = f"{row.source} {row.asked_at.isoformat()}".strip()
    consent.record(session, index, Step.ASKED, Proof("page", row.words, source=when, places=places))
    consent.record(session, index, Step.CONFIRMED, Proof(proof.method, row.words, proof.ref, proof.source, places))
    return places


def drop(session: Session, index: bytes) -> None:
    """The phone does not want it."""
    session.execute(text("DELETE FROM signup WHERE value_index = :i"), {"i": index})


def stop(session: Session, index: bytes, proof: Proof) -> None:
    """A phone or a line wants nothing more of us: nothing goes to it, and a form that waits for it is forgotten."""
    residents.suppress(session, index, "phone")
    drop(session, index)
    consent.record(session, index, Step.STOPPED, proof)


def settle(session: Session, address: int, places: Sequence[str], *, no_voice: bool) -> tuple[str, ...]:
    """Subscribe an address to these places and to no others; slots that it has stay. Returns those that exist."""
    ids = directory_load.listed_ids(session)
    kept = [code for code in dict.fromkeys(places) if code in ids][:MOST_PLACES]
    session.execute(
        text("UPDATE address SET no_voice = :n, asked_at = now() WHERE id = :a"), {"n": no_voice, "a": address}
    )
    session.execute(
        text("DELETE FROM subscription WHERE address_id = :a AND community_id <> ALL(:kept)"),
        {"a": address, "kept": [ids[code] for code in kept]},
    )
    for code in kept:
        residents.subscribe(session, address, ids[code])
    return tuple(kept)


def forget_old(session: Session) -> int:
    """Forget the forms whose phone never answered; returns how many."""
    gone = session.execute(text("DELETE FROM signup WHERE asked_at < clock_timestamp() - interval '1 day' RETURNING 1"))
    return len(gone.all())


@dataclass(frozen=True, slots=True)
class Mine:
    """What somebody has signed up for, as their own page shows it."""

    address: int
    kind: str
    index: bytes
    lang: str
    no_voice: bool
    places: tuple[str, ...]


def of_address(session: Session, address: int) -> Mine | None:
    """A resident by the id of their address; None when there is none any more."""
    rows = session.execute(
        text(
            "SELECT a.kind, a.value_index, a.lang, a.no_voice, c.code FROM address a"
            " LEFT JOIN subscription s ON s.address_id = a.id LEFT JOIN community c ON c.id = s.community_id"
            " WHERE a.id = :a AND a.owner = 'resident' ORDER BY c.name"
        ),
        {"a": address},
    ).all()
    if not rows:
        return None
    first = rows[0]
    places = tuple(row.code for row in rows if row.code)
    return Mine(address, first.kind, bytes(first.value_index), first.lang, first.no_voice, places)


def change(session: Session, mine: Mine, lang: str, places: Sequence[str], *, no_voice: bool) -> tuple[str, ...]:
    """Somebody changes their places and language on their own page."""
    session.execute(text("UPDATE address SET lang = :l WHERE id = :a"), {"l": lang, "a": mine.address})
    kept = settle(session, mine.address, places, no_voice=no_voice)
    consent.record(session, mine.index, Step.CHANGED, Proof("link", places=kept))
    return kept


def leave(session: Session, mine: Mine) -> None:
    """Somebody leaves: no place is theirs any more. Their number is forgotten with the next upkeep."""
    session.execute(text("DELETE FROM subscription WHERE address_id = :a"), {"a": mine.address})
    session.execute(text("UPDATE address SET asked_at = now() WHERE id = :a"), {"a": mine.address})
    consent.record(session, mine.index, Step.LEFT, Proof("link", places=mine.places))
