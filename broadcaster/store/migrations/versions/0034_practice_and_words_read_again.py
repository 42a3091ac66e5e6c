"""practice at the training desk, posted and taken; and what the linter of an upgrade says of wordings in use"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None
DID = "did IN ('issued', 'approved', 'drilled')"


def upgrade() -> None:
    """Bring the schema up."""
    op.create_table(
        "practice_record",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("did", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("origin", sa.String(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(DID, name=op.f("ck_practice_record_did")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_practice_record_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_practice_record")),
    )
    op.create_index("ix_practice_record_person", "practice_record", ["user_id", "at"])
    op.create_table(
        "practice_post",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("did", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tries", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answer", sa.String(), server_default="", nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(DID, name=op.f("ck_practice_post_did")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_practice_post_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_practice_post")),
        sa.UniqueConstraint("key", name=op.f("uq_practice_post_key")),
        sa.UniqueConstraint("user_id", "source", name=op.f("uq_practice_post_user_id_source")),
    )
    op.create_index("ix_practice_post_due", "practice_post", ["next_at"], postgresql_where=sa.text("taken_at IS NULL"))
    op.create_table(
        "wording_check",
        sa.Column("wording_id", sa.BigInteger(), nullable=False),
        sa.Column("rules", sa.String(), nullable=False),
        sa.Column("problems", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["wording_id"], ["wording.id"], name=op.f("fk_wording_check_wording_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("wording_id", name=op.f("pk_wording_check")),
    )


def downgrade() -> None:
    """Take it down again."""
    op.drop_table("wording_check")
    op.drop_table("practice_post")
    op.drop_table("practice_record")
