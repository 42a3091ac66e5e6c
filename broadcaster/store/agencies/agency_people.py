"""People of one agency at the desk: which agency theirs is, and what is its own. They see nothing else.

An answering point's list is an agency's own when the agency speaks for every place that the point answers for: of a
regional one, whose callers are of other towns too, a single town sees nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from broadcaster.refusal import Refusal
from broadcaster.said import Said
from broadcaster.store.desk import lockout
from broadcaster.store.desk.people import User
from broadcaster.store.places.directory import Agency, AgencyCommunity, Community

MOST_NOTICES = 30


class NoSuchAgency(Refusal, ValueError):
    """No agency of the directory is called so, or more than one is; the message is one sentence."""


def bind(session: Session, user: User, typed: str) -> Agency:
    """Make somebody a person of an agency, by its name or code. NoSuchAgency."""
    lockout.one_at_a_time(session)
    wanted = " ".join(typed.split())
    fits = (Agency.code == wanted) | (func.lower(Agency.name) == wanted.lower())
    found = session.scalars(select(Agency).where(Agency.retired_at.is_(None), fits).limit(2)).all()
    if len(found) != 1:
        raise NoSuchAgency(
            Said(
                "No agency, or more than one, is called “%(typed)s”: write its whole name or its code.",
                typed=wanted[:60],
            )
        )
    user.agency_id = found[0].id
    session.flush()
    return found[0]


def of(session: Session, user: int) -> Agency | None:
    """The agency of a person, while the directory lists it."""
    query = select(Agency).join(User, User.agency_id == Agency.id).where(User.id == user, Agency.retired_at.is_(None))
    return session.scalar(query)


def places(session: Session, agency: Agency) -> dict[str, str]:
    """The names of an agency's communities by code; of a statewide one every community."""
    query = select(Community.code, Community.name).where(Community.retired_at.is_(None)).order_by(Community.name)
    if not agency.statewide:
        query = query.join(AgencyCommunity).where(AgencyCommunity.agency_id == agency.id)
    return {row.code: row.name for row in session.execute(query)}


_PSAPS = text(
    "SELECT p.code, p.name FROM psap p JOIN community_psap s ON s.psap_id = p.id AND s.is_primary"
    " JOIN community c ON c.id = s.community_id AND c.retired_at IS NULL"
    " LEFT JOIN agency_community a ON a.community_id = c.id AND a.agency_id = :agency"
    " WHERE p.retired_at IS NULL GROUP BY p.id HAVING bool_and(a.agency_id IS NOT NULL) ORDER BY p.name"
)


def psaps(session: Session, agency: Agency) -> dict[str, str]:
    """The names, by code, of the answering points that are wholly this agency's."""
    return {row.code: row.name for row in session.execute(_PSAPS, {"agency": agency.id})}


@dataclass(frozen=True, slots=True)
class Sent:
    """A notice that the agency was sent: where it is kept, what it was about, and what was answered so far."""

    fanout: int
    address: int
    subject: str
    at: datetime
    alert: int
    answer: str


_SENT = text(
    "SELECT DISTINCT ON (f.id) f.id AS fanout, t.address_id AS address,"
    "   CASE WHEN b.subject = '' THEN '911 outage notice' ELSE b.subject END AS subject, f.started_at AS at,"
    "   coalesce(r.alert_id, 0) AS alert, coalesce(k.answer, '') AS answer"
    " FROM target t JOIN fanout f ON f.id = t.fanout_id AND f.tier = 'agency' JOIN body b ON b.id = t.body_id"
    " LEFT JOIN revision r ON r.id = f.revision_id LEFT JOIN alert a ON a.id = r.alert_id"
    " LEFT JOIN acknowledgement k ON k.fanout_id = t.fanout_id AND k.address_id = t.address_id"
    " WHERE t.agency_id = :agency AND (a.id IS NULL OR a.kind IN ('outage', 'test'))"
    " ORDER BY f.id DESC, k.at IS NULL, t.slot LIMIT :most"
)


def sent(session: Session, agency: Agency) -> list[Sent]:
    """What an agency was sent, the newest first; of several contacts that got the same, the one that answered."""
    return [Sent(*row) for row in session.execute(_SENT, {"agency": agency.id, "most": MOST_NOTICES})]


@dataclass(frozen=True, slots=True)
class MissedList:
    """The missed callers of one answering point in one outage: how many there are, and how many have no outcome."""

    outage: str
    psap: str
    name: str
    known_at: datetime
    callers: int
    waiting: int


_LISTS = text(
    "SELECT o.public_id, c.psap, p.name, o.known_at, count(*) AS callers,"
    "   count(*) FILTER (WHERE c.standing IN ('waiting', 'claimed')) AS waiting"
    " FROM missed_caller c JOIN outage o ON o.id = c.outage_id JOIN psap p ON p.code = c.psap"
    " WHERE c.psap = ANY (CAST(:psaps AS varchar[])) AND c.forgotten_at IS NULL"
    " GROUP BY o.id, c.psap, p.name ORDER BY o.known_at DESC, p.name LIMIT :most"
)


def missed_lists(session: Session, agency: Agency) -> list[MissedList]:
    """The lists that are an agency's own, the newest outage first."""
    mine = list(psaps(session, agency))
    return [MissedList(*row) for row in session.execute(_LISTS, {"psaps": mine, "most": MOST_NOTICES})]
