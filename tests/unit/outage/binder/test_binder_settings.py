"""Which settings travel: nothing secret but the index key and the second carrier, nothing of this machine."""

from __future__ import annotations

from pathlib import Path

from broadcaster import settings as knobs
from broadcaster.local import home
from broadcaster.outage.binder import settings as binder_settings
from broadcaster.settings import SECRETS

HERE = {
    "MODE": "live",
    "DATA_DIR": "/srv/here",
    "PUBLIC_BASE_URL": "https://911.example",
    "AUTHORITY": "State 911 Department of Example",
    "TIMEZONE": "America/Chicago",
    "LOOKUP_URL": "https://911.example/find",
    "TWILIO_ACCOUNT_SID": "AC1",
    "TWILIO_FROM": "+18885550911",
    "SMS_MPS": "60",
    "SMS_SECONDARY_ACCOUNT_SID": "AC2",
    "SMS_SECONDARY_FROM": "+18885550912",
    "SMS_SECONDARY_MPS": "30",
    "ALL_CLEAR_WEA": "on",
    "EXPORT_CERT": "/srv/here/cert.pem",
    "TRUSTED_PROXIES": "1",
    **{name: f"Zq8mT4vN1xR7cK2wP9sL5dH3jF6gB0yA-{name}" for name in SECRETS if not name.endswith("SMTP_URL")},
    "SMTP_URL": "smtp://user:Zq8mT4vN1xR7cK2wP9sL5dH3jF6gB0yA@relay.example",
    "CANARY_SMTP_URL": "smtp://canary:Zq8mT4vN1xR7cK2wP9sL5dH3jF6gB0yA@other.example",
    "CANARY_PHONE": "+16175550123",
    "CANARY_KEYS": "issuer-Zq8mT4vN1xR7cK2wP9sL approver-Zq8mT4vN1xR7cK2wP9sL JBSWY3DPEHPK3PXP",
}
MAY = {"INDEX_KEY", "SMS_SECONDARY_AUTH_TOKEN"}


def test_no_other_secret_and_no_path_travels() -> None:
    carried = binder_settings.travelling(knobs.load(HERE))
    assert carried.keys() & set(SECRETS) == MAY
    assert not any(HERE[name] in carried.values() for name in set(SECRETS) - MAY)
    assert not any("/srv/here" in value or "911.example:" in value for value in carried.values())
    assert not any(name.startswith(("TWILIO_", "CANARY_")) for name in carried)
    assert (carried["AUTHORITY"], carried["TIMEZONE"], carried["ALL_CLEAR_WEA"]) == (
        "State 911 Department of Example",
        "America/Chicago",
        "on",
    )
    assert carried["CALLBACKS_BASE_URL"] == "https://911.example"


def test_the_laptop_has_keys_of_its_own_and_the_index_of_the_house(tmp_path: Path) -> None:
    carried = binder_settings.travelling(knobs.load(HERE))
    made = binder_settings.environment(carried, tmp_path)
    (tmp_path / ".env").write_text(binder_settings.env_file(made))
    again = home.read_env_file(tmp_path / ".env")
    read = knobs.load(again)
    assert (read.mode, read.index_key, read.data_dir) == ("live", HERE["INDEX_KEY"], tmp_path / "var")
    assert read.public_base_url == binder_settings.HERE and read.sms_secondary_mps == 30.0
    assert read.field_key not in ("", HERE["FIELD_KEY"]) and read.secret_key not in ("", HERE["SECRET_KEY"])
    assert read.field_key != knobs.load(binder_settings.environment(carried, tmp_path)).field_key
    assert binder_settings.has_a_carrier(again) and "TWILIO_AUTH_TOKEN" in again and not read.twilio_auth_token
    assert not binder_settings.has_a_carrier(
        binder_settings.travelling(knobs.load({**HERE, "SMS_SECONDARY_ACCOUNT_SID": ""}))
    )
