"""Who has not acknowledged a notice: a row for each agency and revision, taken up by the sweep until somebody answers.

Its row lock orders what can happen to it: a step, an answer, a newer revision. Whoever comes second sees the first.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, func, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from broadcaster.store.database import Base, one_of

ESCALATION = "escalation-"
"""How the purposes of the fan-outs of a chase begin; the number after it counts those of a revision and channel."""


class Ended(StrEnum):
    """How a chase ended: somebody answered; nobody is left to try; a newer notice is chased instead; it was over."""

    ACKNOWLEDGED = "acknowledged"
    EXHAUSTED = "exhausted"
    SUPERSEDED = "superseded"
    OVER = "over"


class Chase(Base):
    """One agency that has not acknowledged one revision. `step` counts the further contacts that were tried."""

    __tablename__ = "chase"
    __table_args__ = (
        CheckConstraint(f"ended_as IN ({one_of(Ended)})", name="ended_as"),
        CheckConstraint("(ended_as IS NULL) = (due IS NOT NULL)", name="due"),
        Index("ix_chase_due", "due", postgresql_where="due IS NOT NULL"),
    )
    revision_id: Mapped[int] = mapped_column(ForeignKey("revision.id"), primary_key=True)
    agency_id: Mapped[int] = mapped_column(ForeignKey("agency.id"), primary_key=True)
    started_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    step: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    due: Mapped[datetime | None]
    ended_as: Mapped[str | None]
    ended_at: Mapped[datetime | None]


@dataclass(frozen=True, slots=True)
class Way:
    """A contact of an agency, in the directory's order: the address, and the channel that reaches it."""

    address_id: int
    channel: str


@dataclass(frozen=True, slots=True)
class Due:
    """A chase whose next step is due, locked; `over` where there is nothing to chase about any more."""

    revision_id: int
    agency_id: int
    agency: str
    alert: str
    no: int
    step: int
    expires_at: datetime
    over: bool
    ways: Sequence[Way] = ()
    tried: Mapping[int, int] = field(default_factory=dict)


_BEGIN = text(
    "INSERT INTO chase (revision_id, agency_id, due)"
    " SELECT :r, x.agency, clock_timestamp() + make_interval(secs => CASE WHEN x.told THEN :after ELSE 0 END)"
    " FROM unnest(CAST(:agency AS bigint[]), CAST(:told AS boolean[])) AS x(agency, told) ON CONFLICT DO NOTHING"
)


def begin(session: Session, revision: int, agencies: Mapping[int, bool], after: float) -> None:
    """Chase these agencies for a revision: in `after` seconds, or at once where nothing was sent to them (False)."""
    if agencies:
        values = {"r": revision, "agency": list(agencies), "told": list(agencies.values()), "after": after}
        session.execute(_BEGIN, values)


_END_OF_ALERT = text(
    "UPDATE chase c SET ended_as = :how, ended_at = clock_timestamp(), due = NULL FROM revision r"
    " WHERE r.id = c.revision_id AND r.alert_id = :a AND r.id <> :but AND c.ended_as IS NULL"
)


def end_of_alert(session: Session, alert: int, but: int, how: Ended) -> None:
    """The chases of an alert's other revisions end. After its commit no step of theirs is taken."""
    session.execute(_END_OF_ALERT, {"a": alert, "but": but, "how": how.value})


_ANSWERED = text(
    "UPDATE chase c SET ended_as = 'acknowledged', ended_at = clock_timestamp(), due = NULL"
    " FROM target t JOIN fanout f ON f.id = t.fanout_id JOIN revision r ON r.id = f.revision_id,"
    "   revision e WHERE t.fanout_id = :f AND t.address_id = :a AND c.agency_id = t.agency_id AND e.id = c.revision_id"
    " AND e.alert_id = r.alert_id AND e.no <= r.no AND c.ended_as IS DISTINCT FROM 'acknowledged'"
)


def answered(session: Session, fanout: int, address: int) -> None:
    """One desk's answer ends the chase of its agency (of each that shares its address), for this notice and older ones.

    After its commit no step is taken, and what a step has queued is not sent.
    """
    session.execute(_ANSWERED, {"f": fanout, "a": address})


NOBODY_WAITS = (
    "(SELECT e.purpose LIKE 'escalation-%' AND NOT EXISTS (SELECT 1 FROM target t LEFT JOIN chase c"
    "   ON c.revision_id = e.revision_id AND c.agency_id = t.agency_id WHERE t.fanout_id = e.id"
    "   AND t.address_id = {row}.address_id AND c.ended_as IS DISTINCT FROM 'acknowledged')"
    " FROM fanout e WHERE e.id = :fanout)"
)
"""The SQL condition on a row of a fan-out: it is a step of a chase, and everybody it is for has answered since."""

