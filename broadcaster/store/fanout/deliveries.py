"""The fan-out as tables: a cursor moves, a row is the claim, the attempt number is the only fence."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, UniqueConstraint, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from broadcaster.alert.delivery import Event, Handset, State, sources
from broadcaster.store.database import Base, identity, one_of

NEWS_TO = f"({one_of(sorted(sources(Event.ACCEPTED)))})"
"""The SQL list of the states in which the carrier's word that it has the message moves a delivery."""
MAY_HAVE_HEARD = (
    "(d.state IN ('accepted', 'sending', 'unknown')"
    "   AND d.reason NOT IN ('recalled', 'call_busy', 'call_in_vain', 'call_failed', 'call_no_such_line')"
    " OR (d.state IN ('queued', 'rejected', 'superseded', 'expired') OR d.reason LIKE 'call%')"
    "   AND EXISTS (SELECT 1 FROM past_attempt p WHERE p.fanout_id = d.fanout_id AND p.address_id = d.address_id"
    "     AND p.outcome IN ('blind', 'unresolved')))"
)
"""The SQL condition on a delivery `d` that its reader may have its words, and so must hear when they no longer hold:
also where it came to nothing after an attempt that was given up without proof. Nobody has heard a call that rang in
vain, nor read a text that was taken back."""


class FanoutState(StrEnum):
    """`expired` and `superseded` may still hold open rows for a moment; `done` never does."""

    RUNNING = "running"
    HELD = "held"
    SUPERSEDED = "superseded"
    EXPIRED = "expired"
    DONE = "done"


class LaneState(StrEnum):
    """Only an open lane is claimed from."""

    OPEN = "open"
    HELD = "held"
    DONE = "done"
    SUPERSEDED = "superseded"
    EXPIRED = "expired"


class Source(StrEnum):
    """Where a lane's cursor runs: slots of a community, those told before, or a list made at release."""

    SUBSCRIBERS = "subscribers"
    TOLD = "told"
    TARGETS = "targets"


class Fanout(Base):
    """One channel's share of one release, or of a word about an outage that is no alert's; an ended fan-out keeps in
    `ended_as` what ended it."""

    __tablename__ = "fanout"
    __table_args__ = (
        UniqueConstraint("revision_id", "tier", "channel", "purpose"),
        UniqueConstraint("outage_id", "tier", "channel", "purpose"),
        CheckConstraint(f"state IN ({one_of(FanoutState)})", name="state"),
        CheckConstraint("(revision_id IS NULL) <> (outage_id IS NULL)", name="about"),
    )
    id: Mapped[int] = identity()
    revision_id: Mapped[int | None] = mapped_column(ForeignKey("revision.id"))
    outage_id: Mapped[int | None] = mapped_column(ForeignKey("outage.id"))
    tier: Mapped[str]
    channel: Mapped[str]
    purpose: Mapped[str] = mapped_column(default="alert", server_default="alert")
    state: Mapped[str] = mapped_column(default=FanoutState.RUNNING.value)
    ended_as: Mapped[str | None]
    started_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    expires_at: Mapped[datetime]
    first_accepted_at: Mapped[datetime | None]
    done_at: Mapped[datetime | None]
    planned: Mapped[int | None]
    recalled_at: Mapped[datetime | None]
    pruned_at: Mapped[datetime | None]
    """When its deliveries were deleted; the tallies are what is left of them (`store.retention`)."""
    dearest: Mapped[int] = mapped_column(default=1, server_default="1")
    """Segments of its dearest text: what a claim reckons with before it knows who is next."""
    wish: Mapped[str | None]
    """The carrier that shall take it, if it can: a person with two phones is paged over two carriers."""


class Lane(Base):
    """A cursor per community and channel; queue, priority and expiry stand here so that a claim reads one table."""

    __tablename__ = "lane"
    __table_args__ = (
        CheckConstraint(f"state IN ({one_of(LaneState)})", name="state"),
        CheckConstraint(f"source IN ({one_of(Source)})", name="source"),
        Index(
            "ix_lane_open",
            "channel",
            "queue",
            "priority",
            "rank",
            "fanout_id",
            "no",
            postgresql_where="state = 'open'",
        ),
    )
    fanout_id: Mapped[int] = mapped_column(ForeignKey("fanout.id"), primary_key=True)
    no: Mapped[int] = mapped_column(primary_key=True)
    channel: Mapped[str]
    queue: Mapped[str]
    priority: Mapped[int]
    rank: Mapped[int]
    source: Mapped[str]
    community_id: Mapped[int | None] = mapped_column(ForeignKey("community.id"))
    follows_fanout: Mapped[int | None] = mapped_column(ForeignKey("fanout.id"))
    next_key: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    rest: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    state: Mapped[str] = mapped_column(default=LaneState.OPEN.value)


class Target(Base):
    """A short list fixed at release: agencies, or the one place where files are published."""

    __tablename__ = "target"
    fanout_id: Mapped[int] = mapped_column(ForeignKey("fanout.id"), primary_key=True)
    slot: Mapped[int] = mapped_column(primary_key=True)
    address_id: Mapped[int] = mapped_column(ForeignKey("address.id"))
    agency_id: Mapped[int | None] = mapped_column(ForeignKey("agency.id"))
    body_id: Mapped[int] = mapped_column(ForeignKey("body.id"))


