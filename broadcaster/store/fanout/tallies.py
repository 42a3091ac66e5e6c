"""How many of how many: the tallies, their folding, and the check against the truth."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

HANDSET, REASON = "handset:", "rejected:"
MOST_FOLDED = 20_000


@dataclass(frozen=True, slots=True)
class Count:
    """The counts of one fan-out, or of one community in it, by state, by handset, and of the rejected by reason."""

    states: dict[str, int] = field(default_factory=dict)
    handsets: dict[str, int] = field(default_factory=dict)
    reasons: dict[str, int] = field(default_factory=dict)

    def of(self, *states: str) -> int:
        """The sum over some states."""
        return sum(self.states.get(state, 0) for state in states)

    @property
    def total(self) -> int:
        """Everybody for whom a row or a rest is written."""
        return sum(self.states.values())

    def add(self, what: str, number: int) -> None:
        """Count by a tally's own word: a state, `handset:` and a handset, `rejected:` and a reason."""
        part, name = self.states, what
        for prefix, target in ((HANDSET, self.handsets), (REASON, self.reasons)):
            if what.startswith(prefix):
                part, name = target, what.removeprefix(prefix)
        part[name] = part.get(name, 0) + number


def _counts(rows: Iterable[Sequence[Any]]) -> dict[int | None, Count]:
    found: dict[int | None, Count] = defaultdict(Count)
    for community, what, number in rows:
        if number:
            found[community].add(what, number)
    return dict(found)


def by_community(session: Session, fanout: int) -> dict[int | None, Count]:
    """The counts of a fan-out per community, from the tallies; None stands for places without a community."""
    rows = session.execute(
        text(
            "SELECT community_id, what, sum(delta)::bigint FROM tally WHERE fanout_id = :f GROUP BY community_id, what"
        ),
        {"f": fanout},
    )
    return _counts(tuple(row) for row in rows)


def whole(session: Session, fanout: int) -> Count:
    """The counts of a whole fan-out, from the tallies."""
    rows = session.execute(
        text("SELECT what, sum(delta)::bigint FROM tally WHERE fanout_id = :f GROUP BY what"), {"f": fanout}
    )
    return _counts([(None, row[0], row[1]) for row in rows]).get(None, Count())


def truth(session: Session, fanout: int) -> dict[int | None, Count]:
    """The same counts from the deliveries and the lanes themselves: what the tallies must equal."""
    rows = session.execute(
        text(
            "SELECT community_id, state, count(*) FROM delivery WHERE fanout_id = :f GROUP BY 1, 2"
            " UNION ALL SELECT community_id, 'handset:' || handset, count(*) FROM delivery"
            "   WHERE fanout_id = :f AND handset <> 'none' GROUP BY 1, 2"
            " UNION ALL SELECT community_id, 'rejected:' || reason, count(*) FROM delivery"
            "   WHERE fanout_id = :f AND state = 'rejected' GROUP BY 1, 2"
            " UNION ALL SELECT l.community_id, l.state, sum(l.rest)::bigint FROM lane l"
            "   WHERE l.fanout_id = :f AND l.rest > 0 GROUP BY 1, 2"
        ),
        {"f": fanout},
    )
    return _counts(tuple(row) for row in rows)


def doubles(session: Session, fanout: int) -> tuple[int, int]:
    """(possible, confirmed): attempts that were made blindly after another, and references that fitted no open one.

    Whoever was only queued blindly, and then heard of or ended, was not sent anything twice.
    """
    possible = session.execute(
        text(
            "SELECT count(*) FROM past_attempt p JOIN delivery d"
            "   ON d.fanout_id = p.fanout_id AND d.address_id = p.address_id"
            " WHERE p.fanout_id = :f AND p.outcome = 'blind' AND d.n > p.n"
        ),
        {"f": fanout},
    ).scalar_one()
    confirmed = session.execute(text("SELECT count(*) FROM sighting WHERE fanout_id = :f"), {"f": fanout}).scalar_one()
    return int(possible), int(confirmed)


_FOLD = text(
    "WITH gone AS (DELETE FROM tally WHERE id IN (SELECT id FROM tally WHERE NOT folded ORDER BY id LIMIT :most"
    "   FOR UPDATE SKIP LOCKED) RETURNING fanout_id, community_id, what, delta),"
    " kept AS (INSERT INTO tally (fanout_id, community_id, what, delta, folded)"
    "   SELECT fanout_id, community_id, what, sum(delta), true FROM gone GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"
    "   ON CONFLICT (fanout_id, community_id, what) WHERE folded DO UPDATE SET delta = tally.delta + excluded.delta)"
    " SELECT count(*) FROM gone"
)


def fold(session: Session, most: int = MOST_FOLDED) -> int:
    """Fold up to `most` loose tallies into the one row of their fan-out, community and count; returns how many went.

    What is folded already is touched only where something is added to it: an idle night costs nothing.
    """
    return int(session.execute(_FOLD, {"most": most}).scalar_one())
