"""the ledger's Merkle tree, its signed checkpoints, no way to change an event; the API's answers and its watchers"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from broadcaster.store.timeline import ledger, merkle

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema up; the tree is grown over the events that are there."""
    op.add_column("audit_head", sa.Column("frontier", sa.LargeBinary(), server_default="", nullable=False))
    op.create_table(
        "audit_checkpoint",
        sa.Column("size", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("size", name=op.f("pk_audit_checkpoint")),
    )
    op.create_table(
        "audit_post",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_post")),
    )
    _api()
    op.create_index("ix_audit_event_object", "audit_event", ["object", "seq"])
    op.create_index("ix_audit_event_action", "audit_event", ["action", "seq"])
    frontier = b""
    rows = op.get_bind().execute(sa.text("SELECT canonical FROM audit_event ORDER BY seq"))
    for size, (canonical,) in enumerate(rows):
        frontier = merkle.grown(frontier, size, merkle.leaf(bytes(canonical)))
    op.get_bind().execute(sa.text("UPDATE audit_head SET frontier = :frontier"), {"frontier": frontier})
    op.execute(ledger.FORBIDDEN)
    for table in ledger.KEPT:
        op.execute(
            f"CREATE TRIGGER {table}_kept BEFORE UPDATE OR DELETE ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION ledger_is_only_added_to()"
        )


def _api() -> None:
    op.create_table(
        "api_answer",
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("request", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.BigInteger(), nullable=False),
        sa.Column("location", sa.String(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_api_answer_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("user_id", "key", name=op.f("pk_api_answer")),
    )
    op.create_table(
        "watcher",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("public_id", sa.String(), nullable=False),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("kinds", postgresql.ARRAY(sa.TEXT()), server_default="{}", nullable=False),
        sa.Column("cursor", sa.BigInteger(), nullable=False),
        sa.Column("made_by", sa.BigInteger(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("due", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.Column("tries", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("failure", sa.String(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["made_by"], ["user.id"], name=op.f("fk_watcher_made_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_watcher")),
        sa.UniqueConstraint("public_id", name=op.f("uq_watcher_public_id")),
    )


def downgrade() -> None:
    """Take it down again."""
    op.drop_table("watcher")
    op.drop_table("api_answer")
    for table in ledger.KEPT:
        op.execute(f"DROP TRIGGER {table}_kept ON {table}")
    op.execute("DROP FUNCTION ledger_is_only_added_to()")
    op.drop_index("ix_audit_event_action", table_name="audit_event")
    op.drop_index("ix_audit_event_object", table_name="audit_event")
    op.drop_table("audit_post")
    op.drop_table("audit_checkpoint")
    op.drop_column("audit_head", "frontier")
