"""call counts by minute, what is usual, what the detector proposes, and planned work that mutes it"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None
TABLES = ("planned_work", "proposal", "call_watch", "call_usual", "call_feed", "call_hour", "call_count")


def _moment(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _of_psap(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["psap_id"], ["psap.id"], name=op.f(f"fk_{table}_psap_id"))


def _json(name: str, default: str | None = None) -> sa.Column[object]:
    return sa.Column(name, postgresql.JSONB(astext_type=sa.Text()), server_default=default, nullable=False)


def upgrade() -> None:
    """Bring the schema up."""
    _counts()
    _usual()
    _proposals()
    op.create_table(
        "planned_work",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        _json("psaps", "[]"),
        sa.Column("words", sa.String(), nullable=False),
        _moment("begins"),
        _moment("ends"),
        sa.Column("made_by", sa.BigInteger(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("ends > begins", name=op.f("ck_planned_work_length")),
        sa.ForeignKeyConstraint(["made_by"], ["user.id"], name=op.f("fk_planned_work_made_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_planned_work")),
    )
    op.create_index("ix_planned_work_ends", "planned_work", ["ends"])


def _counts() -> None:
    op.create_table(
        "call_count",
        sa.Column("psap_id", sa.BigInteger(), nullable=False),
        _moment("minute"),
        sa.Column("calls", sa.BigInteger(), nullable=False),
        sa.Column("retries", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("last_s", sa.Float(), nullable=True),
        sa.Column("through_s", sa.Float(), server_default="60", nullable=False),
        sa.CheckConstraint("calls >= 0 AND retries >= 0", name=op.f("ck_call_count_counts")),
        sa.CheckConstraint("last_s BETWEEN 0 AND through_s", name=op.f("ck_call_count_last")),
        sa.CheckConstraint("through_s > 0 AND through_s <= 60", name=op.f("ck_call_count_through")),
        _of_psap("call_count"),
        sa.PrimaryKeyConstraint("psap_id", "minute", name=op.f("pk_call_count")),
    )
    op.create_index("ix_call_count_minute", "call_count", ["minute"])
    op.create_table(
        "call_hour",
        sa.Column("psap_id", sa.BigInteger(), nullable=False),
        _moment("hour"),
        sa.Column("minutes", sa.BigInteger(), nullable=False),
        sa.Column("calls", sa.BigInteger(), nullable=False),
        _of_psap("call_hour"),
        sa.PrimaryKeyConstraint("psap_id", "hour", name=op.f("pk_call_hour")),
    )
    op.create_index("ix_call_hour_hour", "call_hour", ["hour"])
    op.create_table(
        "call_feed",
        sa.Column("psap_id", sa.BigInteger(), nullable=False),
        *(_moment(name, nullable=True) for name in ("heard_at", "newest", "beat_at")),
        sa.Column("beat_every_s", sa.Float(), nullable=True),
        _of_psap("call_feed"),
        sa.PrimaryKeyConstraint("psap_id", name=op.f("pk_call_feed")),
    )


def _usual() -> None:
    op.create_table(
        "call_usual",
        sa.Column("psap_id", sa.BigInteger(), nullable=False),
        _json("rates"),
        sa.Column("weeks", sa.Float(), nullable=False),
        _of_psap("call_usual"),
        sa.PrimaryKeyConstraint("psap_id", name=op.f("pk_call_usual")),
    )
    op.create_table(
        "call_watch",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        _moment("judged", nullable=True),
        _moment("learnt_at", nullable=True),
        _json("spreads", "{}"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_call_watch")),
    )


def _proposals() -> None:
    op.create_table(
        "proposal",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        *(sa.Column(name, sa.String(), nullable=False) for name in ("public_id", "unit", "kind", "sign")),
        _json("psaps"),
        _moment("began"),
        _moment("decided_at"),
        sa.Column("nats", sa.Float(), nullable=False),
        sa.Column("threshold", sa.Float(), nullable=False),
        _json("evidence"),
        sa.Column("state", sa.String(), server_default="open", nullable=False),
        sa.Column("reason", sa.String(), server_default="", nullable=False),
        sa.Column("settled_by", sa.BigInteger(), nullable=True),
        _moment("settled_at", nullable=True),
        sa.Column("alert_id", sa.BigInteger(), nullable=True),
        _moment("paged_at", nullable=True),
        sa.CheckConstraint("kind IN ('state', 'pool', 'psap')", name=op.f("ck_proposal_kind")),
        sa.CheckConstraint("sign IN ('silence', 'fall', 'flood', 'retries')", name=op.f("ck_proposal_sign")),
        sa.CheckConstraint("state IN ('open', 'drafted', 'dismissed')", name=op.f("ck_proposal_state")),
        sa.CheckConstraint("(state = 'open') = (settled_at IS NULL)", name=op.f("ck_proposal_settled")),
        sa.CheckConstraint("state <> 'dismissed' OR reason <> ''", name=op.f("ck_proposal_reason")),
        sa.ForeignKeyConstraint(["settled_by"], ["user.id"], name=op.f("fk_proposal_settled_by")),
        sa.ForeignKeyConstraint(["alert_id"], ["alert.id"], name=op.f("fk_proposal_alert_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proposal")),
        sa.UniqueConstraint("public_id", name=op.f("uq_proposal_public_id")),
    )
    op.create_index("ix_proposal_decided", "proposal", ["decided_at"])


def downgrade() -> None:
    """Take it down again."""
    for table in TABLES:
        op.drop_table(table)
