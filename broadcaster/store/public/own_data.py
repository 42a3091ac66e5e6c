"""What is kept of one resident, opened for that person alone (reliability.md section 7: export by a texted link)."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from broadcaster.store.public.residents import Address, Suppression
from broadcaster.store.public.signups import Mine
from broadcaster.store.sealed import Sealer

Plain = dict[str, object]
_CONSENT = text("SELECT at, step, method, words, ref, places FROM consent WHERE value_index = :i ORDER BY id")
_INBOUND = text("SELECT at, kind, words_enc, place FROM inbound WHERE value_index = :i ORDER BY id")


def of(session: Session, sealer: Sealer, mine: Mine) -> Plain:
    """Phone, places, language and STOP; each step of consent; each text and call of theirs that is still kept. All as
    JSON values, moments in UTC.

    Which alerts went to a phone is kept by alert and not looked up here: it would be a search through millions of rows
    for whoever asks.
    """
    there, stopped = session.get_one(Address, mine.address), session.get(Suppression, mine.index)
    consent = session.execute(_CONSENT, {"i": mine.index}).mappings()
    heard = session.execute(_INBOUND, {"i": mine.index})
    return {
        "phone": sealer.open(bytes(there.value_enc), mine.index),
        "language": mine.lang,
        "places": list(mine.places),
        "cannot_make_voice_calls": mine.no_voice,
        "stopped_since": _moment(stopped.since) if stopped else None,
        "consent": [{**row, "at": _moment(row["at"]), "places": list(row["places"])} for row in consent],
        "texts_and_calls_from_you": [
            {
                "at": _moment(row.at),
                "kind": row.kind,
                "words": sealer.open(bytes(row.words_enc), mine.index) if row.words_enc else "",
                "place": row.place,
            }
            for row in heard
        ],
    }


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat()
