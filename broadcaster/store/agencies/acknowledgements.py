"""An agency's answer to a notice, however it came: written once, the chase ended, and the ledger told."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.orm import Session

from broadcaster.store.agencies import chases, notice_chases
from broadcaster.store.timeline import ledger

_OF = text(
    "SELECT t.agency_id, coalesce(g.name, '') AS name, coalesce('alert:' || a.public_id, 'outage:' || o.public_id)"
    "   AS about, f.tier FROM target t JOIN fanout f ON f.id = t.fanout_id LEFT JOIN outage o ON o.id = f.outage_id"
    " LEFT JOIN revision r ON r.id = f.revision_id LEFT JOIN alert a ON a.id = r.alert_id"
    " LEFT JOIN agency g ON g.id = t.agency_id"
    " WHERE t.fanout_id = :f AND t.address_id = :a AND f.tier IN ('agency', 'desk') ORDER BY t.slot LIMIT 1"
)
_ANSWER = text(
    "INSERT INTO acknowledgement AS k (fanout_id, address_id, agency_id, answer, note)"
    " VALUES (:f, :a, :agency, :answer, :note) ON CONFLICT (fanout_id, address_id) DO UPDATE"
    " SET answer = excluded.answer, note = excluded.note, at = clock_timestamp()"
    " WHERE (k.answer, k.note) IS DISTINCT FROM (excluded.answer, excluded.note) RETURNING 1"
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What an agency says of a notice: one of the answers of the page, a note, and who of the agency has signed in."""

    answer: str = "read"
    note: str = ""
    by: str = ""


def record(session: Session, fanout: int, address: int, given: Answer) -> bool:
    """Write an answer to a notice; the same answer again changes nothing, another one replaces it.

    False when no such notice is kept. The chase ends first: its row lock orders us against a step.
    """
    place = {"f": fanout, "a": address}
    row = session.execute(_OF, place).one_or_none()
    if row is None:
        return False
    chases.answered(session, fanout, address)
    values = {**place, "agency": row.agency_id, "answer": given.answer, "note": given.note}
    if session.execute(_ANSWER, values).first() is not None:
        said = {"agency": row.name, "fanout": fanout, "answer": given.answer, "note": given.note}
        said |= {"by": given.by} if given.by else {}
        who = f"agency:{row.agency_id or row.name}" if row.tier == "agency" else "person:paged"
        ledger.append(session, who, "acknowledged", row.about, said)
    notice_chases.answered(session, fanout, address)
    return True
