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
    op.add_column("release", sa.Column("by_directory", sa.Boolean(), server_default="false", nullable=False))
    op.drop_constraint(op.f("ck_release_two_people"), "release")
    op.create_check_constraint(
        op.f("ck_release_two_people"),
        "release",
        "tier <> 'public' OR break_glass OR by_directory OR approved_by IS NULL OR approved_by <> requested_by",
    )
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
    op.add_column("agency_contact", sa.Column("consent_on", sa.Date(), nullable=True))
    op.add_column("agency_contact", sa.Column("consent", sa.String(), server_default="", nullable=False))
    op.create_table(
        "upkeep_ask",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("month", sa.String(), nullable=False),
        sa.Column("agency_id", sa.BigInteger(), nullable=False),
        sa.Column("address_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(), server_default="asking", nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('asking', 'asked', 'refused', 'confirmed', 'corrected')", name=op.f("ck_upkeep_ask_state")
        ),
        sa.ForeignKeyConstraint(["address_id"], ["address.id"], name=op.f("fk_upkeep_ask_address_id")),
        sa.ForeignKeyConstraint(["agency_id"], ["agency.id"], name=op.f("fk_upkeep_ask_agency_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_upkeep_ask")),
        sa.UniqueConstraint("month", "agency_id", "address_id", name=op.f("uq_upkeep_ask_month_agency_id_address_id")),
    )
    op.create_table(
        "correction",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("ask_id", sa.BigInteger(), nullable=False),
        sa.Column("words_enc", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(), server_default="pending", nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.Column("decided_by", sa.BigInteger(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('pending', 'accepted', 'rejected')", name=op.f("ck_correction_state")),
        sa.ForeignKeyConstraint(["ask_id"], ["upkeep_ask.id"], name=op.f("fk_correction_ask_id")),
        sa.ForeignKeyConstraint(["decided_by"], ["user.id"], name=op.f("fk_correction_decided_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_correction")),
    )


def downgrade() -> None:
    """Take it down again."""
    op.drop_table("correction")
    op.drop_table("upkeep_ask")
    op.drop_column("agency_contact", "consent")
    op.drop_column("agency_contact", "consent_on")
    op.drop_index("ix_line_report_alert", table_name="line_report")
    op.drop_table("line_report")
    op.drop_table("service_boundary")
    op.drop_index("ix_directory_version_row", table_name="directory_version")
    op.drop_table("directory_version")
    op.drop_constraint(op.f("ck_release_two_people"), "release")
    op.execute("UPDATE release SET break_glass = true WHERE by_directory")
    op.create_check_constraint(
        op.f("ck_release_two_people"),
        "release",
        "tier <> 'public' OR break_glass OR approved_by IS NULL OR approved_by <> requested_by",
    )
    op.drop_column("release", "by_directory")
    op.execute("DELETE FROM number WHERE scope = 'text'")
    op.drop_constraint(op.f("ck_number_scope"), "number")
    op.create_check_constraint(op.f("ck_number_scope"), "number", "scope IN ('community', 'county', 'state')")
    op.drop_column("psap", "note")
    op.drop_column("psap", "text_to_911")
    for table in RETIRED:
        op.drop_column(table, "retired_at")
