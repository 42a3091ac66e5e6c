"""The claim of a wave: one transaction takes the pace, moves one cursor and writes the intents.

A crash before the commit: nothing happened. After it: the rows are `sending`, and the lease finds them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, text
from sqlalchemy.orm import Session

MOST_ROWS = 256
"""A wave is at most 256 rows and at most one second of its sender's pace (design section 4)."""
MOST_LANES = 40
GRANT_S = 0.9
"""Seconds of pace granted at most, so that the last row still starts within its second."""


@dataclass(frozen=True, slots=True)
class Intent:
    """One row of a wave, as committed; `value_enc` is opened only to be sent."""

    address_id: int
    n: int
    value_enc: bytes
    value_index: bytes
    body_id: int


@dataclass(frozen=True, slots=True)
class ClaimedWave:
    """A committed wave: its rows must now be sent, once each, within the granted second."""

    id: int
    fanout_id: int
    channel: str
    started_at: datetime
    expires_at: datetime
    starts_in: float
    spread: float
    intents: tuple[Intent, ...]


@dataclass(frozen=True, slots=True)
class Wait:
    """There is work, and its sender grants nothing for so many seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Pace:
    """What a locked sender grants now: segments, and how far its time runs ahead of the clock."""

    sender_id: int
    segments_per_s: float
    ahead: float
    granted: int


_SENDER = text(
    "SELECT id, segments_per_s, greatest(0, extract(epoch FROM tat - clock_timestamp()))::float8 AS ahead"
    " FROM sender WHERE channel = :channel"
    " AND (circuit = 'closed' OR (circuit = 'open' AND open_until < clock_timestamp()))"
    " ORDER BY tat, id LIMIT 1 FOR UPDATE"
)
_LANE = text(
    "SELECT l.fanout_id, l.no, l.channel, l.source, l.community_id, l.follows_fanout, l.next_key,"
    "   f.expires_at, f.revision_id"
    " FROM lane l JOIN fanout f ON f.id = l.fanout_id"
    " WHERE l.state = 'open' AND l.channel = :channel AND l.queue = :queue AND f.expires_at > clock_timestamp()"
    " AND (CAST(:fanout AS bigint) IS NULL OR l.fanout_id = :fanout)"
    " ORDER BY l.priority, l.rank, l.fanout_id, l.no LIMIT 1 FOR UPDATE OF l SKIP LOCKED"
)
_WAVE = text(
    "INSERT INTO wave (fanout_id, sender_id, purpose, rows, lease_until)"
    " VALUES (:fanout, :sender, :purpose, 0, clock_timestamp() + make_interval(secs => :lease))"
    " RETURNING id, started_at"
)
_GAVE_WAY = (
    "(SELECT g.community_id FROM lane g"
    " WHERE g.fanout_id = :fanout AND g.state = 'superseded' AND g.community_id IS NOT NULL)"
)
"""The communities that a newer revision speaks to instead of this fan-out."""
_INSERT = f""",
 made AS (INSERT INTO delivery (fanout_id, address_id, community_id, wave_id, body_id, n, state)
   SELECT :fanout, p.address_id, p.community_id,
     CASE WHEN s.value_index IS NULL AND (p.community_id IN {_GAVE_WAY}) IS NOT TRUE THEN :wave END, p.body_id, 1,
     CASE WHEN s.value_index IS NOT NULL THEN 'suppressed' WHEN p.community_id IN {_GAVE_WAY} THEN 'superseded'
       ELSE 'sending' END
   FROM picked p JOIN address a ON a.id = p.address_id LEFT JOIN suppression s ON s.value_index = a.value_index
   ON CONFLICT DO NOTHING RETURNING address_id, body_id, state)
 SELECT p.key, p.address_id, m.state, a.value_enc, a.value_index, m.body_id, b.segments
 FROM picked p JOIN address a ON a.id = p.address_id
 LEFT JOIN made m ON m.address_id = p.address_id LEFT JOIN body b ON b.id = m.body_id ORDER BY p.key"""
_TEXT_OF = (
    " JOIN LATERAL (SELECT t.body_id FROM revision_text t WHERE t.revision_id = :revision AND t.form = :form"
    " AND t.community_id = x.community_id AND t.lang IN (a.lang, 'en')"
    " ORDER BY (t.lang = a.lang) DESC LIMIT 1) t ON true"
)
_PICK: Mapping[str, str] = {
    "subscribers": "WITH picked AS (SELECT x.slot AS key, x.address_id, x.community_id, t.body_id FROM"
    " (SELECT slot, address_id, community_id FROM subscription WHERE community_id = :community AND slot > :next"
    "  ORDER BY slot LIMIT :most) x JOIN address a ON a.id = x.address_id" + _TEXT_OF + ")" + _INSERT,
    "told": "WITH picked AS (SELECT x.address_id AS key, x.address_id, x.community_id, t.body_id FROM"
    " (SELECT address_id, community_id FROM delivery WHERE fanout_id = :follows AND address_id > :next"
    "  AND state IN ('accepted', 'sending', 'unknown')"
    "  AND (CAST(:community AS bigint) IS NULL OR community_id = :community) ORDER BY address_id LIMIT :most) x"
    " JOIN address a ON a.id = x.address_id" + _TEXT_OF + ")" + _INSERT,
    "targets": "WITH picked AS (SELECT slot AS key, address_id, NULL::bigint AS community_id, body_id FROM target"
    " WHERE fanout_id = :fanout AND slot > :next ORDER BY slot LIMIT :most)" + _INSERT,
}
_MOVE = text("UPDATE lane SET next_key = :key, state = :state WHERE fanout_id = :fanout AND no = :no")
_PAY = text(
    "UPDATE sender SET tat = greatest(tat, clock_timestamp()) + make_interval(secs => :cost) WHERE id = :sender"
)


def pace(session: Session, channel: str) -> Pace | Wait | None:
    """Lock the sender of a channel with most to give; Wait when it grants nothing yet, None when there is none."""
    row = session.execute(_SENDER, {"channel": channel}).mappings().one_or_none()
    if row is None:
        return None
    granted = int((GRANT_S - row["ahead"]) * row["segments_per_s"])
    if granted < 1 and row["ahead"] > 0:
        return Wait(min(GRANT_S, row["ahead"]))
    return Pace(row["id"], row["segments_per_s"], row["ahead"], max(1, granted))


def claim(session: Session, channel: str, queue: str, most: int, lease: float) -> ClaimedWave | Wait | None:
    """Claim the next wave of a channel's queue, first by priority; None when nothing is open.

    `most` bounds the rows by the caller's free places in flight; `lease` is in seconds. Small lanes of one fan-out
    share a wave.
    """
    granted = pace(session, channel)
    if not isinstance(granted, Pace):
        return granted
    lane = _next_lane(session, channel, queue, None)
    if lane is None:
        return None
    dearest = 1 if lane["source"] == "targets" else _dearest(session, lane["revision_id"])
    rows = min(MOST_ROWS, most, granted.granted // dearest)
    if rows < 1 and granted.ahead > 0:
        return Wait(min(GRANT_S, granted.ahead))
    wave = _new_wave(session, lane["fanout_id"], granted, "first", lease)
    taken: list[RowMapping] = []
    left = max(1, rows)
    for _ in range(MOST_LANES):
        picked = _take(session, wave["id"], lane, left)
        taken += [row for row in picked if row["state"] == "sending"]
        left -= len(picked)
        following = _next_lane(session, channel, queue, lane["fanout_id"]) if left > 0 else None
        if following is None:
            break
        lane = following
    return _claimed(session, wave, lane, granted, [{**row, "n": 1} for row in taken])


def _next_lane(session: Session, channel: str, queue: str, fanout: int | None) -> RowMapping | None:
    """Lock the first open lane by priority; only one of this fan-out when it is given."""
    values = {"channel": channel, "queue": queue, "fanout": fanout}
    return session.execute(_LANE, values).mappings().one_or_none()


def _dearest(session: Session, revision: int) -> int:
    """Segments of the dearest text message of a revision."""
    most = session.execute(
        text(
            "SELECT coalesce(max(b.segments), 1) FROM revision_text t JOIN body b ON b.id = t.body_id"
            " WHERE t.revision_id = :r AND t.form = 'sms'"
        ),
        {"r": revision},
    )
    return int(most.scalar_one())


def _new_wave(session: Session, fanout: int, granted: Pace, purpose: str, lease: float) -> RowMapping:
    values = {"fanout": fanout, "sender": granted.sender_id, "purpose": purpose, "lease": lease}
    return session.execute(_WAVE, values).mappings().one()


def _take(session: Session, wave: int, lane: RowMapping, rows: int) -> Sequence[RowMapping]:
    """Write the intents of up to `rows` people of one lane, and move its cursor."""
    values = {
        "fanout": lane["fanout_id"],
        "wave": wave,
        "revision": lane["revision_id"],
        "form": "sms",
        "community": lane["community_id"],
        "follows": lane["follows_fanout"],
        "next": lane["next_key"],
        "most": rows,
    }
    picked = session.execute(text(_PICK[lane["source"]]), values).mappings().all()
    key = picked[-1]["key"] if picked else lane["next_key"]
    ended = len(picked) < rows and _at_the_end(session, lane, key)
    session.execute(
        _MOVE, {"fanout": lane["fanout_id"], "no": lane["no"], "key": key, "state": "done" if ended else "open"}
    )
    return picked


def _claimed(
    session: Session, wave: RowMapping, lane: RowMapping, granted: Pace, rows: Sequence[Mapping[str, Any]]
) -> ClaimedWave:
    """Pay the sender for the wave's segments, and hand its rows over."""
    segments = sum(row["segments"] or 1 for row in rows)
    _account(session, granted, wave["id"], len(rows), segments)
    return ClaimedWave(
        id=wave["id"],
        fanout_id=lane["fanout_id"],
        channel=lane["channel"],
        started_at=wave["started_at"],
        expires_at=lane["expires_at"],
        starts_in=granted.ahead,
        spread=min(GRANT_S, segments / granted.segments_per_s),
        intents=tuple(
            Intent(row["address_id"], row["n"], bytes(row["value_enc"]), bytes(row["value_index"]), row["body_id"])
            for row in rows
        ),
    )


