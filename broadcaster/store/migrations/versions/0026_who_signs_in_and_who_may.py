"""sessions of the desk, passkeys, rights that two people give, and mails to people about their own account"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0024"
branch_labels = None
depends_on = None
OLD_KEY, NEW_KEY = op.f("uq_user_session_key"), op.f("uq_user_handle")


def _rename(old: tuple[str, str], new: tuple[str, str]) -> None:
    """A column of "user" and its unique key; PostgreSQL 18 names NOT NULL after the column, so it is said anew."""
    op.alter_column("user", old[0], nullable=True)
    op.alter_column("user", old[0], new_column_name=new[0])
    op.alter_column("user", new[0], nullable=False)
    op.execute(f'ALTER TABLE "user" RENAME CONSTRAINT {old[1]} TO {new[1]}')


def upgrade() -> None:
    """Bring the schema up."""
    _rename(("session_key", OLD_KEY), ("handle", NEW_KEY))
    op.add_column("api_token", sa.Column("waits", sa.Boolean(), server_default="false", nullable=False))
    op.create_table(
        "desk_session",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("way", sa.String(), nullable=False),
        sa.Column("source", sa.String(), server_default="", nullable=False),
        sa.Column("machine", sa.String(), server_default="", nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("way IN ('code', 'recovery', 'passkey')", name=op.f("ck_desk_session_way")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_desk_session_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_desk_session")),
        sa.UniqueConstraint("digest", name=op.f("uq_desk_session_digest")),
    )
    op.create_index("ix_desk_session_user_id", "desk_session", ["user_id"])
    op.create_index("ix_desk_session_ends_at", "desk_session", ["ends_at"])
    _passkeys()
    _rights()
    op.create_table(
        "tiding",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "what IN ('recovery-used', 'recovery-made', 'authenticator', 'passkey', 'password')",
            name=op.f("ck_tiding_what"),
        ),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_tiding_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tiding")),
    )
    op.create_index("ix_tiding_waits", "tiding", ["id"], postgresql_where=sa.text("taken_at IS NULL"))


def _passkeys() -> None:
    op.create_table(
        "passkey",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("credential_id", sa.LargeBinary(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("synced", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_passkey_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_passkey")),
        sa.UniqueConstraint("credential_id", name=op.f("uq_passkey_credential_id")),
    )
    op.create_index("ix_passkey_user_id", "passkey", ["user_id"])
    op.create_table(
        "passkey_challenge",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("challenge", sa.LargeBinary(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=True),
        sa.Column("about", sa.String(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.id"], name=op.f("fk_passkey_challenge_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_passkey_challenge")),
        sa.UniqueConstraint("challenge", name=op.f("uq_passkey_challenge_challenge")),
    )
    op.create_index("ix_passkey_challenge_made_at", "passkey_challenge", ["made_at"])


def _rights() -> None:
    op.create_table(
        "rights_request",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("role", sa.String(), server_default="", nullable=False),
        sa.Column("token_id", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("state", sa.String(), server_default="waiting", nullable=False),
        sa.Column("asked_by", sa.BigInteger(), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("decided_by", sa.BigInteger(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("what IN ('role', 'token', 'account')", name=op.f("ck_rights_request_what")),
        sa.CheckConstraint(
            "state IN ('waiting', 'confirmed', 'refused', 'withdrawn')", name=op.f("ck_rights_request_state")
        ),
        sa.CheckConstraint("(what = 'role') = (role <> '')", name=op.f("ck_rights_request_role")),
        sa.CheckConstraint("(what = 'token') = (token_id IS NOT NULL)", name=op.f("ck_rights_request_token")),
        sa.CheckConstraint("(state = 'waiting') = (decided_at IS NULL)", name=op.f("ck_rights_request_decided")),
        sa.CheckConstraint("decided_by <> asked_by OR state = 'withdrawn'", name=op.f("ck_rights_request_two_people")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_rights_request_user_id")),
        sa.ForeignKeyConstraint(["token_id"], ["api_token.id"], name=op.f("fk_rights_request_token_id")),
        sa.ForeignKeyConstraint(["asked_by"], ["user.id"], name=op.f("fk_rights_request_asked_by")),
        sa.ForeignKeyConstraint(["decided_by"], ["user.id"], name=op.f("fk_rights_request_decided_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rights_request")),
    )
    op.create_index(
        "ix_rights_request_one_waits",
        "rights_request",
        ["user_id", "what", "role"],
        unique=True,
        postgresql_where=sa.text("state = 'waiting' AND what <> 'token'"),
    )


def downgrade() -> None:
    """Take it down again."""
    op.drop_table("tiding")
    op.drop_table("rights_request")
    op.drop_table("passkey_challenge")
    op.drop_table("passkey")
    op.drop_table("desk_session")
    op.drop_column("api_token", "waits")
    _rename(("handle", NEW_KEY), ("session_key", OLD_KEY))
