"""Further calls to landlines whose call rang in vain: each round is a fan-out over a list, fixed when it is opened.

A landline is in a round when every call of the revision to it was busy, not picked up or failed in the network (where
there is such a line), its pause is over, it is still signed up and has not said STOP, and no newer words hold where it
is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from broadcaster.store.fanout.endings import NEWER, ON_HOLD
from broadcaster.store.fanout.fanouts import AGAIN

AGAIN_AFTER = "('call_busy', 'call_in_vain', 'call_failed')"
"""How a call ended that is made again."""
_ALIVE = (
    "SELECT f.id, f.revision_id, r.alert_id, f.expires_at,"
    "   (SELECT min(l.priority) FROM lane l WHERE l.fanout_id = f.id) AS priority,"
    f"  (SELECT count(*) FROM fanout g WHERE g.revision_id = f.revision_id AND g.purpose LIKE '{AGAIN}%') AS rounds"
    " FROM fanout f JOIN revision r ON r.id = f.revision_id"
    " WHERE f.channel = 'voice' AND f.tier = 'public' AND f.purpose = 'alert' AND f.expires_at > clock_timestamp()"
    "   AND (f.state = 'running' OR f.state = 'done' AND f.ended_as = 'running')"
    f"  AND NOT {NEWER} AND NOT {ON_HOLD} AND NOT EXISTS (SELECT 1 FROM fanout g WHERE g.revision_id = f.revision_id"
    f"    AND g.tier = 'public' AND g.purpose LIKE '{AGAIN}%' AND g.state <> 'done')"
)
_ON_AIR = text(f"{_ALIVE} ORDER BY r.alert_id, f.id")
_STILL = text(f"{_ALIVE} AND f.id = :f")
_DUE = text(
    "WITH calls AS (SELECT d.address_id, min(d.body_id) AS body_id, max(d.community_id) AS community_id,"
    "   count(*) FILTER (WHERE d.state = 'accepted') AS many, max(c.at) AS ended"
    "   FROM fanout f JOIN delivery d ON d.fanout_id = f.id"
    f"   LEFT JOIN receipt c ON c.ref = d.carrier_ref AND c.status IN {AGAIN_AFTER}"
    f"  WHERE f.revision_id = :r AND f.channel = 'voice' AND f.tier = 'public'"
    f"    AND (f.purpose = 'alert' OR f.purpose LIKE '{AGAIN}%')"
    "   GROUP BY d.address_id HAVING bool_and(d.state IN ('superseded', 'expired')"
    f"     OR d.state = 'accepted' AND d.reason IN {AGAIN_AFTER}))"
    " SELECT k.address_id, k.body_id FROM calls k JOIN address a ON a.id = k.address_id"
    " WHERE k.ended + make_interval(secs => (CAST(:pauses AS float8[]))[k.many]) <= clock_timestamp()"
    "   AND NOT EXISTS (SELECT 1 FROM suppression s WHERE s.value_index = a.value_index)"
    "   AND EXISTS (SELECT 1 FROM subscription s WHERE s.address_id = k.address_id)"
    "   AND NOT EXISTS (SELECT 1 FROM lane l WHERE l.fanout_id = :f AND l.state = 'superseded'"
    "     AND l.community_id = k.community_id)"
    " ORDER BY k.ended, k.address_id LIMIT :most"
)
"""The pause after a call is by how many there were; after the last one there is none, and nothing is due again."""


@dataclass(frozen=True, slots=True)
class Calls:
    """The first calls of a revision, whose words still hold; `rounds` were opened after them."""

    fanout: int
    revision: int
    alert: int
    expires_at: datetime
    priority: int
    rounds: int


def alive(session: Session) -> list[Calls]:
    """The calls that may have a further round now: on air, not on hold, and no round of theirs is under way."""
    return [Calls(*row) for row in session.execute(_ON_AIR)]


def still(session: Session, calls: Calls) -> Calls | None:
    """The same, once nobody else can release, hold or end its alert: that is locked until the transaction ends."""
    session.execute(text("SELECT 1 FROM alert WHERE id = :a FOR UPDATE"), {"a": calls.alert})
    row = session.execute(_STILL, {"f": calls.fanout}).one_or_none()
    return Calls(*row) if row else None


def due(session: Session, calls: Calls, pauses: Sequence[float], most: int) -> list[tuple[int, int]]:
    """(address id, body id) of the landlines that are to be called again now; `pauses` are in seconds after the first,
    the second, ... call of each, and so many more calls are made at most."""
    values = {"r": calls.revision, "f": calls.fanout, "pauses": list(pauses), "most": most}
    return [(row.address_id, row.body_id) for row in session.execute(_DUE, values)]
