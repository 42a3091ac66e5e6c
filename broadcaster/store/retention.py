"""What is deleted, and when (reliability.md section 7). Counts stay, people go; nothing while an alert is open.

Deliveries, attempts, receipts and texts from phones go after 13 months: the tallies are what is left of them. A phone
goes 30 days after its STOP or its leaving, and a number to call back 30 days after its report; of a STOP the blind
index stays for ever. Consent goes four years after the phone itself has gone. Whom 911 did not connect is forgotten 13
months after the end of that outage.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, cast

from sqlalchemy import CursorResult, text
from sqlalchemy.orm import Session

from broadcaster.store import canaries
from broadcaster.store.fanout import tallies
from broadcaster.store.outage import missed_callers
from broadcaster.store.timeline import ledger

DELIVERIES, PHONES, CONSENTS, COURTESIES = "13 months", "30 days", "4 years", "30 days"
BATCH = 5000
"""Rows of one transaction: a sign-up or a claim never waits for more than about 0.1 s of deleting."""


class Ended(NamedTuple):
    """A fan-out whose deliveries are old enough to become numbers; `about` is its alert or outage in the ledger."""

    fanout: int
    about: str


_ENDED = text(
    "SELECT f.id, coalesce('alert:' || a.public_id, 'outage:' || o.public_id) FROM fanout f"
    " LEFT JOIN revision r ON r.id = f.revision_id LEFT JOIN alert a ON a.id = r.alert_id"
    " LEFT JOIN outage o ON o.id = f.outage_id"
    " WHERE f.state = 'done' AND f.pruned_at IS NULL AND coalesce(a.state, o.state) IN ('closed', 'withdrawn')"
    f" AND coalesce(f.done_at, f.started_at) < clock_timestamp() - interval '{DELIVERIES}' ORDER BY f.id LIMIT 1"
)
_ROWS_OF = "DELETE FROM {table} WHERE ctid = ANY (ARRAY(SELECT ctid FROM {table} WHERE fanout_id = :f LIMIT :most))"
_OLD = "DELETE FROM {table} WHERE {key} = ANY (ARRAY(SELECT {key} FROM {table} WHERE {when} ORDER BY id LIMIT :most))"
_UNUSED = (
    "a.owner = 'resident' AND NOT EXISTS (SELECT 1 FROM target t WHERE t.address_id = a.id)"
    " AND NOT EXISTS (SELECT 1 FROM followup u WHERE u.address_id = a.id)"
    " AND NOT EXISTS (SELECT 1 FROM agency_contact g WHERE g.address_id = a.id)"
    " AND NOT EXISTS (SELECT 1 FROM acknowledgement k WHERE k.address_id = a.id)"
)
"""Nothing that is kept names this address: an agency may have a resident's number."""
_STOPPED = text(
    "WITH old AS (SELECT a.id FROM suppression s JOIN address a ON a.value_index = s.value_index"
    f"   WHERE s.since < clock_timestamp() - interval '{PHONES}' AND {_UNUSED} LIMIT :most),"
    " left_ AS (DELETE FROM subscription x USING old WHERE x.address_id = old.id)"
    " SELECT count(*) FROM old"
)
_GONE = text(
    "DELETE FROM address WHERE id = ANY (ARRAY(SELECT a.id FROM address a WHERE"
    f" {_UNUSED} AND NOT EXISTS (SELECT 1 FROM subscription x WHERE x.address_id = a.id)"
    f" AND (a.asked_at < clock_timestamp() - interval '{PHONES}' OR EXISTS (SELECT 1 FROM suppression s"
    f"   WHERE s.value_index = a.value_index AND s.since < clock_timestamp() - interval '{PHONES}')) LIMIT :most))"
)
_OLD_ROWS: Mapping[str, str] = {
    "receipt": f"applied_at IS NOT NULL AND at < clock_timestamp() - interval '{DELIVERIES}'",
    "inbound": f"at < clock_timestamp() - interval '{DELIVERIES}'",
    "courtesy": f"made_at < clock_timestamp() - interval '{COURTESIES}'",
    "consent": f"at < now() - interval '{CONSENTS}'"
    " AND NOT EXISTS (SELECT 1 FROM address a WHERE a.value_index = consent.value_index)",
}

_CALL_BACKS = (
    "UPDATE trouble_report SET call_back_enc = NULL WHERE id = ANY (ARRAY(SELECT id FROM trouble_report"
    f" WHERE call_back_enc IS NOT NULL AND at < clock_timestamp() - interval '{PHONES}' ORDER BY id LIMIT :most))"
)


def an_alert_is_open(session: Session) -> bool:
    """Whether anything is on air: then nothing is deleted."""
    return bool(session.execute(text("SELECT EXISTS (SELECT 1 FROM alert WHERE state = 'open')")).scalar_one())


def prune_fanout(session: Session, most: int = BATCH) -> int:
    """Delete some deliveries of the oldest fan-out that is due, and with its last ones mark it; 0 when none is due.

    Its loose tallies are folded first, and what no tally holds (texts sent twice) goes into the ledger.
    """
    row = session.execute(_ENDED).first()
    if row is None:
        return 0
    due = Ended(*row)
    _note_doubles(session, due)
    gone = sum(
        _count(session, _ROWS_OF.format(table=table), {"f": due.fanout, "most": most})
        for table in ("past_attempt", "sighting", "delivery")
    )
    if gone < most:
        session.execute(text("UPDATE fanout SET pruned_at = clock_timestamp() WHERE id = :f"), {"f": due.fanout})
        return max(gone, 1)
    return gone


def _note_doubles(session: Session, due: Ended) -> None:
    possible, confirmed = tallies.doubles(session, due.fanout)
    if possible or confirmed:
        said = {"fanout": due.fanout, "possible": possible, "confirmed": confirmed}
        ledger.append(session, "sweep", "doubles-counted-before-deletion", due.about, said)


def prune(session: Session, table: str, most: int = BATCH) -> int:
    """Delete some old rows of receipt, inbound, courtesy or consent; returns how many."""
    statement = _OLD.format(table=table, key="id", when=_OLD_ROWS[table])
    return _count(session, statement, {"most": most})


def prune_phones(session: Session, most: int = BATCH) -> int:
    """Forget phones that said STOP or left 30 days ago; returns how many. Blind indexes of STOP stay."""
    session.execute(_STOPPED, {"most": most})
    return cast(CursorResult[Any], session.execute(_GONE, {"most": most})).rowcount


def forget_call_backs(session: Session, most: int = BATCH) -> int:
    """Forget numbers to call back that came with a report of 911 trouble 30 days ago; the report stays."""
    return _count(session, _CALL_BACKS, {"most": most})


DUTIES: Mapping[str, Callable[[Session], int]] = {
    "delivery": prune_fanout,
    **{table: (lambda session, table=table: prune(session, table)) for table in _OLD_ROWS},  # type: ignore[misc]
    "phone": prune_phones,
    "canary": canaries.forget,
    "call_back": forget_call_backs,
    "missed": lambda session: missed_callers.forget(session, BATCH),
}
"""Each deletes a batch and says how many rows went; 0 means that nothing is due."""


def _count(session: Session, statement: str, values: Mapping[str, object]) -> int:
    return cast(CursorResult[Any], session.execute(text(statement), values)).rowcount
