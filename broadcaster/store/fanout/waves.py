"""The claim of a wave: one transaction takes the pace, moves the cursors and writes the intents.

A crash before the commit: nothing happened. After it: the rows are `sending`, and the lease finds them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, text
from sqlalchemy.orm import Session

from broadcaster.store.agencies.chases import NOBODY_WAITS
from broadcaster.store.fanout import senders
from broadcaster.store.fanout.deliveries import MAY_HAVE_HEARD
from broadcaster.store.fanout.senders import GRANT_S, Grant, Wait

MOST_ROWS = 500
"""And at most one second of its sender's pace (design section 4: 256; measured: same cost, and 500 share)."""
MOST_LANES = 40
BUSY_S = 0.01
BULK_S = 10.0
"""A wave in one request is at most 1,000 rows and 10 s of its sender's pace: so much cannot be called back."""


@dataclass(slots=True)
class Intent:
    """One row of a wave, as committed; `value_enc` is opened only to be sent."""

    address_id: int
    n: int
    value_enc: bytes
    value_index: bytes
    body_id: int


@dataclass(frozen=True, slots=True)
class Room:
    """How many more rows a process can take: at each carrier by `places`, and in one request by `bulk`, where texts
    with less than `bulk_life_s` seconds of life left do not go (nothing expires at the carrier there)."""

    places: Mapping[str, int]
    bulk: Mapping[str, int] = field(default_factory=dict)
    bulk_life_s: float = 0.0

    @property
    def carriers(self) -> list[str]:
        """Every carrier that has room one way or the other."""
        return list({**self.places, **self.bulk})


@dataclass(frozen=True, slots=True)
class ClaimedWave:
    """A committed wave: its rows must now be sent by this carrier, once each, within the granted second; those of a
    `bulk` one in a single request."""

    id: int
    fanout_id: int
    channel: str
    carrier: str
    sender_id: int
    started_at: datetime
    expires_at: datetime
    starts_in: float
    spread: float
    intents: tuple[Intent, ...]
    probe: bool = False
    bulk: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """The fan-out that is to be claimed from."""

    fanout_id: int
    revision_id: int | None
    channel: str
    expires_at: datetime
    dearest: int

    @classmethod
    def of(cls, row: RowMapping) -> Found:
        """From a row that names a fan-out."""
        return cls(row["fanout_id"], row["revision_id"], row["channel"], row["expires_at"], row["dearest"])


_OPEN = (
    " FROM lane l JOIN fanout f ON f.id = l.fanout_id"
    " WHERE l.state = 'open' AND l.channel = :channel AND l.queue = :queue AND f.expires_at > clock_timestamp()"
)
_LANE = text(
    "SELECT l.fanout_id, l.no, l.channel, l.source, l.priority, l.community_id, l.follows_fanout, l.next_key,"
    "   f.expires_at, f.revision_id, f.dearest,"
    f"  f.expires_at > clock_timestamp() + make_interval(secs => :life) AS lives {_OPEN}"
    " ORDER BY l.priority, l.rank, l.fanout_id, l.no LIMIT 1 FOR UPDATE OF l SKIP LOCKED"
)
_IS_OPEN = text(f"SELECT EXISTS (SELECT 1 {_OPEN})")

GAVE_WAY = (
    "(SELECT g.community_id FROM lane g"
    " WHERE g.fanout_id = :fanout AND g.state = 'superseded' AND g.community_id IS NOT NULL)"
)
"""The communities that a newer revision speaks to instead of this fan-out."""
_WORDS = """,
 places AS MATERIALIZED (SELECT DISTINCT community_id FROM chosen),
 words AS MATERIALIZED (SELECT p.community_id,
     jsonb_object_agg(t.lang || CASE WHEN t.form = :form THEN '' ELSE '/text' END, t.body_id) AS bodies FROM places p
   JOIN revision_text t ON t.revision_id = :revision AND t.form IN (:form, :text_first)
     AND t.community_id = p.community_id
   GROUP BY p.community_id),
 picked AS (SELECT DISTINCT ON (c.address_id) c.address_id, c.community_id, a.value_index,
     CAST(coalesce(CASE WHEN a.no_voice THEN w.bodies -> (a.lang || '/text') END, w.bodies -> a.lang,
       w.bodies -> 'en') AS bigint) AS body_id
   FROM chosen c JOIN address a ON a.id = c.address_id AND a.kind = :channel
   LEFT JOIN words w ON w.community_id = c.community_id
   ORDER BY c.address_id, c.rank, c.no)"""