def _at_the_end(session: Session, lane: RowMapping, key: int) -> bool:
    """Whether nobody stands behind the cursor; waits for a sign-up that has taken its slot and not committed yet."""
    if lane["source"] != "subscribers":
        return True
    session.execute(text("SELECT 1 FROM community WHERE id = :c FOR SHARE"), {"c": lane["community_id"]})
    behind = session.execute(
        text("SELECT 1 FROM subscription WHERE community_id = :c AND slot > :key LIMIT 1"),
        {"c": lane["community_id"], "key": key},
    )
    return behind.first() is None


def _account(session: Session, granted: Pace, wave: int, rows: int, segments: int) -> None:
    session.execute(_PAY, {"cost": segments / granted.segments_per_s, "sender": granted.sender_id})
    session.execute(
        text("UPDATE wave SET rows = :rows, closed_at = CASE WHEN :rows = 0 THEN clock_timestamp() END WHERE id = :w"),
        {"rows": rows, "w": wave},
    )


_RETRY = f"""WITH due AS (SELECT u.fanout_id, u.address_id, u.n FROM followup u JOIN fanout f ON f.id = u.fanout_id
   WHERE u.kind = 'retry' AND u.due <= clock_timestamp() AND f.state = 'running' AND f.channel = :channel
     AND f.id = :fanout ORDER BY u.due LIMIT :most FOR UPDATE OF u SKIP LOCKED),
 listed AS (SELECT d.*, CASE WHEN s.value_index IS NOT NULL THEN 'suppressed'
     WHEN v.community_id IN {_GAVE_WAY} THEN 'superseded' END AS ended
   FROM due d JOIN delivery v USING (fanout_id, address_id) JOIN address a ON a.id = d.address_id
   LEFT JOIN suppression s ON s.value_index = a.value_index),
 gone AS (DELETE FROM followup u USING due d WHERE u.fanout_id = d.fanout_id AND u.address_id = d.address_id
   RETURNING u.address_id),
 past AS (INSERT INTO past_attempt (fanout_id, address_id, n, wave_id, outcome)
   SELECT d.fanout_id, d.address_id, d.n, v.wave_id, 'not_sent' FROM listed d
   JOIN delivery v USING (fanout_id, address_id) WHERE d.ended IS NULL ON CONFLICT DO NOTHING),
 moved AS (UPDATE delivery v SET state = coalesce(l.ended, 'sending'),
     n = CASE WHEN l.ended IS NULL THEN v.n + 1 ELSE v.n END, wave_id = :wave, reason = ''
   FROM listed l WHERE v.fanout_id = l.fanout_id AND v.address_id = l.address_id AND v.n = l.n AND v.state = 'queued'
   RETURNING v.address_id, v.n, v.body_id, v.state)
 SELECT m.address_id, m.n, m.body_id, m.state, a.value_enc, a.value_index, b.segments
 FROM moved m JOIN address a ON a.id = m.address_id JOIN body b ON b.id = m.body_id"""
