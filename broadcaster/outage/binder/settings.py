"""What of the settings travels in a binder: no secret and no path of this machine, but the keys that a laptop cannot do
without.

INDEX_KEY goes along, because a STOP is kept by its blind index alone, and a STOP must hold wherever we send from.
FIELD_KEY stays: phones and second factors travel in the clear inside the seal and are sealed anew on the laptop, so
that a binder which falls into wrong hands opens no dump of the database, no receipt and no text that somebody sent us.
Of the carriers the second one goes along with its credentials: it is what is left when the first one has failed.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Mapping
from pathlib import Path

from broadcaster.settings import SECRETS, Mode, Settings
from broadcaster.values import is_loopback

AT_HOME = frozenset(
    {"data_dir", "publish_dir", "public_base_url", "callbacks_base_url", "bind", "port", "callbacks_port"}
)
AT_HOME |= {"window_port", "trusted_proxies", "export_cert", "export_dir", "binder_dir", "bounce_mailbox"}
AT_HOME |= {"notice_mailbox", "notice_authserv_id", "call_counts_dir", "practice_url", "practice_key"}
AT_HOME |= {"cap_signing_key", "cap_signing_cert", "ipaws_key", "ipaws_cert", "ipaws_url", "ipaws_cog_id", "ipaws_user"}
AT_HOME |= {"field_key_id", "upkeep_round", "sms_bulk", "websub_hub", "log_level"}
"""Belongs to the servers: their folders, ports and certificates, and the duties of a quiet day."""
APART = ("twilio_", "canary_")
"""The first carrier, whose failure the binder is for, and the canary, which flies at home."""
SECOND_CARRIER = frozenset({"sms_secondary_auth_token"})
HERE = "http://localhost:8911"


def travelling(settings: Settings) -> dict[str, str]:
    """Settings by their names in the environment, those of the second carrier with its credentials."""
    home = AT_HOME | {name.lower() for name in SECRETS} - SECOND_CARRIER
    given = {
        name.upper(): _text(getattr(settings, name))
        for name, field in Settings.model_fields.items()
        if name not in home and not name.startswith(APART) and getattr(settings, name) != field.default
    }
    given |= {"MODE": settings.mode.value, "INDEX_KEY": settings.required("index_key")}
    if not is_loopback(settings.callback_address):
        given["CALLBACKS_BASE_URL"] = settings.callback_address
    return given


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return str(value.value if isinstance(value, Mode) else value)


def environment(carried: Mapping[str, str], folder: Path) -> dict[str, str]:
    """The environment of the laptop: what travelled, its own folder and address, and its own new keys."""
    own = {"DATA_DIR": str(folder / "var"), "PUBLIC_BASE_URL": HERE, "REMINDER_TEXTS_PER_DAY": "0"}
    return {**carried, **own, "SECRET_KEY": _key(), "FIELD_KEY": _key()}


def env_file(environment: Mapping[str, str]) -> str:
    """The lines of a ``.env`` file, with what has to be put in by hand."""
    lines = [f"{name}={value}" for name, value in sorted(environment.items()) if "\n" not in value]
    missing = ["TWILIO_ACCOUNT_SID=", "TWILIO_AUTH_TOKEN=", "TWILIO_FROM=", "SMTP_URL=", "MAIL_FROM="]
    missing = [line for line in missing if line.rstrip("=") not in environment]
    return "\n".join([*lines, "# the account of a carrier and of a mail relay, if you have one:", *missing, ""])


def has_a_carrier(environment: Mapping[str, str]) -> bool:
    """Whether texts can go out without anything being put in by hand."""
    return bool(environment.get("SMS_SECONDARY_ACCOUNT_SID") and environment.get("SMS_SECONDARY_AUTH_TOKEN"))


def _key() -> str:
    return base64.b64encode(os.urandom(32)).decode()
