"""senders of several carriers, with weights and circuits; a fan-out knows its dearest text."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema up."""
    op.add_column("fanout", sa.Column("dearest", sa.BigInteger(), server_default="1", nullable=False))
    op.add_column("sender", sa.Column("weight", sa.Double(), server_default="1", nullable=False))
    op.add_column("sender", sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True))
    op.create_check_constraint(op.f("ck_sender_weight"), "sender", "weight >= 0 AND weight <= 1")
    op.drop_constraint("uq_sender_channel_address", "sender")
    op.create_unique_constraint("uq_sender_channel_carrier_address", "sender", ["channel", "carrier", "address"])
    # each row of a wave would lock its address and its fan-out: a third of the claim's time, for rows nobody deletes
    op.drop_constraint("fk_delivery_address_id", "delivery")
    op.drop_constraint("fk_delivery_fanout_id", "delivery")


def downgrade() -> None:
    """Take it down again."""
    op.create_foreign_key("fk_delivery_fanout_id", "delivery", "fanout", ["fanout_id"], ["id"])
    op.create_foreign_key("fk_delivery_address_id", "delivery", "address", ["address_id"], ["id"])
    op.drop_constraint("uq_sender_channel_carrier_address", "sender")
    op.create_unique_constraint("uq_sender_channel_address", "sender", ["channel", "address"])
    op.drop_constraint(op.f("ck_sender_weight"), "sender")
    op.drop_column("sender", "closed_at")
    op.drop_column("sender", "weight")
    op.drop_column("fanout", "dearest")
