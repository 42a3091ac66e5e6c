"""What a binder carries out of the database so that another one can send: people, words, residents, and every STOP.

Values leave in the clear and are sealed with the binder; nothing here is under FIELD_KEY, which never travels.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from broadcaster.store.alerting.wordings import Wording, WordingState
from broadcaster.store.desk import contacts
from broadcaster.store.desk.people import User
from broadcaster.store.sealed import Sealer

RESIDENT_COLUMNS = ("kind", "value", "lang", "no_voice", "communities")
STOP_COLUMNS = ("index", "since", "source", "scope")
Row = tuple[str, ...]


def people(session: Session, sealer: Sealer) -> list[dict[str, Any]]:
    """Everybody of the desk: roles, the hash of the password, the second factor, and how they are reached."""
    return [
        {
            "email": user.email,
            "name": user.name,
            "active": user.active,
            "roles": sorted(user.role_names),
            "password_hash": user.password_hash,
            "totp_secret": sealer.open(user.totp_secret, user.handle.encode()) if user.totp_secret else "",
            "totp_counter": user.totp_counter,
            "recovery_hashes": list(user.recovery_hashes),
            "contacts": {what.value: way.value for what, way in contacts.of(session, sealer, user.id).items()},
        }
        for user in session.scalars(select(User).order_by(User.id))
    ]


def wordings(session: Session) -> list[dict[str, Any]]:
    """The version in use of every book that two people of this authority have approved, with their mail addresses."""
    approved = select(func.max(Wording.id)).where(Wording.state == WordingState.APPROVED)
    newest = approved.group_by(Wording.volume, Wording.lang)
    names = {user.id: user.email for user in session.scalars(select(User))}
    return [
        {
            "volume": row.volume,
            "lang": row.lang,
            "sentences": dict(row.sentences),
            "sha": row.sha,
            "reviewer": row.reviewer,
            "author": names[row.authored_by],
            "approver": names[row.decided_by or 0],
            "made_at": row.made_at.isoformat(),
            "decided_at": _iso(row.decided_at),
        }
        for row in session.scalars(select(Wording).where(Wording.id.in_(newest)).order_by(Wording.id))
    ]


def stops(session: Session) -> Iterator[Row]:
    """Every STOP by its blind index, as STOP_COLUMNS: of many of them nobody knows the phone any more."""
    query = "SELECT encode(value_index, 'hex') AS hex, since, source, scope FROM suppression ORDER BY value_index"
    for row in session.execute(text(query).execution_options(yield_per=2000)):
        yield row.hex, row.since.isoformat(), row.source, row.scope


_RESIDENTS = text(
    "SELECT a.kind, a.value_enc, a.value_index, a.lang, a.no_voice, c.codes FROM address a JOIN"
    " (SELECT s.address_id, string_agg(c.code, ';' ORDER BY c.code) AS codes FROM subscription s"
    "   JOIN community c ON c.id = s.community_id GROUP BY 1) c ON c.address_id = a.id ORDER BY a.id"
)


def residents(session: Session, sealer: Sealer) -> Iterator[Row]:
    """Everybody who is signed up anywhere, as RESIDENT_COLUMNS; whoever said STOP too, for STOP travels apart."""
    for row in session.execute(_RESIDENTS.execution_options(yield_per=2000)):
        value = sealer.open(bytes(row.value_enc), bytes(row.value_index))
        yield row.kind, value, row.lang, "yes" if row.no_voice else "", row.codes


def _iso(moment: datetime | None) -> str:
    return moment.isoformat() if moment else ""
