"""the canary: its kind of alert, its runs"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0024"
down_revision = "0018"
branch_labels = None
depends_on = None
KIND = op.f("ck_alert_kind")


def upgrade() -> None:
    """Bring the schema up."""
    op.drop_constraint(KIND, "alert")
    op.create_check_constraint(KIND, "alert", "kind IN ('outage', 'test', 'canary')")
    op.create_table(
        "canary_run",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("step", sa.String(), nullable=False),
        sa.Column("why", sa.String(), server_default="", nullable=False),
        sa.Column("alert", sa.String(), server_default="", nullable=False),
        sa.Column("seconds", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.CheckConstraint("outcome IN ('good', 'missed', 'gave_way')", name=op.f("ck_canary_run_outcome")),
        sa.CheckConstraint(
            "step IN ('web', 'draft', 'submit', 'approve', 'carrier', 'callback')", name=op.f("ck_canary_run_step")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_canary_run")),
    )
    op.create_index(op.f("ix_canary_run_started_at"), "canary_run", ["started_at"])


def downgrade() -> None:
    """Take it down again: canaries become tests, which they are."""
    op.drop_index(op.f("ix_canary_run_started_at"), table_name="canary_run")
    op.drop_table("canary_run")
    op.execute("UPDATE alert SET kind = 'test' WHERE kind = 'canary'")
    op.drop_constraint(KIND, "alert")
    op.create_check_constraint(KIND, "alert", "kind IN ('outage', 'test')")
