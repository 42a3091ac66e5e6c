"""A fan-out from its first lane to its last row: made, held, resumed, superseded, expired, done.

Hold and supersede lock the lanes in order and change each one's state, so nothing is claimed after their commit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from broadcaster.store.fanout.deliveries import MAY_HAVE_HEARD, Fanout, FanoutState, Source

OPEN_STATES = "('sending', 'unknown', 'queued')"
AGAIN = "again-"
"""How the purposes of further rounds of calls to landlines begin; their number follows."""


@dataclass(frozen=True, slots=True)
class LaneSpec:
    """A lane to be made: where its cursor runs, and how early it is served (a lower rank is served first)."""

    source: Source
    rank: int
    community_id: int | None = None
    follows_fanout: int | None = None


def make(session: Session, fanout: Fanout, queue: str, priority: int, lanes: Sequence[LaneSpec]) -> int:
    """Write a fan-out and its lanes; returns its id."""
    fanout.dearest = _dearest(session, fanout) if fanout.channel == "sms" else 1
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


def _dearest(session: Session, fanout: Fanout) -> int:
    """Segments of the dearest text message of the fan-out's revision; a page has words of its own."""
    most = session.execute(
        text(
            "SELECT coalesce(max(b.segments), 1) FROM revision_text t JOIN body b ON b.id = t.body_id"
            " WHERE t.revision_id = :r AND t.form = ANY(string_to_array(:forms, ' '))"
        ),
        {"r": fanout.revision_id, "forms": {"agency": "desk-sms", "public": "sms sms_text"}.get(fanout.tier, "")},
    )
    return int(most.scalar_one())


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
    """Fan-outs first, then lanes: no retry and no lane is claimed between this and the commit.

    NO KEY: a claim that holds its lane may still write its wave, whose foreign key looks at the fan-out.
    """
    session.execute(text("SELECT 1 FROM fanout WHERE id = ANY(:f) ORDER BY id FOR NO KEY UPDATE"), {"f": list(fanouts)})
    session.execute(
        text("SELECT 1 FROM lane WHERE fanout_id = ANY(:f) ORDER BY fanout_id, no FOR UPDATE"), {"f": list(fanouts)}
    )


def turn(session: Session, fanouts: Sequence[int], lane_from: str, lane_to: str, state: FanoutState) -> None:
    """Lock the lanes of fan-outs in order, move those of one state to another, and the fan-outs with them."""
    _lock(session, fanouts)
    session.execute(
        text("UPDATE lane SET state = :after WHERE fanout_id = ANY(:f) AND state = :before"),
        {"after": lane_to, "before": lane_from, "f": list(fanouts)},
    )
    session.execute(text("UPDATE fanout SET state = :s WHERE id = ANY(:f)"), {"s": state.value, "f": list(fanouts)})


def up_to_revision(session: Session, revision: int, tier: str, state: str) -> list[int]:
    """The ids of a release's fan-outs in a state, and of the alert's earlier ones that go on beside it.

    After a number change the first alert still runs where the number stays. One that is on hold by a hold of its own
    is left out: a later release does not resume it.
    """
    rows = session.execute(
        text(
            "SELECT f.id FROM fanout f JOIN revision e ON e.id = f.revision_id"
            " JOIN revision r ON r.alert_id = e.alert_id AND e.no <= r.no"
            " JOIN release x ON x.revision_id = e.id AND x.tier = f.tier"
            " WHERE r.id = :r AND f.tier = :t AND f.state = :s AND (e.id = r.id OR x.state <> 'held') ORDER BY f.id"
        ),
        {"r": revision, "t": tier, "s": state},
    )
    return list(rows.scalars())


def hold(session: Session, fanouts: Sequence[int]) -> None:
    """Stop at once: nothing is claimed after this commits."""
    turn(session, fanouts, "open", "held", FanoutState.HELD)


def resume(session: Session, fanouts: Sequence[int]) -> None:
    """Go on where the cursors stand."""
    turn(session, fanouts, "held", "open", FanoutState.RUNNING)


def supersede_older(session: Session, alert: int, tier: str, revision: int) -> list[int]:
    """The fan-outs of this alert's earlier revisions in this tier give way to a newer one; returns them all."""
    earlier = (
        session.execute(
            text(
                "SELECT f.id, f.state FROM fanout f JOIN revision r ON r.id = f.revision_id WHERE r.alert_id = :a"
                " AND f.tier = :t AND f.revision_id <> :r AND (f.purpose = 'alert'"
                f"  OR f.purpose LIKE 'escalation-%' OR f.purpose LIKE '{AGAIN}%')"
                " ORDER BY f.id FOR NO KEY UPDATE OF f"
            ),
            {"a": alert, "t": tier, "r": revision},
        )
        .mappings()
        .all()
    )
    supersede(session, [row["id"] for row in earlier if row["state"] in (FanoutState.RUNNING, FanoutState.HELD)])
    return [row["id"] for row in earlier]


def supersede(session: Session, fanouts: Sequence[int]) -> None:
    """Running or held fan-outs give way: nothing of them is claimed after this commits."""
    turn(session, fanouts, "held", "superseded", FanoutState.SUPERSEDED)
    turn(session, fanouts, "open", "superseded", FanoutState.SUPERSEDED)


_SUPERSEDE_QUEUED = """WITH moved AS (UPDATE delivery d SET state = 'superseded' FROM followup u
   WHERE u.kind = 'retry' AND u.fanout_id = ANY(:f) AND d.fanout_id = u.fanout_id AND d.address_id = u.address_id
   AND d.state = 'queued' AND d.community_id = ANY(:c) RETURNING d.fanout_id, d.address_id)
 DELETE FROM followup u USING moved m WHERE u.fanout_id = m.fanout_id AND u.address_id = m.address_id"""


