"""The callers of an outage as a table, for whoever must answer for them: numbers, places and notes stand in it."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from broadcaster.store.outage import missed_callers
from broadcaster.store.outage.missed_callers import MissedCaller
from broadcaster.store.outage.outages import Outage
from broadcaster.store.sealed import Sealer

COLUMNS = (
    *(
        "caller",
        "psap",
        "phone",
        "cannot_be_called",
        "place",
        "first_call",
        "last_call",
        "log_lines",
        "calls",
        "systems",
    ),
    *("standing", "got_through_at", "got_through_by", "outcome", "outcome_at", "our_calls_in_vain", "checks", "notes"),
)


def table(store: Session, sealer: Sealer, outage: Outage, names: Mapping[str, str], zone: ZoneInfo) -> str:
    """CSV with CRLF line ends (RFC 4180); times are local and carry their offset."""
    out = io.StringIO()
    sheet = csv.writer(out)
    sheet.writerow(COLUMNS)
    for row in missed_callers.of(store, outage.id):
        sheet.writerow(_cell(value, zone) for value in _values(store, sealer, row, names))
    return out.getvalue()


def _values(store: Session, sealer: Sealer, row: MissedCaller, names: Mapping[str, str]) -> tuple[object, ...]:
    return (
        *(row.public_id, names.get(row.psap, row.psap), missed_callers.phone(row, sealer)),
        "" if row.cannot == "can" else row.cannot,
        *(missed_callers.place(row, sealer), row.first_at, row.last_at, row.lines, row.tries, "; ".join(row.systems)),
        *(row.standing, row.through_at, row.through_system, row.outcome, row.outcome_at, row.vain),
        *(_checks(store, sealer, row), _notes(store, sealer, row)),
    )


def _checks(store: Session, sealer: Sealer, row: MissedCaller) -> str:
    checks = missed_callers.checks(store, row)
    return "; ".join(f"{missed_callers.opened(one.to_enc, row, sealer)}: {one.found or 'no result'}" for one in checks)


def _notes(store: Session, sealer: Sealer, row: MissedCaller) -> str:
    said = (missed_callers.opened(step.words_enc, row, sealer) for step in missed_callers.steps(store, row))
    return "; ".join(filter(None, said))


def _cell(value: object, zone: ZoneInfo) -> str:
    """A cell; a spreadsheet must not take it for a formula."""
    if isinstance(value, datetime):
        return value.astimezone(zone).isoformat(sep=" ", timespec="seconds")
    text = "" if value is None else str(value)
    return f"'{text}" if text[:1] in ("=", "@", "\t", "\r") or (text[:1] in "+-" and not text[1:].isdigit()) else text
