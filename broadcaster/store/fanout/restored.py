"""A database that came out of a backup does not know who was told after it: it is known by its stamp.

The one row of `installation` bears the number of the transaction that wrote it. A restored row was written by the
restoring transaction, and the number no longer fits. A copy of the server's files keeps both: there the operator says
so (`broadcaster db restored`).
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.orm import Session

from broadcaster.store.fanout import fanouts
from broadcaster.store.timeline import ledger

_FITS = text("SELECT stamp IS NULL OR stamp = CAST(CAST(xmin AS text) AS bigint) FROM installation FOR UPDATE")
_STAMP = text("UPDATE installation SET stamp = CAST(CAST(CAST(pg_current_xact_id() AS xid) AS text) AS bigint)")
_RUNNING = text("SELECT id FROM fanout WHERE state = 'running' ORDER BY id")
_HOLD_RELEASES = text(
    "UPDATE release x SET state = 'held' FROM revision r WHERE r.id = x.revision_id AND x.state = 'released'"
    " AND EXISTS (SELECT 1 FROM fanout f JOIN revision e ON e.id = f.revision_id"
    "   WHERE e.alert_id = r.alert_id AND f.tier = x.tier AND f.state = 'running')"
    " AND NOT EXISTS (SELECT 1 FROM release y JOIN revision n ON n.id = y.revision_id"
    "   WHERE n.alert_id = r.alert_id AND n.no > r.no AND y.tier = x.tier AND y.state IN ('released', 'held'))"
)
"""The newest release of each alert: whoever resumes it lets the earlier ones that run beside it go on, too."""
_LOSE = text("UPDATE wave SET lease_until = clock_timestamp() WHERE closed_at IS NULL AND lease_until > now()")


@dataclass(frozen=True, slots=True)
class Held:
    """What was held because the database was restored."""

    fanouts: int
    waves: int


def hold_what_was_restored(session: Session, *, surely: bool = False) -> Held | None:
    """Hold everything that runs and ask after every open row, if this database was restored since its last stamp, or
    `surely`; then stamp it. None when it was not."""
    fits = session.execute(_FITS).scalar_one_or_none()
    session.execute(_STAMP)
    if fits is not False and not surely:
        return None
    running = list(session.execute(_RUNNING).scalars())
    session.execute(_HOLD_RELEASES)
    fanouts.hold(session, running)
    waves = session.execute(_LOSE).rowcount  # type: ignore[attr-defined]
    ledger.append(session, "machine", "database_restored", "installation", {"held": running, "open_waves": waves})
    return Held(len(running), waves)
