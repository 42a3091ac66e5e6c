"""A fan-out from its first lane to its last row: made, held, resumed, superseded, expired, done.

Hold and supersede lock the lanes in order and change each one's state, so nothing is claimed after their commit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from broadcaster.store.deliveries import Fanout, FanoutState, Source

OPEN_STATES = "('sending', 'unknown', 'queued')"


@dataclass(frozen=True, slots=True)
class LaneSpec:
    """A lane to be made: where its cursor runs, and how early it is served (a lower rank is served first)."""

    source: Source
    rank: int
    community_id: int | None = None
    follows_fanout: int | None = None


def make(session: Session, fanout: Fanout, queue: str, priority: int, lanes: Sequence[LaneSpec]) -> int:
    """Write a fan-out and its lanes; returns its id."""
    session.add(fanout)
    session.flush()
    session.execute(
        text(
            "INSERT INTO lane"
            " (fanout_id, no, channel, queue, priority, rank, source, community_id, follows_fanout, state)"
            " SELECT :f, row_number() OVER (), :channel, :queue, :priority,"
            "   x.rank, x.source, x.community, x.follows, 'open'"
            " FROM unnest(CAST(:rank AS bigint[]), CAST(:source AS text[]), CAST(:community AS bigint[]),"
            "   CAST(:follows AS bigint[])) AS x(rank, source, community, follows)"
        ),
        {
            "f": fanout.id,
            "channel": fanout.channel,
            "queue": queue,
            "priority": priority,
            "rank": [lane.rank for lane in lanes],
            "source": [lane.source.value for lane in lanes],
            "community": [lane.community_id for lane in lanes],
            "follows": [lane.follows_fanout for lane in lanes],
        },
    )
    return fanout.id


def add_targets(session: Session, fanout: int, rows: Sequence[tuple[int, int | None, int]]) -> None:
    """Fix the short list of a fan-out: (address id, agency id, body id) in the order of sending."""
    session.execute(
        text(
            "INSERT INTO target (fanout_id, slot, address_id, agency_id, body_id)"
            " SELECT :f, row_number() OVER (), x.address, x.agency, x.body"
            " FROM unnest(CAST(:address AS bigint[]), CAST(:agency AS bigint[]), CAST(:body AS bigint[]))"
            "   AS x(address, agency, body)"
        ),
        {
            "f": fanout,
            "address": [row[0] for row in rows],
            "agency": [row[1] for row in rows],
            "body": [row[2] for row in rows],
        },
    )


def _lock(session: Session, fanouts: Sequence[int]) -> None:
    session.execute(
        text("SELECT 1 FROM lane WHERE fanout_id = ANY(:f) ORDER BY fanout_id, no FOR UPDATE"), {"f": list(fanouts)}
    )


def _turn(session: Session, fanouts: Sequence[int], lane_from: str, lane_to: str, state: FanoutState) -> None:
    _lock(session, fanouts)
    session.execute(
        text("UPDATE lane SET state = :after WHERE fanout_id = ANY(:f) AND state = :before"),
        {"after": lane_to, "before": lane_from, "f": list(fanouts)},
    )
    session.execute(text("UPDATE fanout SET state = :s WHERE id = ANY(:f)"), {"s": state.value, "f": list(fanouts)})


def of_revision(session: Session, revision: int, tier: str, states: Sequence[str]) -> list[int]:
    """The ids of a release's fan-outs in some states."""
    rows = session.execute(
        text("SELECT id FROM fanout WHERE revision_id = :r AND tier = :t AND state = ANY(:s) ORDER BY id"),
        {"r": revision, "t": tier, "s": list(states)},
    )
    return list(rows.scalars())


def hold(session: Session, fanouts: Sequence[int]) -> None:
    """Stop at once: nothing is claimed after this commits."""
    _turn(session, fanouts, "open", "held", FanoutState.HELD)


def resume(session: Session, fanouts: Sequence[int]) -> None:
    """Go on where the cursors stand."""
    _turn(session, fanouts, "held", "open", FanoutState.RUNNING)


def supersede_older(session: Session, alert: int, tier: str, revision: int) -> list[int]:
    """The fan-outs of this alert's earlier revisions in this tier give way to a newer one; returns them all."""
    earlier = (
        session.execute(
            text(
                "SELECT f.id, f.state FROM fanout f JOIN revision r ON r.id = f.revision_id WHERE r.alert_id = :a"
                " AND f.tier = :t AND f.revision_id <> :r AND f.purpose = 'alert' ORDER BY f.id FOR UPDATE OF f"
            ),
            {"a": alert, "t": tier, "r": revision},
        )
        .mappings()
        .all()
    )
    running = [row["id"] for row in earlier if row["state"] in (FanoutState.RUNNING, FanoutState.HELD)]
    _turn(session, running, "held", "superseded", FanoutState.SUPERSEDED)
    _turn(session, running, "open", "superseded", FanoutState.SUPERSEDED)
    return [row["id"] for row in earlier]


