"""The canary's runs, as it writes them down itself; the one address that it may text; and what is forgotten of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, Session, mapped_column

from broadcaster.store.database import Base, identity, one_of
from broadcaster.store.sealed import Sealer

KEPT = "31 days"
"""How long a run is kept; the alert that it made goes after two days."""
BATCH = 500


class Step(StrEnum):
    """The path of a canary, in order."""

    WEB = "web"
    DRAFT = "draft"
    SUBMIT = "submit"
    APPROVE = "approve"
    CARRIER = "carrier"
    CALLBACK = "callback"


class Outcome(StrEnum):
    """How a run ended: all the way, in vain, or behind an alert whose texts were going out."""

    GOOD = "good"
    MISSED = "missed"
    GAVE_WAY = "gave_way"


class CanaryRun(Base):
    """One run. `step` is the last one that it reached, or the one that failed it; `seconds` are those of each step."""

    __tablename__ = "canary_run"
    __table_args__ = (
        CheckConstraint(f"outcome IN ({one_of(Outcome)})", name="outcome"),
        CheckConstraint(f"step IN ({one_of(Step)})", name="step"),
    )
    id: Mapped[int] = identity()
    started_at: Mapped[datetime] = mapped_column(index=True)
    outcome: Mapped[str]
    step: Mapped[str]
    why: Mapped[str] = mapped_column(default="", server_default="")
    alert: Mapped[str] = mapped_column(default="", server_default="")
    seconds: Mapped[dict[str, float]] = mapped_column(JSONB, default=dict, server_default="{}")


@dataclass(frozen=True, slots=True)
class Run:
    """One run of the canary: when, how it ended and where, why, which alert, and the seconds of each step."""

    started_at: datetime
    outcome: Outcome
    step: Step
    why: str = ""
    alert: str = ""
    seconds: Mapping[str, float] = field(default_factory=dict)

    @property
    def whole(self) -> float:
        """Seconds of all steps together."""
        return sum(self.seconds.values())


_ADDRESS = text(
    "INSERT INTO address (kind, value_enc, value_index, owner) VALUES ('sms', :enc, :i, 'installation')"
    " ON CONFLICT (value_index) DO UPDATE SET value_enc = excluded.value_enc RETURNING id"
)
_GOES_OUT = text(
    "SELECT EXISTS (SELECT 1 FROM lane l JOIN fanout f ON f.id = l.fanout_id WHERE l.state = 'open'"
    "   AND l.channel = 'sms' AND f.expires_at > clock_timestamp())"
    " AND EXISTS (SELECT 1 FROM wave w JOIN sender s ON s.id = w.sender_id AND s.channel = 'sms'"
    "   AND s.circuit = 'closed' WHERE w.started_at > clock_timestamp() - interval '30 seconds')"
)
_NEWEST = text("SELECT started_at, outcome, step, why, alert, seconds FROM canary_run ORDER BY id DESC LIMIT :most")
MISSED = (
    "SELECT count(*) FROM canary_run WHERE outcome = 'missed'"
    " AND id > coalesce((SELECT max(id) FROM canary_run WHERE outcome = 'good'), 0)"
)
"""Misses in a row: a run that gave way to an alert is none, and ends none."""
_OLD_RUNS = text(f"DELETE FROM canary_run WHERE started_at < clock_timestamp() - interval '{KEPT}'")
_OLD = text(
    "SELECT r.id FROM alert a JOIN revision r ON r.alert_id = a.id WHERE a.kind = 'canary'"
    " AND a.made_at < clock_timestamp() - interval '2 days' AND NOT EXISTS (SELECT 1 FROM fanout f"
    "   WHERE f.revision_id = r.id AND f.state <> 'done') ORDER BY r.id LIMIT :most"
)
_FANOUTS = "(SELECT id FROM fanout WHERE revision_id = ANY(:r))"
_FORGET = (
    *(
        f"DELETE FROM {table} WHERE fanout_id IN {_FANOUTS}"
        for table in ("tally", "followup", "past_attempt", "sighting", "delivery", "wave", "target", "lane")
    ),
    *(
        f"DELETE FROM {table} WHERE revision_id = ANY(:r)"
        for table in ("fanout", "release", "revision_text", "revision_editor")
    ),
    "DELETE FROM revision WHERE id = ANY(:r)",
    "DELETE FROM alert a WHERE a.kind = 'canary' AND a.id = ANY(:a)",
)


def address(session: Session, sealer: Sealer, phone: str) -> int:
    """The id of the canary's own address. Its index is no resident's: nobody who lives here is texted by it."""
    index = sealer.index(f"canary:{phone}")
    return int(session.execute(_ADDRESS, {"enc": sealer.seal(phone, index), "i": index}).scalar_one())


def an_alert_goes_out(session: Session) -> bool:
    """Whether texts of an alert wait and are being sent: one that nobody sends is what the canary is there to find."""
    return bool(session.execute(_GOES_OUT).scalar_one())


def keep(session: Session, run: Run) -> None:
    """Write a run down."""
    row = CanaryRun(started_at=run.started_at, outcome=run.outcome.value, step=run.step.value)
    row.why, row.alert, row.seconds = run.why, run.alert, dict(run.seconds)
    session.add(row)
    session.flush()


def newest(session: Session, most: int = 1) -> list[Run]:
    """The newest runs, the last one first."""
    rows = session.execute(_NEWEST, {"most": most})
    return [Run(r.started_at, Outcome(r.outcome), Step(r.step), r.why, r.alert, r.seconds) for r in rows]


def missed(session: Session) -> int:
    """How many runs were missed in a row."""
    return int(session.execute(text(MISSED)).scalar_one())


def forget(session: Session, most: int = BATCH) -> int:
    """Delete runs of more than a month ago, and what canaries of two days ago have left; returns how many of those.

    The ledger keeps that each of them was released, by whom, and under which hash; receipts go with all the others'.
    """
    session.execute(_OLD_RUNS)
    old = list(session.execute(_OLD, {"most": most}).scalars())
    if old:
        whose = list(session.execute(text("SELECT alert_id FROM revision WHERE id = ANY(:r)"), {"r": old}).scalars())
        bodies = text("SELECT DISTINCT body_id FROM revision_text WHERE revision_id = ANY(:r)")
        words = list(session.execute(bodies, {"r": old}).scalars())
        for statement in _FORGET:
            session.execute(text(statement), {"r": old, "a": whose})
        unused = "NOT EXISTS (SELECT 1 FROM revision_text t WHERE t.body_id = b.id)"
        unused += " AND NOT EXISTS (SELECT 1 FROM target t WHERE t.body_id = b.id)"
        session.execute(text(f"DELETE FROM body b WHERE b.id = ANY(:b) AND {unused}"), {"b": words})
    return len(old)
