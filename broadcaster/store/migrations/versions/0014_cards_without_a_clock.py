"""since when a card's number holds is in the directory's history: the copy beside the card was read by nobody"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema up."""
    op.drop_column("card_line", "since")


def downgrade() -> None:
    """Take it down again."""
    now = sa.text("clock_timestamp()")
    op.add_column("card_line", sa.Column("since", sa.DateTime(timezone=True), server_default=now, nullable=False))
