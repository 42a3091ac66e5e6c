"""What an operator watches, counted at the moment it is asked for: ages, counts and states, never a number or a name.

Every question is small whatever an alert's size: tallies are folded, and open waves and follow-ups have indexes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from broadcaster.store.canaries import MISSED
from broadcaster.store.database import Sessions

MOST_MS = 2000
"""A question that takes longer is given up: watching must never cost what is watched."""
HEART = "broadcaster sweep"
"""The name by which the sweep's own connection is found among those of the server."""
_PARTS = {
    "alerts": "SELECT kind AS a, '' AS b, count(*) AS value FROM alert WHERE state = 'open' GROUP BY 1",
    "overdue": "SELECT '' AS a, '' AS b, count(*) AS value FROM alert a WHERE a.state = 'open' AND a.kind = 'outage'"
    " AND (SELECT max(f.expires_at) FROM fanout f JOIN revision r ON r.id = f.revision_id WHERE r.alert_id = a.id)"
    "   < clock_timestamp()",
    "deliveries": "SELECT f.channel AS a, t.what AS b, sum(t.delta)::bigint AS value FROM fanout f"
    " JOIN tally t ON t.fanout_id = f.id WHERE f.done_at IS NULL"
    " AND NOT starts_with(t.what, 'rejected:') GROUP BY 1, 2",
    "lanes": "SELECT channel AS a, '' AS b, count(*) AS value FROM lane WHERE state = 'open' GROUP BY 1",
    "followups": "SELECT kind AS a, '' AS b, count(*) AS value FROM followup GROUP BY 1",
    "wave": "SELECT '' AS a, '' AS b, extract(epoch FROM clock_timestamp() - min(started_at))::float8 AS value"
    " FROM wave WHERE closed_at IS NULL HAVING count(*) > 0",
    "doubles": "WITH air AS (SELECT f.id FROM fanout f JOIN revision r ON r.id = f.revision_id"
    "   JOIN alert a ON a.id = r.alert_id WHERE a.state = 'open')"
    " SELECT 'confirmed' AS a, '' AS b, count(*) AS value FROM sighting s JOIN air ON air.id = s.fanout_id"
    " UNION ALL SELECT 'possible', '', count(*) FROM air JOIN past_attempt p ON p.fanout_id = air.id"
    "   AND p.outcome = 'blind' JOIN delivery d ON d.fanout_id = p.fanout_id AND d.address_id = p.address_id"
    "   AND d.n > p.n",
    "circuits": "SELECT channel AS a, carrier AS b, max((circuit = 'open')::int) AS value FROM sender"
    " WHERE circuit <> 'retired' GROUP BY 1, 2",
    "receipts": "SELECT '' AS a, '' AS b, count(*) AS value FROM receipt WHERE applied_at IS NULL",
    "taken": "SELECT '' AS a, '' AS b, n_tup_ins AS value FROM pg_stat_user_tables WHERE relname = 'receipt'",
    "canary": "SELECT '' AS a, '' AS b, extract(epoch FROM clock_timestamp() - max(started_at))::float8 AS value"
    " FROM canary_run WHERE outcome = 'good' HAVING count(*) > 0",
    "canary_steps": "SELECT s.key AS a, '' AS b, s.value::float8 AS value"
    " FROM (SELECT seconds FROM canary_run ORDER BY id DESC LIMIT 1) r, jsonb_each_text(r.seconds) s",
    "canary_missed": f"SELECT '' AS a, '' AS b, ({MISSED}) AS value FROM (SELECT FROM canary_run LIMIT 1) r",
    "sweep": "SELECT '' AS a, '' AS b, extract(epoch FROM clock_timestamp() - max(state_change))::float8 AS value"
    " FROM pg_stat_activity WHERE datname = current_database() AND application_name = :heart HAVING count(*) > 0",
}
Part = Mapping[tuple[str, str], float]


def look(sessions: Sessions) -> dict[str, Part]:
    """The parts by name, each a number by two labels; SQLAlchemyError when the database is away or too slow."""
    with sessions.begin() as session:
        session.execute(text(f"SET LOCAL statement_timeout = {MOST_MS}"))
        return {name: _part(session, query) for name, query in _PARTS.items()}


def _part(session: Session, query: str) -> Part:
    values = {"heart": HEART} if ":heart" in query else {}
    rows: Any = session.execute(text(query), values)
    return {(row.a, row.b): float(row.value) for row in rows}


@dataclass
class Heart:
    """A connection of the sweep's own: the server remembers when it was last used, and forgets it when we die.

    So the age of the last whole round is known on every host without a row that is written every two seconds.
    """

    engine: Engine
    _open: Connection | None = None

    def beat(self) -> None:
        """A round was finished. SQLAlchemyError when the database is away; the next beat begins anew."""
        try:
            if self._open is None:
                self._open = self.engine.connect()
                self._open.detach()
                self._open.execute(text("SELECT set_config('application_name', :name, false)"), {"name": HEART})
            self._open.execute(text("SELECT 1"))
            self._open.commit()
        except SQLAlchemyError:
            self.close()
            raise

    def close(self) -> None:
        """Let go of the connection."""
        if self._open is not None:
            self._open.close()
        self._open = None