"""The text of each person in their language, else in English; one phone in two towns hears of the one served first.
Subscribers of another kind are not for this channel: nobody texts a landline, or calls a mobile phone. Who cannot make
voice calls gets the text that says first how to text for help, where there is one."""
HANDED_OVER = "w.id AS wave_id, w.started_at, b.segments, m.address_id, m.n, a.value_enc, a.value_index, m.body_id"
"""The columns of a claimed row; the last five make its intent."""
_ENDED = "WHEN p.body_id IS NULL THEN 'rejected'"
_INSERT = f""",
 made AS (INSERT INTO delivery (fanout_id, address_id, community_id, wave_id, body_id, n, state, reason)
   SELECT :fanout, p.address_id, p.community_id, CASE WHEN p.ended IS NULL THEN (SELECT id FROM named) END,
     coalesce(p.body_id, 0), 1, coalesce(p.ended, 'sending'), CASE WHEN p.ended = 'rejected' THEN 'no_text' ELSE '' END
   FROM (SELECT p.*, CASE
       WHEN EXISTS (SELECT 1 FROM suppression s WHERE s.value_index = p.value_index) THEN 'suppressed'
       WHEN (p.community_id IN {GAVE_WAY}) IS TRUE THEN 'superseded'
       {_ENDED} END AS ended FROM picked p) p
   ON CONFLICT DO NOTHING RETURNING address_id, body_id, n, state),
 written AS (INSERT INTO wave (id, fanout_id, sender_id, purpose, rows, lease_until, closed_at) OVERRIDING SYSTEM VALUE
   SELECT named.id, :fanout, :sender, :purpose, m.rows, clock_timestamp() + make_interval(secs => :lease),
     CASE WHEN m.rows = 0 THEN clock_timestamp() END
   FROM named, (SELECT count(*) AS rows FROM made WHERE state = 'sending') m RETURNING id, started_at)
 SELECT {HANDED_OVER} FROM written w LEFT JOIN made m ON m.state = 'sending'
 LEFT JOIN address a ON a.id = m.address_id LEFT JOIN body b ON b.id = m.body_id"""
