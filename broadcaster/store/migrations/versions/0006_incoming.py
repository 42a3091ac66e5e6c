"""other agencies' alerts, until a person has decided about them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema up."""
    op.create_table(
        "incoming",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("public_id", sa.String(), nullable=False),
        sa.Column("sender", sa.String(), nullable=False),
        sa.Column("identifier", sa.String(), nullable=False),
        sa.Column("sent", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires", sa.DateTime(timezone=True), nullable=True),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("bytes", sa.LargeBinary(), nullable=False),
        sa.Column("sha", sa.String(), nullable=False),
        sa.Column("findings", postgresql.JSONB(astext_type=sa.Text()), server_default="[]", nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("state", sa.String(), server_default="waiting", nullable=False),
        sa.Column("decided_by", sa.BigInteger(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("alert_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("(state = 'waiting') = (decided_at IS NULL)", name=op.f("ck_incoming_decided")),
        sa.CheckConstraint("state IN ('waiting', 'taken', 'dismissed')", name=op.f("ck_incoming_state")),
        sa.ForeignKeyConstraint(["alert_id"], ["alert.id"], name=op.f("fk_incoming_alert_id")),
        sa.ForeignKeyConstraint(["decided_by"], ["user.id"], name=op.f("fk_incoming_decided_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incoming")),
        sa.UniqueConstraint("public_id", name=op.f("uq_incoming_public_id")),
        sa.UniqueConstraint("sender", "identifier", "sent", name=op.f("uq_incoming_sender_identifier_sent")),
    )


def downgrade() -> None:
    """Take it down again."""
    op.drop_table("incoming")
