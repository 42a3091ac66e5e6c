"""What agencies report by their own link: 911 trouble, and that they ask for an alert. Each one counts once."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, Select, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from broadcaster.directory import AgencyRole
from broadcaster.store.alerting.alerts import Alert
from broadcaster.store.database import Base, identity, one_of, public_id
from broadcaster.store.outage.outages import Outage
from broadcaster.store.places.directory import Agency
from broadcaster.store.sealed import Sealer, Unsealable

KEPT_IN_SIGHT = timedelta(hours=24)
"""How long a report that was decided about still counts beside a new one."""


class Trouble(StrEnum):
    """What an answering point sees of it."""

    NOTHING = "nothing"
    SOME = "some"
    NO_LOCATION = "no_location"
    OTHER = "other"


class TroubleReport(Base):
    """One report; `key` names the page that was sent, so that a second tap changes nothing."""

    __tablename__ = "trouble_report"
    __table_args__ = (
        CheckConstraint(f"what IN ({one_of(Trouble)})", name="what"),
        CheckConstraint("(settled_at IS NULL) = (settled_by IS NULL)", name="settled"),
        Index("ix_trouble_report_outage", "outage_id", "at"),
        Index("ix_trouble_report_agency", "agency_id", "at"),
    )
    id: Mapped[int] = identity()
    public_id: Mapped[str] = mapped_column(unique=True, default=public_id)
    key: Mapped[str] = mapped_column(unique=True)
    agency_id: Mapped[int] = mapped_column(ForeignKey(Agency.id))
    outage_id: Mapped[int] = mapped_column(ForeignKey(Outage.id))
    what: Mapped[str]
    words: Mapped[str] = mapped_column(default="", server_default="")
    call_back_enc: Mapped[bytes | None]
    asks: Mapped[bool] = mapped_column(default=False, server_default="false")
    """Whether it asks for an alert; `draft` are its own words for it."""
    draft: Mapped[str] = mapped_column(default="", server_default="")
    at: Mapped[datetime]
    settled_at: Mapped[datetime | None]
    settled_by: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    alert_id: Mapped[int | None] = mapped_column(ForeignKey(Alert.id))
    """The draft that somebody of the desk made from it."""
    paged_at: Mapped[datetime | None]
    """When whoever has the watch was paged about it, or about it and others."""


class TroubleLink(Base):
    """Which link of an agency is the one that works: a new one ends the one before."""

    __tablename__ = "trouble_link"
    agency_id: Mapped[int] = mapped_column(ForeignKey(Agency.id, ondelete="CASCADE"), primary_key=True)
    no: Mapped[int]
    made_at: Mapped[datetime] = mapped_column(server_default=func.now())
    made_by: Mapped[int] = mapped_column(ForeignKey("user.id"))


@dataclass(frozen=True, slots=True)
class Waiting:
    """A report as the desk reads it; `agency` is a code, `call_back` opened, `closed` when its outage was over; whether
    the agency serves the whole state, and whether the watch was paged about it."""

    id: int
    key: str
    agency: str
    name: str
    is_psap: bool
    what: str
    words: str
    call_back: str
    asks: bool
    draft: str
    at: datetime
    outage: str
    closed: datetime | None
    waits: bool
    statewide: bool = False
    paged: bool = False


_ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(hashtextextended('trouble', 0))")


def one_after_the_other(session: Session) -> None:
    """Reports are taken one after the other: of two at once the second sees the first, once that is committed."""
    session.execute(_ONE_AT_A_TIME)


def bound_to(key: str) -> bytes:
    """What the number to call back is sealed to."""
    return f"trouble:{key}".encode()


def agency_id(session: Session, code: str) -> int:
    """The id of an agency of the directory."""
    return session.scalars(select(Agency.id).where(Agency.code == code)).one()


def listed(session: Session, agency: int) -> Agency | None:
    """The agency of this id, if the directory still lists it."""
    return session.scalars(select(Agency).where(Agency.id == agency, Agency.retired_at.is_(None))).one_or_none()


def link_no(session: Session, agency: int) -> int:
    """Which link of an agency is the one that works; the first while nobody made another."""
    return session.scalar(select(TroubleLink.no).where(TroubleLink.agency_id == agency)) or 1


def new_link(session: Session, agency: int, by: int) -> int:
    """End the link of an agency and give it another; its number."""
    made = insert(TroubleLink).values(agency_id=agency, no=2, made_by=by)
    changed = {"no": TroubleLink.no + 1, "made_at": func.now(), "made_by": by}
    made = made.on_conflict_do_update(index_elements=["agency_id"], set_=changed)
    return session.execute(made.returning(TroubleLink.no)).scalar_one()


def by_key(session: Session, key: str) -> TroubleReport | None:
    """The report that was sent from this page."""
    return session.scalars(select(TroubleReport).where(TroubleReport.key == key)).one_or_none()


def last_of(session: Session, agency: int) -> TroubleReport | None:
    """The newest report of an agency."""
    query = select(TroubleReport).where(TroubleReport.agency_id == agency).order_by(TroubleReport.id.desc())
    return session.scalars(query.limit(1)).first()


def outage_since(session: Session, since: datetime) -> Outage | None:
    """The outage of the newest report that came since then."""
    query = select(Outage).join(TroubleReport, TroubleReport.outage_id == Outage.id).where(TroubleReport.at >= since)
    return session.scalars(query.order_by(TroubleReport.id.desc()).limit(1)).first()


def waiting(session: Session, sealer: Sealer, now: datetime) -> list[Waiting]:
    """What nobody has decided about, and what became a draft within a day, oldest first."""
    drafted = TroubleReport.alert_id.is_not(None) & (TroubleReport.at > now - KEPT_IN_SIGHT)
    return _read(session, sealer, _joined().where(TroubleReport.settled_at.is_(None) | drafted))


def locked(session: Session, sealer: Sealer, ids: Collection[str]) -> list[Waiting]:
    """These reports, which nobody else decides about meanwhile."""
    one_after_the_other(session)
    return _read(session, sealer, _joined().where(TroubleReport.public_id.in_(ids)))


_COUNTIES = text(
    "SELECT DISTINCT c.county_fips FROM community c WHERE c.retired_at IS NULL AND ("
    " EXISTS (SELECT 1 FROM agency_community x JOIN agency g ON g.id = x.agency_id"
    "   WHERE x.community_id = c.id AND g.code = ANY(:codes))"
    " OR EXISTS (SELECT 1 FROM community_psap x JOIN psap p ON p.id = x.psap_id"
    "   WHERE x.community_id = c.id AND p.code = ANY(:codes)))"
)


def counties_of(session: Session, codes: Collection[str]) -> list[str]:
    """The counties (FIPS) in which answering points of these codes answer, or agencies serve."""
    return list(session.scalars(_COUNTIES, {"codes": list(codes)}))


def settle(session: Session, ids: Collection[int], by: int, now: datetime, alert: int | None = None) -> None:
    """Somebody of the desk has decided: a draft was made of them, or they were put aside."""
    rows = session.scalars(select(TroubleReport).where(TroubleReport.id.in_(ids), TroubleReport.settled_at.is_(None)))
    for row in rows:
        row.settled_at, row.settled_by, row.alert_id = now, by, alert
    session.flush()


def note_paged(session: Session, ids: Collection[int], now: datetime) -> None:
    """The watch is paged about these reports."""
    session.execute(update(TroubleReport).where(TroubleReport.id.in_(ids)).values(paged_at=now))


Joined = Select[TroubleReport, Agency, Outage]


def _joined() -> Joined:
    query = select(TroubleReport, Agency, Outage).join(Agency, Agency.id == TroubleReport.agency_id)
    return query.join(Outage, Outage.id == TroubleReport.outage_id).order_by(TroubleReport.at, TroubleReport.id)


def _read(session: Session, sealer: Sealer, query: Joined) -> list[Waiting]:
    return [_waiting(row, agency, outage, sealer) for row, agency, outage in session.execute(query)]


def _waiting(row: TroubleReport, agency: Agency, outage: Outage, sealer: Sealer) -> Waiting:
    sealed = row.call_back_enc
    return Waiting(
        id=row.id,
        key=row.public_id,
        agency=agency.code,
        name=agency.name,
        is_psap=agency.role == AgencyRole.PSAP,
        what=row.what,
        words=row.words,
        call_back=_opened(sealer, sealed, row.key) if sealed else "",
        asks=row.asks,
        draft=row.draft,
        at=row.at,
        outage=outage.public_id,
        closed=outage.closed_at,
        waits=row.settled_at is None,
        statewide=agency.statewide,
        paged=row.paged_at is not None,
    )


def _opened(sealer: Sealer, sealed: bytes, key: str) -> str:
    """The number to call back; a sentence in its place where it does not open, for the report itself still holds."""
    try:
        return sealer.open(sealed, bound_to(key))
    except Unsealable as error:
        return str(error)
