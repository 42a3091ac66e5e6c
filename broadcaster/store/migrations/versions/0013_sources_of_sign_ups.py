"""where a sign-up's text was asked from, as a keyed hash: a budget for each source"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema up."""
    op.add_column("courtesy", sa.Column("source", sa.String(), server_default="", nullable=False))
    op.create_index("ix_courtesy_source", "courtesy", ["source", "made_at"], postgresql_where=sa.text("source <> ''"))


def downgrade() -> None:
    """Take it down again."""
    op.drop_index("ix_courtesy_source", table_name="courtesy")
    op.drop_column("courtesy", "source")