def expire_overdue(session: Session) -> list[int]:
    """Running or held fan-outs past their end stop being claimed from; returns them."""
    overdue = list(
        session.execute(
            text(
                "SELECT id FROM fanout WHERE state IN ('running', 'held') AND expires_at <= clock_timestamp()"
                " ORDER BY id FOR UPDATE SKIP LOCKED"
            )
        ).scalars()
    )
    if overdue:
        _turn(session, overdue, "held", "expired", FanoutState.EXPIRED)
        _turn(session, overdue, "open", "expired", FanoutState.EXPIRED)
    return overdue


_SETTLE_QUEUED = """WITH ended AS (SELECT id, state FROM fanout WHERE state IN ('superseded', 'expired')),
 moved AS (UPDATE delivery d SET state = e.state FROM ended e, followup u
   WHERE u.fanout_id = e.id AND u.kind = 'retry' AND d.fanout_id = u.fanout_id AND d.address_id = u.address_id
   AND d.state = 'queued' RETURNING d.fanout_id, d.address_id),
 gone AS (DELETE FROM followup u USING moved m WHERE u.fanout_id = m.fanout_id AND u.address_id = m.address_id)
 SELECT count(*) FROM moved"""


def end_queued(session: Session) -> int:
    """What still waited in a superseded or expired fan-out ends with it."""
    return int(session.execute(text(_SETTLE_QUEUED)).scalar_one())


_REST = """WITH rest AS (SELECT min(l.no) AS no, x.address_id FROM lane l CROSS JOIN LATERAL (
     SELECT s.address_id FROM subscription s WHERE l.source = 'subscribers' AND s.community_id = l.community_id
       AND s.slot > l.next_key
     UNION ALL SELECT d.address_id FROM delivery d WHERE l.source = 'told' AND d.fanout_id = l.follows_fanout
       AND d.address_id > l.next_key AND d.state IN ('accepted', 'sending', 'unknown')
     UNION ALL SELECT t.address_id FROM target t WHERE l.source = 'targets' AND t.fanout_id = l.fanout_id
       AND t.slot > l.next_key) x
   WHERE l.fanout_id = :f AND l.state = :state
     AND NOT EXISTS (SELECT 1 FROM delivery d WHERE d.fanout_id = :f AND d.address_id = x.address_id)
   GROUP BY x.address_id),
 counted AS (SELECT no, count(*) AS rest FROM rest GROUP BY no),
 marked AS (UPDATE lane l SET rest = c.rest FROM counted c WHERE l.fanout_id = :f AND l.no = c.no
   RETURNING l.community_id, l.rest)
 INSERT INTO tally (fanout_id, community_id, what, delta) SELECT :f, community_id, :state, rest FROM marked
 RETURNING delta"""


def count_rest(session: Session, fanout: int, state: str) -> int:
    """Write the unclaimed people of a stopped fan-out into its tally, once, as superseded or expired."""
    return sum(session.execute(text(_REST), {"f": fanout, "state": state}).scalars())


def finish(session: Session) -> list[int]:
    """Close every fan-out that has nothing open: lanes at their end, waves closed, no open row. Returns them."""
    ready = (
        session.execute(
            text(
                "SELECT f.id, f.state FROM fanout f WHERE f.state IN ('running', 'superseded', 'expired')"
                " AND NOT EXISTS (SELECT 1 FROM lane l WHERE l.fanout_id = f.id AND l.state IN ('open', 'held'))"
                " AND NOT EXISTS (SELECT 1 FROM wave w WHERE w.fanout_id = f.id AND w.closed_at IS NULL)"
                " AND NOT EXISTS (SELECT 1 FROM followup u WHERE u.fanout_id = f.id)"
                " ORDER BY f.id FOR UPDATE OF f SKIP LOCKED"
            )
        )
        .mappings()
        .all()
    )
    finished = []
    for row in ready:
        if _has_open_rows(session, row["id"]):
            continue
        if row["state"] != FanoutState.RUNNING:
            count_rest(session, row["id"], row["state"])
        elif _late_joiners(session, row["id"]):
            continue
        _close(session, row["id"])
        finished.append(row["id"])
    return finished


