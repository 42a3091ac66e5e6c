"""how often an overdue review was paged about, and test pages by telephone"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None
WAY = op.f("ck_page_test_way")


def upgrade() -> None:
    """Bring the schema up."""
    op.add_column("glass_review", sa.Column("pages", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("glass_review", sa.Column("paged_at", sa.DateTime(timezone=True), nullable=True))
    op.drop_constraint(WAY, "page_test")
    op.create_check_constraint(WAY, "page_test", "way IN ('sms', 'email', 'voice')")


def downgrade() -> None:
    """Take it down again; tests by telephone are forgotten."""
    op.drop_constraint(WAY, "page_test")
    op.execute("DELETE FROM page_test WHERE way = 'voice'")
    op.create_check_constraint(WAY, "page_test", "way IN ('sms', 'email')")
    op.drop_column("glass_review", "paged_at")
    op.drop_column("glass_review", "pages")
