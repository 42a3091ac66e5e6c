"""the ledger's Merkle tree, its signed checkpoints, and no way to change an event"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from broadcaster.store import ledger, merkle

revision = "0016"
down_revision = "0013"
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


def downgrade() -> None:
    """Take it down again."""
    for table in ledger.KEPT:
        op.execute(f"DROP TRIGGER {table}_kept ON {table}")
    op.execute("DROP FUNCTION ledger_is_only_added_to()")
    op.drop_table("audit_post")
    op.drop_table("audit_checkpoint")
    op.drop_column("audit_head", "frontier")
