"""who has not acknowledged a notice, and when whom to try next."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema up."""
    op.create_table(
        "chase",
        sa.Column("revision_id", sa.BigInteger(), nullable=False),
        sa.Column("agency_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "started_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column("step", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("due", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_as", sa.String(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "ended_as IN ('acknowledged', 'exhausted', 'superseded', 'over')", name=op.f("ck_chase_ended_as")
        ),
        sa.CheckConstraint("(ended_as IS NULL) = (due IS NOT NULL)", name=op.f("ck_chase_due")),
        sa.ForeignKeyConstraint(["revision_id"], ["revision.id"], name=op.f("fk_chase_revision_id")),
        sa.ForeignKeyConstraint(["agency_id"], ["agency.id"], name=op.f("fk_chase_agency_id")),
        sa.PrimaryKeyConstraint("revision_id", "agency_id", name=op.f("pk_chase")),
    )
    op.create_index("ix_chase_due", "chase", ["due"], postgresql_where=sa.text("due IS NOT NULL"))


def downgrade() -> None:
    """Take it down again."""
    op.drop_index("ix_chase_due", table_name="chase", postgresql_where=sa.text("due IS NOT NULL"))
    op.drop_table("chase")
