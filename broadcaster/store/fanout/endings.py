"""How a fan-out ends: expired, settled, counted, done; and opened again for whoever joined while it was on air."""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.orm import Session

from broadcaster.store.fanout.deliveries import MAY_HAVE_HEARD, FanoutState
from broadcaster.store.fanout.fanouts import OPEN_STATES, turn


def expire_overdue(session: Session) -> list[int]:
    """Running or held fan-outs past their end stop being claimed from; returns them."""
    overdue = list(
        session.execute(
            text(
                "SELECT id FROM fanout WHERE state IN ('running', 'held') AND expires_at <= clock_timestamp()"
                " ORDER BY id FOR NO KEY UPDATE SKIP LOCKED"
            )
        ).scalars()
    )
    if overdue:
        turn(session, overdue, "held", "expired", FanoutState.EXPIRED)
        turn(session, overdue, "open", "expired", FanoutState.EXPIRED)
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


_REST = f"""WITH rest AS (SELECT min(l.no) AS no, x.address_id FROM fanout f
   JOIN lane l ON l.fanout_id = f.id CROSS JOIN LATERAL (
     SELECT s.address_id FROM subscription s JOIN address a ON a.id = s.address_id AND a.kind = f.channel
       WHERE l.source = 'subscribers' AND s.community_id = l.community_id AND s.slot > l.next_key
     UNION ALL SELECT d.address_id FROM delivery d WHERE l.source = 'told' AND d.fanout_id = l.follows_fanout
       AND d.address_id > l.next_key AND {MAY_HAVE_HEARD}
       AND (l.community_id IS NULL OR d.community_id = l.community_id)
     UNION ALL SELECT t.address_id FROM target t WHERE l.source = 'targets' AND t.fanout_id = l.fanout_id
       AND t.slot > l.next_key) x
   WHERE f.id = :f AND l.state IN ('superseded', 'expired') AND l.rest = 0
     AND NOT EXISTS (SELECT 1 FROM delivery d WHERE d.fanout_id = :f AND d.address_id = x.address_id)
   GROUP BY x.address_id),
 counted AS (SELECT no, count(*) AS rest FROM rest GROUP BY no),
 marked AS (UPDATE lane l SET rest = c.rest FROM counted c WHERE l.fanout_id = :f AND l.no = c.no
   RETURNING l.community_id, l.state, l.rest)
 INSERT INTO tally (fanout_id, community_id, what, delta) SELECT :f, community_id, state, rest FROM marked
 RETURNING delta"""


def count_rest(session: Session, fanout: int) -> int:
    """Write the unclaimed people of a fan-out's stopped lanes into its tally, each once, as superseded or expired."""
    return sum(session.execute(text(_REST), {"f": fanout}).scalars())


def finish(session: Session) -> list[int]:
    """Close every fan-out that has nothing open: lanes at their end, waves closed, no open row. Returns them."""
    ready = (
        session.execute(
            text(
                "SELECT f.id, f.state FROM fanout f WHERE f.state IN ('running', 'superseded', 'expired')"
                " AND NOT EXISTS (SELECT 1 FROM lane l WHERE l.fanout_id = f.id AND l.state IN ('open', 'held'))"
                " AND NOT EXISTS (SELECT 1 FROM wave w WHERE w.fanout_id = f.id AND w.closed_at IS NULL)"
                " AND NOT EXISTS (SELECT 1 FROM followup u WHERE u.fanout_id = f.id)"
                " ORDER BY f.id FOR NO KEY UPDATE OF f SKIP LOCKED"
            )
        )
        .mappings()
        .all()
    )
    finished = []
    for row in ready:
        if _has_open_rows(session, row["id"]):
            continue
        if row["state"] == FanoutState.RUNNING and _late_joiners(session, row["id"]):
            continue
        count_rest(session, row["id"])
        _close(session, row["id"])
        finished.append(row["id"])
    return finished


NEWER = (
    " EXISTS (SELECT 1 FROM revision r JOIN revision n ON n.alert_id = r.alert_id AND n.no > r.no"
    "   JOIN release x ON x.revision_id = n.id AND x.tier = f.tier AND x.state IN ('released', 'held')"
    "   WHERE r.id = f.revision_id AND n.kind NOT IN ('number_change', 'restored_in_part')"
    "   AND (n.kind IN ('all_clear', 'false_alarm')"
    "     OR EXISTS (SELECT 1 FROM fanout y WHERE y.revision_id = n.id AND y.channel = f.channel"
    "       AND y.tier <> 'desk')))"
)
"""A newer revision ends the alert, or speaks to everybody over this channel: whoever joins now must not hear the old
words (a change of some communities' line supersedes their lanes instead)."""


ON_HOLD = (
    " EXISTS (SELECT 1 FROM revision r JOIN revision h ON h.alert_id = r.alert_id AND h.no >= r.no"
    "   JOIN release x ON x.revision_id = h.id AND x.tier = f.tier AND x.state = 'held' WHERE r.id = f.revision_id)"
)
"""Somebody stopped these words, or later ones beside them, after everybody was told: nobody who joins hears them."""


def _late_joiners(session: Session, fanout: int) -> bool:
    """Open again the lanes behind which somebody signed up while the alert was on air."""
    opened = session.execute(
        text(
            "UPDATE lane l SET state = 'open' FROM community c, fanout f WHERE l.fanout_id = :f"
            " AND l.source = 'subscribers' AND l.state = 'done' AND c.id = l.community_id AND f.id = l.fanout_id"
            " AND EXISTS (SELECT 1 FROM subscription s WHERE s.community_id = c.id AND s.slot > l.next_key)"
            f" AND NOT {NEWER} RETURNING 1"
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
                "SELECT f.id FROM fanout f WHERE f.state = 'done' AND f.ended_as = 'running'"
                " AND f.channel IN ('sms', 'voice')"
                f" AND f.expires_at > clock_timestamp() AND NOT {NEWER} AND NOT {ON_HOLD}"
                " AND EXISTS (SELECT 1 FROM lane l JOIN community c ON c.id = l.community_id"
                "   WHERE l.fanout_id = f.id AND l.source = 'subscribers'"
                "   AND c.last_slot > l.next_key) ORDER BY f.id FOR NO KEY UPDATE OF f SKIP LOCKED"
            )
        ).scalars()
    )
    reopened = [fanout for fanout in rows if _late_joiners(session, fanout)]
    session.execute(
        text("UPDATE fanout SET state = 'running', ended_as = NULL, done_at = NULL WHERE id = ANY(:f)"),
        {"f": reopened},
    )
    return reopened
