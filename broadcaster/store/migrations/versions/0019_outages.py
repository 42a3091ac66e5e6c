"""outages with their log, on which alerts hang; what agencies report by link; hand-overs of one outage"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None
ALERT, HANDOVER = op.f("fk_alert_outage_id"), op.f("fk_handover_outage_id")


def upgrade() -> None:
    """Bring the schema up."""
    _outages()
    op.add_column("alert", sa.Column("outage_id", sa.BigInteger(), nullable=True))
    op.create_foreign_key(ALERT, "alert", "outage", ["outage_id"], ["id"])
    op.create_index("ix_alert_outage", "alert", ["outage_id"])
    op.add_column("handover", sa.Column("outage_id", sa.BigInteger(), nullable=True))
    op.create_foreign_key(HANDOVER, "handover", "outage", ["outage_id"], ["id"])
    _trouble()


def _list(name: str) -> sa.Column[list[str]]:
    return sa.Column(name, postgresql.JSONB(astext_type=sa.Text()), server_default="[]", nullable=False)


def _outages() -> None:
    op.create_table(
        "outage",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("public_id", sa.String(), nullable=False),
        sa.Column("known_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("known_from", sa.String(), server_default="", nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("statewide", sa.Boolean(), server_default="false", nullable=False),
        *(_list(name) for name in ("counties", "communities", "psaps", "carriers", "services")),
        sa.Column("officer_id", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.String(), server_default="open", nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reopened_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "kind IN ('all_calls', 'intermittent', 'one_carrier', 'no_location', 'text_to_911')",
            name=op.f("ck_outage_kind"),
        ),
        sa.CheckConstraint("state IN ('open', 'closed')", name=op.f("ck_outage_state")),
        sa.CheckConstraint("(state = 'closed') = (closed_at IS NOT NULL)", name=op.f("ck_outage_closed")),
        sa.ForeignKeyConstraint(["officer_id"], ["user.id"], name=op.f("fk_outage_officer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outage")),
        sa.UniqueConstraint("public_id", name=op.f("uq_outage_public_id")),
    )
    op.create_index("ix_outage_state", "outage", ["state", "known_at"])
    op.create_table(
        "outage_log",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("outage_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.CheckConstraint(
            "what IN ('opened', 'changed', 'note', 'offered', 'received', 'alert', 'trouble', 'notice', 'signal',"
            " 'missed', 'report', 'closed', 'reopened')",
            name=op.f("ck_outage_log_what"),
        ),
        sa.ForeignKeyConstraint(["outage_id"], ["outage.id"], name=op.f("fk_outage_log_outage_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outage_log")),
    )
    op.create_index("ix_outage_log_outage", "outage_log", ["outage_id", "at"])


def _trouble() -> None:
    op.create_table(
        "trouble_report",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("public_id", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("agency_id", sa.BigInteger(), nullable=False),
        sa.Column("outage_id", sa.BigInteger(), nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("words", sa.String(), server_default="", nullable=False),
        sa.Column("call_back_enc", sa.LargeBinary(), nullable=True),
        sa.Column("asks", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("draft", sa.String(), server_default="", nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_by", sa.BigInteger(), nullable=True),
        sa.Column("alert_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("what IN ('nothing', 'some', 'no_location', 'other')", name=op.f("ck_trouble_report_what")),
        sa.CheckConstraint("(settled_at IS NULL) = (settled_by IS NULL)", name=op.f("ck_trouble_report_settled")),
        sa.ForeignKeyConstraint(["agency_id"], ["agency.id"], name=op.f("fk_trouble_report_agency_id")),
        sa.ForeignKeyConstraint(["outage_id"], ["outage.id"], name=op.f("fk_trouble_report_outage_id")),
        sa.ForeignKeyConstraint(["settled_by"], ["user.id"], name=op.f("fk_trouble_report_settled_by")),
        sa.ForeignKeyConstraint(["alert_id"], ["alert.id"], name=op.f("fk_trouble_report_alert_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trouble_report")),
        sa.UniqueConstraint("public_id", name=op.f("uq_trouble_report_public_id")),
        sa.UniqueConstraint("key", name=op.f("uq_trouble_report_key")),
    )
    op.create_index("ix_trouble_report_outage", "trouble_report", ["outage_id", "at"])
    op.create_index("ix_trouble_report_agency", "trouble_report", ["agency_id", "at"])
    op.create_table(
        "trouble_link",
        sa.Column("agency_id", sa.BigInteger(), nullable=False),
        sa.Column("no", sa.BigInteger(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("made_by", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["agency_id"], ["agency.id"], name=op.f("fk_trouble_link_agency_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["made_by"], ["user.id"], name=op.f("fk_trouble_link_made_by")),
        sa.PrimaryKeyConstraint("agency_id", name=op.f("pk_trouble_link")),
    )


def downgrade() -> None:
    """Take it down again."""
    op.drop_table("trouble_link")
    op.drop_index("ix_trouble_report_agency", table_name="trouble_report")
    op.drop_index("ix_trouble_report_outage", table_name="trouble_report")
    op.drop_table("trouble_report")
    op.drop_constraint(HANDOVER, "handover", type_="foreignkey")
    op.drop_column("handover", "outage_id")
    op.drop_index("ix_alert_outage", table_name="alert")
    op.drop_constraint(ALERT, "alert", type_="foreignkey")
    op.drop_column("alert", "outage_id")
    op.drop_index("ix_outage_log_outage", table_name="outage_log")
    op.drop_table("outage_log")
    op.drop_index("ix_outage_state", table_name="outage")
    op.drop_table("outage")
