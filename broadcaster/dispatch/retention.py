"""The duty that forgets: in small transactions, one process at a time, and never while an alert is open.

It also writes the digest of new consents into the ledger, so that nobody can take one out or add one unseen.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from hashlib import sha256

from sqlalchemy import text
from sqlalchemy.orm import Session

from broadcaster import logs
from broadcaster.store import retention
from broadcaster.store.database import Sessions, only_one
from broadcaster.store.timeline import ledger

log = logs.get(__name__)
EVERY_S = 3600.0
MOST_BATCHES = 2000
"""Of one round: ten million rows; the next one goes on."""
DIGEST = "consents-digested"


@dataclass
class Retention:
    """The duty of the sweep."""

    sessions: Sessions
    most_batches: int = MOST_BATCHES

    def look(self) -> Counter[str]:
        """Delete what is due; returns how many rows went from which table. The ledger has the same numbers."""
        gone: Counter[str] = Counter()
        for name, duty in retention.DUTIES.items():
            for _ in range(self.most_batches):
                with self.sessions.begin() as session, only_one(session, "retention") as alone:
                    many = duty(session) if alone and not retention.an_alert_is_open(session) else 0
                gone[name] += many
                if not many:
                    break
        gone = +gone
        with self.sessions.begin() as session:
            if gone:
                ledger.append(session, "sweep", "forgotten", "residents", dict(gone))
                log.info("forgotten", **gone)
            digest(session)
        return gone


def digest(session: Session) -> int:
    """Bind the consents since the last digest into the ledger; returns how many there were.

    Those of the last minute wait: one that is being written has its number already.
    """
    last = _last(session)
    rows = session.execute(
        text(
            "SELECT id, at, value_index, step, method, words, ref, source, places FROM consent WHERE id > :last"
            " AND at < clock_timestamp() - interval '1 minute' ORDER BY id"
        ).execution_options(yield_per=5000),
        {"last": last},
    )
    whole, many, newest = sha256(), 0, last
    for row in rows:
        said = [row.id, row.at.isoformat(), bytes(row.value_index).hex(), *row[3:8], list(row.places)]
        whole.update(json.dumps(said, ensure_ascii=False).encode() + b"\n")
        many, newest = many + 1, row.id
    if many:
        told = {"from": last + 1, "to": newest, "rows": many, "sha256": whole.hexdigest()}
        ledger.append(session, "sweep", DIGEST, "residents", told)
    return many


def _last(session: Session) -> int:
    """The newest consent that a digest holds."""
    row = session.execute(
        text("SELECT canonical FROM audit_event WHERE action = :a ORDER BY seq DESC LIMIT 1"), {"a": DIGEST}
    ).first()
    return int(json.loads(bytes(row.canonical))["data"]["to"]) if row else 0
