"""How many of how many: the tallies, their folding, and the check against the truth."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from sqlalchemy import text
from sqlalchemy.orm import Session

HANDSET = "handset:"


@dataclass(frozen=True, slots=True)
class Count:
    """The counts of one fan-out, or of one community in it, by state and by handset."""

    states: dict[str, int] = field(default_factory=dict)
    handsets: dict[str, int] = field(default_factory=dict)

    def of(self, *states: str) -> int:
        """The sum over some states."""
        return sum(self.states.get(state, 0) for state in states)

    @property
    def total(self) -> int:
        """Everybody for whom a row or a rest is written."""
        return sum(self.states.values())


def _counts(rows: list[tuple[int | None, str, int]]) -> dict[int | None, Count]:
    found: dict[int | None, Count] = defaultdict(Count)
    for community, what, number in rows:
        if number:
            part = found[community]
            target, name = (
                (part.handsets, what.removeprefix(HANDSET)) if what.startswith(HANDSET) else (part.states, what)
            )
            target[name] = target.get(name, 0) + number
    return dict(found)


def by_community(session: Session, fanout: int) -> dict[int | None, Count]:
    """The counts of a fan-out per community, from the tallies; None stands for places without a community."""
    rows = session.execute(
        text(
            "SELECT community_id, what, sum(delta)::bigint FROM tally WHERE fanout_id = :f GROUP BY community_id, what"
        ),
        {"f": fanout},
    )
    return _counts([(row[0], row[1], row[2]) for row in rows])


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
            " UNION ALL SELECT l.community_id, l.state, sum(l.rest)::bigint FROM lane l"
            "   WHERE l.fanout_id = :f AND l.rest > 0 GROUP BY 1, 2"
        ),
        {"f": fanout},
    )
    return _counts([(row[0], row[1], row[2]) for row in rows])


def rejected_by_reason(session: Session, fanout: int) -> dict[str, int]:
    """Why the carrier refused: its code -> how many."""
    rows = session.execute(
        text(
            "SELECT reason, count(*) FROM delivery WHERE fanout_id = :f AND state = 'rejected'"
            " GROUP BY 1 ORDER BY 2 DESC"
        ),
        {"f": fanout},
    )
    return {row[0]: row[1] for row in rows}


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


def fold(session: Session) -> int:
    """Fold the tallies of each fan-out into one row per community and count; returns how many rows went."""
    folded = session.execute(
        text(
            "WITH gone AS (DELETE FROM tally WHERE id IN (SELECT id FROM tally ORDER BY id LIMIT 20000"
            "   FOR UPDATE SKIP LOCKED) RETURNING fanout_id, community_id, what, delta),"
            " kept AS (INSERT INTO tally (fanout_id, community_id, what, delta)"
            "   SELECT fanout_id, community_id, what, sum(delta) FROM gone GROUP BY 1, 2, 3 HAVING sum(delta) <> 0"
            "   RETURNING 1) SELECT (SELECT count(*) FROM gone) - (SELECT count(*) FROM kept)"
        )
    )
    return int(folded.scalar_one())
