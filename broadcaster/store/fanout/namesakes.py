"""The same words to the same phone by two alerts, both unknown: whose is the message that a listing shows?

A listing names no attempt of ours. A message is most likely of the last attempt that had begun when it was made; the
others wait until that one is settled, and then take what it left. A message that was taken by the wrong one of two is
a person who never hears the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import text
from sqlalchemy.orm import Session

from broadcaster.store.fanout.evidence import Sight
from broadcaster.store.fanout.followups import DueAsk

WHOLE_SECONDS_S = 1.0
"""A carrier's listing gives whole seconds: what was made within an attempt's first second may bear an earlier one."""


class Listed(NamedTuple):
    """A message of a listing that fits an attempt, and when the carrier says it was made."""

    ask: DueAsk
    ref: str
    made_at: datetime

    @property
    def sight(self) -> Sight:
        """The same without its time."""
        return self.ask, self.ref


_NEARER = text(
    "SELECT o.no FROM unnest(CAST(:no AS bigint[]), CAST(:f AS bigint[]), CAST(:a AS bigint[]),"
    "   CAST(:started AS timestamptz[]), CAST(:made AS timestamptz[])) AS o(no, f, a, started, made)"
    " JOIN delivery d ON d.fanout_id = o.f AND d.address_id = o.a"
    " WHERE EXISTS (SELECT 1 FROM fanout f JOIN delivery v ON v.fanout_id = f.id AND v.address_id = o.a"
    "   JOIN wave w ON w.id = v.wave_id WHERE f.id <> o.f AND f.state <> 'done' AND v.body_id = d.body_id"
    "   AND v.state IN ('sending', 'unknown') AND w.started_at <= o.made + make_interval(secs => :slack)"
    "   AND (w.started_at > o.started OR o.started > o.made + make_interval(secs => :slack)))"
)


def without_others(session: Session, listed: Sequence[Listed]) -> list[Sight]:
    """What may be of the attempt that it was asked for: not what is nearer to another one that is still open."""
    if not listed:
        return []
    values = {
        "no": list(range(len(listed))),
        "f": [one.ask.fanout_id for one in listed],
        "a": [one.ask.address_id for one in listed],
        "started": [one.ask.started_at for one in listed],
        "made": [one.made_at for one in listed],
        "slack": WHOLE_SECONDS_S,
    }
    others = set(session.execute(_NEARER, values).scalars())
    return [one.sight for no, one in enumerate(listed) if no not in others]
