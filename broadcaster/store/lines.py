"""Is this line answered now? What agencies say during an outage of the numbers that the public was given."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, Select, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from broadcaster.alert import alert as heart
from broadcaster.alert.alert import CommunityAnswer
from broadcaster.alert.lifecycle import Tier
from broadcaster.directory import AgencyRole
from broadcaster.store import alerts
from broadcaster.store.database import Base, identity, one_of
from broadcaster.store.directory import Agency, AgencyCommunity, Community

MAY_SAY = (
    AgencyRole.PSAP,
    AgencyRole.POLICE,
    AgencyRole.TRIBAL_POLICE,
    AgencyRole.CAMPUS_POLICE,
    AgencyRole.FIRE,
)
"""Those who answer such a line themselves; a hospital cannot take a town's number off the page."""


class Said(StrEnum):
    """What an agency says of a line."""

    RIGHT = "right"
    JAMMED = "jammed"
    WRONG = "wrong"
    OTHER = "other"


UNANSWERED = frozenset({Said.JAMMED.value, Said.WRONG.value})


class LineReport(Base):
    """One word of one agency about one published number, during one alert; a later one of the same agency counts."""

    __tablename__ = "line_report"
    __table_args__ = (
        CheckConstraint(f"said IN ({one_of(Said)})", name="said"),
        Index("ix_line_report_alert", "alert_id", "id"),
    )
    id: Mapped[int] = identity()
    alert_id: Mapped[int] = mapped_column(ForeignKey("alert.id"))
    agency_id: Mapped[int] = mapped_column(ForeignKey("agency.id"))
    community: Mapped[str]
    e164: Mapped[str]
    said: Mapped[str]
    at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())


@dataclass(frozen=True, slots=True)
class Line:
    """A published number of a community, and the last word about it, if there was one."""

    community: str
    name: str
    e164: str
    display: str
    verified_on: date | None
    said: str = ""
    at: datetime | None = None
    agency: str = ""


def report(session: Session, alert_id: int, agency_id: int, line: Line, said: str) -> None:
    """Keep what an agency says of a line now."""
    session.add(LineReport(alert_id=alert_id, agency_id=agency_id, community=line.community, e164=line.e164, said=said))
    session.flush()


def published(session: Session, alert_id: int) -> tuple[CommunityAnswer, ...]:
    """What the newest public revision tells each community that has a number and is not restored; or nothing yet."""
    out = alerts.released_revisions(session, alert_id, Tier.PUBLIC)
    if not out:
        return ()
    content = heart.content_from_json(out[-1].content)
    return tuple(one for one in content.answers if one.number and one.community not in content.restored)


def own(session: Session, alert_id: int, agency_id: int | None) -> list[Line]:
    """The published numbers that an agency can speak of: those of its own communities, with its last word."""
    role = session.scalar(select(Agency.role).where(Agency.id == agency_id))
    if agency_id is None or role not in list(MAY_SAY):
        return []
    query = select(Community.code).join(AgencyCommunity).where(AgencyCommunity.agency_id == agency_id)
    mine = set(session.scalars(query))
    return [line for line in lines(session, alert_id, agency_id) if line.community in mine]


def lines(session: Session, alert_id: int, agency_id: int | None = None) -> list[Line]:
    """Every published number of an alert with the word that counts: of one agency, or the worst of any."""
    answers = published(session, alert_id)
    codes = [one.community for one in answers]
    names = {row.code: row.name for row in session.execute(_named(codes))}
    last = _last(session, alert_id, agency_id)
    found = []
    for one in answers:
        if one.number is not None:
            word = last.get(one.number.e164, ("", None, ""))
            name = names.get(one.community, one.community)
            found.append(Line(one.community, name, one.number.e164, one.number.display, one.number.verified_on, *word))
    return found


def _named(codes: Collection[str]) -> Select[str, str]:
    return select(Community.code, Community.name).where(Community.code.in_(codes))


def _last(session: Session, alert_id: int, agency_id: int | None) -> dict[str, tuple[str, datetime | None, str]]:
    query = (
        select(LineReport.agency_id, LineReport.e164, LineReport.said, LineReport.at, Agency.name)
        .join(Agency, Agency.id == LineReport.agency_id)
        .where(LineReport.alert_id == alert_id)
        .order_by(LineReport.id)
    )
    by_agency = {(row.agency_id, row.e164): row for row in session.execute(query)}
    rows = [row for (agency, _), row in by_agency.items() if agency_id in (None, agency)]
    rows.sort(key=lambda row: (row.said in UNANSWERED, row.at))
    return {row.e164: (row.said, row.at, row.name) for row in rows}


def unanswered(session: Session, alert_id: int) -> frozenset[str]:
    """The numbers (E.164) that some agency says are not answered, and has not taken back."""
    return frozenset(e164 for e164, (said, _, _) in _last(session, alert_id, None).items() if said in UNANSWERED)


def newest(session: Session) -> int:
    """The last report of any alert: another number means that the public files may say something else."""
    return session.scalar(select(func.max(LineReport.id))) or 0
