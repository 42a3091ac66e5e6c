"""the canary and the drills: their kinds of alert, their runs"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None
KIND = op.f("ck_alert_kind")


def upgrade() -> None:
    """Bring the schema up."""
    op.drop_constraint(KIND, "alert")
    op.create_check_constraint(KIND, "alert", "kind IN ('outage', 'test', 'canary', 'drill')")
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
    _drills()


def _drills() -> None:
    op.create_table(
        "drill",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("public_id", sa.String(), nullable=False),
        sa.Column("failure", sa.String(), nullable=False),
        sa.Column("county", sa.String(), server_default="", nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=True),
        sa.Column("announced", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("begins", sa.DateTime(timezone=True), nullable=False),
        sa.Column("planned_by", sa.BigInteger(), nullable=False),
        sa.Column("planned_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "failure IN ('all_calls', 'intermittent', 'one_carrier', 'no_location', 'text_to_911')",
            name=op.f("ck_drill_failure"),
        ),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_drill_user_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["planned_by"], ["user.id"], name=op.f("fk_drill_planned_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_drill")),
        sa.UniqueConstraint("public_id", name=op.f("uq_drill_public_id")),
    )
    op.create_table(
        "drill_run",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("public_id", sa.String(), nullable=False),
        sa.Column("drill_id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("shift_id", sa.BigInteger(), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("alert_id", sa.BigInteger(), nullable=True),
        sa.Column("outcome", sa.String(), server_default="asked", nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "outcome IN ('asked', 'running', 'complete', 'missed', 'unfinished', 'overtaken')",
            name=op.f("ck_drill_run_outcome"),
        ),
        sa.ForeignKeyConstraint(["drill_id"], ["drill.id"], name=op.f("fk_drill_run_drill_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_drill_run_user_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["shift_id"], ["shift.id"], name=op.f("fk_drill_run_shift_id"), ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["alert_id"], ["alert.id"], name=op.f("fk_drill_run_alert_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_drill_run")),
        sa.UniqueConstraint("public_id", name=op.f("uq_drill_run_public_id")),
        sa.UniqueConstraint("alert_id", name=op.f("uq_drill_run_alert_id")),
    )
    op.create_index(
        "ix_drill_run_open", "drill_run", ["user_id"], postgresql_where=sa.text("outcome IN ('asked', 'running')")
    )


def downgrade() -> None:
    """Take it down again: canaries and drills become tests, which they are."""
    op.drop_index("ix_drill_run_open", table_name="drill_run")
    op.drop_table("drill_run")
    op.drop_table("drill")
    op.drop_index(op.f("ix_canary_run_started_at"), table_name="canary_run")
    op.drop_table("canary_run")
    op.execute("UPDATE alert SET kind = 'test' WHERE kind IN ('canary', 'drill')")
    op.drop_constraint(KIND, "alert")
    op.create_check_constraint(KIND, "alert", "kind IN ('outage', 'test')")
