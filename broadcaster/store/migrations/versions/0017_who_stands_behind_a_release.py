"""one person alone, and the review of it; people's contacts, the roster, and pages to approvers"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None
TWO_PEOPLE, OWNER = op.f("ck_release_two_people"), op.f("ck_address_owner")


def upgrade() -> None:
    """Bring the schema up."""
    op.add_column("release", sa.Column("own_error", sa.Boolean(), server_default="false", nullable=False))
    op.drop_constraint(TWO_PEOPLE, "release")
    op.create_check_constraint(
        TWO_PEOPLE,
        "release",
        "tier <> 'public' OR break_glass OR by_directory OR own_error OR approved_by IS NULL"
        " OR approved_by <> requested_by",
    )
    op.create_table(
        "glass_review",
        sa.Column("release_id", sa.BigInteger(), nullable=False),
        sa.Column("broken_by", sa.BigInteger(), nullable=False),
        sa.Column("broken_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due", sa.DateTime(timezone=True), nullable=False),
        sa.Column("verdict", sa.String(), nullable=True),
        sa.Column("note", sa.String(), server_default="", nullable=False),
        sa.Column("reviewed_by", sa.BigInteger(), nullable=True),
        sa.Column("reviewed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("verdict IN ('right', 'wrong')", name=op.f("ck_glass_review_verdict")),
        sa.CheckConstraint("reviewed_by <> broken_by", name=op.f("ck_glass_review_another_person")),
        sa.CheckConstraint("(verdict IS NULL) = (reviewed_by IS NULL)", name=op.f("ck_glass_review_reviewed")),
        sa.ForeignKeyConstraint(["release_id"], ["release.id"], name=op.f("fk_glass_review_release_id")),
        sa.ForeignKeyConstraint(["broken_by"], ["user.id"], name=op.f("fk_glass_review_broken_by")),
        sa.ForeignKeyConstraint(["reviewed_by"], ["user.id"], name=op.f("fk_glass_review_reviewed_by")),
        sa.PrimaryKeyConstraint("release_id", name=op.f("pk_glass_review")),
    )
    op.drop_constraint(OWNER, "address")
    op.create_check_constraint(OWNER, "address", "owner IN ('resident', 'agency', 'installation', 'person')")
    op.add_column("fanout", sa.Column("wish", sa.String(), nullable=True))
    _people()
    _pages()


def _people() -> None:
    op.create_table(
        "person_contact",
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("address_id", sa.BigInteger(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.CheckConstraint("what IN ('phone', 'second_phone', 'mail')", name=op.f("ck_person_contact_what")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_person_contact_user_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["address_id"], ["address.id"], name=op.f("fk_person_contact_address_id")),
        sa.PrimaryKeyConstraint("user_id", "what", name=op.f("pk_person_contact")),
    )
    op.create_table(
        "shift",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("begins", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.BigInteger(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("ends > begins", name=op.f("ck_shift_length")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_shift_user_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["made_by"], ["user.id"], name=op.f("fk_shift_made_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shift")),
    )
    op.create_index("ix_shift_ends", "shift", ["ends"])
    op.create_table(
        "handover",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("from_user", sa.BigInteger(), nullable=True),
        sa.Column("to_user", sa.BigInteger(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["from_user"], ["user.id"], name=op.f("fk_handover_from_user")),
        sa.ForeignKeyConstraint(["to_user"], ["user.id"], name=op.f("fk_handover_to_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_handover")),
    )


def _pages() -> None:
    op.create_table(
        "page",
        sa.Column("revision_id", sa.BigInteger(), nullable=False),
        sa.Column("step", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.ForeignKeyConstraint(["revision_id"], ["revision.id"], name=op.f("fk_page_revision_id")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_page_user_id")),
        sa.PrimaryKeyConstraint("revision_id", "step", "user_id", name=op.f("pk_page")),
    )
    op.create_table(
        "page_test",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("month", sa.String(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("way", sa.String(), nullable=False),
        sa.Column("address_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(), server_default="asking", nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('asking', 'asked', 'refused', 'confirmed')", name=op.f("ck_page_test_state")),
        sa.CheckConstraint("way IN ('sms', 'email')", name=op.f("ck_page_test_way")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_page_test_user_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["address_id"], ["address.id"], name=op.f("fk_page_test_address_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_page_test")),
        sa.UniqueConstraint("month", "address_id", "way", name=op.f("uq_page_test_month_address_id_way")),
    )


def downgrade() -> None:
    """Take it down again."""
    op.drop_table("page_test")
    op.drop_table("page")
    op.drop_table("handover")
    op.drop_index("ix_shift_ends", table_name="shift")
    op.drop_table("shift")
    op.drop_table("person_contact")
    op.drop_column("fanout", "wish")
    op.drop_constraint(OWNER, "address")
    op.execute("UPDATE address SET owner = 'installation' WHERE owner NOT IN ('resident', 'agency')")
    op.create_check_constraint(OWNER, "address", "owner IN ('resident', 'agency', 'installation')")
    op.drop_table("glass_review")
    op.drop_constraint(TWO_PEOPLE, "release")
    op.create_check_constraint(
        TWO_PEOPLE,
        "release",
        "tier <> 'public' OR break_glass OR by_directory OR approved_by IS NULL OR approved_by <> requested_by",
    )
    op.drop_column("release", "own_error")
