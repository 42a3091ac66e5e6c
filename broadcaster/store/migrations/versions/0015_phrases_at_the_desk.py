"""what residents are told is a second volume of wordings, edited and approved like the words of alerts"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

WAITS = sa.text("state = 'proposed'")


def upgrade() -> None:
    """Bring the schema up."""
    op.add_column("wording", sa.Column("volume", sa.String(), server_default="alerts", nullable=False))
    op.create_check_constraint(op.f("ck_wording_volume"), "wording", "volume IN ('alerts', 'residents')")
    op.drop_index("ix_wording_one_waits", table_name="wording")
    op.create_index("ix_wording_one_waits", "wording", ["volume", "lang"], unique=True, postgresql_where=WAITS)


def downgrade() -> None:
    """Take it down again; an older program would read phrases as the words of alerts, so that they go."""
    op.execute("DELETE FROM wording WHERE volume <> 'alerts'")
    op.drop_index("ix_wording_one_waits", table_name="wording")
    op.create_index("ix_wording_one_waits", "wording", ["lang"], unique=True, postgresql_where=WAITS)
    op.drop_constraint(op.f("ck_wording_volume"), "wording")
    op.drop_column("wording", "volume")
