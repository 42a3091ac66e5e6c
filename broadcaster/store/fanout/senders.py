"""The carriers' numbers and mailboxes we send from: the pace each allows (GCRA), their weights and their circuits.

The limiter is taken inside the claim: whoever holds a sender's row may grant what its time allows, nobody else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import CheckConstraint, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from broadcaster.store.database import BY_KEY, NOT_IDLE, Base, identity

GRANT_S = 0.9
"""Seconds of pace granted at most, so that the last row still starts within its second."""
PROBE_S = 5.0
"""An open circuit is probed this often."""
PROBE_ROWS = 5
DRIFT_S = 20.0
"""A sender that is back takes a tenth of its pace first and all of it after 20 s, where another one can help."""


class Sender(Base):
    """A sender and its theoretical arrival time `tat`.

    `weight` is the share of its pace that it is used at; 0 stands by until the channel's other circuits are open.
    """

    __tablename__ = "sender"
    __table_args__ = (
        UniqueConstraint("channel", "carrier", "address"),
        CheckConstraint("segments_per_s > 0", name="pace"),
        CheckConstraint("weight >= 0 AND weight <= 1", name="weight"),
        CheckConstraint("circuit IN ('closed', 'open', 'retired')", name="circuit"),
    )
    id: Mapped[int] = identity()
    channel: Mapped[str]
    carrier: Mapped[str]
    address: Mapped[str]
    segments_per_s: Mapped[float]
    weight: Mapped[float] = mapped_column(default=1.0, server_default="1")
    tat: Mapped[datetime] = mapped_column(server_default=func.now())
    circuit: Mapped[str] = mapped_column(default="closed", server_default="closed")
    open_until: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]


@dataclass(frozen=True, slots=True)
class Wait:
    """There is work, and its sender grants nothing for so many seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Grant:
    """A locked sender: its pace in segments a second, and how many seconds its time runs ahead of the clock.

    `probe`: its circuit is open, and a few rows may try whether it works again.
    """

    sender_id: int
    carrier: str
    pace: float
    ahead: float
    probe: bool = False

    def rows(self, most: int, dearest: int, within: float = GRANT_S) -> int | Wait:
        """How many rows of the dearest text fit into so many seconds of its pace; at least one when it is idle."""
        rows = min(most, int((within - self.ahead) * self.pace) // dearest, PROBE_ROWS if self.probe else most)
        if rows < 1 and self.ahead > 0:
            return Wait(min(GRANT_S, self.ahead))
        return max(1, rows)


@dataclass(frozen=True, slots=True)
class NewSender:
    """One entry of the settings: a carrier's address that a channel sends from, at `pace` segments a second."""

    channel: str
    carrier: str
    address: str
    pace: float
    weight: float = 1.0


def register(session: Session, new: NewSender) -> None:
    """Make a sender known, or change its pace and weight."""
    session.execute(
        text(
            "INSERT INTO sender (channel, carrier, address, segments_per_s, weight) VALUES (:ch, :ca, :ad, :pace, :w)"
            " ON CONFLICT (channel, carrier, address) DO UPDATE SET segments_per_s = excluded.segments_per_s,"
            " weight = excluded.weight,"
            " circuit = CASE WHEN sender.circuit = 'retired' THEN 'closed' ELSE sender.circuit END"
        ),
        {"ch": new.channel, "ca": new.carrier, "ad": new.address, "pace": new.pace, "w": new.weight},
    )


_OTHERS = "EXISTS (SELECT 1 FROM sender o WHERE o.channel = s.channel AND o.id <> s.id AND o.circuit = 'closed'"
_IN_USE = f"(s.weight > 0 OR NOT {_OTHERS} AND o.weight > 0))"
_DRIFT = (
    f"CASE WHEN s.closed_at IS NULL OR NOT {_OTHERS} AND o.weight > 0) THEN 1.0"
    " ELSE least(1.0, 0.1 + 0.9 * extract(epoch FROM clock_timestamp() - s.closed_at) / :drift) END"
)
_EFFECTIVE = f"(s.segments_per_s * CASE WHEN s.weight > 0 THEN s.weight ELSE 1.0 END * {_DRIFT})::float8"
_GRANT = text(
    f"SELECT s.id, s.carrier, s.circuit, {_EFFECTIVE} AS pace,"
    " greatest(0, extract(epoch FROM s.tat - clock_timestamp()))::float8 AS ahead,"
    f" {BY_KEY}, {NOT_IDLE}"
    " FROM sender s WHERE s.channel = :channel AND s.carrier = ANY(:carriers)"
    f" AND (s.circuit = 'closed' AND {_IN_USE} OR s.circuit = 'open' AND s.open_until < clock_timestamp())"
    " ORDER BY s.circuit = 'open' DESC, s.tat, s.id LIMIT 1 FOR UPDATE OF s"
)


def grant(session: Session, channel: str, carriers: Sequence[str]) -> Grant | Wait | None:
    """Lock the sender of a channel with most to give; Wait until the next probe, None when there is none."""
    values = {"channel": channel, "carriers": list(carriers), "drift": DRIFT_S}
    row = session.execute(_GRANT, values).mappings().one_or_none()
    if row is None:
        return _until_a_probe(session, channel, carriers)
    is_open = row["circuit"] == "open"
    if is_open:
        _probe(session, row["id"])
    return Grant(row["id"], row["carrier"], row["pace"], row["ahead"], is_open)


def _until_a_probe(session: Session, channel: str, carriers: Sequence[str]) -> Wait | None:
    """With every circuit open there is nothing to do but wait, at most until the next probe."""
    left = session.execute(
        text(
            "SELECT min(extract(epoch FROM open_until - clock_timestamp()))::float8 FROM sender"
            " WHERE channel = :ch AND carrier = ANY(:ca) AND circuit = 'open'"
        ),
        {"ch": channel, "ca": list(carriers)},
    ).scalar_one()
    return None if left is None else Wait(min(GRANT_S, max(0.05, float(left))))


def _probe(session: Session, sender: int) -> None:
    session.execute(
        text("UPDATE sender SET open_until = clock_timestamp() + make_interval(secs => :s) WHERE id = :id"),
        {"s": PROBE_S, "id": sender},
    )


_PAY = text(
    "UPDATE sender SET tat = greatest(tat, clock_timestamp()) + make_interval(secs => :cost) WHERE id = :sender"
)


def pay(session: Session, granted: Grant, segments: int) -> None:
    """Move a sender's time on by what was taken from it."""
    session.execute(_PAY, {"cost": segments / granted.pace, "sender": granted.sender_id})


def open_circuit(session: Session, sender: int) -> bool:
    """Claim nothing more from a sender but probes; whether that is news."""
    opened = session.execute(
        text(
            "UPDATE sender SET circuit = 'open', open_until = clock_timestamp() + make_interval(secs => :s)"
            " WHERE id = :id AND circuit = 'closed' RETURNING 1"
        ),
        {"s": PROBE_S, "id": sender},
    )
    return opened.first() is not None


def close_circuit(session: Session, sender: int) -> bool:
    """A probe came through: the sender is used again, its pace drifting back; whether that is news."""
    closed = session.execute(
        text(
            "UPDATE sender SET circuit = 'closed', open_until = NULL, closed_at = clock_timestamp()"
            " WHERE id = :id AND circuit = 'open' RETURNING 1"
        ),
        {"id": sender},
    )
    return closed.first() is not None


def pace(session: Session, channel: str) -> float:
    """Segments (or messages) a second over all closed senders of a channel that are in use."""
    total = session.execute(
        text(
            "SELECT coalesce(sum(s.segments_per_s * CASE WHEN s.weight > 0 THEN s.weight ELSE 1 END), 0) FROM sender s"
            f" WHERE s.channel = :ch AND s.circuit = 'closed' AND {_IN_USE}"
        ),
        {"ch": channel},
    )
    return float(total.scalar_one())


def is_set_up(session: Session, channel: str) -> bool:
    """Whether a channel has any sender at all, whatever its circuit says."""
    found = session.execute(
        text("SELECT EXISTS (SELECT 1 FROM sender WHERE channel = :ch AND circuit <> 'retired')"), {"ch": channel}
    )
    return bool(found.scalar_one())


def in_use(session: Session, channel: str) -> list[str]:
    """The carriers of a channel that are set up, in the order in which they were."""
    rows = session.execute(
        text("SELECT carrier FROM sender WHERE channel = :ch AND circuit <> 'retired' ORDER BY id"), {"ch": channel}
    )
    return list(rows.scalars())


def retire_others(session: Session, kept: Sequence[NewSender]) -> None:
    """Senders that the settings no longer name are not claimed from; their rows stay for the waves that name them."""
    named = {(new.channel, new.carrier, new.address) for new in kept}
    known = session.execute(text("SELECT id, channel, carrier, address FROM sender")).all()
    gone = [row.id for row in known if (row.channel, row.carrier, row.address) not in named]
    session.execute(text("UPDATE sender SET circuit = 'retired' WHERE id = ANY(:ids)"), {"ids": gone})
