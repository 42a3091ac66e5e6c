"""the first schema."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from broadcaster.store.fanout import tally_triggers

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema up."""
    op.create_table(
        "address",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("value_enc", sa.LargeBinary(), nullable=False),
        sa.Column("value_index", sa.LargeBinary(), nullable=False),
        sa.Column("index_key_id", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column("lang", sa.String(), server_default="en", nullable=False),
        sa.Column("owner", sa.String(), server_default="resident", nullable=False),
        sa.CheckConstraint(
            "kind IN ('sms', 'voice', 'email', 'webhook', 'feed', 'ipaws')", name=op.f("ck_address_kind")
        ),
        sa.CheckConstraint("owner IN ('resident', 'agency', 'installation')", name=op.f("ck_address_owner")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_address")),
        sa.UniqueConstraint("value_index", name=op.f("uq_address_value_index")),
    )
    op.create_table(
        "agency",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("statewide", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("county_fips", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agency")),
        sa.UniqueConstraint("code", name=op.f("uq_agency_code")),
    )
    op.create_table(
        "audit_event",
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("object", sa.String(), nullable=False),
        sa.Column("canonical", sa.LargeBinary(), nullable=False),
        sa.Column("chain", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_audit_event")),
    )
    op.create_table(
        "audit_head",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("chain", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_head")),
    )
    op.create_table(
        "body",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("sha", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), server_default="", nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("html", sa.String(), server_default="", nullable=False),
        sa.Column("encoding", sa.String(), server_default="", nullable=False),
        sa.Column("segments", sa.BigInteger(), server_default="1", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_body")),
        sa.UniqueConstraint("sha", name=op.f("uq_body_sha")),
    )
    op.create_table(
        "county",
        sa.Column("fips", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("fips", name=op.f("pk_county")),
    )
    op.create_table(
        "installation",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("mode", sa.String(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_installation")),
    )
    op.create_table(
        "number",
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("rank", sa.BigInteger(), nullable=False),
        sa.Column("e164", sa.String(), nullable=False),
        sa.Column("label", sa.String(), server_default="", nullable=False),
        sa.Column("visibility", sa.String(), nullable=False),
        sa.Column("verified_on", sa.Date(), nullable=True),
        sa.Column("sms", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("sample", sa.Boolean(), server_default="false", nullable=False),
        sa.CheckConstraint("scope IN ('community', 'county', 'state')", name=op.f("ck_number_scope")),
        sa.CheckConstraint("visibility IN ('public', 'restricted')", name=op.f("ck_number_visibility")),
        sa.PrimaryKeyConstraint("scope", "code", "rank", name=op.f("pk_number")),
    )
    op.create_table(
        "past_attempt",
        sa.Column("fanout_id", sa.BigInteger(), nullable=False),
        sa.Column("address_id", sa.BigInteger(), nullable=False),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.Column("wave_id", sa.BigInteger(), nullable=True),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("ref", sa.String(), nullable=True),
        sa.Column("evidence", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.PrimaryKeyConstraint("fanout_id", "address_id", "n", name=op.f("pk_past_attempt")),
    )
    op.create_table(
        "receipt",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("fanout_id", sa.BigInteger(), nullable=False),
        sa.Column("address_id", sa.BigInteger(), nullable=False),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.Column("carrier", sa.String(), nullable=False),
        sa.Column("ref", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("code", sa.String(), server_default="", nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.Column("raw_enc", sa.LargeBinary(), nullable=True),
        sa.Column("applied_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_receipt")),
        sa.UniqueConstraint("ref", "status", "carrier", name=op.f("uq_receipt_ref_status_carrier")),
    )
    op.create_index("ix_receipt_waiting", "receipt", ["id"], unique=False, postgresql_where="applied_at IS NULL")
    op.create_table(
        "role",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_role")),
        sa.UniqueConstraint("name", name=op.f("uq_role_name")),
    )
    op.create_table(
        "sender",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("carrier", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("segments_per_s", sa.Double(), nullable=False),
        sa.Column("tat", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("circuit", sa.String(), server_default="closed", nullable=False),
        sa.Column("open_until", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("circuit IN ('closed', 'open', 'retired')", name=op.f("ck_sender_circuit")),
        sa.CheckConstraint("segments_per_s > 0", name=op.f("ck_sender_pace")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sender")),
        sa.UniqueConstraint("channel", "address", name=op.f("uq_sender_channel_address")),
    )
    op.create_table(
        "sighting",
        sa.Column("carrier", sa.String(), nullable=False),
        sa.Column("ref", sa.String(), nullable=False),
        sa.Column("fanout_id", sa.BigInteger(), nullable=False),
        sa.Column("address_id", sa.BigInteger(), nullable=False),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.PrimaryKeyConstraint("carrier", "ref", name=op.f("pk_sighting")),
    )
    op.create_table(
        "suppression",
        sa.Column("value_index", sa.LargeBinary(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("scope", sa.String(), server_default="all", nullable=False),
        sa.PrimaryKeyConstraint("value_index", name=op.f("pk_suppression")),
    )
    op.create_table(
        "tally",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("fanout_id", sa.BigInteger(), nullable=False),
        sa.Column("community_id", sa.BigInteger(), nullable=True),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("delta", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tally")),
    )
    op.create_index("ix_tally_fanout", "tally", ["fanout_id"], unique=False)
    op.create_table(
        "user",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("name", sa.String(), server_default="", nullable=False),
        sa.Column("password_hash", sa.String(), nullable=False),
        sa.Column("active", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("session_key", sa.String(), nullable=False),
        sa.Column("totp_secret", sa.LargeBinary(), nullable=True),
        sa.Column("totp_counter", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("recovery_hashes", postgresql.JSONB(astext_type=sa.Text()), server_default="[]", nullable=False),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("failed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user")),
        sa.UniqueConstraint("email", name=op.f("uq_user_email")),
        sa.UniqueConstraint("session_key", name=op.f("uq_user_session_key")),
    )
    op.create_table(
        "agency_contact",
        sa.Column("agency_id", sa.BigInteger(), nullable=False),
        sa.Column("address_id", sa.BigInteger(), nullable=False),
        sa.Column("rank", sa.BigInteger(), nullable=False),
        sa.Column("verified_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["address_id"], ["address.id"], name=op.f("fk_agency_contact_address_id")),
        sa.ForeignKeyConstraint(
            ["agency_id"], ["agency.id"], name=op.f("fk_agency_contact_agency_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("agency_id", "address_id", name=op.f("pk_agency_contact")),
    )
    op.create_table(
        "alert",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("public_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("made_by", sa.BigInteger(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("known_since", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind IN ('outage', 'test')", name=op.f("ck_alert_kind")),
        sa.CheckConstraint("state IN ('draft', 'open', 'closed', 'withdrawn')", name=op.f("ck_alert_state")),
        sa.ForeignKeyConstraint(["made_by"], ["user.id"], name=op.f("fk_alert_made_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert")),
        sa.UniqueConstraint("public_id", name=op.f("uq_alert_public_id")),
    )
    op.create_table(
        "api_token",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("label", sa.String(), server_default="", nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_api_token_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_token")),
        sa.UniqueConstraint("digest", name=op.f("uq_api_token_digest")),
    )
    op.create_table(
        "community",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("county_fips", sa.String(), nullable=False),
        sa.Column("timezone", sa.String(), nullable=False),
        sa.Column("zips", postgresql.ARRAY(sa.TEXT()), server_default="{}", nullable=False),
        sa.Column("places", postgresql.ARRAY(sa.TEXT()), server_default="{}", nullable=False),
        sa.Column("population", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("note", sa.String(), server_default="", nullable=False),
        sa.Column("last_slot", sa.BigInteger(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(["county_fips"], ["county.fips"], name=op.f("fk_community_county_fips")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_community")),
        sa.UniqueConstraint("code", name=op.f("uq_community_code")),
    )
    op.create_table(
        "psap",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("county_fips", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["county_fips"], ["county.fips"], name=op.f("fk_psap_county_fips")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_psap")),
        sa.UniqueConstraint("code", name=op.f("uq_psap_code")),
    )
    op.create_table(
        "user_role",
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("role_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["role_id"], ["role.id"], name=op.f("fk_user_role_role_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_user_role_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("user_id", "role_id", name=op.f("pk_user_role")),
    )
    op.create_table(
        "agency_community",
        sa.Column("agency_id", sa.BigInteger(), nullable=False),
        sa.Column("community_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["agency_id"], ["agency.id"], name=op.f("fk_agency_community_agency_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["community_id"], ["community.id"], name=op.f("fk_agency_community_community_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("agency_id", "community_id", name=op.f("pk_agency_community")),
    )
    op.create_table(
        "community_psap",
        sa.Column("community_id", sa.BigInteger(), nullable=False),
        sa.Column("psap_id", sa.BigInteger(), nullable=False),
        sa.Column("is_primary", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["community_id"], ["community.id"], name=op.f("fk_community_psap_community_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["psap_id"], ["psap.id"], name=op.f("fk_community_psap_psap_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("community_id", "psap_id", name=op.f("pk_community_psap")),
    )
    op.create_index(
        "uq_community_psap_primary", "community_psap", ["community_id"], unique=True, postgresql_where="is_primary"
    )
    op.create_table(
        "revision",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("alert_id", sa.BigInteger(), nullable=False),
        sa.Column("no", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("content", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("findings", postgresql.JSONB(astext_type=sa.Text()), server_default="[]", nullable=False),
        sa.Column("hash", sa.String(), nullable=True),
        sa.Column("authored_by", sa.BigInteger(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("frozen_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "kind IN ('initial', 'update', 'number_change', 'restored_in_part', 'all_clear', 'false_alarm')",
            name=op.f("ck_revision_kind"),
        ),
        sa.CheckConstraint("(hash IS NULL) = (frozen_at IS NULL)", name=op.f("ck_revision_frozen")),
        sa.ForeignKeyConstraint(["alert_id"], ["alert.id"], name=op.f("fk_revision_alert_id")),
        sa.ForeignKeyConstraint(["authored_by"], ["user.id"], name=op.f("fk_revision_authored_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_revision")),
        sa.UniqueConstraint("alert_id", "no", name=op.f("uq_revision_alert_id_no")),
    )
    op.create_table(
        "subscription",
        sa.Column("community_id", sa.BigInteger(), nullable=False),
        sa.Column("slot", sa.BigInteger(), nullable=False),
        sa.Column("address_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["address_id"], ["address.id"], name=op.f("fk_subscription_address_id")),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name=op.f("fk_subscription_community_id")),
        sa.PrimaryKeyConstraint("community_id", "slot", name=op.f("pk_subscription")),
        sa.UniqueConstraint("address_id", "community_id", name=op.f("uq_subscription_address_id_community_id")),
    )
    op.create_table(
        "document",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("revision_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("bytes", sa.LargeBinary(), nullable=False),
        sa.Column("sha", sa.String(), nullable=False),
        sa.Column("identifier", sa.String(), nullable=False),
        sa.Column("sender", sa.String(), nullable=False),
        sa.Column("sent", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_text", sa.String(), nullable=False),
        sa.Column("expires", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["revision_id"], ["revision.id"], name=op.f("fk_document_revision_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_document")),
        sa.UniqueConstraint("identifier", name=op.f("uq_document_identifier")),
    )
    op.create_table(
        "fanout",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("revision_id", sa.BigInteger(), nullable=False),
        sa.Column("tier", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("purpose", sa.String(), server_default="alert", nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("ended_as", sa.String(), nullable=True),
        sa.Column(
            "started_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("first_accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("planned", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "state IN ('running', 'held', 'superseded', 'expired', 'done')", name=op.f("ck_fanout_state")
        ),
        sa.ForeignKeyConstraint(["revision_id"], ["revision.id"], name=op.f("fk_fanout_revision_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fanout")),
        sa.UniqueConstraint(
            "revision_id", "tier", "channel", "purpose", name=op.f("uq_fanout_revision_id_tier_channel_purpose")
        ),
    )
    op.create_table(
        "release",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("revision_id", sa.BigInteger(), nullable=False),
        sa.Column("tier", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("requested_by", sa.BigInteger(), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("approved_by", sa.BigInteger(), nullable=True),
        sa.Column("hash", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.String(), server_default="", nullable=False),
        sa.Column("break_glass", sa.Boolean(), server_default="false", nullable=False),
        sa.CheckConstraint(
            "state IN ('pending', 'released', 'held', 'returned', 'rejected', 'withdrawn')",
            name=op.f("ck_release_state"),
        ),
        sa.CheckConstraint(
            "tier <> 'public' OR break_glass OR approved_by IS NULL OR approved_by <> requested_by",
            name=op.f("ck_release_two_people"),
        ),
        sa.CheckConstraint("tier IN ('agency', 'public')", name=op.f("ck_release_tier")),
        sa.ForeignKeyConstraint(["approved_by"], ["user.id"], name=op.f("fk_release_approved_by")),
        sa.ForeignKeyConstraint(["requested_by"], ["user.id"], name=op.f("fk_release_requested_by")),
        sa.ForeignKeyConstraint(["revision_id"], ["revision.id"], name=op.f("fk_release_revision_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_release")),
        sa.UniqueConstraint("revision_id", "tier", name=op.f("uq_release_revision_id_tier")),
    )
    op.create_table(
        "revision_editor",
        sa.Column("revision_id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["revision_id"], ["revision.id"], name=op.f("fk_revision_editor_revision_id")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_revision_editor_user_id")),
        sa.PrimaryKeyConstraint("revision_id", "user_id", name=op.f("pk_revision_editor")),
    )
    op.create_table(
        "revision_text",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("revision_id", sa.BigInteger(), nullable=False),
        sa.Column("community_id", sa.BigInteger(), nullable=True),
        sa.Column("agency_id", sa.BigInteger(), nullable=True),
        sa.Column("lang", sa.String(), nullable=False),
        sa.Column("form", sa.String(), nullable=False),
        sa.Column("body_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["agency.id"], name=op.f("fk_revision_text_agency_id")),
        sa.ForeignKeyConstraint(["body_id"], ["body.id"], name=op.f("fk_revision_text_body_id")),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name=op.f("fk_revision_text_community_id")),
        sa.ForeignKeyConstraint(["revision_id"], ["revision.id"], name=op.f("fk_revision_text_revision_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_revision_text")),
        sa.UniqueConstraint(
            "revision_id",
            "form",
            "community_id",
            "agency_id",
            "lang",
            name=op.f("uq_revision_text_revision_id_form_community_id_agency_id_lang"),
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_table(
        "acknowledgement",
        sa.Column("fanout_id", sa.BigInteger(), nullable=False),
        sa.Column("address_id", sa.BigInteger(), nullable=False),
        sa.Column("agency_id", sa.BigInteger(), nullable=True),
        sa.Column("answer", sa.String(), server_default="read", nullable=False),
        sa.Column("note", sa.String(), server_default="", nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.ForeignKeyConstraint(["address_id"], ["address.id"], name=op.f("fk_acknowledgement_address_id")),
        sa.ForeignKeyConstraint(["fanout_id"], ["fanout.id"], name=op.f("fk_acknowledgement_fanout_id")),
        sa.PrimaryKeyConstraint("fanout_id", "address_id", name=op.f("pk_acknowledgement")),
    )
    op.create_table(
        "delivery",
        sa.Column("fanout_id", sa.BigInteger(), nullable=False),
        sa.Column("address_id", sa.BigInteger(), nullable=False),
        sa.Column("community_id", sa.BigInteger(), nullable=True),
        sa.Column("wave_id", sa.BigInteger(), nullable=True),
        sa.Column("body_id", sa.BigInteger(), nullable=False),
        sa.Column("n", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), server_default="", nullable=False),
        sa.Column("carrier_ref", sa.String(), nullable=True),
        sa.Column("handset", sa.String(), server_default="none", nullable=False),
        sa.CheckConstraint(
            "handset IN ('none', 'sent', 'delivered', 'undelivered', 'failed')", name=op.f("ck_delivery_handset")
        ),
        sa.CheckConstraint(
            "state IN ('sending', 'unknown', 'queued', 'accepted', 'rejected', 'suppressed', 'superseded', 'expired')",
            name=op.f("ck_delivery_state"),
        ),
        sa.ForeignKeyConstraint(["address_id"], ["address.id"], name=op.f("fk_delivery_address_id")),
        sa.ForeignKeyConstraint(["fanout_id"], ["fanout.id"], name=op.f("fk_delivery_fanout_id")),
        sa.PrimaryKeyConstraint("fanout_id", "address_id", name=op.f("pk_delivery")),
        postgresql_with={"fillfactor": "70", "autovacuum_analyze_scale_factor": "0.02"},
    )
    op.create_table(
        "followup",
        sa.Column("fanout_id", sa.BigInteger(), nullable=False),
        sa.Column("address_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.Column("due", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settle_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("absences", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("absent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tries", sa.BigInteger(), server_default="0", nullable=False),
        sa.CheckConstraint("kind IN ('ask', 'retry')", name=op.f("ck_followup_kind")),
        sa.ForeignKeyConstraint(["address_id"], ["address.id"], name=op.f("fk_followup_address_id")),
        sa.ForeignKeyConstraint(["fanout_id"], ["fanout.id"], name=op.f("fk_followup_fanout_id")),
        sa.PrimaryKeyConstraint("fanout_id", "address_id", name=op.f("pk_followup")),
    )
    op.create_index("ix_followup_due", "followup", ["kind", "due"], unique=False)
    op.create_table(
        "lane",
        sa.Column("fanout_id", sa.BigInteger(), nullable=False),
        sa.Column("no", sa.BigInteger(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("queue", sa.String(), nullable=False),
        sa.Column("priority", sa.BigInteger(), nullable=False),
        sa.Column("rank", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("community_id", sa.BigInteger(), nullable=True),
        sa.Column("follows_fanout", sa.BigInteger(), nullable=True),
        sa.Column("next_key", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("rest", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.CheckConstraint("source IN ('subscribers', 'told', 'targets')", name=op.f("ck_lane_source")),
        sa.CheckConstraint("state IN ('open', 'held', 'done', 'superseded', 'expired')", name=op.f("ck_lane_state")),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name=op.f("fk_lane_community_id")),
        sa.ForeignKeyConstraint(["fanout_id"], ["fanout.id"], name=op.f("fk_lane_fanout_id")),
        sa.ForeignKeyConstraint(["follows_fanout"], ["fanout.id"], name=op.f("fk_lane_follows_fanout")),
        sa.PrimaryKeyConstraint("fanout_id", "no", name=op.f("pk_lane")),
    )
    op.create_index(
        "ix_lane_open",
        "lane",
        ["channel", "queue", "priority", "rank", "fanout_id", "no"],
        unique=False,
        postgresql_where="state = 'open'",
    )
    op.create_table(
        "target",
        sa.Column("fanout_id", sa.BigInteger(), nullable=False),
        sa.Column("slot", sa.BigInteger(), nullable=False),
        sa.Column("address_id", sa.BigInteger(), nullable=False),
        sa.Column("agency_id", sa.BigInteger(), nullable=True),
        sa.Column("body_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["address_id"], ["address.id"], name=op.f("fk_target_address_id")),
        sa.ForeignKeyConstraint(["agency_id"], ["agency.id"], name=op.f("fk_target_agency_id")),
        sa.ForeignKeyConstraint(["body_id"], ["body.id"], name=op.f("fk_target_body_id")),
        sa.ForeignKeyConstraint(["fanout_id"], ["fanout.id"], name=op.f("fk_target_fanout_id")),
        sa.PrimaryKeyConstraint("fanout_id", "slot", name=op.f("pk_target")),
    )
    op.create_table(
        "wave",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("fanout_id", sa.BigInteger(), nullable=False),
        sa.Column("sender_id", sa.BigInteger(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("recorded", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column(
            "started_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("carrier_ref", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["fanout_id"], ["fanout.id"], name=op.f("fk_wave_fanout_id")),
        sa.ForeignKeyConstraint(["sender_id"], ["sender.id"], name=op.f("fk_wave_sender_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wave")),
    )
    op.create_index("ix_wave_open", "wave", ["lease_until"], unique=False, postgresql_where="closed_at IS NULL")
    for statement in tally_triggers.UP:
        op.execute(statement)


def downgrade() -> None:
    """Take it down again."""
    for statement in tally_triggers.DOWN:
        op.execute(statement)
    op.drop_index("ix_wave_open", table_name="wave", postgresql_where="closed_at IS NULL")
    op.drop_table("wave")
    op.drop_table("target")
    op.drop_index("ix_lane_open", table_name="lane", postgresql_where="state = 'open'")
    op.drop_table("lane")
    op.drop_index("ix_followup_due", table_name="followup")
    op.drop_table("followup")
    op.drop_table("delivery")
    op.drop_table("acknowledgement")
    op.drop_table("revision_text")
    op.drop_table("revision_editor")
    op.drop_table("release")
    op.drop_table("fanout")
    op.drop_table("document")
    op.drop_table("subscription")
    op.drop_table("revision")
    op.drop_index("uq_community_psap_primary", table_name="community_psap", postgresql_where="is_primary")
    op.drop_table("community_psap")
    op.drop_table("agency_community")
    op.drop_table("user_role")
    op.drop_table("psap")
    op.drop_table("community")
    op.drop_table("api_token")
    op.drop_table("alert")
    op.drop_table("agency_contact")
    op.drop_table("user")
    op.drop_index("ix_tally_fanout", table_name="tally")
    op.drop_table("tally")
    op.drop_table("suppression")
    op.drop_table("sighting")
    op.drop_table("sender")
    op.drop_table("role")
    op.drop_index("ix_receipt_waiting", table_name="receipt", postgresql_where="applied_at IS NULL")
    op.drop_table("receipt")
    op.drop_table("past_attempt")
    op.drop_table("number")
    op.drop_table("installation")
    op.drop_table("county")
    op.drop_table("body")
    op.drop_table("audit_head")
    op.drop_table("audit_event")
    op.drop_table("agency")
    op.drop_table("address")
