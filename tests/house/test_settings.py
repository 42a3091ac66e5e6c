"""The knobs: read once, refused at start with a sentence, never a default for a secret."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from broadcaster.settings import SECRETS, Settings, SettingsError, load
from broadcaster.values import is_loopback, key_bytes

GOOD = "Zq8mT4vN1xR7cK2wP9sL5dH3jF6gB0yA"
OTHER = "hQ2nV7bX0kJ4rT9yW6eM3pL8sD1fG5cA"
WEAK = [
    "secret", "changeme", "change-me", "password", "dev", "test", "insecure", "broadcaster", "x", " ",
    "0123456789", GOOD[:31], "a" * 32, "ab" * 20, "abcdefg" * 5, "changeme" * 4, "broadcaster" * 3, "development" * 3,
    "0123456789" * 4, "1234567" * 6, "password" * 5, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab",
]  # fmt: skip


@pytest.mark.parametrize("value", [value for value in WEAK if value.strip()])
@pytest.mark.parametrize("name", ["SECRET_KEY", "FIELD_KEY", "INDEX_KEY", "BOUNCE_TOKEN"])
def test_a_weak_secret_is_refused_with_what_to_do(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=rf"^{name} is too short or too simple: make one with `openssl rand"):
        load({name: value})


def test_there_are_twenty_of_them_and_a_good_one_passes() -> None:
    assert len(WEAK) >= 20
    read = load({"SECRET_KEY": GOOD, "FIELD_KEY": OTHER, "INDEX_KEY": GOOD})
    assert (read.secret_key, read.field_key, read.index_key) == (GOOD, OTHER, GOOD)


def test_the_index_must_not_open_the_fields() -> None:
    with pytest.raises(SettingsError, match="INDEX_KEY must differ from FIELD_KEY"):
        load({"FIELD_KEY": GOOD, "INDEX_KEY": GOOD})


@pytest.mark.parametrize("name", SECRETS)
def test_no_secret_has_a_default(name: str) -> None:
    assert Settings.model_fields[name.lower()].default == ""


@pytest.mark.parametrize("name", ["secret_key", "field_key", "database_url"])
def test_what_is_needed_and_missing_is_named(name: str) -> None:
    with pytest.raises(SettingsError, match=f"^{name.upper()} is not set"):
        load({}).required(name)


def test_a_secret_comes_from_a_file_and_the_file_wins(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text(f"\n{GOOD}\n")
    assert load({"SECRET_KEY_FILE": str(file), "SECRET_KEY": OTHER}).secret_key == GOOD
    assert load({"SECRET_KEY_FILE": "", "SECRET_KEY": OTHER}).secret_key == OTHER


@pytest.mark.parametrize("name", [*SECRETS, "AUTHORITY"])
def test_a_file_that_cannot_be_read_is_named(name: str, tmp_path: Path) -> None:
    missing = tmp_path / "missing"
    with pytest.raises(SettingsError, match=rf"^{name}_FILE names .*missing, which cannot be read"):
        load({f"{name}_FILE": str(missing)})


def test_a_weak_secret_in_a_file_is_refused_too(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("changeme\n")
    with pytest.raises(SettingsError, match="SECRET_KEY is too short"):
        load({"SECRET_KEY_FILE": str(file)})


LOOPBACK = ["http://127.0.0.1:8920", "http://127.9.9.9", "http://localhost:8920", "http://LOCALHOST", "http://[::1]:1"]


@pytest.mark.parametrize("url", LOOPBACK)
def test_live_refuses_a_carrier_on_this_machine(url: str) -> None:
    account = {"TWILIO_ACCOUNT_SID": "AC1", "TWILIO_API_URL": url}
    with pytest.raises(SettingsError, match="MODE=live refuses a carrier on loopback"):
        load({"MODE": "live", **account})
    assert load({"MODE": "demo", **account}).twilio_api_url == url
    assert is_loopback(url)


@pytest.mark.parametrize("url", ["https://api.twilio.com", "https://localhost.example.com", "https://10.127.0.1"])
def test_live_takes_a_carrier_elsewhere(url: str) -> None:
    assert load({"TWILIO_ACCOUNT_SID": "AC1", "TWILIO_API_URL": url}).mode == "live"


@pytest.mark.parametrize("url", [*LOOPBACK, "https://127.0.0.1/IPAWS", "http://ipaws.fema.example/IPAWS"])
def test_live_takes_only_the_real_ipaws(url: str) -> None:
    for name in ("IPAWS_URL", "IPAWS_FEED_URL"):
        with pytest.raises(SettingsError, match=f"set {name} to the assigned one"):
            load({name: url})
    assert load({"MODE": "demo", "IPAWS_URL": url}).ipaws_url == url
    assert load({"IPAWS_URL": "https://ipaws.fema.example/IPAWS"}).ipaws_url


@pytest.mark.parametrize("url", ["http://911.example:8911", "https://10.127.0.1", "127.0.0.1:8911", "ftp://localhost"])
def test_practice_is_posted_on_this_machine(url: str) -> None:
    with pytest.raises(SettingsError, match=r"^PRACTICE_URL: .*write http://127.0.0.1:8911"):
        load({"MODE": "training", "PRACTICE_URL": url})
    assert load({"MODE": "training", "PRACTICE_URL": "http://localhost:8911"}).practice_url


@pytest.mark.parametrize("mode", ["live", "demo"])
def test_practice_flows_from_training_alone(mode: str) -> None:
    with pytest.raises(SettingsError, match="only a training installation posts practice"):
        load({"MODE": mode, "PRACTICE_URL": "http://127.0.0.1:8911"})
    with pytest.raises(SettingsError, match="PRACTICE_KEY belongs to the live installation"):
        load({"MODE": "training", "PRACTICE_KEY": "x"})
    assert load({"MODE": mode, "PRACTICE_KEY": "x"}).practice_key


BULK = {"TWILIO_ACCOUNT_SID": "AC1", "TWILIO_FROM": "+18885550911", "SMS_BULK": "on"}


@pytest.mark.parametrize("url", LOOPBACK)
def test_live_refuses_a_bulk_carrier_on_this_machine_too(url: str) -> None:
    with pytest.raises(SettingsError, match="set TWILIO_COMMS_URL to the real carrier"):
        load({**BULK, "TWILIO_COMMS_URL": url})
    assert load({**BULK, "TWILIO_COMMS_URL": url, "MODE": "demo"}).sms_bulk
    assert not load({**BULK, "TWILIO_COMMS_URL": url, "SMS_BULK": "off"}).sms_bulk


@pytest.mark.parametrize("sender", [{"TWILIO_FROM": ""}, {"TWILIO_MESSAGING_SERVICE_SID": "MG" + "a" * 32}])
def test_bulk_needs_one_number_of_its_own(sender: dict[str, str]) -> None:
    with pytest.raises(SettingsError, match="SMS_BULK sends from one number"):
        load({**BULK, **sender})
    assert load(BULK).sms_bulk


def test_an_all_clear_has_one_event() -> None:
    with pytest.raises(SettingsError, match="ALL_CLEAR_EAS and ALL_CLEAR_WEA exclude each other"):
        load({"ALL_CLEAR_EAS": "on", "ALL_CLEAR_WEA": "on"})
    assert load({"ALL_CLEAR_WEA": "on"}).all_clear_wea
    assert not load({}).all_clear_eas


@pytest.mark.parametrize("text", ["no JSON", '["a"]', '{"a@b.gov": 1}', '{"a@b.gov": "no certificate"}'])
def test_partners_are_senders_with_certificates(text: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"^CAP_PARTNERS: .*senders and PEM certificates"):
        load({"CAP_PARTNERS": text})
    file = tmp_path / "partners.json"
    file.write_text('{"a@b.gov": "-----BEGIN CERTIFICATE-----"}')
    assert load({"CAP_PARTNERS_FILE": str(file)}).partners == {"a@b.gov": "-----BEGIN CERTIFICATE-----"}


def test_bulk_is_off_unless_it_is_asked_for() -> None:
    assert not load({}).sms_bulk


def test_nothing_said_is_live() -> None:
    """A default that succeeds would be a demo that people believe in."""
    assert load({}).mode == "live"


WRONG = {
    "MODE": "production", "PORT": "web", "SMS_MPS": "0", "SMS_IN_FLIGHT": "-1", "LEASE": "0", "SETTLE": "soon",
    "BLIND": "-5", "SWEEP_EVERY": "0", "PUBLISH_EVERY": "", "MAIL_PER_SECOND": "0",
    "SMS_BULK": "maybe", "CAP_TEST_EVENT": "TOE", "CAP_PARTNERS": "[1]", "LOOKUP_SMS_PER_SECOND": "0",
    "BOUNCE_ADDRESS": "bounces",
    "HANDOFF_EMAIL": "the agency", "HANDOFF_LOUD_AFTER": "0",
    "MAIL_FROM": "State 911 <alerts>",
    "WEBSUB_HUB": "hub.example",
}  # fmt: skip


@pytest.mark.parametrize("name", [name for name in WRONG if WRONG[name]])
def test_a_wrong_value_is_refused_by_name(name: str) -> None:
    with pytest.raises(SettingsError, match=f"^{name}: "):
        load({name: WRONG[name]})


@pytest.mark.parametrize("address", ["alerts@state911.example", "State 911 <alerts+911@x.gov>", '"A, B" <a@b>'])
def test_a_sender_of_mail_may_have_a_name(address: str) -> None:
    assert load({"MAIL_FROM": address}).mail_from == address


def test_an_empty_value_is_no_value() -> None:
    assert load(dict.fromkeys(WRONG, "")) == load({})


def test_settings_do_not_change() -> None:
    with pytest.raises(ValidationError):
        load({}).port = 1  # type: ignore[misc]


ADDRESSES = ["PUBLIC_BASE_URL", "CALLBACKS_BASE_URL", "TWILIO_API_URL", "TWILIO_COMMS_URL", "LOOKUP_URL"]


@pytest.mark.parametrize("name", ADDRESSES)
def test_an_address_ends_without_a_slash(name: str) -> None:
    assert getattr(load({name: "https://911.example/x//"}), name.lower()) == "https://911.example/x"


def test_a_key_is_32_bytes_from_base64_or_from_any_passphrase() -> None:
    assert key_bytes("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=") == bytes(range(32))
    assert len(key_bytes(GOOD)) == len(key_bytes("ä passphrase")) == 32
    assert key_bytes(GOOD) != key_bytes(OTHER)


def test_what_follows_from_others(tmp_path: Path) -> None:
    read = load({"DATA_DIR": str(tmp_path), "PUBLIC_BASE_URL": "https://911.example"})
    assert read.published == tmp_path / "public"
    assert read.callback_address == "https://911.example"
    read = load({"PUBLISH_DIR": str(tmp_path), "CALLBACKS_BASE_URL": "https://cb.example"})
    assert (read.published, read.callback_address) == (tmp_path, "https://cb.example")
