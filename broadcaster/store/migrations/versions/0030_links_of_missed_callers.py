"""links by which answering points work their own lists of missed callers, and who has a caller by one"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0028"
branch_labels = None
depends_on = None
MOMENT = sa.DateTime(timezone=True)
ONE, LINK = op.f("ck_missed_caller_one_has_them"), op.f("fk_missed_caller_claimed_link")


def upgrade() -> None:
    """Bring the schema up."""
    op.create_table(
        "missed_link",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("outage_id", sa.BigInteger(), nullable=False),
        sa.Column("psap", sa.String(), nullable=False),
        sa.Column("no", sa.BigInteger(), nullable=False),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.Column("made_by", sa.BigInteger(), nullable=True),
        sa.Column("until", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.CheckConstraint("psap <> ''", name=op.f("ck_missed_link_psap")),
        sa.ForeignKeyConstraint(["outage_id"], ["outage.id"], name=op.f("fk_missed_link_outage_id")),
        sa.ForeignKeyConstraint(["made_by"], ["user.id"], name=op.f("fk_missed_link_made_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_missed_link")),
        sa.UniqueConstraint("outage_id", "psap", name=op.f("uq_missed_link_outage_id_psap")),
    )
    op.add_column("missed_caller", sa.Column("claimed_link", sa.BigInteger(), nullable=True))
    op.create_foreign_key(LINK, "missed_caller", "missed_link", ["claimed_link"], ["id"])
    op.create_check_constraint(ONE, "missed_caller", "claimed_link IS NULL OR claimed_by IS NULL")


def downgrade() -> None:
    """Take it down again."""
    op.execute("UPDATE missed_caller SET standing = 'waiting', claimed_at = NULL WHERE claimed_link IS NOT NULL")
    op.drop_constraint(ONE, "missed_caller")
    op.drop_constraint(LINK, "missed_caller")
    op.drop_column("missed_caller", "claimed_link")
    op.drop_table("missed_link")
