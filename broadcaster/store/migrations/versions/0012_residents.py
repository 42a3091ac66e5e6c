"""texts and calls from phones, sign-ups and what they are sent, and the record of consent."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from broadcaster.store.public import consent

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None
_NOW = sa.text("clock_timestamp()")


def upgrade() -> None:
    """Bring the schema up."""
    _inbound()
    _consent()
    _signups()
    op.add_column("address", sa.Column("no_voice", sa.Boolean(), server_default="false", nullable=False))
    op.add_column(
        "address", sa.Column("asked_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False)
    )
    op.add_column("fanout", sa.Column("pruned_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index("ix_address_no_voice", "address", ["id"], postgresql_where=sa.text("no_voice"))


def _inbound() -> None:
    op.create_table(
        "inbound",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("public_id", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=_NOW, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("carrier", sa.String(), nullable=False),
        sa.Column("ref", sa.String(), nullable=False),
        sa.Column("value_index", sa.LargeBinary(), nullable=False),
        sa.Column("number_enc", sa.LargeBinary(), nullable=False),
        sa.Column("words_enc", sa.LargeBinary(), nullable=True),
        sa.Column("wish", sa.String(), nullable=False),
        sa.Column("lang", sa.String(), server_default="en", nullable=False),
        sa.Column("place", sa.String(), server_default="", nullable=False),
        sa.Column("red", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("answered", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("claimed_by", sa.BigInteger(), nullable=True),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind IN ('text', 'call')", name=op.f("ck_inbound_kind")),
        sa.CheckConstraint("(claimed_by IS NULL) = (claimed_at IS NULL)", name=op.f("ck_inbound_claimed")),
        sa.ForeignKeyConstraint(["claimed_by"], ["user.id"], name=op.f("fk_inbound_claimed_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbound")),
        sa.UniqueConstraint("carrier", "ref", name=op.f("uq_inbound_carrier_ref")),
        sa.UniqueConstraint("public_id", name=op.f("uq_inbound_public_id")),
    )
    op.create_index("ix_inbound_number", "inbound", ["value_index", "at"])
    op.create_index("ix_inbound_at", "inbound", ["at"])
    op.create_index("ix_inbound_red", "inbound", ["id"], postgresql_where=sa.text("red AND claimed_at IS NULL"))


def _consent() -> None:
    op.create_table(
        "consent",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=_NOW, nullable=False),
        sa.Column("value_index", sa.LargeBinary(), nullable=False),
        sa.Column("step", sa.String(), nullable=False),
        sa.Column("method", sa.String(), nullable=False),
        sa.Column("words", sa.String(), server_default="", nullable=False),
        sa.Column("ref", sa.String(), server_default="", nullable=False),
        sa.Column("source", sa.String(), server_default="", nullable=False),
        sa.Column("places", postgresql.ARRAY(sa.TEXT()), server_default="{}", nullable=False),
        sa.CheckConstraint(
            "step IN ('asked', 'confirmed', 'joined', 'changed', 'left', 'stopped', 'started', 'imported')",
            name=op.f("ck_consent_step"),
        ),
        sa.CheckConstraint("method IN ('text', 'call', 'page', 'link', 'file')", name=op.f("ck_consent_method")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent")),
    )
    op.create_index("ix_consent_number", "consent", ["value_index"])
    op.create_index("ix_consent_at", "consent", ["at"])
    op.execute(consent.GUARD)
    op.execute(consent.GUARDED)


def _signups() -> None:
    op.create_table(
        "signup",
        sa.Column("value_index", sa.LargeBinary(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("value_enc", sa.LargeBinary(), nullable=False),
        sa.Column("lang", sa.String(), nullable=False),
        sa.Column("no_voice", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("places", postgresql.ARRAY(sa.TEXT()), nullable=False),
        sa.Column("words", sa.String(), nullable=False),
        sa.Column("source", sa.String(), server_default="", nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), server_default=_NOW, nullable=False),
        sa.CheckConstraint("kind IN ('sms', 'voice')", name=op.f("ck_signup_kind")),
        sa.PrimaryKeyConstraint("value_index", name=op.f("pk_signup")),
    )
    op.create_table(
        "courtesy",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), server_default=_NOW, nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("value_index", sa.LargeBinary(), nullable=False),
        sa.Column("value_enc", sa.LargeBinary(), nullable=False),
        sa.Column("prefix_index", sa.LargeBinary(), nullable=False),
        sa.Column("lang", sa.String(), nullable=False),
        sa.Column("places", postgresql.ARRAY(sa.TEXT()), server_default="{}", nullable=False),
        sa.Column("state", sa.String(), server_default="queued", nullable=False),
        sa.Column("reason", sa.String(), server_default="", nullable=False),
        sa.Column("carrier_ref", sa.String(), nullable=True),
        sa.CheckConstraint("purpose IN ('verify', 'link', 'yearly', 'card')", name=op.f("ck_courtesy_purpose")),
        sa.CheckConstraint(
            "state IN ('queued', 'sending', 'sent', 'unknown', 'failed', 'dropped')", name=op.f("ck_courtesy_state")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_courtesy")),
    )
    op.create_table(
        "card_line",
        sa.Column("community_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("line", sa.String(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), server_default=_NOW, nullable=False),
        sa.Column("next_slot", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("last_slot", sa.BigInteger(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name=op.f("fk_card_line_community_id")),
        sa.PrimaryKeyConstraint("community_id", name=op.f("pk_card_line")),
    )
    op.create_index("ix_courtesy_made_at", "courtesy", ["made_at"])
    op.create_index("ix_courtesy_number", "courtesy", ["value_index", "made_at"])
    op.create_index("ix_courtesy_prefix", "courtesy", ["prefix_index", "made_at"])
    op.create_index("ix_courtesy_queued", "courtesy", ["id"], postgresql_where=sa.text("state = 'queued'"))


def downgrade() -> None:
    """Take it down again."""
    op.drop_column("fanout", "pruned_at")
    op.drop_index("ix_address_no_voice", table_name="address")
    op.drop_column("address", "asked_at")
    op.drop_column("address", "no_voice")
    op.drop_table("card_line")
    op.drop_table("courtesy")
    op.drop_table("signup")
    op.execute(consent.UNGUARDED)
    op.drop_table("consent")
    op.drop_table("inbound")
