"""What IPAWS has published of our posts beside what was approved, one word for each post."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, func, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from broadcaster.feeds.echo import Echo, Verdict
from broadcaster.store.database import Base, one_of


class IpawsEcho(Base):
    """What the newest look found; `parts` are those that are others, separated by commas."""

    __tablename__ = "ipaws_echo"
    __table_args__ = (CheckConstraint(f"verdict IN ({one_of(Verdict)})", name="verdict"),)
    fanout_id: Mapped[int] = mapped_column(ForeignKey("fanout.id"), primary_key=True)
    verdict: Mapped[str]
    parts: Mapped[str] = mapped_column(default="", server_default="")
    at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())


@dataclass(frozen=True, slots=True)
class Posted:
    """A document that IPAWS took, and that nobody has seen published yet; `age` in seconds since it was sent."""

    fanout: int
    alert: str
    no: int
    document: bytes
    sent: datetime
    age: float


_UNSEEN = text(
    "SELECT f.id, a.public_id, r.no, x.bytes, x.sent, extract(epoch FROM clock_timestamp() - x.sent)::float8"
    " FROM fanout f JOIN revision r ON r.id = f.revision_id JOIN alert a ON a.id = r.alert_id"
    " CROSS JOIN LATERAL (SELECT bytes, sent FROM document WHERE revision_id = r.id ORDER BY id LIMIT 1) x"
    " WHERE f.channel = 'ipaws' AND x.sent > clock_timestamp() - make_interval(secs => :life)"
    " AND EXISTS (SELECT 1 FROM delivery d WHERE d.fanout_id = f.id AND d.state = 'accepted')"
    " AND NOT EXISTS (SELECT 1 FROM ipaws_echo e WHERE e.fanout_id = f.id AND e.verdict <> 'missing') ORDER BY f.id"
)


def unseen(session: Session, life: float) -> list[Posted]:
    """The posts of so many seconds that were accepted and not seen published."""
    rows = session.execute(_UNSEEN, {"life": life})
    return [Posted(row[0], row[1], row[2], bytes(row[3]), row[4], row[5]) for row in rows]


def keep(session: Session, fanout: int, echo: Echo) -> bool:
    """Write down what was found; whether that is news."""
    row = session.get(IpawsEcho, fanout) or IpawsEcho(fanout_id=fanout, verdict="")
    if row.verdict == echo.verdict:
        return False
    row.verdict, row.parts = echo.verdict.value, ",".join(echo.parts)
    session.add(row)
    return True
