"""callers whom 911 did not connect: the logs they stand in, who takes them on, and what became of them"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None
JSON = postgresql.JSONB(astext_type=sa.Text())
MOMENT = sa.DateTime(timezone=True)
PURPOSE = op.f("ck_courtesy_purpose")


def upgrade() -> None:
    """Bring the schema up."""
    _logs()
    _callers()
    _work()
    op.drop_constraint(PURPOSE, "courtesy")
    op.create_check_constraint(PURPOSE, "courtesy", "purpose IN ('verify', 'link', 'yearly', 'card', 'missed')")


def _logs() -> None:
    op.create_table(
        "missed_log",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("public_id", sa.String(), nullable=False),
        sa.Column("outage_id", sa.BigInteger(), nullable=False),
        sa.Column("system", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("sha", sa.String(), nullable=False),
        sa.Column("columns", JSON, nullable=False),
        sa.Column("found", JSON, nullable=False),
        sa.Column("imported_by", sa.BigInteger(), nullable=True),
        sa.Column("imported_at", MOMENT, server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.Column("lines", sa.BigInteger(), nullable=False),
        sa.Column("missed", sa.BigInteger(), nullable=False),
        sa.Column("connected", sa.BigInteger(), nullable=False),
        sa.Column("left_out", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["outage_id"], ["outage.id"], name=op.f("fk_missed_log_outage_id")),
        sa.ForeignKeyConstraint(["imported_by"], ["user.id"], name=op.f("fk_missed_log_imported_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_missed_log")),
        sa.UniqueConstraint("public_id", name=op.f("uq_missed_log_public_id")),
    )
    op.create_index("ix_missed_log_outage", "missed_log", ["outage_id"])
    op.create_index("ix_missed_log_system", "missed_log", ["system", "id"])
    op.create_table(
        "missed_call",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("outage_id", sa.BigInteger(), nullable=False),
        sa.Column("log_id", sa.BigInteger(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("call_enc", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["outage_id"], ["outage.id"], name=op.f("fk_missed_call_outage_id")),
        sa.ForeignKeyConstraint(["log_id"], ["missed_log.id"], name=op.f("fk_missed_call_log_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_missed_call")),
        sa.UniqueConstraint("outage_id", "fingerprint", name=op.f("uq_missed_call_outage_id_fingerprint")),
    )
    op.create_index("ix_missed_call_log", "missed_call", ["log_id"])


def _callers() -> None:
    op.create_table(
        "missed_caller",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("public_id", sa.String(), nullable=False),
        sa.Column("outage_id", sa.BigInteger(), nullable=False),
        sa.Column("whose", sa.LargeBinary(), nullable=False),
        sa.Column("phone_enc", sa.LargeBinary(), nullable=True),
        sa.Column("place_enc", sa.LargeBinary(), nullable=True),
        sa.Column("cannot", sa.String(), nullable=False),
        sa.Column("psap", sa.String(), nullable=False),
        sa.Column("first_at", MOMENT, nullable=False),
        sa.Column("last_at", MOMENT, nullable=False),
        sa.Column("lines", sa.BigInteger(), nullable=False),
        sa.Column("tries", sa.BigInteger(), nullable=False),
        sa.Column("systems", JSON, nullable=False),
        sa.Column("before_at", MOMENT, nullable=True),
        sa.Column("through_at", MOMENT, nullable=True),
        sa.Column("through_system", sa.String(), nullable=True),
        sa.Column("through_how", sa.String(), nullable=True),
        sa.Column("standing", sa.String(), nullable=False),
        sa.Column("vain", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("due_at", MOMENT, nullable=True),
        sa.Column("claimed_by", sa.BigInteger(), nullable=True),
        sa.Column("claimed_at", MOMENT, nullable=True),
        sa.Column("outcome", sa.String(), nullable=True),
        sa.Column("outcome_at", MOMENT, nullable=True),
        sa.Column("outcome_by", sa.BigInteger(), nullable=True),
        sa.Column("texted_at", MOMENT, nullable=True),
        sa.Column("forgotten_at", MOMENT, nullable=True),
        sa.CheckConstraint(
            "cannot IN ('can', 'no_number', 'no_subscription', 'routing_number', 'no_such_number')",
            name=op.f("ck_missed_caller_cannot"),
        ),
        sa.CheckConstraint(
            "standing IN ('waiting', 'claimed', 'settled', 'through')", name=op.f("ck_missed_caller_standing")
        ),
        sa.CheckConstraint(
            "outcome IN ('no_emergency', 'help_sent', 'tested', 'wrong_number', 'welfare_check', 'not_reached')",
            name=op.f("ck_missed_caller_outcome"),
        ),
        sa.CheckConstraint("through_how IN ('later', 'same_call')", name=op.f("ck_missed_caller_through_how")),
        sa.CheckConstraint("(standing = 'settled') = (outcome IS NOT NULL)", name=op.f("ck_missed_caller_settled")),
        sa.CheckConstraint("standing <> 'through' OR through_at IS NOT NULL", name=op.f("ck_missed_caller_through")),
        sa.CheckConstraint("(standing = 'claimed') = (claimed_at IS NOT NULL)", name=op.f("ck_missed_caller_claimed")),
        sa.ForeignKeyConstraint(["outage_id"], ["outage.id"], name=op.f("fk_missed_caller_outage_id")),
        sa.ForeignKeyConstraint(["claimed_by"], ["user.id"], name=op.f("fk_missed_caller_claimed_by")),
        sa.ForeignKeyConstraint(["outcome_by"], ["user.id"], name=op.f("fk_missed_caller_outcome_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_missed_caller")),
        sa.UniqueConstraint("public_id", name=op.f("uq_missed_caller_public_id")),
        sa.UniqueConstraint("outage_id", "whose", name=op.f("uq_missed_caller_outage_id_whose")),
    )
    op.create_index("ix_missed_caller_list", "missed_caller", ["outage_id", "psap", "standing"])


def _work() -> None:
    op.create_table(
        "missed_step",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("caller_id", sa.BigInteger(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=True),
        sa.Column("words_enc", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint(
            "what IN ('claimed', 'given_back', 'rung', 'no_answer', 'settled', 'check_sent', 'check_ended', 'note',"
            " 'texted', 'back')",
            name=op.f("ck_missed_step_what"),
        ),
        sa.ForeignKeyConstraint(
            ["caller_id"], ["missed_caller.id"], name=op.f("fk_missed_step_caller_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_missed_step")),
    )
    op.create_index("ix_missed_step_caller", "missed_step", ["caller_id"])
    op.create_table(
        "welfare_check",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("caller_id", sa.BigInteger(), nullable=False),
        sa.Column("sent_at", MOMENT, nullable=False),
        sa.Column("sent_by", sa.BigInteger(), nullable=True),
        sa.Column("to_enc", sa.LargeBinary(), nullable=False),
        sa.Column("found", sa.String(), nullable=True),
        sa.Column("found_at", MOMENT, nullable=True),
        sa.CheckConstraint(
            "found IN ('well', 'helped', 'nobody', 'no_such_place')", name=op.f("ck_welfare_check_found")
        ),
        sa.CheckConstraint("(found IS NULL) = (found_at IS NULL)", name=op.f("ck_welfare_check_ended")),
        sa.ForeignKeyConstraint(
            ["caller_id"], ["missed_caller.id"], name=op.f("fk_welfare_check_caller_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["sent_by"], ["user.id"], name=op.f("fk_welfare_check_sent_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_welfare_check")),
    )
    op.create_index("ix_welfare_check_caller", "welfare_check", ["caller_id"])
    op.create_table(
        "missed_text_policy",
        sa.Column("psap", sa.String(), nullable=False),
        sa.Column("set_by", sa.BigInteger(), nullable=False),
        sa.Column("set_at", MOMENT, server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.ForeignKeyConstraint(["set_by"], ["user.id"], name=op.f("fk_missed_text_policy_set_by")),
        sa.PrimaryKeyConstraint("psap", name=op.f("pk_missed_text_policy")),
    )


def downgrade() -> None:
    """Take it down again."""
    op.execute("DELETE FROM courtesy WHERE purpose = 'missed'")
    op.drop_constraint(PURPOSE, "courtesy")
    op.create_check_constraint(PURPOSE, "courtesy", "purpose IN ('verify', 'link', 'yearly', 'card')")
    op.drop_table("missed_text_policy")
    op.drop_index("ix_welfare_check_caller", table_name="welfare_check")
    op.drop_table("welfare_check")
    op.drop_index("ix_missed_step_caller", table_name="missed_step")
    op.drop_table("missed_step")
    op.drop_index("ix_missed_caller_list", table_name="missed_caller")
    op.drop_table("missed_caller")
    op.drop_index("ix_missed_call_log", table_name="missed_call")
    op.drop_table("missed_call")
    op.drop_index("ix_missed_log_system", table_name="missed_log")
    op.drop_index("ix_missed_log_outage", table_name="missed_log")
    op.drop_table("missed_log")
