"""the transaction that stamped a database, by which one that was restored is known."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema up."""
    op.add_column("installation", sa.Column("stamp", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    """Take it down again."""
    op.drop_column("installation", "stamp")
