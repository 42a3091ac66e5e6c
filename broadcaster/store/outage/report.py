"""What an after-action report counts, summed by the database: of a million deliveries no row comes into Python."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, select, text
from sqlalchemy.orm import Session

from broadcaster.alert.delivery import OPEN, State
from broadcaster.store.alerting.alerts import Alert, Revision
from broadcaster.store.fanout import tallies
from broadcaster.store.fanout.tallies import Count
from broadcaster.store.timeline.ledger_reading import Wanted, every

BUCKETS = 60
"""Points of the curve at most."""
DELETED = "doubles-counted-before-deletion"
"""The event that keeps what no tally holds (`store.retention`)."""

_RUNS = text(
    "SELECT f.id, a.public_id AS alert, r.no, r.kind, f.tier, f.channel, f.purpose, f.state, f.planned, f.started_at,"
    "   f.first_accepted_at, f.pruned_at"
    " FROM fanout f JOIN revision r ON r.id = f.revision_id JOIN alert a ON a.id = r.alert_id"
    " WHERE a.id = ANY(:alerts) AND (f.purpose = 'alert' OR f.purpose LIKE 'again-%') ORDER BY f.started_at, f.id"
)
_PACE = text(
    "WITH sent AS (SELECT d.wave_id, count(*) AS many FROM delivery d"
    "   WHERE d.fanout_id = ANY(:f) AND d.state = 'accepted' GROUP BY d.wave_id),"
    " steps AS (SELECT coalesce(w.closed_at, w.started_at) AS at, sum(s.many) AS many"
    "   FROM sent s JOIN wave w ON w.id = s.wave_id GROUP BY 1),"
    " run AS MATERIALIZED (SELECT at, (sum(many) OVER (ORDER BY at))::bigint AS so_far FROM steps),"
    " span AS (SELECT min(at) AS lo, max(at) AS hi FROM run)"
    " SELECT NULL AS share, max(r.at) AS at, max(r.so_far) AS so_far FROM run r, span"
    " GROUP BY floor(:buckets * extract(epoch FROM r.at - lo) / nullif(extract(epoch FROM hi - lo), 0))"
    " UNION ALL SELECT s.share, min(r.at), min(r.so_far) FROM unnest(CAST(:shares AS bigint[])) AS s(share)"
    "   JOIN run r ON r.so_far * 100 >= s.share * :base GROUP BY s.share"
    " ORDER BY 1 NULLS FIRST, 2"
)
"""When the carriers' answers were written down, wave by wave; a wave whose process died is written down late."""
_PLACES = text(
    "WITH twice AS (SELECT p.fanout_id, p.address_id, 'possible' AS what FROM past_attempt p"
    "   WHERE p.fanout_id = ANY(:f) AND p.outcome = 'blind'"
    "   AND EXISTS (SELECT 1 FROM delivery d WHERE d.fanout_id = p.fanout_id AND d.address_id = p.address_id"
    "     AND d.n > p.n)"
    "   UNION ALL SELECT s.fanout_id, s.address_id, 'confirmed' FROM sighting s WHERE s.fanout_id = ANY(:f))"
    " SELECT community_id, what, sum(delta)::bigint AS many FROM tally WHERE fanout_id = ANY(:f) GROUP BY 1, 2"
    " UNION ALL SELECT d.community_id, 'twice:' || t.what, count(*) FROM twice t"
    "   JOIN delivery d ON d.fanout_id = t.fanout_id AND d.address_id = t.address_id GROUP BY 1, 2"
)
_NAMES = text(
    "SELECT c.id, c.code, c.name, c.county_fips, k.name AS county FROM community c"
    " JOIN county k ON k.fips = c.county_fips WHERE c.id = ANY(:ids) ORDER BY c.name, c.id"
)
_AGENCIES = text(
    "WITH told AS (SELECT t.agency_id, min(f.started_at) AS at FROM target t JOIN fanout f ON f.id = t.fanout_id"
    "   JOIN revision r ON r.id = f.revision_id WHERE r.alert_id = ANY(:alerts) AND f.tier = 'agency'"
    "   AND f.purpose = 'alert' AND t.agency_id IS NOT NULL GROUP BY 1),"
    " answered AS (SELECT k.agency_id, min(k.at) AS at FROM acknowledgement k JOIN fanout f ON f.id = k.fanout_id"
    "   JOIN revision r ON r.id = f.revision_id WHERE r.alert_id = ANY(:alerts) AND f.tier = 'agency' GROUP BY 1),"
    " chased AS (SELECT c.agency_id, min(c.started_at) AS at, max(c.step) AS steps,"
    "   bool_or(c.ended_as = 'exhausted') AS exhausted FROM chase c JOIN revision r ON r.id = c.revision_id"
    "   WHERE r.alert_id = ANY(:alerts) GROUP BY 1)"
    " SELECT g.name, g.role, told.at AS told_at, answered.at AS answered_at, coalesce(chased.steps, 0) AS steps,"
    "   coalesce(chased.exhausted, false) AS exhausted FROM agency g LEFT JOIN told ON told.agency_id = g.id"
    " LEFT JOIN answered ON answered.agency_id = g.id LEFT JOIN chased ON chased.agency_id = g.id"
    " WHERE told.at IS NOT NULL OR chased.at IS NOT NULL ORDER BY g.name, g.id"
)


