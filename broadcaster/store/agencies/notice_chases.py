"""Answering points to which a provider's notice was passed on and which have not said that they have it: a row for each
of them and version, taken up by the sweep until one of its contacts answers. As `chases` for the notices of alerts.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from broadcaster.store.agencies import chases
from broadcaster.store.agencies.chases import Ended, Way
from broadcaster.store.database import Base, one_of

AGAIN = "-again-"
"""Stands in the purposes of the steps of a chase, between that of the version and the number of the fan-out."""


class NoticeChase(Base):
    """One agency that has not acknowledged one version. `step` counts the further contacts that were tried, the bodies
    are the words for each way."""

    __tablename__ = "notice_chase"
    __table_args__ = (
        CheckConstraint(f"ended_as IN ({one_of(Ended)})", name="ended_as"),
        CheckConstraint("(ended_as IS NULL) = (due IS NOT NULL)", name="due"),
        Index("ix_notice_chase_due", "due", postgresql_where=text("due IS NOT NULL")),
    )
    version_id: Mapped[int] = mapped_column(ForeignKey("provider_notice_version.id"), primary_key=True)
    agency_id: Mapped[int] = mapped_column(ForeignKey("agency.id"), primary_key=True)
    mail_body: Mapped[int] = mapped_column(ForeignKey("body.id"))
    call_body: Mapped[int] = mapped_column(ForeignKey("body.id"))
    text_body: Mapped[int] = mapped_column(ForeignKey("body.id"))
    started_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    step: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    due: Mapped[datetime | None]
    ended_as: Mapped[str | None]
    ended_at: Mapped[datetime | None]


@dataclass(frozen=True, slots=True)
class Passing:
    """A version that is passed on, until when, and the bodies (ids) of its mail, its call and its text."""

    version: int
    expires_at: datetime
    mail: int
    call: int
    text: int


@dataclass(frozen=True, slots=True)
class Due:
    """A chase whose next step is due, locked; `over` where there is nothing to chase about any more."""

    version: int
    agency_id: int
    agency: str
    outage_id: int
    outage: str
    step: int
    expires_at: datetime
    bodies: Mapping[str, int]
    over: bool
    ways: Sequence[Way] = ()
    tried: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Standing:
    """How the chase of one agency stands, for the page: how many further contacts were tried, when the next one is
    due, and how it ended."""

    agency: str
    step: int
    due: datetime | None
    ended_as: str | None


_BEGIN = text(
    "INSERT INTO notice_chase (version_id, agency_id, mail_body, call_body, text_body, started_at, expires_at, due)"
    " SELECT :v, x.agency, :mail, :call, :text, clock_timestamp(), :expires,"
    "   clock_timestamp() + make_interval(secs => CASE WHEN x.told THEN :after ELSE 0 END)"
    " FROM unnest(CAST(:agency AS bigint[]), CAST(:told AS boolean[])) AS x(agency, told) ON CONFLICT DO NOTHING"
)


def begin(session: Session, passing: Passing, agencies: Mapping[int, bool], after: float) -> None:
    """Chase these agencies: in `after` seconds, or at once where nothing was sent to them (False)."""
    values = {"v": passing.version, "expires": passing.expires_at, "after": after}
    values |= {"mail": passing.mail, "call": passing.call, "text": passing.text}
    session.execute(_BEGIN, {**values, "agency": list(agencies), "told": list(agencies.values())})


_SUPERSEDE = text(
    "UPDATE notice_chase c SET ended_as = 'superseded', ended_at = clock_timestamp(), due = NULL"
    " FROM provider_notice_version v WHERE v.id = c.version_id AND v.notice_id = :n AND c.ended_as IS NULL"
)


def supersede(session: Session, notice: int) -> None:
    """A newer version of a notice is passed on: that one is chased instead."""
    session.execute(_SUPERSEDE, {"n": notice})


_ANSWERED = text(
    "UPDATE notice_chase c SET ended_as = 'acknowledged', ended_at = clock_timestamp(), due = NULL FROM fanout f"
    " WHERE f.id = :f AND f.outage_id IS NOT NULL AND f.tier = 'agency'"
    f" AND split_part(f.purpose, '{AGAIN}', 1) = 'notice-' || c.version_id"
    " AND (c.agency_id IN (SELECT t.agency_id FROM target t WHERE t.fanout_id = f.id AND t.address_id = :a)"
    "   OR c.agency_id IN (SELECT k.agency_id FROM agency_contact k WHERE k.address_id = :a))"
    " AND c.ended_as IS DISTINCT FROM 'acknowledged'"
)


def answered(session: Session, fanout: int, address: int) -> None:
    """One desk's answer ends the chase of its agency, and of each that shares its address; after its commit no step is
    taken. As all that changes chases, it comes after the ledger's event."""
    session.execute(_ANSWERED, {"f": fanout, "a": address})


