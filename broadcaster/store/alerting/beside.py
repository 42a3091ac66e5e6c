"""Two alerts over one place, as rows: which texts still say that 911 works, and who heard of one by the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from broadcaster.store.alerting.alerts import Alert
from broadcaster.store.fanout import fanouts

_SAYING_WORKS = text(
    "SELECT f.id, f.channel, f.state IN ('running', 'held'), a.id, a.kind = 'test', r.kind, r.content"
    " FROM fanout f JOIN revision r ON r.id = f.revision_id JOIN alert a ON a.id = r.alert_id"
    " WHERE f.tier = 'public' AND f.channel IN ('sms', 'voice') AND f.expires_at > clock_timestamp()"
    " AND r.id <> :revision AND (a.kind = 'test' OR a.kind = 'outage'"
    "   AND (r.kind IN ('all_clear', 'false_alarm') OR r.content -> 'restored' <> '[]')) ORDER BY f.id"
)
_TOLD_OF = text(
    "SELECT DISTINCT f.id AS fanout, c.id AS community FROM revision r"
    " CROSS JOIN LATERAL jsonb_array_elements(r.content -> 'beside') b"
    " CROSS JOIN LATERAL jsonb_array_elements(b -> 'answers') s"
    " JOIN community c ON c.code = s ->> 'community' AND c.code = ANY(:codes)"
    " JOIN fanout f ON f.revision_id = r.id AND f.tier = 'public' AND f.channel = :channel"
    " WHERE r.frozen_at >= :since AND r.alert_id <> :alert AND b ->> 'alert' = :name ORDER BY 1, 2"
)
_OVER = text(
    "INSERT INTO lane (fanout_id, no, channel, queue, priority, rank, source, community_id, state)"
    " SELECT :f, x.no + c.nth, l.channel, l.queue, l.priority, l.rank, 'told', c.id, 'superseded'"
    " FROM (SELECT max(no) AS no, min(no) AS first FROM lane WHERE fanout_id = :f) x"
    " JOIN lane l ON l.fanout_id = :f AND l.no = x.first"
    " CROSS JOIN unnest(CAST(:c AS bigint[])) WITH ORDINALITY AS c(id, nth)"
    " WHERE NOT EXISTS (SELECT 1 FROM lane g WHERE g.fanout_id = :f AND g.community_id = c.id"
    "   AND g.state = 'superseded')"
)


@dataclass(frozen=True, slots=True)
class SayingWorks:
    """A fan-out to residents that says of some place that 911 works there: a test, an end, or a part of one; `goes_on`
    while its texts are still being sent."""

    fanout: int
    channel: str
    goes_on: bool
    alert: int
    test: bool
    kind: str
    content: Mapping[str, object]


def saying_works(session: Session, revision: int) -> list[SayingWorks]:
    """Every fan-out of other revisions that says so, and whose texts have not run out."""
    return [SayingWorks(*row) for row in session.execute(_SAYING_WORKS, {"revision": revision})]


def told_of(
    session: Session, alert: Alert, channel: str, codes: Sequence[str], since: datetime | None
) -> list[tuple[int, int]]:
    """(fan-out, community) of other alerts whose words spoke of this one, in these communities, frozen `since` then."""
    values = {"codes": list(codes), "channel": channel, "alert": alert.id, "name": alert.public_id, "since": since}
    return [(row.fanout, row.community) for row in session.execute(_TOLD_OF, values)]


def give_way(session: Session, fanout: int, communities: Sequence[int]) -> None:
    """Another alert speaks to these communities instead: whoever waits there in this fan-out is not told by it.

    A lane of those told before has no community of its own: one that is over stands for each, as a claim looks for.
    """
    fanouts.supersede_communities(session, [fanout], communities)
    session.execute(_OVER, {"f": fanout, "c": list(communities)})
