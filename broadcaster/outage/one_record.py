"""Two records of one outage become one: everything of the one hangs on the other afterwards, and it says where it went.

It is an officer's word, with a reason, and stands in the ledger of both. What it brought is written down, so that both
can be parted again (`two_records`); what comes later belongs to the whole.
"""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import text

from broadcaster.outage import record
from broadcaster.outage.missed_calls import moving
from broadcaster.outage.notice.rule import name_key
from broadcaster.outage.record import RecordRefused, Writer
from broadcaster.outage.trouble import union
from broadcaster.said import Said
from broadcaster.store.agencies import trouble
from broadcaster.store.outage import joined_records, outages
from broadcaster.store.outage.outages import Entry, Outage, OutageState
from broadcaster.store.sealed import Sealer

MOST = 10
"""Carriers, and services, of a record: as many as its form takes."""
HANGS_ON = {
    "alert": "alerts",
    "provider_notice": "notices",
    "trouble_report": "reports of trouble",
    "outage_log": "lines of the log",
}
"""The tables whose rows hang on a record, and what people call them."""
_CHASED = text(
    "INSERT INTO provider_chase (outage_id, clock, about, at)"
    " SELECT :into, clock, about, at FROM provider_chase WHERE outage_id = :gone ON CONFLICT DO NOTHING"
)


def join(writer: Writer, sealer: Sealer, gone: Outage, into: Outage, reason: str) -> None:
    """Join `gone` to `into`. RecordRefused without a reason, for a record and itself, or when one of them is closed.

    Whoever writes on reports of trouble and on missed callers does that before the ledger, and so does this.
    """
    session = writer.session
    _check(gone, into, reason)
    trouble.one_after_the_other(session)
    callers = moving.move(session, sealer, gone.id, into.id)
    for one in sorted((gone, into), key=lambda row: row.id):
        outages.lock(session, one)
    _check(gone, into, reason)
    moved = {table: joined_records.bring(session, table, gone.id, into.id) for table in HANGS_ON}
    session.execute(_CHASED, {"gone": gone.id, "into": into.id})
    session.expire_all()
    before = record.plain(record.facts_of(into))
    _widen(writer, gone, into)
    joined_records.keep(session, gone.id, writer.now, before, record.plain(record.facts_of(into)))
    gone.state, gone.closed_at, gone.joined_into = OutageState.CLOSED.value, writer.now, into.id
    whole = {**moved, "missed_caller": callers}
    counts = counted(whole)
    said = {"reason": reason.strip(), "rows": whole}
    words = f"Joined to record {into.public_id}: {reason.strip()}"
    record.log(writer, gone, Entry.JOINED, words, {"into": into.public_id, **said})
    taken = (
        f"Record {gone.public_id}, known from {gone.known_from or 'nobody'}, was joined to this one: {reason.strip()}"
    )
    record.log(writer, into, Entry.JOINED, f"{taken} It brought {counts}.", {"from": gone.public_id, **said})


def _check(gone: Outage, into: Outage, reason: str) -> None:
    if gone.id == into.id:
        raise RecordRefused(Said("This is the same record: choose the other one."))
    if not gone.is_open or not into.is_open:
        raise RecordRefused(Said("One of them is closed by now: only two open records are joined."))
    if not reason.strip():
        raise RecordRefused(Said("Write why they are one outage: who says so, or what both have in common."))


def _widen(writer: Writer, gone: Outage, into: Outage) -> None:
    """What was known of either is known of the whole: since the first word, wherever it fails, whosever it is."""
    theirs, ours = record.facts_of(gone), record.facts_of(into)
    first = min((theirs, ours), key=lambda facts: facts.known_at)
    names = set(map(name_key, ours.carriers))
    carriers = (*ours.carriers, *(name for name in theirs.carriers if name_key(name) not in names))
    services = tuple(dict.fromkeys((*ours.services, *theirs.services)))
    area = union([ours.area, theirs.area])
    whole = replace(first, kind=ours.kind, area=area, carriers=carriers[:MOST], services=services[:MOST])
    record.change(writer, into, whole)


def counted(rows: dict[str, int]) -> str:
    """How many rows of which tables went from one record to the other, in words."""
    names = {**HANGS_ON, "missed_caller": "missed callers"}
    return ", ".join(f"{many:,} {names[table]}" for table, many in rows.items() if many) or "nothing"