def _late_joiners(session: Session, fanout: int) -> bool:
    """Open again the lanes behind which somebody signed up while the alert was on air."""
    opened = session.execute(
        text(
            "UPDATE lane l SET state = 'open' FROM community c WHERE l.fanout_id = :f AND l.source = 'subscribers'"
            " AND c.id = l.community_id AND EXISTS (SELECT 1 FROM subscription s WHERE s.community_id = c.id"
            " AND s.slot > l.next_key) RETURNING 1"
        ),
        {"f": fanout},
    )
    return opened.first() is not None


def _has_open_rows(session: Session, fanout: int) -> bool:
    open_row = session.execute(
        text(f"SELECT 1 FROM delivery WHERE fanout_id = :f AND state IN {OPEN_STATES} LIMIT 1"), {"f": fanout}
    )
    return open_row.first() is not None


def _close(session: Session, fanout: int) -> None:
    session.execute(
        text(
            "UPDATE fanout f SET ended_as = state, state = 'done', done_at = clock_timestamp(), planned ="
            "   (SELECT count(*) FROM delivery WHERE fanout_id = :f)"
            "   + (SELECT coalesce(sum(rest), 0) FROM lane WHERE fanout_id = :f) WHERE id = :f"
        ),
        {"f": fanout},
    )


def reopen_for_late(session: Session) -> list[int]:
    """Fan-outs that were done and still on air, and that somebody joined since: their lanes open again."""
    rows = list(
        session.execute(
            text(
                "SELECT f.id FROM fanout f WHERE f.state = 'done' AND f.ended_as = 'running' AND f.channel = 'sms'"
                " AND f.expires_at > clock_timestamp() AND EXISTS (SELECT 1 FROM lane l JOIN community c"
                "   ON c.id = l.community_id WHERE l.fanout_id = f.id AND l.source = 'subscribers'"
                "   AND c.last_slot > l.next_key) ORDER BY f.id FOR UPDATE SKIP LOCKED"
            )
        ).scalars()
    )
    reopened = [fanout for fanout in rows if _late_joiners(session, fanout)]
    session.execute(
        text("UPDATE fanout SET state = 'running', ended_as = NULL, done_at = NULL WHERE id = ANY(:f)"),
        {"f": reopened},
    )
    return reopened


def plan(session: Session, fanout: int) -> int:
    """Count whom a fan-out is for, after its release (nothing proportional to the audience before it)."""
    count = session.execute(
        text(
            "SELECT count(DISTINCT x.address_id) FROM lane l CROSS JOIN LATERAL ("
            " SELECT s.address_id FROM subscription s"
            "   WHERE l.source = 'subscribers' AND s.community_id = l.community_id"
            " UNION ALL SELECT d.address_id FROM delivery d WHERE l.source = 'told' AND d.fanout_id = l.follows_fanout"
            "   AND d.state IN ('accepted', 'sending', 'unknown')"
            " UNION ALL SELECT t.address_id FROM target t WHERE l.source = 'targets' AND t.fanout_id = l.fanout_id) x"
            " WHERE l.fanout_id = :f"
        ),
        {"f": fanout},
    ).scalar_one()
    session.execute(text("UPDATE fanout SET planned = :p WHERE id = :f"), {"p": count, "f": fanout})
    return int(count)


def uncounted(session: Session) -> list[int]:
    """Fan-outs whose plan nobody has counted yet."""
    return list(session.execute(text("SELECT id FROM fanout WHERE planned IS NULL ORDER BY id")).scalars())


def missed(session: Session, fanout: int) -> int:
    """The independent anti-join: subscribers of its communities, not opted out, without a delivery. Must be 0."""
    count = session.execute(
        text(
            "SELECT count(DISTINCT s.address_id) FROM lane l JOIN subscription s ON s.community_id = l.community_id"
            " JOIN address a ON a.id = s.address_id LEFT JOIN suppression x ON x.value_index = a.value_index"
            " WHERE l.fanout_id = :f AND l.source = 'subscribers' AND x.value_index IS NULL"
            " AND NOT EXISTS (SELECT 1 FROM delivery d WHERE d.fanout_id = :f AND d.address_id = s.address_id)"
        ),
        {"f": fanout},
    )
    return int(count.scalar_one())


def expiry(session: Session, fanout: int) -> datetime:
    """When a fan-out ends."""
    moment: datetime = session.execute(text("SELECT expires_at FROM fanout WHERE id = :f"), {"f": fanout}).scalar_one()
    return moment