_DUE = text(
    "SELECT c.version_id AS version, c.agency_id, g.name AS agency, o.id AS outage_id, o.public_id AS outage, c.step,"
    "   c.expires_at, c.mail_body, c.call_body, c.text_body,"
    "   o.state = 'closed' OR c.expires_at <= clock_timestamp() OR n.dismissed_at IS NOT NULL AS over"
    " FROM notice_chase c JOIN agency g ON g.id = c.agency_id"
    " JOIN provider_notice_version v ON v.id = c.version_id JOIN provider_notice n ON n.id = v.notice_id"
    " JOIN outage o ON o.id = n.outage_id"
    " WHERE c.due <= clock_timestamp() AND c.ended_as IS NULL"
    " ORDER BY c.due, c.version_id, c.agency_id LIMIT :most FOR UPDATE OF c SKIP LOCKED"
)
_TRIED = text(
    "SELECT c.version_id, t.agency_id, t.address_id, count(*) AS times FROM notice_chase c"
    f" JOIN fanout f ON f.outage_id IS NOT NULL AND split_part(f.purpose, '{AGAIN}', 1) = 'notice-' || c.version_id"
    " JOIN target t ON t.fanout_id = f.id AND t.agency_id = c.agency_id"
    " WHERE c.version_id = ANY(:v) AND c.agency_id = ANY(:g) GROUP BY 1, 2, 3"
)


_IS_DUE = text("SELECT EXISTS (SELECT 1 FROM notice_chase WHERE due <= clock_timestamp())")


def is_due(session: Session) -> bool:
    """Whether any step is due, at a look that locks nothing."""
    return bool(session.execute(_IS_DUE).scalar_one())


def due(session: Session, most: int) -> list[Due]:
    """The chases whose next step is due now, locked until the transaction ends."""
    rows = session.execute(_DUE, {"most": most}).mappings().all()
    agencies = sorted({row["agency_id"] for row in rows})
    ways = chases.ways_of(session, agencies)
    tried: dict[tuple[int, int], Counter[int]] = defaultdict(Counter)
    for row in session.execute(_TRIED, {"v": sorted({one["version"] for one in rows}), "g": agencies}):
        tried[row.version_id, row.agency_id][row.address_id] = row.times
    return [
        Due(
            **{name: value for name, value in row.items() if not name.endswith("_body")},
            bodies={"email": row["mail_body"], "voice": row["call_body"], "sms": row["text_body"]},
            ways=ways.get(row["agency_id"], ()),
            tried=tried[row["version"], row["agency_id"]],
        )
        for row in rows
    ]


_END = text(
    "UPDATE notice_chase c SET ended_as = :how, ended_at = clock_timestamp(), due = NULL"
    " WHERE c.version_id = :v AND c.agency_id = :g"
)
_STEP = text(
    "UPDATE notice_chase c SET step = step + 1, due = clock_timestamp() + make_interval(secs => :wait)"
    " WHERE c.version_id = :v AND c.agency_id = :g"
)


def end(session: Session, one: Due, how: Ended) -> None:
    """This chase ends."""
    session.execute(_END, {"v": one.version, "g": one.agency_id, "how": how.value})


def advance(session: Session, one: Due, wait: float) -> None:
    """This one made a step; the next one is due in so many seconds."""
    session.execute(_STEP, {"v": one.version, "g": one.agency_id, "wait": wait})


_MADE = text("SELECT count(*) FROM fanout WHERE outage_id IS NOT NULL AND channel = :c AND purpose LIKE :p")


def next_purpose(session: Session, version: int, channel: str) -> str:
    """The purpose of the next fan-out of the chase of a version in a channel."""
    start = f"notice-{version}{AGAIN}"
    made = session.execute(_MADE, {"c": channel, "p": f"{start}%"}).scalar_one()
    return f"{start}{made + 1}"


_STANDING = text(
    "SELECT g.name AS agency, c.step, c.due, c.ended_as FROM notice_chase c JOIN agency g ON g.id = c.agency_id"
    " WHERE c.version_id = :v ORDER BY g.name, g.id"
)


def of_version(session: Session, version: int) -> list[Standing]:
    """How the chases of a version stand, by agency."""
    return [Standing(*row) for row in session.execute(_STANDING, {"v": version})]
