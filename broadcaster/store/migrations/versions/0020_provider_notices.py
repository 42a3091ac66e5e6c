"""providers' notices with their versions, whose clocks were chased; fan-outs of an outage that has no alert"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None
OF_OUTAGE = ("fanout_id IN (SELECT id FROM fanout WHERE revision_id IS NULL)", "revision_id IS NULL")
ROWS = ("acknowledgement", "receipt", "followup", "past_attempt", "sighting", "tally", "delivery", "wave", "target")


def upgrade() -> None:
    """Bring the schema up."""
    op.create_table(
        "provider_notice",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("public_id", sa.String(), nullable=False),
        sa.Column("provider_key", sa.String(), nullable=False),
        sa.Column("ticket_key", sa.String(), nullable=False),
        sa.Column("provider", sa.String(), nullable=False),
        sa.Column("ticket", sa.String(), nullable=False),
        sa.Column("outage_id", sa.BigInteger(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.Column("dismissed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("dismissed_by", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "(dismissed_at IS NULL) = (dismissed_by IS NULL)", name=op.f("ck_provider_notice_dismissed")
        ),
        sa.ForeignKeyConstraint(["outage_id"], ["outage.id"], name=op.f("fk_provider_notice_outage_id")),
        sa.ForeignKeyConstraint(["dismissed_by"], ["user.id"], name=op.f("fk_provider_notice_dismissed_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_provider_notice")),
        sa.UniqueConstraint("public_id", name=op.f("uq_provider_notice_public_id")),
        sa.UniqueConstraint("provider_key", "ticket_key", name=op.f("uq_provider_notice_provider_key_ticket_key")),
    )
    op.create_index("ix_provider_notice_outage", "provider_notice", ["outage_id"])
    _versions()
    op.create_table(
        "provider_chase",
        sa.Column("outage_id", sa.BigInteger(), nullable=False),
        sa.Column("clock", sa.String(), nullable=False),
        sa.Column("about", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("clock IN ('notice', 'follow_up')", name=op.f("ck_provider_chase_clock")),
        sa.ForeignKeyConstraint(["outage_id"], ["outage.id"], name=op.f("fk_provider_chase_outage_id")),
        sa.PrimaryKeyConstraint("outage_id", "clock", "about", name=op.f("pk_provider_chase")),
    )
    op.add_column("fanout", sa.Column("outage_id", sa.BigInteger(), nullable=True))
    op.create_foreign_key(op.f("fk_fanout_outage_id"), "fanout", "outage", ["outage_id"], ["id"])
    op.create_unique_constraint(
        op.f("uq_fanout_outage_id_tier_channel_purpose"), "fanout", ["outage_id", "tier", "channel", "purpose"]
    )
    op.alter_column("fanout", "revision_id", nullable=True)
    op.create_check_constraint(op.f("ck_fanout_about"), "fanout", "(revision_id IS NULL) <> (outage_id IS NULL)")


def _versions() -> None:
    op.create_table(
        "provider_notice_version",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("notice_id", sa.BigInteger(), nullable=False),
        sa.Column("no", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(), nullable=True),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.Column("provider", sa.String(), nullable=False),
        sa.Column("discovered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("began", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expected", sa.DateTime(timezone=True), nullable=True),
        sa.Column("services", postgresql.JSONB(), server_default="[]", nullable=False),
        sa.Column("area", sa.String(), nullable=False),
        sa.Column("effect", sa.String(), nullable=False),
        sa.Column("confidential_enc", sa.LargeBinary(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("kind IN ('initial', 'update', 'final')", name=op.f("ck_provider_notice_version_kind")),
        sa.CheckConstraint("source IN ('form', 'mail', 'api')", name=op.f("ck_provider_notice_version_source")),
        sa.ForeignKeyConstraint(
            ["notice_id"], ["provider_notice.id"], name=op.f("fk_provider_notice_version_notice_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_provider_notice_version")),
        sa.UniqueConstraint("notice_id", "no", name=op.f("uq_provider_notice_version_notice_id_no")),
        sa.UniqueConstraint("notice_id", "digest", name=op.f("uq_provider_notice_version_notice_id_digest")),
    )


def downgrade() -> None:
    """Take it down again; what was passed on about an outage without an alert goes with it."""
    for table in (*ROWS, "lane"):
        op.execute(f"DELETE FROM {table} WHERE {OF_OUTAGE[0]}")
    op.execute(f"DELETE FROM fanout WHERE {OF_OUTAGE[1]}")
    op.drop_constraint(op.f("ck_fanout_about"), "fanout", type_="check")
    op.alter_column("fanout", "revision_id", nullable=False)
    op.drop_constraint(op.f("uq_fanout_outage_id_tier_channel_purpose"), "fanout", type_="unique")
    op.drop_constraint(op.f("fk_fanout_outage_id"), "fanout", type_="foreignkey")
    op.drop_column("fanout", "outage_id")
    op.drop_table("provider_chase")
    op.drop_table("provider_notice_version")
    op.drop_index("ix_provider_notice_outage", table_name="provider_notice")
    op.drop_table("provider_notice")
