"""an authority's own wordings, in versions that two people stand for."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema up."""
    op.create_table(
        "wording",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("lang", sa.String(), nullable=False),
        sa.Column("sentences", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("sha", sa.String(), nullable=False),
        sa.Column("reviewer", sa.String(), server_default="", nullable=False),
        sa.Column("state", sa.String(), server_default="proposed", nullable=False),
        sa.Column("authored_by", sa.BigInteger(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("decided_by", sa.BigInteger(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.String(), server_default="", nullable=False),
        sa.CheckConstraint("state IN ('proposed', 'approved', 'rejected', 'withdrawn')", name=op.f("ck_wording_state")),
        sa.CheckConstraint(
            "decided_by IS DISTINCT FROM authored_by OR state = 'withdrawn'", name=op.f("ck_wording_two_people")
        ),
        sa.CheckConstraint("(state = 'proposed') = (decided_at IS NULL)", name=op.f("ck_wording_decided")),
        sa.ForeignKeyConstraint(["authored_by"], ["user.id"], name=op.f("fk_wording_authored_by")),
        sa.ForeignKeyConstraint(["decided_by"], ["user.id"], name=op.f("fk_wording_decided_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wording")),
    )
    op.create_index(
        "ix_wording_one_waits", "wording", ["lang"], unique=True, postgresql_where=sa.text("state = 'proposed'")
    )
    op.execute("UPDATE address SET lang = 'zh-Hans' WHERE lang = 'zh'")


def downgrade() -> None:
    """Take it down again."""
    op.drop_index("ix_wording_one_waits", table_name="wording", postgresql_where=sa.text("state = 'proposed'"))
    op.drop_table("wording")
