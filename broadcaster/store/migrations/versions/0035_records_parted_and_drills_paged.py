"""what a record brought when it was joined, so that it can be parted; drills for a second person, and whom they page"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None
MOMENT = sa.DateTime(timezone=True)
WHAT = op.f("ck_outage_log_what")
ENTRIES = (
    "what IN ('opened', 'changed', 'note', 'offered', 'received', 'alert', 'trouble', 'notice', 'signal', 'missed',"
    " 'report', 'joined', {more}'closed', 'reopened')"
)


def upgrade() -> None:
    """Bring the schema up. A record that was joined before stays joined."""
    op.drop_constraint(WHAT, "outage_log", type_="check")
    op.create_check_constraint(WHAT, "outage_log", ENTRIES.format(more="'parted', "))
    op.create_table(
        "joined_record",
        sa.Column("outage_id", sa.BigInteger(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("before", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("since", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(["outage_id"], ["outage.id"], name=op.f("fk_joined_record_outage_id")),
        sa.PrimaryKeyConstraint("outage_id", name=op.f("pk_joined_record")),
    )
    op.create_table(
        "joined_row",
        sa.Column("outage_id", sa.BigInteger(), nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("row_id", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "what IN ('alert', 'provider_notice', 'trouble_report', 'outage_log', 'missed_log')",
            name=op.f("ck_joined_row_what"),
        ),
        sa.ForeignKeyConstraint(["outage_id"], ["outage.id"], name=op.f("fk_joined_row_outage_id")),
        sa.PrimaryKeyConstraint("outage_id", "what", "row_id", name=op.f("pk_joined_row")),
    )
    _drills()


def _drills() -> None:
    op.add_column("drill", sa.Column("pages", sa.Boolean(), server_default="false", nullable=False))
    op.add_column("drill_run", sa.Column("part", sa.String(), server_default="issue", nullable=False))
    op.create_check_constraint(op.f("ck_drill_run_part"), "drill_run", "part IN ('issue', 'approve')")
    op.create_table(
        "drill_page",
        sa.Column("run_id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("part", sa.String(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.CheckConstraint("part IN ('issue', 'approve')", name=op.f("ck_drill_page_part")),
        sa.ForeignKeyConstraint(["run_id"], ["drill_run.id"], name=op.f("fk_drill_page_run_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_drill_page_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("run_id", "user_id", name=op.f("pk_drill_page")),
    )


def downgrade() -> None:
    """Take it down again. Records that are joined stay joined; drills for a second person are forgotten."""
    op.drop_table("drill_page")
    op.execute("DELETE FROM drill_run WHERE part = 'approve'")
    op.drop_constraint(op.f("ck_drill_run_part"), "drill_run", type_="check")
    op.drop_column("drill_run", "part")
    op.drop_column("drill", "pages")
    op.drop_table("joined_row")
    op.drop_table("joined_record")
    op.execute("UPDATE outage_log SET what = 'note' WHERE what = 'parted'")
    op.drop_constraint(WHAT, "outage_log", type_="check")
    op.create_check_constraint(WHAT, "outage_log", ENTRIES.format(more=""))
