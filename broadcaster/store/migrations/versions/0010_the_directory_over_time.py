"""the directory over time: versions, and rows that are retired."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

RETIRED = ("community", "psap", "agency")


def upgrade() -> None:
    """Bring the schema up."""
    for table in RETIRED:
        op.add_column(table, sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("psap", sa.Column("text_to_911", sa.Boolean(), server_default="false", nullable=False))
    op.add_column("psap", sa.Column("note", sa.String(), server_default="", nullable=False))
    op.drop_constraint(op.f("ck_number_scope"), "number")
    op.create_check_constraint(op.f("ck_number_scope"), "number", "scope IN ('community', 'county', 'state', 'text')")
    op.create_table(
        "directory_version",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("change", sa.String(), nullable=False),
        sa.Column("value", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("source", sa.String(), server_default="", nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.CheckConstraint(
            "kind IN ('county', 'psap', 'community', 'number', 'agency', 'contact', 'boundary')",
            name=op.f("ck_directory_version_kind"),
        ),
        sa.CheckConstraint("change IN ('added', 'changed', 'retired')", name=op.f("ck_directory_version_change")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_directory_version")),
    )
    op.create_index("ix_directory_version_row", "directory_version", ["kind", "code", "id"], unique=False)
    op.create_table(
        "service_boundary",
        sa.Column("nguid", sa.String(), nullable=False),
        sa.Column("psap_code", sa.String(), nullable=False),
        sa.Column("name", sa.String(), server_default="", nullable=False),
        sa.Column("communities", postgresql.JSONB(astext_type=sa.Text()), server_default="[]", nullable=False),
        sa.Column("properties", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("geometry", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("nguid", name=op.f("pk_service_boundary")),
    )
    op.create_table(
        "line_report",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("alert_id", sa.BigInteger(), nullable=False),
        sa.Column("agency_id", sa.BigInteger(), nullable=False),
        sa.Column("community", sa.String(), nullable=False),
        sa.Column("e164", sa.String(), nullable=False),
        sa.Column("said", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.CheckConstraint("said IN ('right', 'jammed', 'wrong', 'other')", name=op.f("ck_line_report_said")),
        sa.ForeignKeyConstraint(["agency_id"], ["agency.id"], name=op.f("fk_line_report_agency_id")),
        sa.ForeignKeyConstraint(["alert_id"], ["alert.id"], name=op.f("fk_line_report_alert_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_line_report")),
    )
    op.create_index("ix_line_report_alert", "line_report", ["alert_id", "id"], unique=False)


def downgrade() -> None:
    """Take it down again."""
    op.drop_index("ix_line_report_alert", table_name="line_report")
    op.drop_table("line_report")
    op.drop_table("service_boundary")
    op.drop_index("ix_directory_version_row", table_name="directory_version")
    op.drop_table("directory_version")
    op.execute("DELETE FROM number WHERE scope = 'text'")
    op.drop_constraint(op.f("ck_number_scope"), "number")
    op.create_check_constraint(op.f("ck_number_scope"), "number", "scope IN ('community', 'county', 'state')")
    op.drop_column("psap", "note")
    op.drop_column("psap", "text_to_911")
    for table in RETIRED:
        op.drop_column(table, "retired_at")
