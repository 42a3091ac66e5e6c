"""texts that wait at the carrier and no longer hold in some communities; what IPAWS published beside what was approved"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None
NOW = sa.text("clock_timestamp()")


def upgrade() -> None:
    """Bring the schema up."""
    op.create_table(
        "text_recall",
        sa.Column("fanout_id", sa.BigInteger(), nullable=False),
        sa.Column("community_id", sa.BigInteger(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.Column("over_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name=op.f("fk_text_recall_community_id")),
        sa.ForeignKeyConstraint(["fanout_id"], ["fanout.id"], name=op.f("fk_text_recall_fanout_id")),
        sa.PrimaryKeyConstraint("fanout_id", "community_id", name=op.f("pk_text_recall")),
    )
    op.create_index("ix_text_recall_open", "text_recall", ["fanout_id"], postgresql_where=sa.text("over_at IS NULL"))
    op.create_table(
        "ipaws_echo",
        sa.Column("fanout_id", sa.BigInteger(), nullable=False),
        sa.Column("verdict", sa.String(), nullable=False),
        sa.Column("parts", sa.String(), server_default="", nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.CheckConstraint("verdict IN ('same', 'differs', 'missing')", name=op.f("ck_ipaws_echo_verdict")),
        sa.ForeignKeyConstraint(["fanout_id"], ["fanout.id"], name=op.f("fk_ipaws_echo_fanout_id")),
        sa.PrimaryKeyConstraint("fanout_id", name=op.f("pk_ipaws_echo")),
    )


def downgrade() -> None:
    """Take it down again."""
    op.drop_table("ipaws_echo")
    op.drop_table("text_recall")