@dataclass(frozen=True, slots=True)
class Run:
    """One fan-out of an alert and what became of it: `planned` is None while it is being counted, and `pruned` says
    that its deliveries were deleted by age, so that only their sums are left."""

    fanout: int
    alert: str
    no: int
    kind: str
    tier: str
    channel: str
    purpose: str
    state: str
    planned: int | None
    started_at: datetime
    first_accepted_at: datetime | None
    pruned: bool = False
    count: Count = field(default_factory=Count)
    possible: int = 0
    confirmed: int = 0

    @property
    def is_text(self) -> bool:
        """Whether it is a text to the public."""
        return (self.channel, self.tier, self.purpose) == ("sms", "public", "alert")

    @property
    def open(self) -> int:
        """How many messages have no outcome yet."""
        return self.count.of(*OPEN)

    @property
    def base(self) -> int:
        """How many were to be told: everybody who did not say STOP."""
        return max(self.planned or 0, self.count.total) - self.count.of(State.SUPPRESSED)


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast it went: (moment, accepted by then) in order, and when each share in percent was reached."""

    points: tuple[tuple[datetime, int], ...] = ()
    marks: Mapping[int, datetime] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Place:
    """One community in some fan-outs; `possible` and `confirmed` count those who may have been, or were, told twice."""

    code: str
    name: str
    county: str
    county_name: str
    count: Count
    possible: int = 0
    confirmed: int = 0


@dataclass(frozen=True, slots=True)
class Agency:
    """An agency that was to hear: when it was told and answered first, and how many further contacts were tried."""

    name: str
    role: str
    told_at: datetime | None
    answered_at: datetime | None
    steps: int
    exhausted: bool


def kinds(session: Session, alerts: Sequence[int]) -> dict[tuple[str, int], str]:
    """The kind of each revision by alert and number."""
    query = select(Alert.public_id, Revision.no, Revision.kind).join(Alert).where(Alert.id.in_(alerts))
    return {(alert, no): kind for alert, no, kind in session.execute(query)}


def runs(session: Session, alerts: Sequence[int]) -> tuple[Run, ...]:
    """Every fan-out of these alerts that told somebody of them, the oldest first."""
    rows = session.execute(_RUNS, {"alerts": list(alerts)}).mappings().all()
    return tuple(_run(session, row) for row in rows)


def _run(session: Session, row: RowMapping) -> Run:
    kept = {name: row[name] for name in ("alert", "no", "kind", "tier", "channel", "purpose", "state", "planned")}
    pruned = row["pruned_at"] is not None
    possible, confirmed = _kept_doubles(session, row) if pruned else tallies.doubles(session, row["id"])
    return Run(
        **kept,
        fanout=row["id"],
        started_at=row["started_at"],
        first_accepted_at=row["first_accepted_at"],
        pruned=pruned,
        count=tallies.whole(session, row["id"]),
        possible=possible,
        confirmed=confirmed,
    )


def _kept_doubles(session: Session, row: RowMapping) -> tuple[int, int]:
    said = [each.data for each in every(session, Wanted(kind=DELETED, about=row["alert"]))]
    mine: list[dict[str, Any]] = [data for data in said if data.get("fanout") == row["id"]]
    return max((each["possible"] for each in mine), default=0), max((each["confirmed"] for each in mine), default=0)


def pace(session: Session, fanouts: Sequence[int], base: int, shares: Sequence[int]) -> Pace:
    """When how many of `base` people were accepted, over some fan-outs together."""
    values = {"f": list(fanouts), "base": base, "shares": list(shares), "buckets": BUCKETS}
    rows = session.execute(_PACE, values).all() if fanouts and base else []
    points = tuple((row.at, int(row.so_far)) for row in rows if row.share is None)
    return Pace(points, {int(row.share): row.at for row in rows if row.share is not None})


def places(session: Session, fanouts: Sequence[int]) -> tuple[Place, ...]:
    """Each community of some fan-outs, by name."""
    counts: dict[int, Count] = defaultdict(Count)
    for community, what, many in session.execute(_PLACES, {"f": list(fanouts)}):
        if community is not None and many:
            counts[community].add(what, int(many))
    return tuple(_place(row, counts[row["id"]]) for row in session.execute(_NAMES, {"ids": list(counts)}).mappings())


def _place(row: RowMapping, found: Count) -> Place:
    twice = {name: found.states.pop(f"twice:{name}", 0) for name in ("possible", "confirmed")}
    return Place(row["code"], row["name"], row["county_fips"], row["county"], found, **twice)


def agencies(session: Session, alerts: Sequence[int]) -> tuple[Agency, ...]:
    """Every agency that was to hear of these alerts, by name."""
    return tuple(Agency(**row) for row in session.execute(_AGENCIES, {"alerts": list(alerts)}).mappings())
