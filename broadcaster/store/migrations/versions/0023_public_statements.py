"""what the authority says about an outage afterwards, as an officer has saved it; every version is kept"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema up."""
    op.create_table(
        "public_statement",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("about", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("saved_by", sa.BigInteger(), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["saved_by"], ["user.id"], name=op.f("fk_public_statement_saved_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_public_statement")),
    )
    op.create_index("ix_public_statement_about", "public_statement", ["about", "id"])


def downgrade() -> None:
    """Take it down again."""
    op.drop_table("public_statement")