_DUE = text(
    "SELECT c.revision_id, c.agency_id, g.name AS agency, a.public_id AS alert, r.no, c.step,"
    "   CAST(r.content ->> 'expires' AS timestamptz) AS expires_at,"
    "   a.state IN ('closed', 'withdrawn') OR a.closed_at IS NOT NULL"
    "     OR CAST(r.content ->> 'expires' AS timestamptz) <= clock_timestamp()"
    "     OR x.state NOT IN ('released', 'held') AS over"
    " FROM chase c JOIN revision r ON r.id = c.revision_id JOIN alert a ON a.id = r.alert_id"
    " JOIN agency g ON g.id = c.agency_id JOIN release x ON x.revision_id = r.id AND x.tier = 'agency'"
    " WHERE c.due <= clock_timestamp() AND c.ended_as IS NULL AND x.state <> 'held'"
    " ORDER BY c.due, c.revision_id, c.agency_id LIMIT :most FOR UPDATE OF c SKIP LOCKED"
)
_WAYS = text(
    "SELECT k.agency_id, k.address_id, a.kind FROM agency_contact k JOIN address a ON a.id = k.address_id"
    " WHERE k.agency_id = ANY(:g) AND a.kind IN ('email', 'sms', 'voice') ORDER BY k.agency_id, k.rank, k.address_id"
)
_TRIED = text(
    "SELECT f.revision_id, t.agency_id, t.address_id, count(*) AS times FROM fanout f"
    " JOIN target t ON t.fanout_id = f.id WHERE f.revision_id = ANY(:r) AND t.agency_id = ANY(:g)"
    " AND (f.purpose = 'alert' OR f.purpose LIKE 'escalation-%') GROUP BY 1, 2, 3"
)


def ways_of(session: Session, agencies: Sequence[int]) -> dict[int, tuple[Way, ...]]:
    """The contacts of agencies, by agency, in the directory's order."""
    ways: dict[int, tuple[Way, ...]] = defaultdict(tuple)
    for row in session.execute(_WAYS, {"g": list(agencies)}):
        ways[row.agency_id] += (Way(row.address_id, row.kind),)
    return ways


def due(session: Session, most: int) -> list[Due]:
    """The chases whose next step is due now, locked until the transaction ends; one on hold waits."""
    rows = session.execute(_DUE, {"most": most}).mappings().all()
    agencies = sorted({row["agency_id"] for row in rows})
    ways = ways_of(session, agencies)
    tried: dict[tuple[int, int], Counter[int]] = defaultdict(Counter)
    for row in session.execute(_TRIED, {"r": sorted({one["revision_id"] for one in rows}), "g": agencies}):
        tried[row.revision_id, row.agency_id][row.address_id] = row.times
    return [
        Due(**row, ways=ways.get(row["agency_id"], ()), tried=tried[row["revision_id"], row["agency_id"]])
        for row in rows
    ]


_END = text(
    "UPDATE chase c SET ended_as = x.how, ended_at = clock_timestamp(), due = NULL"
    " FROM unnest(CAST(:r AS bigint[]), CAST(:g AS bigint[]), CAST(:how AS text[])) AS x(r, g, how)"
    " WHERE c.revision_id = x.r AND c.agency_id = x.g"
)
_STEP = text(
    "UPDATE chase c SET step = step + 1, due = clock_timestamp() + make_interval(secs => x.wait)"
    " FROM unnest(CAST(:r AS bigint[]), CAST(:g AS bigint[]), CAST(:wait AS float8[])) AS x(r, g, wait)"
    " WHERE c.revision_id = x.r AND c.agency_id = x.g"
)


def end(session: Session, ended: Sequence[tuple[Due, Ended]]) -> None:
    """These chases end."""
    values = {"r": [one.revision_id for one, _ in ended], "g": [one.agency_id for one, _ in ended]}
    session.execute(_END, {**values, "how": [how.value for _, how in ended]})


def advance(session: Session, stepped: Sequence[tuple[Due, float]]) -> None:
    """These made a step; the next one is due in so many seconds."""
    values = {"r": [one.revision_id for one, _ in stepped], "g": [one.agency_id for one, _ in stepped]}
    session.execute(_STEP, {**values, "wait": [wait for _, wait in stepped]})


def next_purpose(session: Session, revision: int, channel: str) -> str:
    """The purpose of the next fan-out of a revision's chase in a channel."""
    made = session.execute(
        text("SELECT count(*) FROM fanout WHERE revision_id = :r AND channel = :c AND purpose LIKE 'escalation-%'"),
        {"r": revision, "c": channel},
    ).scalar_one()
    return f"{ESCALATION}{made + 1}"
