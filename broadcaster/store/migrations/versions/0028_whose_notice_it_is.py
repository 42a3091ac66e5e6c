"""whose mail a notice is, notices that were joined, their chase; paged trouble; records of outages that were joined"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None
PROOF = "proof IN ('proved', 'not_set_up', 'not_said', 'failed', 'stranger', 'other')"
ENTRIES = (
    "what IN ('opened', 'changed', 'note', 'offered', 'received', 'alert', 'trouble', 'notice', 'signal', 'missed',"
    " 'report', {more}'closed', 'reopened')"
)
WHAT = op.f("ck_outage_log_what")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Bring the schema up. No mail that is there already was proved."""
    op.create_table(
        "provider_sender",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("provider", sa.String(), nullable=False),
        sa.Column("provider_key", sa.String(), nullable=False),
        sa.Column("sender", sa.String(), nullable=False),
        sa.Column("added_by", sa.BigInteger(), nullable=False),
        sa.Column("added_at", MOMENT, server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.ForeignKeyConstraint(["added_by"], ["user.id"], name=op.f("fk_provider_sender_added_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_provider_sender")),
        sa.UniqueConstraint("provider_key", "sender", name=op.f("uq_provider_sender_provider_key_sender")),
    )
    op.add_column("provider_notice_version", sa.Column("proof", sa.String(), nullable=True))
    op.add_column("provider_notice_version", sa.Column("joined", sa.String(), server_default="", nullable=False))
    op.execute("UPDATE provider_notice_version SET proof = 'not_set_up' WHERE source = 'mail'")
    op.create_check_constraint(op.f("ck_provider_notice_version_proof"), "provider_notice_version", PROOF)
    op.create_check_constraint(
        op.f("ck_provider_notice_version_mailed"), "provider_notice_version", "(source = 'mail') = (proof IS NOT NULL)"
    )
    op.create_table(
        "sender_judgement",
        sa.Column("version_id", sa.BigInteger(), nullable=False),
        sa.Column("is_theirs", sa.Boolean(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("words", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["version_id"], ["provider_notice_version.id"], name=op.f("fk_sender_judgement_version_id")
        ),
        sa.PrimaryKeyConstraint("version_id", name=op.f("pk_sender_judgement")),
    )
    _chase()
    op.add_column("trouble_report", sa.Column("paged_at", MOMENT, nullable=True))
    op.add_column("outage", sa.Column("joined_into", sa.BigInteger(), nullable=True))
    op.create_foreign_key(op.f("fk_outage_joined_into"), "outage", "outage", ["joined_into"], ["id"])
    op.create_check_constraint(op.f("ck_outage_joined"), "outage", "joined_into IS NULL OR state = 'closed'")
    op.drop_constraint(WHAT, "outage_log", type_="check")
    op.create_check_constraint(WHAT, "outage_log", ENTRIES.format(more="'joined', "))


def _chase() -> None:
    bodies = ("mail_body", "call_body", "text_body")
    op.create_table(
        "notice_chase",
        sa.Column("version_id", sa.BigInteger(), nullable=False),
        sa.Column("agency_id", sa.BigInteger(), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in bodies),
        sa.Column("started_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("step", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("due", MOMENT, nullable=True),
        sa.Column("ended_as", sa.String(), nullable=True),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.CheckConstraint(
            "ended_as IN ('acknowledged', 'exhausted', 'superseded', 'over')", name=op.f("ck_notice_chase_ended_as")
        ),
        sa.CheckConstraint("(ended_as IS NULL) = (due IS NOT NULL)", name=op.f("ck_notice_chase_due")),
        sa.ForeignKeyConstraint(
            ["version_id"], ["provider_notice_version.id"], name=op.f("fk_notice_chase_version_id")
        ),
        sa.ForeignKeyConstraint(["agency_id"], ["agency.id"], name=op.f("fk_notice_chase_agency_id")),
        *(sa.ForeignKeyConstraint([name], ["body.id"], name=op.f(f"fk_notice_chase_{name}")) for name in bodies),
        sa.PrimaryKeyConstraint("version_id", "agency_id", name=op.f("pk_notice_chase")),
    )
    op.create_index("ix_notice_chase_due", "notice_chase", ["due"], postgresql_where=sa.text("due IS NOT NULL"))


def downgrade() -> None:
    """Take it down again. What was joined stays where it is; a record that was is closed like any other."""
    op.execute("UPDATE outage_log SET what = 'note' WHERE what = 'joined'")
    op.drop_constraint(WHAT, "outage_log", type_="check")
    op.create_check_constraint(WHAT, "outage_log", ENTRIES.format(more=""))
    op.drop_constraint(op.f("ck_outage_joined"), "outage", type_="check")
    op.drop_constraint(op.f("fk_outage_joined_into"), "outage", type_="foreignkey")
    op.drop_column("outage", "joined_into")
    op.drop_column("trouble_report", "paged_at")
    op.drop_index("ix_notice_chase_due", table_name="notice_chase")
    op.drop_table("notice_chase")
    op.drop_table("sender_judgement")
    op.drop_constraint(op.f("ck_provider_notice_version_mailed"), "provider_notice_version", type_="check")
    op.drop_constraint(op.f("ck_provider_notice_version_proof"), "provider_notice_version", type_="check")
    op.drop_column("provider_notice_version", "joined")
    op.drop_column("provider_notice_version", "proof")
    op.drop_table("provider_sender")
