"""Alerts, their revisions, every rendered word, their releases and their documents."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, exists, func, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from broadcaster.alert.alert import RevisionKind
from broadcaster.alert.lifecycle import HEARD, AlertKind, AlertState, ReleaseState, Tier
from broadcaster.store.database import Base, identity, one_of, public_id
from broadcaster.store.outage.outages import Outage

CAP_KINDS = ("cap", "cap-ipaws")
"""A document of the feed, which IPAWS may carry too, and one that goes to IPAWS alone."""


class Alert(Base):
    """One outage as the public sees it, from the first word to the all-clear; `outage_id` is the record it hangs on."""

    __tablename__ = "alert"
    __table_args__ = (
        CheckConstraint(f"kind IN ({one_of(AlertKind)})", name="kind"),
        CheckConstraint(f"state IN ({one_of(AlertState)})", name="state"),
        Index("ix_alert_outage", "outage_id"),
    )
    id: Mapped[int] = identity()
    public_id: Mapped[str] = mapped_column(unique=True, default=public_id)
    kind: Mapped[str] = mapped_column(default=AlertKind.OUTAGE.value)
    state: Mapped[str] = mapped_column(default=AlertState.DRAFT.value)
    made_by: Mapped[int] = mapped_column(ForeignKey("user.id"))
    made_at: Mapped[datetime] = mapped_column(server_default=func.now())
    known_since: Mapped[datetime] = mapped_column(server_default=func.now())
    closed_at: Mapped[datetime | None]
    outage_id: Mapped[int | None] = mapped_column(ForeignKey(Outage.id))
    revisions: Mapped[list[Revision]] = relationship(order_by="Revision.no", back_populates="alert")

    @property
    def is_canary(self) -> bool:
        """Whether it is the canary's, which no person ever sees."""
        return self.kind == AlertKind.CANARY

    @property
    def is_heard(self) -> bool:
        """Whether it goes out to people; a canary and a drill do not, and are over with their release."""
        return self.kind in HEARD

    @property
    def subject(self) -> str:
        """What the ledger calls it; whoever is told of alerts hears of no canary and no drill."""
        return f"{'alert' if self.is_heard else self.kind}:{self.public_id}"


class Revision(Base):
    """A draft until `frozen_at`; after that nothing in this row or its texts changes."""

    __tablename__ = "revision"
    __table_args__ = (
        UniqueConstraint("alert_id", "no"),
        CheckConstraint(f"kind IN ({one_of(RevisionKind)})", name="kind"),
        CheckConstraint("(hash IS NULL) = (frozen_at IS NULL)", name="frozen"),
    )
    id: Mapped[int] = identity()
    alert_id: Mapped[int] = mapped_column(ForeignKey("alert.id"))
    no: Mapped[int]
    kind: Mapped[str]
    content: Mapped[dict[str, object]] = mapped_column(JSONB)
    findings: Mapped[list[dict[str, object]]] = mapped_column(JSONB, default=list, server_default="[]")
    hash: Mapped[str | None]
    authored_by: Mapped[int] = mapped_column(ForeignKey("user.id"))
    made_at: Mapped[datetime] = mapped_column(server_default=func.now())
    frozen_at: Mapped[datetime | None]
    alert: Mapped[Alert] = relationship(back_populates="revisions")
    editors: Mapped[list[RevisionEditor]] = relationship(cascade="all, delete-orphan")
    releases: Mapped[list[Release]] = relationship(back_populates="revision", order_by="Release.id")


class RevisionEditor(Base):
    """Somebody who wrote, edited or submitted a revision: none of them may approve it."""

    __tablename__ = "revision_editor"
    revision_id: Mapped[int] = mapped_column(ForeignKey("revision.id"), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), primary_key=True)


class Body(Base):
    """One distinct rendered message; its SHA-256 makes it unique, its segments are counted once."""

    __tablename__ = "body"
    id: Mapped[int] = identity()
    sha: Mapped[str] = mapped_column(unique=True)
    subject: Mapped[str] = mapped_column(default="", server_default="")
    text: Mapped[str]
    html: Mapped[str] = mapped_column(default="", server_default="")
    encoding: Mapped[str] = mapped_column(default="", server_default="")
    segments: Mapped[int] = mapped_column(default=1, server_default="1")


class RevisionText(Base):
    """Which body goes to whom: a community in a language, or one agency."""

    __tablename__ = "revision_text"
    __table_args__ = (
        UniqueConstraint(
            "revision_id", "form", "community_id", "agency_id", "lang", postgresql_nulls_not_distinct=True
        ),
    )
    id: Mapped[int] = identity()
    revision_id: Mapped[int] = mapped_column(ForeignKey("revision.id"))
    community_id: Mapped[int | None] = mapped_column(ForeignKey("community.id"))
    agency_id: Mapped[int | None] = mapped_column(ForeignKey("agency.id"))
    lang: Mapped[str]
    form: Mapped[str]
    body_id: Mapped[int] = mapped_column(ForeignKey("body.id"))