class Wave(Base):
    """A committed intent to send its rows; open until its last outcome is recorded."""

    __tablename__ = "wave"
    __table_args__ = (Index("ix_wave_open", "lease_until", postgresql_where="closed_at IS NULL"),)
    id: Mapped[int] = identity()
    fanout_id: Mapped[int] = mapped_column(ForeignKey("fanout.id"))
    sender_id: Mapped[int] = mapped_column(ForeignKey("sender.id"))
    purpose: Mapped[str]
    rows: Mapped[int]
    recorded: Mapped[int] = mapped_column(default=0, server_default="0")
    started_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    lease_until: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    carrier_ref: Mapped[str | None]


class Delivery(Base):
    """One message to one address. No index but the key; its tallies are written by the table's own triggers.

    No foreign keys either: checking them locked an address and the fan-out for every row. Neither is ever deleted.
    """

    __tablename__ = "delivery"
    __table_args__ = (
        CheckConstraint(f"state IN ({one_of(State)})", name="state"),
        CheckConstraint(f"handset IN ({one_of(Handset)})", name="handset"),
        {"postgresql_with": {"fillfactor": "70", "autovacuum_analyze_scale_factor": "0.02"}},
    )
    fanout_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    address_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    community_id: Mapped[int | None]
    wave_id: Mapped[int | None]
    body_id: Mapped[int]
    n: Mapped[int] = mapped_column(default=1, server_default="1")
    state: Mapped[str]
    reason: Mapped[str] = mapped_column(default="", server_default="")
    carrier_ref: Mapped[str | None]
    handset: Mapped[str] = mapped_column(default=Handset.NONE.value, server_default=Handset.NONE.value)


class Followup(Base):
    """Something to do later about one delivery: ask the carrier, or try again. Small: only open rows."""

    __tablename__ = "followup"
    __table_args__ = (
        CheckConstraint("kind IN ('ask', 'retry')", name="kind"),
        Index("ix_followup_due", "kind", "due"),
    )
    fanout_id: Mapped[int] = mapped_column(ForeignKey("fanout.id"), primary_key=True)
    address_id: Mapped[int] = mapped_column(ForeignKey("address.id"), primary_key=True)
    kind: Mapped[str]
    n: Mapped[int]
    due: Mapped[datetime]
    started_at: Mapped[datetime]
    settle_at: Mapped[datetime]
    asked: Mapped[int] = mapped_column(default=0, server_default="0")
    absences: Mapped[int] = mapped_column(default=0, server_default="0")
    absent_at: Mapped[datetime | None]
    tries: Mapped[int] = mapped_column(default=0, server_default="0")


class PastAttempt(Base):
    """An attempt that was given up: `absent` was proved, `blind` was not, `not_sent` never left.

    It gave way to the next one when the delivery's number is higher; only then is `blind` a possible double.
    """

    __tablename__ = "past_attempt"
    fanout_id: Mapped[int] = mapped_column(primary_key=True)
    address_id: Mapped[int] = mapped_column(primary_key=True)
    n: Mapped[int] = mapped_column(primary_key=True)
    wave_id: Mapped[int | None]
    outcome: Mapped[str]
    ref: Mapped[str | None]
    evidence: Mapped[dict[str, object]] = mapped_column(JSONB, default=dict, server_default="{}")
    at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())


class Sighting(Base):
    """A carrier's reference that fits no open attempt: a confirmed double."""

    __tablename__ = "sighting"
    carrier: Mapped[str] = mapped_column(primary_key=True)
    ref: Mapped[str] = mapped_column(primary_key=True)
    fanout_id: Mapped[int]
    address_id: Mapped[int]
    n: Mapped[int]
    at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())


class Receipt(Base):
    """What a carrier told us about one message; counted once, always kept, applied in bulk."""

    __tablename__ = "receipt"
    __table_args__ = (
        UniqueConstraint("ref", "status", "carrier"),
        Index("ix_receipt_waiting", "id", postgresql_where="applied_at IS NULL"),
    )
    id: Mapped[int] = identity()
    fanout_id: Mapped[int]
    address_id: Mapped[int]
    n: Mapped[int]
    carrier: Mapped[str]
    ref: Mapped[str]
    status: Mapped[str]
    code: Mapped[str] = mapped_column(default="", server_default="")
    at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    raw_enc: Mapped[bytes | None]
    applied_at: Mapped[datetime | None]


class Tally(Base):
    """Counts written in the transaction of the change, loose ones appended, and later folded into one for each."""

    __tablename__ = "tally"
    __table_args__ = (
        Index("ix_tally_fanout", "fanout_id"),
        Index("ix_tally_loose", "id", postgresql_where="NOT folded"),
        Index(
            "uq_tally_folded",
            "fanout_id",
            "community_id",
            "what",
            unique=True,
            postgresql_where="folded",
            postgresql_nulls_not_distinct=True,
        ),
    )
    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    fanout_id: Mapped[int]
    community_id: Mapped[int | None]
    what: Mapped[str]
    delta: Mapped[int]
    folded: Mapped[bool] = mapped_column(default=False, server_default="false")


class Acknowledgement(Base):
    """An agency said that it has read a notice."""

    __tablename__ = "acknowledgement"
    fanout_id: Mapped[int] = mapped_column(ForeignKey("fanout.id"), primary_key=True)
    address_id: Mapped[int] = mapped_column(ForeignKey("address.id"), primary_key=True)
    agency_id: Mapped[int | None]
    answer: Mapped[str] = mapped_column(default="read", server_default="read")
    note: Mapped[str] = mapped_column(default="", server_default="")
    at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
