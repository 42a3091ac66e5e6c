"""the shapes of communities."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

KINDS = "'county', 'psap', 'community', 'number', 'agency', 'contact', 'boundary'"


def upgrade() -> None:
    """Bring the schema up."""
    op.create_table(
        "community_shape",
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("geometry", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("drawn", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("generated", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_community_shape")),
    )
    _kinds(f"{KINDS}, 'shape'")


def downgrade() -> None:
    """Take it down again."""
    op.execute("DELETE FROM directory_version WHERE kind = 'shape'")
    _kinds(KINDS)
    op.drop_table("community_shape")


def _kinds(listed: str) -> None:
    op.drop_constraint(op.f("ck_directory_version_kind"), "directory_version")
    op.create_check_constraint(op.f("ck_directory_version_kind"), "directory_version", f"kind IN ({listed})")