_NAMED = " named AS (SELECT nextval(pg_get_serial_sequence('wave', 'id')) AS id)"
_MOVED = (
    " moved AS (UPDATE lane l SET next_key = s.next_key + s.take,"
    "   state = CASE WHEN s.next_key + s.take >= s.last_key THEN 'done' ELSE 'open' END FROM shares s"
    "   WHERE l.fanout_id = :fanout AND l.no = s.no AND (s.take > 0 OR s.next_key >= s.last_key))"
)
_LANES = (
    "WITH lanes AS (SELECT l.no, l.rank, l.community_id, l.next_key, greatest(l.next_key, c.last_slot) AS last_key"
    "   FROM lane l JOIN community c ON c.id = l.community_id WHERE l.fanout_id = :fanout AND l.state = 'open'"
    "   AND l.source = 'subscribers' AND l.priority = :priority"
    f"  ORDER BY l.rank, l.no LIMIT {MOST_LANES} FOR UPDATE OF l SKIP LOCKED),"
)
_SUBSCRIBERS = (
    f"{_LANES} shares AS (SELECT *, least(last_key - next_key, greatest(0, :most"
    "   - coalesce(sum(last_key - next_key) OVER"
    "   (ORDER BY rank, no ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0)))::bigint AS take FROM lanes),"
    f"{_MOVED},"
    " chosen AS MATERIALIZED (SELECT x.address_id, x.community_id, s.rank, s.no FROM shares s JOIN subscription x"
    "   ON x.community_id = s.community_id AND x.slot > s.next_key AND x.slot <= s.next_key + s.take),"
    f"{_NAMED}{_WORDS}{_INSERT}"
)
"""Slots only grow and are committed in order, so a range of slots up to the community's last one holds everybody who
joined until now: many small lanes share a wave in one statement, and no sign-up under way can hold a claim up."""
_LANDLINES = (
    f"{_LANES} found AS MATERIALIZED (SELECT l.no, l.rank, x.slot, x.address_id, x.community_id,"
    "   row_number() OVER (ORDER BY l.rank, l.no, x.slot) AS nth FROM lanes l CROSS JOIN LATERAL"
    "   (SELECT s.slot, s.address_id, s.community_id FROM subscription s"
    "     JOIN address a ON a.id = s.address_id AND a.kind = :channel WHERE s.community_id = l.community_id"
    "     AND s.slot > l.next_key AND s.slot <= l.last_key ORDER BY s.slot LIMIT :most + 1) x),"
    " shares AS (SELECT l.*, coalesce((SELECT min(f.slot) - 1 FROM found f WHERE f.no = l.no AND f.nth > :most),"
    "   l.last_key) - l.next_key AS take FROM lanes l),"
    f"{_MOVED},"
    " chosen AS MATERIALIZED (SELECT address_id, community_id, rank, no FROM found WHERE nth <= :most),"
    f"{_NAMED}{_WORDS}{_INSERT}"
)
"""A few landlines among very many phones: the cursors pass over the phones at once, at a pace of one call a second; no
lane is read further than to the first landline that does not fit."""
_ONE_LANE = (
    "WITH chosen AS MATERIALIZED ({chosen} ORDER BY 1 LIMIT :most),"
    " shares AS (SELECT CAST(:no AS bigint) AS no, CAST(:next AS bigint) AS next_key,"
    "   coalesce(max(key) - :next, 0) AS take,"
    "   CASE WHEN count(*) < :most THEN coalesce(max(key), :next) ELSE coalesce(max(key), :next) + 1 END AS last_key"
    f"   FROM chosen),{_MOVED},{_NAMED}"
)
_TOLD = (
    _ONE_LANE.format(
        chosen="SELECT address_id AS key, address_id, community_id, 0 AS rank, 0 AS no FROM delivery"
        f" d WHERE fanout_id = :follows AND address_id > :next AND {MAY_HAVE_HEARD}"
        " AND (CAST(:community AS bigint) IS NULL OR community_id = :community)"
    )
    + _WORDS
    + _INSERT
)
_TARGETS = (
    _ONE_LANE.format(
        chosen="SELECT slot AS key, address_id, body_id FROM target WHERE fanout_id = :fanout AND slot > :next"
    )
    + ", picked AS (SELECT c.address_id, (SELECT d.community_id FROM fanout o JOIN fanout e"
    "     ON e.revision_id = o.revision_id AND e.tier = o.tier AND e.channel = o.channel AND e.purpose = 'alert'"
    "     JOIN delivery d ON d.fanout_id = e.id AND d.address_id = c.address_id WHERE o.id = :fanout) AS community_id,"
    "   a.value_index, c.body_id"
    "   FROM chosen c JOIN address a ON a.id = c.address_id)"
    + _INSERT.replace(_ENDED, f"WHEN {NOBODY_WAITS.format(row='p')} THEN 'superseded' {_ENDED}")
)
"""Whoever is on a list for a further call is counted where their first one was."""
_TAKE = {"subscribers": text(_SUBSCRIBERS), "told": text(_TOLD), "targets": text(_TARGETS)}
_CALL = text(_LANDLINES)