def supersede_communities(session: Session, fanouts: Sequence[int], communities: Sequence[int]) -> None:
    """Some communities' line changed: their lanes of earlier fan-outs end, everybody else's go on.

    Lanes at their end give way too: who joins now, or is still to be told again, hears the newer words only. A round
    of further calls ends as a whole: the next one leaves these communities out.
    """
    _lock(session, fanouts)
    further = text(
        f"SELECT id FROM fanout WHERE id = ANY(:f) AND purpose LIKE '{AGAIN}%' AND state IN ('running', 'held')"
    )
    supersede(session, list(session.execute(further, {"f": list(fanouts)}).scalars()))
    values = {"f": list(fanouts), "c": list(communities)}
    session.execute(
        text(
            "UPDATE lane SET state = 'superseded' WHERE fanout_id = ANY(:f) AND community_id = ANY(:c)"
            " AND state IN ('open', 'held', 'done')"
        ),
        values,
    )
    session.execute(text(_SUPERSEDE_QUEUED), values)


def listed_of_revision(session: Session, revision: int, channel: str) -> list[tuple[int, int | None]]:
    """(address id, agency id) of everybody on the list of a revision's alert fan-out in a channel."""
    rows = session.execute(
        text(
            "SELECT t.address_id, t.agency_id FROM target t JOIN fanout f ON f.id = t.fanout_id"
            " WHERE f.revision_id = :r AND f.channel = :ch AND f.purpose = 'alert' ORDER BY t.slot"
        ),
        {"r": revision, "ch": channel},
    )
    return [(row.address_id, row.agency_id) for row in rows]


def listed_of_alert(session: Session, alert: int, channel: str, but_not: int) -> list[tuple[int, int | None]]:
    """(address id, agency id) of everybody an alert has listed in a channel, without those who got this body."""
    rows = session.execute(
        text(
            "SELECT t.address_id, min(t.agency_id) AS agency_id FROM target t JOIN fanout f ON f.id = t.fanout_id"
            " JOIN revision r ON r.id = f.revision_id WHERE r.alert_id = :a AND f.channel = :ch"
            " AND f.purpose = 'alert' GROUP BY t.address_id HAVING NOT bool_or(t.body_id = :b) ORDER BY t.address_id"
        ),
        {"a": alert, "ch": channel, "b": but_not},
    )
    return [(row.address_id, row.agency_id) for row in rows]


def chased_of_alert(session: Session, alert: int, channel: str) -> list[tuple[int, int]]:
    """(address id, agency id) of every further contact that a chase of this alert has tried in a channel."""
    rows = session.execute(
        text(
            "SELECT DISTINCT t.agency_id, t.address_id FROM target t JOIN fanout f ON f.id = t.fanout_id"
            " JOIN revision r ON r.id = f.revision_id WHERE r.alert_id = :a AND f.channel = :ch"
            " AND f.purpose LIKE 'escalation-%' AND t.agency_id IS NOT NULL ORDER BY 1, 2"
        ),
        {"a": alert, "ch": channel},
    )
    return [(row.address_id, row.agency_id) for row in rows]


def plan(session: Session, fanout: int) -> int:
    """Count whom a fan-out is for, after its release (nothing proportional to the audience before it)."""
    session.execute(text("SELECT set_config('work_mem', '256MB', true)"))  # a million people told apart in memory
    count = session.execute(
        text(
            "SELECT count(*) FROM (SELECT DISTINCT x.address_id FROM fanout f JOIN lane l ON l.fanout_id = f.id"
            " CROSS JOIN LATERAL ("
            " SELECT s.address_id FROM subscription s JOIN address a ON a.id = s.address_id AND a.kind = f.channel"
            "   WHERE l.source = 'subscribers' AND s.community_id = l.community_id"
            " UNION ALL SELECT d.address_id FROM delivery d WHERE l.source = 'told' AND d.fanout_id = l.follows_fanout"
            f"  AND {MAY_HAVE_HEARD}"
            "   AND (l.community_id IS NULL OR d.community_id = l.community_id)"
            " UNION ALL SELECT t.address_id FROM target t WHERE l.source = 'targets' AND t.fanout_id = l.fanout_id) x"
            " WHERE f.id = :f) people"
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
            " JOIN fanout f ON f.id = l.fanout_id"
            " JOIN address a ON a.id = s.address_id AND a.kind = f.channel"
            " LEFT JOIN suppression x ON x.value_index = a.value_index"
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


def of_alert(session: Session, alert: int) -> list[int]:
    """Every fan-out of an alert, oldest first; pages to approvers are none of its words."""
    rows = session.execute(
        text(
            "SELECT f.id FROM fanout f JOIN revision r ON r.id = f.revision_id WHERE r.alert_id = :a"
            " AND f.tier <> 'desk' ORDER BY f.id"
        ),
        {"a": alert},
    )
    return list(rows.scalars())


def open_of_alert(session: Session, alert: int) -> int:
    """How many fan-outs of an alert are neither done nor held."""
    count = session.execute(
        text(
            "SELECT count(*) FROM fanout f JOIN revision r ON r.id = f.revision_id"
            " WHERE r.alert_id = :a AND f.state NOT IN ('done', 'held') AND f.tier <> 'desk'"
        ),
        {"a": alert},
    )
    return int(count.scalar_one())