class Release(Base):
    """One tier's release of one revision. The database itself refuses a public release by one person."""

    __tablename__ = "release"
    __table_args__ = (
        UniqueConstraint("revision_id", "tier"),
        CheckConstraint(f"tier IN ({one_of(Tier)})", name="tier"),
        CheckConstraint(f"state IN ({one_of(ReleaseState)})", name="state"),
        CheckConstraint(
            "tier <> 'public' OR break_glass OR by_directory OR own_error OR approved_by IS NULL"
            " OR approved_by <> requested_by",
            name="two_people",
        ),
    )
    id: Mapped[int] = identity()
    revision_id: Mapped[int] = mapped_column(ForeignKey("revision.id"))
    tier: Mapped[str]
    state: Mapped[str] = mapped_column(default=ReleaseState.PENDING.value)
    requested_by: Mapped[int] = mapped_column(ForeignKey("user.id"))
    requested_at: Mapped[datetime] = mapped_column(server_default=func.now())
    approved_by: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    hash: Mapped[str]
    at: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(default="", server_default="")
    break_glass: Mapped[bool] = mapped_column(default=False, server_default="false")
    by_directory: Mapped[bool] = mapped_column(default=False, server_default="false")
    """Only numbers that the directory held already: its editors are the second person."""
    own_error: Mapped[bool] = mapped_column(default=False, server_default="false")
    """Our own false alarm, taken back in fixed words by one person."""
    revision: Mapped[Revision] = relationship(back_populates="releases")


class Document(Base):
    """A document made once in the releasing transaction; its bytes never change."""

    __tablename__ = "document"
    id: Mapped[int] = identity()
    revision_id: Mapped[int] = mapped_column(ForeignKey("revision.id"))
    kind: Mapped[str]
    bytes: Mapped[bytes]
    sha: Mapped[str]
    identifier: Mapped[str] = mapped_column(unique=True)
    sender: Mapped[str]
    sent: Mapped[datetime]
    sent_text: Mapped[str]
    expires: Mapped[datetime]


def by_public_id(session: Session, alert: str) -> Alert | None:
    """The alert with this id of the outside."""
    return session.execute(select(Alert).where(Alert.public_id == alert)).scalar_one_or_none()


def released_revisions(session: Session, alert_id: int, tier: Tier) -> list[Revision]:
    """The revisions of an alert that this tier has been sent (held ones too), oldest first."""
    query = (
        select(Revision)
        .join(Release)
        .where(Revision.alert_id == alert_id, Release.tier == tier.value, Release.state.in_(["released", "held"]))
        .order_by(Revision.no)
    )
    return list(session.execute(query).scalars())


def living_documents(session: Session, alert_id: int, at: datetime, before: int | None = None) -> list[Document]:
    """The CAP documents of an alert that have not expired by then, oldest first; of revisions before that number."""
    query = (
        select(Document)
        .join(Revision, Revision.id == Document.revision_id)
        .where(Revision.alert_id == alert_id, Document.kind.in_(CAP_KINDS), Document.expires > at)
        .order_by(Document.id)
    )
    return list(session.scalars(query if before is None else query.where(Revision.no < before)))


def document_of(session: Session, revision_id: int) -> Document | None:
    """The CAP document of a revision, once it was released over the feed or to IPAWS."""
    query = select(Document).where(Document.revision_id == revision_id, Document.kind.in_(CAP_KINDS))
    return session.scalars(query.order_by(Document.id).limit(1)).first()


def last_sent(session: Session, alert_id: int) -> datetime | None:
    """When the newest document of an alert was sent, by its own word."""
    query = select(func.max(Document.sent)).join(Revision, Revision.id == Document.revision_id)
    return session.scalar(query.where(Revision.alert_id == alert_id))


def on_outage(session: Session, outage: int) -> list[Alert]:
    """The alerts that hang on an outage, oldest first."""
    return list(session.scalars(select(Alert).where(Alert.outage_id == outage).order_by(Alert.id)))


def unfinished(session: Session, outage: int) -> list[Alert]:
    """The alerts of an outage that somebody was told of and that have not ended, or that wait for a second person."""
    waits = (
        exists()
        .where(Revision.alert_id == Alert.id, Release.revision_id == Revision.id)
        .where(Release.state == ReleaseState.PENDING.value, Alert.state == AlertState.DRAFT.value)
    )
    query = select(Alert).where(Alert.outage_id == outage, (Alert.state == AlertState.OPEN.value) | waits)
    return list(session.scalars(query.order_by(Alert.id)))