def claim(session: Session, channel: str, queue: str, room: Room, lease: float) -> ClaimedWave | Wait | None:
    """Claim the next wave of a channel's queue, first by priority; None when nothing is open. `lease` is in seconds."""
    granted = _wished(session, channel, queue, room) or senders.grant(session, channel, room.carriers)
    if not isinstance(granted, Grant):
        return granted
    wanted = {"channel": channel, "queue": queue, "life": room.bulk_life_s}
    row = session.execute(_LANE, wanted).mappings().one_or_none()
    if row is None:
        return _somebody_else(session, channel, queue)
    found, alone = Found.of(row), granted.probe or row["source"] == "targets"
    bulk = granted.carrier in room.bulk and row["lives"] and not alone
    rows = _bulk_rows(granted, found, room) if bulk else rows_of(granted, found, room)
    if isinstance(rows, Wait):
        return rows
    values = {
        "fanout": found.fanout_id,
        "revision": found.revision_id,
        "form": found.channel,
        "text_first": f"{found.channel}_text",
        "channel": found.channel,
        "priority": row["priority"],
        "no": row["no"],
        "community": row["community_id"],
        "follows": row["follows_fanout"],
        "next": row["next_key"],
        "most": rows,
        "sender": granted.sender_id,
        "lease": lease,
        "purpose": "bulk" if bulk else "first",
    }
    take = _CALL if row["source"] == "subscribers" and found.channel == "voice" else _TAKE[row["source"]]
    return claimed(session, found, granted, session.execute(take, values).all(), bulk=bulk)


_WISH = text(
    "SELECT f.wish FROM lane l JOIN fanout f ON f.id = l.fanout_id JOIN sender s ON s.channel = l.channel"
    "   AND s.carrier = f.wish AND s.circuit = 'closed' WHERE l.state = 'open' AND l.channel = :channel"
    "   AND l.queue = :queue AND l.priority < 0 AND f.expires_at > clock_timestamp()"
    " ORDER BY l.priority, l.rank, l.fanout_id, l.no LIMIT 1"
)


def _wished(session: Session, channel: str, queue: str, room: Room) -> Grant | None:
    """The carrier that the most urgent lane wishes for, where it works and grants; a wish never holds anything up."""
    wish: str = session.execute(_WISH, {"channel": channel, "queue": queue}).scalar() or ""
    granted = senders.grant(session, channel, [wish]) if wish in room.places else None
    return granted if isinstance(granted, Grant) and granted.ahead < GRANT_S else None


def _somebody_else(session: Session, channel: str, queue: str) -> Wait | None:
    """Whether lanes are open that another process holds just now: then there may be more in a moment."""
    open_lanes = session.execute(_IS_OPEN, {"channel": channel, "queue": queue}).scalar_one()
    return Wait(BUSY_S) if open_lanes else None


def rows_of(granted: Grant, found: Found, room: Room) -> int | Wait:
    """How many rows a grant is good for, by the dearest text of the fan-out."""
    places = room.places.get(granted.carrier, 0)
    return granted.rows(min(MOST_ROWS, places), found.dearest) if places else Wait(BUSY_S)


def _bulk_rows(granted: Grant, found: Found, room: Room) -> int | Wait:
    """The same for one request; not before half of what the carrier holds has gone, else requests grow small."""
    if granted.ahead > BULK_S / 2:
        return Wait(min(GRANT_S, granted.ahead - BULK_S / 2))
    return granted.rows(room.bulk[granted.carrier], found.dearest, BULK_S)


def claimed(
    session: Session, found: Found, granted: Grant, rows: Sequence[Sequence[Any]], *, bulk: bool = False
) -> ClaimedWave:
    """Pay the sender for the wave's segments, and hand its rows over; their columns are `HANDED_OVER`."""
    sent = [row for row in rows if row[3] is not None]
    segments = sum(row[2] or 1 for row in sent)
    if segments:
        senders.pay(session, granted, segments)
    return ClaimedWave(
        id=rows[0][0],
        fanout_id=found.fanout_id,
        channel=found.channel,
        carrier=granted.carrier,
        sender_id=granted.sender_id,
        started_at=rows[0][1],
        expires_at=found.expires_at,
        starts_in=0.0 if bulk else granted.ahead,
        spread=0.0 if bulk else min(GRANT_S, segments / granted.pace),
        intents=tuple([Intent(*row[3:]) for row in sent]),
        probe=granted.probe,
        bulk=bulk,
    )
