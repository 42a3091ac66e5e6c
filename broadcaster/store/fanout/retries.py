"""The claim of what is due again: consent is looked up again, the attempt number rises, and a wave is written."""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.orm import Session

from broadcaster.store.agencies.chases import NOBODY_WAITS
from broadcaster.store.fanout import senders
from broadcaster.store.fanout.senders import Grant, Wait
from broadcaster.store.fanout.waves import GAVE_WAY, HANDED_OVER, ClaimedWave, Found, Room, claimed, rows_of

_PRIORITY = "(SELECT min(l.priority) FROM lane l WHERE l.fanout_id = f.id)"
_FANOUT = text(
    "SELECT f.id AS fanout_id, f.revision_id, f.channel, f.expires_at, f.dearest FROM fanout f"
    " WHERE f.state = 'running' AND f.channel = :channel AND f.expires_at > clock_timestamp()"
    " AND EXISTS (SELECT 1 FROM followup u WHERE u.fanout_id = f.id"
    " AND u.kind = 'retry' AND u.due <= clock_timestamp())"
    " AND NOT EXISTS (SELECT 1 FROM lane l JOIN fanout g ON g.id = l.fanout_id WHERE l.state = 'open'"
    f"  AND l.channel = :channel AND g.expires_at > clock_timestamp() AND l.priority < {_PRIORITY})"
    f" ORDER BY {_PRIORITY}, f.id LIMIT 1 FOR SHARE OF f"
)
"""The second attempts of a backlog never stand before the first texts of a more urgent alert."""
_RETRY = text(f"""WITH due AS (SELECT u.fanout_id, u.address_id, u.n FROM followup u
   WHERE u.kind = 'retry' AND u.due <= clock_timestamp() AND u.fanout_id = :fanout
   ORDER BY u.due LIMIT :most FOR UPDATE OF u SKIP LOCKED),
 listed AS (SELECT d.*, v.wave_id, CASE
     WHEN EXISTS (SELECT 1 FROM suppression s WHERE s.value_index = a.value_index) THEN 'suppressed'
     WHEN (v.community_id IN {GAVE_WAY}) IS TRUE THEN 'superseded'
     WHEN {NOBODY_WAITS.format(row="d")} THEN 'superseded' END AS ended
   FROM due d JOIN delivery v USING (fanout_id, address_id) JOIN address a ON a.id = d.address_id),
 gone AS (DELETE FROM followup u USING due d WHERE u.fanout_id = d.fanout_id AND u.address_id = d.address_id),
 past AS (INSERT INTO past_attempt (fanout_id, address_id, n, wave_id, outcome)
   SELECT d.fanout_id, d.address_id, d.n, d.wave_id, 'not_sent' FROM listed d WHERE d.ended IS NULL
   ON CONFLICT DO NOTHING),
 named AS (SELECT nextval(pg_get_serial_sequence('wave', 'id')) AS id),
 moved AS (UPDATE delivery v SET state = coalesce(l.ended, 'sending'),
     n = CASE WHEN l.ended IS NULL THEN v.n + 1 ELSE v.n END, wave_id = (SELECT id FROM named), reason = ''
   FROM listed l WHERE v.fanout_id = l.fanout_id AND v.address_id = l.address_id AND v.n = l.n AND v.state = 'queued'
   RETURNING v.address_id, v.n, v.body_id, v.state),
 written AS (INSERT INTO wave (id, fanout_id, sender_id, purpose, rows, lease_until, closed_at) OVERRIDING SYSTEM VALUE
   SELECT named.id, :fanout, :sender, 'retry', m.rows, clock_timestamp() + make_interval(secs => :lease),
     CASE WHEN m.rows = 0 THEN clock_timestamp() END
   FROM named, (SELECT count(*) AS rows FROM moved WHERE state = 'sending') m RETURNING id, started_at)
 SELECT {HANDED_OVER} FROM written w LEFT JOIN moved m ON m.state = 'sending'
 LEFT JOIN address a ON a.id = m.address_id LEFT JOIN body b ON b.id = m.body_id""")


def claim_retries(session: Session, channel: str, room: Room, lease: float) -> ClaimedWave | Wait | None:
    """Claim what is due to be sent again, each by itself, by whichever carrier grants it; None when nothing is.

    `lease` is in seconds.
    """
    row = session.execute(_FANOUT, {"channel": channel}).mappings().one_or_none()
    if row is None:
        return None
    granted = senders.grant(session, channel, list(room.places))
    if not isinstance(granted, Grant):
        return granted
    found = Found.of(row)
    rows = rows_of(granted, found, room)
    if isinstance(rows, Wait):
        return rows
    values = {"fanout": found.fanout_id, "most": rows, "sender": granted.sender_id, "lease": lease}
    return claimed(session, found, granted, session.execute(_RETRY, values).all())
