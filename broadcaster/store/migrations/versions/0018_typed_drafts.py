"""what somebody has typed into a form of the desk and not sent yet, one row a person and form"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema up."""
    op.create_table(
        "typed_draft",
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("fields", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_typed_draft_user_id")),
        sa.PrimaryKeyConstraint("user_id", "key", name=op.f("pk_typed_draft")),
    )


def downgrade() -> None:
    """Take it down again."""
    op.drop_table("typed_draft")