_RETRY_FANOUT = text(
    "SELECT f.id AS fanout_id, f.revision_id, f.channel, f.expires_at FROM fanout f"
    " WHERE f.state = 'running' AND f.channel = :channel AND f.expires_at > clock_timestamp()"
    " AND EXISTS (SELECT 1 FROM followup u WHERE u.fanout_id = f.id"
    " AND u.kind = 'retry' AND u.due <= clock_timestamp()) ORDER BY f.id LIMIT 1 FOR SHARE OF f"
)


def claim_retries(session: Session, channel: str, most: int, lease: float) -> ClaimedWave | Wait | None:
    """Claim what is due to be sent again: consent is looked up again, and the attempt number rises."""
    fanout = session.execute(_RETRY_FANOUT, {"channel": channel}).mappings().one_or_none()
    if fanout is None:
        return None
    granted = pace(session, channel)
    if not isinstance(granted, Pace):
        return granted
    dearest = _dearest(session, fanout["revision_id"]) if channel == "sms" else 1
    rows = min(MOST_ROWS, most, granted.granted // dearest)
    if rows < 1 and granted.ahead > 0:
        return Wait(min(GRANT_S, granted.ahead))
    wave = _new_wave(session, fanout["fanout_id"], granted, "retry", lease)
    values = {
        "channel": channel,
        "fanout": fanout["fanout_id"],
        "wave": wave["id"],
        "most": max(1, rows),
    }
    taken = session.execute(text(_RETRY), values).mappings().all()
    return _claimed(session, wave, fanout, granted, [dict(row) for row in taken if row["state"] == "sending"])
