"""the borders of the counties."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema up."""
    op.create_table(
        "outline",
        sa.Column("state_fips", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("state_fips", name=op.f("pk_outline")),
    )


def downgrade() -> None:
    """Take it down again."""
    op.drop_table("outline")
