"""Reasons are counted, and tallies folded once: the board of a million rows costs what one of a hundred costs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from broadcaster.store.fanout import tally_triggers

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema up; what was rejected before is counted now."""
    op.add_column("tally", sa.Column("folded", sa.Boolean(), server_default="false", nullable=False))
    op.create_index("ix_tally_loose", "tally", ["id"], unique=False, postgresql_where="NOT folded")
    op.create_index(
        "uq_tally_folded",
        "tally",
        ["fanout_id", "community_id", "what"],
        unique=True,
        postgresql_where="folded",
        postgresql_nulls_not_distinct=True,
    )
    op.execute(tally_triggers.WITH_REASONS)
    op.execute(
        "INSERT INTO tally (fanout_id, community_id, what, delta)"
        " SELECT fanout_id, community_id, 'rejected:' || reason, count(*) FROM delivery WHERE state = 'rejected'"
        " GROUP BY 1, 2, 3"
    )


def downgrade() -> None:
    """Take it down again."""
    op.execute(tally_triggers.WITHOUT_REASONS)
    op.execute("DELETE FROM tally WHERE what LIKE 'rejected:%'")
    op.drop_index("uq_tally_folded", table_name="tally", postgresql_where="folded")
    op.drop_index("ix_tally_loose", table_name="tally", postgresql_where="NOT folded")
    op.drop_column("tally", "folded")
