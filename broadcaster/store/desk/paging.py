"""Who was paged about which revision and when; its fan-outs have a tier of their own, so that no hold stops them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ForeignKey, func, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from broadcaster.store.database import Base
from broadcaster.store.fanout import fanouts
from broadcaster.store.fanout.deliveries import Fanout, Source
from broadcaster.store.fanout.fanouts import LaneSpec

DESK = "desk"
"""The tier of pages: neither agencies nor public, and nobody's release."""
PAGING = "paging-"
"""How the purposes of their fan-outs begin; the number of the step follows."""
REVIEW = "review-"
"""The same of pages about a review that is overdue."""
DECIDED = (
    f"(f.tier = '{DESK}' AND (f.purpose LIKE '{PAGING}%' AND NOT EXISTS (SELECT 1 FROM release x"
    "   WHERE x.revision_id = f.revision_id AND x.tier = 'public' AND x.state = 'pending')"
    f" OR f.purpose LIKE '{REVIEW}%' AND NOT EXISTS (SELECT 1 FROM release x JOIN glass_review g ON g.release_id = x.id"
    "   WHERE x.revision_id = f.revision_id AND g.verdict IS NULL)))"
)
"""The SQL condition on a fan-out `f` of pages that nothing is asked of anybody any more."""
FIRST = -1
"""The priority of their lanes: whatever else waits for a sender, a page goes next."""


class Page(Base):
    """One person was called in one step."""

    __tablename__ = "page"
    revision_id: Mapped[int] = mapped_column(ForeignKey("revision.id"), primary_key=True)
    step: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), primary_key=True)
    at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())


@dataclass(frozen=True, slots=True)
class Waiting:
    """A frozen revision whose public release waits for a second person, locked; `steps` were taken, `since` is the
    moment of the first one."""

    revision: int
    steps: int
    since: datetime | None


@dataclass(frozen=True, slots=True)
class Called:
    """Somebody who was called: by name, in which step, last when, and whether they pressed 1 on the telephone."""

    user_id: int
    name: str
    step: int
    at: datetime
    heard: bool


_WAITING = text(
    "SELECT r.id AS revision, coalesce((SELECT max(p.step) FROM page p WHERE p.revision_id = r.id), 0) AS steps,"
    " (SELECT min(p.at) FROM page p WHERE p.revision_id = r.id) AS since"
    " FROM release x JOIN revision r ON r.id = x.revision_id JOIN alert a ON a.id = r.alert_id"
    " WHERE x.tier = 'public' AND x.state = 'pending' AND a.state IN ('draft', 'open')"
    " AND a.kind IN ('outage', 'test')"
    " AND CAST(r.content ->> 'expires' AS timestamptz) > CAST(:now AS timestamptz)"
    " AND NOT EXISTS (SELECT 1 FROM revision n WHERE n.alert_id = r.alert_id AND n.no > r.no"
    "   AND n.frozen_at IS NOT NULL)"
    " ORDER BY r.id FOR NO KEY UPDATE OF x SKIP LOCKED"
)
_GOING = text(
    "SELECT f.id FROM fanout f WHERE f.tier = 'desk' AND f.state IN ('running', 'held')"
    f" AND (f.purpose LIKE '{PAGING}%' OR f.purpose LIKE '{REVIEW}%') AND f.revision_id = :r ORDER BY f.id"
)
_IS_DECIDED = text(f"SELECT EXISTS (SELECT 1 FROM fanout f WHERE f.id = :f AND {DECIDED})")
_CALLED = text(
    "SELECT u.id AS user_id, u.name, max(p.step) AS step, max(p.at) AS at, EXISTS (SELECT 1 FROM acknowledgement k"
    "   JOIN fanout f ON f.id = k.fanout_id JOIN person_contact c ON c.address_id = k.address_id"
    "   WHERE f.revision_id = :r AND f.tier = 'desk' AND c.user_id = u.id) AS heard"
    ' FROM page p JOIN "user" u ON u.id = p.user_id WHERE p.revision_id = :r GROUP BY u.id, u.name'
    " ORDER BY max(p.step) DESC, u.name, u.id"
)


def waiting(session: Session, now: datetime) -> list[Waiting]:
    """What waits for a second person; a release that somebody decides about just now is left out."""
    return [Waiting(row.revision, row.steps, row.since) for row in session.execute(_WAITING, {"now": now})]


def called(session: Session, revision: int) -> list[Called]:
    """Who was called about a revision, the last ones first."""
    return [Called(*row) for row in session.execute(_CALLED, {"r": revision})]


def begun(session: Session, revision: int) -> datetime | None:
    """When the first page about a revision was made."""
    found = session.execute(text("SELECT min(at) FROM page WHERE revision_id = :r"), {"r": revision})
    moment: datetime | None = found.scalar_one()
    return moment


def note(session: Session, revision: int, step: int, people: list[int], at: datetime) -> None:
    """These people are called in this step."""
    session.add_all([Page(revision_id=revision, step=step, user_id=person, at=at) for person in people])
    session.flush()


def is_decided(session: Session, fanout: int) -> bool:
    """Whether a fan-out is of pages about which nothing is asked any more."""
    return bool(session.execute(_IS_DECIDED, {"f": fanout}).scalar_one())


def stop(session: Session, revision: int) -> None:
    """It is decided, replaced or reviewed: nobody is paged about it after this commits."""
    fanouts.supersede(session, list(session.execute(_GOING, {"r": revision}).scalars()))


@dataclass(frozen=True, slots=True)
class Letters:
    """Pages over one channel: which, what for, until when, with which carrier if it can, and before what else."""

    channel: str
    purpose: str
    expires_at: datetime
    wish: str | None = None
    priority: int = FIRST


def send(session: Session, revision: int, letters: Letters, rows: list[tuple[int, int]]) -> int:
    """A fan-out to these (address id, body id); returns its id."""
    fanout = Fanout(
        revision_id=revision,
        tier=DESK,
        channel=letters.channel,
        purpose=letters.purpose,
        expires_at=letters.expires_at,
        wish=letters.wish,
    )
    queue = "sms" if letters.channel == "sms" else "urgent"
    made = fanouts.make(session, fanout, queue, letters.priority, [LaneSpec(Source.TARGETS, 0)])
    fanouts.add_targets(session, made, [(address, None, body) for address, body in rows])
    return made
