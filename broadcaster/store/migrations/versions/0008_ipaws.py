"""What IPAWS-OPEN said of each channel, how its path stands, and what was handed over."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema up."""
    _statuses()
    _path()
    _answers()


def _statuses() -> None:
    op.create_table(
        "ipaws_status",
        sa.Column("fanout_id", sa.BigInteger(), nullable=False),
        sa.Column("address_id", sa.BigInteger(), nullable=False),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.Column("no", sa.BigInteger(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("error", sa.Boolean(), nullable=False),
        sa.Column("text", sa.String(), server_default="", nullable=False),
        sa.Column("gateway", sa.String(), server_default="", nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.ForeignKeyConstraint(["address_id"], ["address.id"], name=op.f("fk_ipaws_status_address_id")),
        sa.ForeignKeyConstraint(["fanout_id"], ["fanout.id"], name=op.f("fk_ipaws_status_fanout_id")),
        sa.PrimaryKeyConstraint("fanout_id", "address_id", "n", "no", name=op.f("pk_ipaws_status")),
    )


def _path() -> None:
    op.create_table(
        "ipaws_path",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("tried_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("down_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.String(), server_default="", nullable=False),
        sa.Column("profile", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("profile_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("id = 1", name=op.f("ck_ipaws_path_one")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ipaws_path")),
    )


def _answers() -> None:
    op.create_table(
        "handoff_answer",
        sa.Column("fanout_id", sa.BigInteger(), nullable=False),
        sa.Column("address_id", sa.BigInteger(), nullable=False),
        sa.Column("aired_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("note", sa.String(), server_default="", nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.ForeignKeyConstraint(["address_id"], ["address.id"], name=op.f("fk_handoff_answer_address_id")),
        sa.ForeignKeyConstraint(["fanout_id"], ["fanout.id"], name=op.f("fk_handoff_answer_fanout_id")),
        sa.PrimaryKeyConstraint("fanout_id", "address_id", name=op.f("pk_handoff_answer")),
    )


def downgrade() -> None:
    """Take it down again."""
    for name in ("handoff_answer", "ipaws_path", "ipaws_status"):
        op.drop_table(name)
