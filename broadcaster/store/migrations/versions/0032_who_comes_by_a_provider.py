"""accounts at an identity provider, whose they are here, and the agency that a person is of"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None
WAYS = "'code', 'recovery', 'passkey'"
NEWS = "'recovery-used', 'recovery-made', 'authenticator', 'passkey', 'password'"


def upgrade() -> None:
    """Bring the schema up."""
    op.add_column("user", sa.Column("agency_id", sa.BigInteger(), nullable=True))
    op.create_foreign_key(op.f("fk_user_agency_id"), "user", "agency", ["agency_id"], ["id"])
    op.create_table(
        "provider_identity",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("issuer", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("linked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("linked_by", sa.BigInteger(), nullable=True),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("linked_at IS NOT NULL OR linked_by IS NULL", name=op.f("ck_provider_identity_linked")),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.id"], name=op.f("fk_provider_identity_user_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["linked_by"], ["user.id"], name=op.f("fk_provider_identity_linked_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_provider_identity")),
        sa.UniqueConstraint("issuer", "subject", name=op.f("uq_provider_identity_issuer_subject")),
    )
    op.create_index(
        "ix_provider_identity_one_each",
        "provider_identity",
        ["user_id", "issuer"],
        unique=True,
        postgresql_where=sa.text("linked_at IS NOT NULL"),
    )
    op.create_table(
        "provider_answer",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_provider_answer")),
    )
    op.create_index("ix_provider_answer_at", "provider_answer", ["at"])
    _allow(f"{WAYS}, 'provider'", f"{NEWS}, 'identity'")


def _allow(ways: str, news: str) -> None:
    for table, column, values in (("desk_session", "way", ways), ("tiding", "what", news)):
        name = op.f(f"ck_{table}_{column}")
        op.drop_constraint(name, table)
        op.create_check_constraint(name, table, f"{column} IN ({values})")


def downgrade() -> None:
    """Take it down again; who came by the provider signs in anew."""
    op.execute("DELETE FROM desk_session WHERE way = 'provider'")
    op.execute("DELETE FROM tiding WHERE what = 'identity'")
    _allow(WAYS, NEWS)
    op.drop_table("provider_answer")
    op.drop_table("provider_identity")
    op.drop_column("user", "agency_id")
