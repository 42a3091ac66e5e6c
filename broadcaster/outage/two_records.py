"""One record becomes two again: what the one that was joined brought goes back with it, what came later stays.

It is an officer's word and stands in the ledger of both. Joining them again takes it back.
"""

from __future__ import annotations

from broadcaster.outage import one_record, record
from broadcaster.outage.missed_calls import parting
from broadcaster.outage.record import RecordRefused, Writer
from broadcaster.said import Said
from broadcaster.store.agencies import trouble
from broadcaster.store.outage import joined_records, outages
from broadcaster.store.outage.joined_records import JoinedRecord
from broadcaster.store.outage.outages import Entry, Outage, OutageState
from broadcaster.store.sealed import Sealer

CHANGED = "What is known was changed since they were joined: look whether it still holds for this one alone."


def part(writer: Writer, sealer: Sealer, gone: Outage) -> None:
    """Part `gone` from the record that holds what it brought. RecordRefused when it was not joined to any, or before
    it was written down what came with it.

    The locks are those of joining, in the same order: reports of trouble, missed callers, the ledger.
    """
    session = writer.session
    trouble.one_after_the_other(session)
    session.expire_all()
    way = _way(writer, gone)
    parting.lock(session, {gone.id, way[-1]})
    logs = joined_records.take_back(session, "missed_log", gone.id, way)
    callers = parting.part(session, sealer, gone.id, way, logs)
    whole = session.get_one(Outage, way[-1])
    for one in sorted((gone, whole), key=lambda row: row.id):
        outages.lock(session, one)
    rows = {table: len(joined_records.take_back(session, table, gone.id, way)) for table in one_record.HANGS_ON}
    session.expire_all()
    known = session.get_one(JoinedRecord, gone.id)
    said = _narrowed(writer, whole, known)
    joined_records.forget(session, gone.id, way)
    gone.state, gone.closed_at, gone.joined_into = OutageState.OPEN.value, None, None
    _written(writer, gone, whole, rows | {"missed_caller": callers}, said)


def _way(writer: Writer, gone: Outage) -> list[int]:
    if gone.joined_into is None:
        raise RecordRefused(Said("This record stands by itself: there is nothing to part it from."))
    if writer.session.get(JoinedRecord, gone.id) is None:
        raise RecordRefused(Said("What this record brought was not written down when it was joined: it stays joined."))
    return joined_records.way(writer.session, gone)


def _narrowed(writer: Writer, whole: Outage, known: JoinedRecord) -> str:
    """What is known of the one that stays is what was known before, if nobody has changed it since; else says so."""
    if record.plain(record.facts_of(whole)) != known.since:
        return CHANGED
    record.change(writer, whole, record.from_plain(known.before))
    return ""


def _written(writer: Writer, gone: Outage, whole: Outage, rows: dict[str, int], more: str) -> None:
    """A line in the log of each, and an event of each in the ledger."""
    counts = one_record.counted(rows)
    back = f"Parted from record {whole.public_id} again. It has {counts} back."
    record.log(writer, gone, Entry.PARTED, back, {"from": whole.public_id, "rows": rows})
    taken = f"Record {gone.public_id} was parted from this one again. It took {counts} back. {more}"
    record.log(writer, whole, Entry.PARTED, taken.strip(), {"parted": gone.public_id, "rows": rows})
