"""no statistics of which fan-out a delivery is of: they are always of earlier fan-outs, and promise no row of a new one"""

from __future__ import annotations

from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema up; the type is written again because that is what forgets the statistics there are."""
    op.execute("ALTER TABLE delivery ALTER COLUMN fanout_id SET STATISTICS 0, ALTER COLUMN fanout_id TYPE bigint")


def downgrade() -> None:
    """Take it down again."""
    op.execute("ALTER TABLE delivery ALTER COLUMN fanout_id SET STATISTICS -1")
