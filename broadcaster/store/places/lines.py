"""Is this line answered now? What agencies say during an outage of the numbers that the public was given."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, Select, func, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from broadcaster.alert import alert as heart
from broadcaster.alert.alert import CommunityAnswer
from broadcaster.alert.lifecycle import Tier
from broadcaster.directory import AgencyRole
from broadcaster.directory.rows import Difference, RowKind
from broadcaster.store.alerting import alerts
from broadcaster.store.database import Base, identity, one_of
from broadcaster.store.places import directory_history
from broadcaster.store.places.directory import Agency, AgencyCommunity, Community, Number
from broadcaster.store.places.directory_history import Author

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


def verify(number: Number, on: date | None) -> Difference:
    """Mark a number as found answered on a day, or by nobody (None); returns what differs, for the history."""
    old = {
        "scope": number.scope,
        "code": number.code,
        "order": number.rank,
        "e164": number.e164,
        "label": number.label,
        "visibility": number.visibility,
        "verified_on": number.verified_on.isoformat() if number.verified_on else None,
        "sms": number.sms,
    }
    number.verified_on = on
    after = {**old, "verified_on": on.isoformat() if on else None}
    return Difference(RowKind.NUMBER, f"{number.scope}/{number.code}/{number.e164}", old, after)


_HEARD = text(
    "WITH last AS (SELECT DISTINCT ON (agency_id, community, e164) * FROM line_report"
    "   ORDER BY agency_id, community, e164, id DESC),"
    " fresh AS (SELECT DISTINCT ON (n.scope, n.code, n.rank) n.scope, n.code, n.rank, n.verified_on, l.agency_id,"
    "   CASE WHEN l.said = 'right' THEN (l.at AT TIME ZONE 'UTC')::date END AS answered_on"
    "   FROM last l JOIN number n ON n.code = l.community AND n.e164 = l.e164 AND n.scope IN ('community', 'text')"
    "   WHERE l.said IN ('right', 'wrong') AND NOT EXISTS (SELECT 1 FROM directory_version v WHERE v.kind = 'number'"
    "     AND v.code = n.scope || '/' || n.code || '/' || n.e164 AND v.at > l.at)"
    "   ORDER BY n.scope, n.code, n.rank, l.said = 'wrong' DESC, l.id DESC)"
    " SELECT f.scope, f.code, f.rank, f.answered_on, g.code AS agency FROM fresh f JOIN agency g ON g.id = f.agency_id"
    " WHERE f.answered_on IS NULL AND f.verified_on IS NOT NULL"
    "   OR f.answered_on > coalesce(f.verified_on, '-infinity') ORDER BY g.code, f.code, f.rank"
)
"""A later version of a row is a later word: of an editor, of a monthly answer, or of this very report."""


def learn(session: Session) -> dict[str, int]:
    """Take the last word of each agency about its lines into the directory: an answered one is verified as of that day,
    one that is not theirs is verified by nobody. Returns how many of each (``right``, ``wrong``)."""
    directory_history.lock(session)
    by_agency: dict[str, list[Difference]] = {}
    many = {Said.RIGHT.value: 0, Said.WRONG.value: 0}
    for row in session.execute(_HEARD).all():
        number = session.get_one(Number, (row.scope, row.code, row.rank))
        by_agency.setdefault(row.agency, []).append(verify(number, row.answered_on))
        many[(Said.RIGHT if row.answered_on else Said.WRONG).value] += 1
    for agency, differences in by_agency.items():
        directory_history.record(session, differences, {}, Author(f"agency:{agency}", "outage notice"))
    return {said: count for said, count in many.items() if count}
