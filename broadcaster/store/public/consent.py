"""Who agreed to be texted, when, how and in which words: rows are added, never changed (47 CFR 64.1200; four years).

A row is bound to its number by the blind index only. The ledger holds a digest of them (`dispatch.retention`),
because a flood of sign-ups must not stand in line before an alert at the end of the chain.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, Index, func, text
from sqlalchemy.dialects.postgresql import ARRAY, TEXT
from sqlalchemy.orm import Mapped, Session, mapped_column

from broadcaster.store.database import Base, identity, one_of


class Step(StrEnum):
    """What somebody did."""

    ASKED = "asked"
    CONFIRMED = "confirmed"
    JOINED = "joined"
    CHANGED = "changed"
    LEFT = "left"
    STOPPED = "stopped"
    STARTED = "started"
    IMPORTED = "imported"


class Consent(Base):
    """One step, kept by a trigger of the schema. `words` is the SHA-256 of what they read: a page, a text, a file."""

    __tablename__ = "consent"
    __table_args__ = (
        CheckConstraint(f"step IN ({one_of(Step)})", name="step"),
        CheckConstraint("method IN ('text', 'call', 'page', 'link', 'file')", name="method"),
        Index("ix_consent_number", "value_index"),
        Index("ix_consent_at", "at"),
    )
    id: Mapped[int] = identity()
    at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    value_index: Mapped[bytes]
    step: Mapped[str]
    method: Mapped[str]
    words: Mapped[str] = mapped_column(default="", server_default="")
    ref: Mapped[str] = mapped_column(default="", server_default="")
    source: Mapped[str] = mapped_column(default="", server_default="")
    places: Mapped[list[str]] = mapped_column(ARRAY(TEXT), server_default="{}")


KEPT = "interval '4 years'"
"""28 USC 1658: so long after a text somebody may ask for the consent to it."""
GUARD = f"""CREATE FUNCTION consent_stays() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
 IF TG_OP = 'DELETE' AND OLD.at < now() - {KEPT} THEN RETURN OLD; END IF;
 RAISE EXCEPTION 'A record of consent is never changed.'; END $$"""
GUARDED = (
    "CREATE TRIGGER consent_stays BEFORE UPDATE OR DELETE ON consent FOR EACH ROW EXECUTE FUNCTION consent_stays()"
)
UNGUARDED = "DROP FUNCTION IF EXISTS consent_stays CASCADE"


@dataclass(frozen=True, slots=True)
class Proof:
    """How a step was taken: the method, the wording that was read (SHA-256), the carrier's reference, where from."""

    method: str
    words: str = ""
    ref: str = ""
    source: str = ""
    places: tuple[str, ...] = ()


def record(session: Session, index: bytes, step: Step, proof: Proof) -> None:
    """Add a step, in the transaction of what it allows or ends."""
    session.execute(
        text(
            "INSERT INTO consent (value_index, step, method, words, ref, source, places)"
            " VALUES (:i, :step, :method, :words, :ref, :source, CAST(:places AS text[]))"
        ),
        {"i": index, "step": step.value, **asdict(proof), "places": list(proof.places)},
    )
