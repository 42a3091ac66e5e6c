"""Who was paged for a drill and when: the row is the claim, so nobody is paged twice; and how long they took."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import CheckConstraint, ForeignKey, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from broadcaster.store.database import Base, one_of
from broadcaster.store.desk.drills import DrillPart


class DrillPage(Base):
    """Somebody was paged in a run: to issue, or to be its second person."""

    __tablename__ = "drill_page"
    __table_args__ = (CheckConstraint(f"part IN ({one_of(DrillPart)})", name="part"),)
    run_id: Mapped[int] = mapped_column(ForeignKey("drill_run.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), primary_key=True)
    part: Mapped[str]
    at: Mapped[datetime]


@dataclass(frozen=True, slots=True)
class Due:
    """A run whose page is due: of its own person where `user` says whom, else of second persons; `revision` is what
    waits for them, and `author` who is not asked."""

    run: int
    key: str
    part: DrillPart
    failure: str
    county: str
    user: int | None
    revision: int | None
    author: int | None


@dataclass(frozen=True, slots=True)
class Paged:
    """Somebody who was paged, when, and when they did what they were paged for; None: they never did."""

    user_id: int
    name: str
    part: DrillPart
    at: datetime
    answered: datetime | None

    @property
    def seconds(self) -> float | None:
        """From the page to the act."""
        return (self.answered - self.at).total_seconds() if self.answered else None


_WAITING = (
    "SELECT v.id, v.authored_by, v.frozen_at FROM revision v JOIN release x ON x.revision_id = v.id"
    " WHERE v.alert_id = r.alert_id AND x.tier = 'public' AND x.state = 'pending' ORDER BY v.no DESC LIMIT 1"
)
_DUE = text(
    "SELECT r.id AS run, r.public_id AS key, 'issue' AS part, d.failure, d.county, r.user_id AS \"user\","
    "   NULL AS revision, NULL AS author FROM drill_run r JOIN drill d ON d.id = r.drill_id AND d.pages"
    " WHERE r.part = 'issue' AND r.outcome = 'asked' AND r.asked_at > :since"
    "   AND NOT EXISTS (SELECT 1 FROM drill_page p WHERE p.run_id = r.id AND p.part = 'issue')"
    " UNION ALL SELECT r.id, r.public_id, 'approve', d.failure, d.county,"
    "   CASE WHEN r.part = 'approve' THEN r.user_id END, w.id, w.authored_by"
    " FROM drill_run r JOIN drill d ON d.id = r.drill_id AND d.pages"
    f" JOIN LATERAL ({_WAITING}) w ON w.frozen_at > :since"
    " WHERE r.outcome IN ('asked', 'running')"
    "   AND NOT EXISTS (SELECT 1 FROM drill_page p WHERE p.run_id = r.id AND p.part = 'approve')"
    " ORDER BY run"
)
_PAGED = text(
    "SELECT u.id AS user_id, u.name, p.part, p.at, CASE WHEN p.part = 'issue' THEN r.started_at ELSE"
    "   (SELECT min(x.at) FROM release x JOIN revision v ON v.id = x.revision_id WHERE v.alert_id = r.alert_id"
    "     AND x.tier = 'public' AND x.approved_by = p.user_id) END AS answered"
    ' FROM drill_page p JOIN drill_run r ON r.id = p.run_id JOIN "user" u ON u.id = p.user_id'
    " WHERE CAST(:user AS bigint) IS NULL OR p.user_id = :user ORDER BY p.at DESC, u.name, u.id LIMIT :most"
)


def due(session: Session, now: datetime, fresh: timedelta) -> list[Due]:
    """The runs for which somebody is to be paged; what waited longer than `fresh` is found at the desk."""
    rows = session.execute(_DUE, {"since": now - fresh})
    return [Due(**{**row._asdict(), "part": DrillPart(row.part)}) for row in rows]


def note(session: Session, run: int, people: list[int], part: DrillPart, now: datetime) -> None:
    """These people are paged now."""
    session.add_all([DrillPage(run_id=run, user_id=user, part=part.value, at=now) for user in people])
    session.flush()


def paged(session: Session, user: int | None = None, most: int = 200) -> list[Paged]:
    """The newest pages, of everybody or of one person."""
    rows = session.execute(_PAGED, {"user": user, "most": most})
    return [Paged(**{**row._asdict(), "part": DrillPart(row.part)}) for row in rows]
