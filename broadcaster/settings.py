"""The knobs: read once, typed, refused at start with a sentence that says what to do.

Every secret can come from a file: ``NAME_FILE=/run/secrets/name`` stands for ``NAME=<the file's text>``.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from email.utils import parseaddr
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, ConfigDict, Field, ValidationError, field_validator, model_validator

from broadcaster import canary_settings, oidc_settings
from broadcaster.oidc_settings import OidcSettings
from broadcaster.practice_settings import PracticeSettings
from broadcaster.refusal import Refusal
from broadcaster.values import (
    MAIL_ADDRESS,
    Keyring,
    certificates_by_sender,
    in_rising_order,
    is_loopback,
    is_real,
    key_bytes,
    repeats,
)

OURS: tuple[str, ...] = ("SECRET_KEY", "SECRET_KEY_PREVIOUS", "FIELD_KEY", "INDEX_KEY", "BOUNCE_TOKEN", "METRICS_TOKEN")
OURS += ("BINDER_PASSPHRASE",)
SECRETS = (*OURS, "DATABASE_URL", "REDIS_URL", "SMTP_URL", "TWILIO_AUTH_TOKEN", "SMS_SECONDARY_AUTH_TOKEN")
SECRETS += canary_settings.SECRETS + oidc_settings.SECRETS


class SettingsError(Refusal, ValueError):
    """The environment cannot be used; the message is one sentence that says what to change."""


class Mode(StrEnum):
    """What an installation is for. It belongs to the installation, never to an alert."""

    LIVE = "live"
    TRAINING = "training"
    DEMO = "demo"


Seconds = Annotated[float, Field(gt=0)]
Steps = Annotated[str, AfterValidator(in_rising_order)]


class Settings(canary_settings.CanarySettings, PracticeSettings, OidcSettings):
    """One immutable value with every setting; field names are the environment's names in lower case."""

    model_config = ConfigDict(frozen=True, extra="ignore", str_strip_whitespace=True)

    mode: Mode = Mode.LIVE
    data_dir: Path = Path("var")
    publish_dir: Path | None = None
    database_url: str = ""
    redis_url: str = ""
    secret_key: str = ""
    secret_key_previous: str = ""
    field_key: str = ""
    index_key: str = ""
    field_key_id: int = 1
    public_base_url: str = "http://localhost:8911"
    callbacks_base_url: str = ""
    bind: str = "127.0.0.1"
    port: int = 8911
    callbacks_port: int = 8912
    window_port: int = 8913
    timezone: str = "America/New_York"
    authority: str = "State 911 Department"
    authority_short: str = "State 911"
    state_fips: str = "25"
    state_name: str = "Massachusetts"
    watch_phone: str = ""
    watch_email: str = ""

    twilio_account_sid: str = ""
    twilio_auth_token: str = ""
    twilio_messaging_service_sid: str = ""
    twilio_from: str = ""
    twilio_voice_from: str = ""
    voice_calls_per_second: float = Field(default=1.0, gt=0)
    twilio_api_url: str = "https://api.twilio.com"
    twilio_comms_url: str = "https://comms.twilio.com"
    sms_mps: float = Field(default=1.0, gt=0)
    sms_in_flight: int = Field(default=100, gt=0)
    sms_weight: float = Field(default=1.0, ge=0, le=1)
    sms_secondary_account_sid: str = ""
    sms_secondary_auth_token: str = ""
    sms_secondary_messaging_service_sid: str = ""
    sms_secondary_from: str = ""
    sms_secondary_api_url: str = "https://api.twilio.com"
    sms_secondary_mps: float = Field(default=1.0, gt=0)
    sms_secondary_in_flight: int = Field(default=100, gt=0)
    sms_secondary_weight: float = Field(default=1.0, ge=0, le=1)
    sms_bulk: bool = False

    smtp_url: str = ""
    mail_from: str = ""
    mail_per_second: float = Field(default=300.0, gt=0)
    bounce_address: str = ""
    bounce_mailbox: Path | None = None
    bounce_token: str = ""
    notice_mailbox: Path | None = None
    notice_authserv_id: str = ""
    metrics_token: str = ""

    cap_sender: str = ""
    cap_sender_name: str = ""
    cap_signing_key: Path | None = None
    cap_signing_cert: Path | None = None
    cap_partners: Annotated[str, AfterValidator(certificates_by_sender)] = ""
    cap_test_event: Literal["DMO", "RMT", "RWT"] = "DMO"
    all_clear_eas: bool = False
    all_clear_wea: bool = False
    websub_hub: str = ""
    ipaws_url: str = ""
    ipaws_cog_id: str = ""
    ipaws_user: str = ""
    ipaws_key: Path | None = None
    ipaws_cert: Path | None = None
    ipaws_feed_url: str = ""
    handoff_email: str = ""
    handoff_name: str = ""
    upkeep_round: bool = False
    handoff_loud_after: float = Field(default=10.0, gt=0)

    lookup_url: str = ""
    lookup_sms: str = ""
    lookup_voice: str = ""
    lookup_url_per_second: float = Field(default=500.0, gt=0)
    lookup_sms_per_second: float = Field(default=1.0, gt=0)
    lookup_voice_per_second: float = Field(default=0.2, gt=0)
    signup_texts_per_day: int = Field(default=2000, ge=0)
    trusted_proxies: int = Field(default=0, ge=0, le=5)
    reminder_texts_per_day: int = Field(default=3000, ge=0)
    chase_after: Steps = "5 15 30"
    page_after: Steps = "2 4"
    break_glass_after: float = Field(default=5.0, gt=0)
    export_cert: Path | None = None
    export_dir: Path | None = None
    call_counts_dir: Path | None = None
    binder_dir: Path | None = None
    binder_passphrase: str = ""

    lease: Seconds = 30.0
    settle: Seconds = 60.0
    blind: Seconds = 120.0
    sweep_every: Seconds = 2.0
    publish_every: Seconds = 10.0
    log_level: str = "INFO"

    @field_validator("*")
    @classmethod
    def _whole(cls, value: object) -> object:
        if isinstance(value, Path):
            return value.expanduser().absolute()
        return value.rstrip("/") if isinstance(value, str) and value.startswith("http") else value

    @field_validator("mail_from", "bounce_address", "handoff_email")
    @classmethod
    def _mail_address(cls, address: str) -> str:
        if address and not MAIL_ADDRESS.fullmatch(parseaddr(address)[1]):
            raise ValueError("is no mail address: write name@host")
        return address

    @field_validator("websub_hub")
    @classmethod
    def _web_address(cls, url: str) -> str:
        if url and (urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname):
            raise ValueError("is no address of the web: write https://hub.example/")
        return url

    @model_validator(mode="after")
    def _refuse_weak_secrets(self) -> Self:
        for name in map(str.lower, OURS):
            value = getattr(self, name)
            if value and (len(value) < 32 or len(set(value)) < 8 or repeats(value)):
                raise ValueError(f"{name.upper()} is too short or too simple: make one with `openssl rand -base64 32`")
        if self.field_key and self.field_key == self.index_key:
            raise ValueError("INDEX_KEY must differ from FIELD_KEY: the index must not open the fields")
        return self

    @model_validator(mode="after")
    def _refuse_simulators_when_live(self) -> Self:
        self.refuse_what_flows_back(training=self.mode is Mode.TRAINING)
        for account, url in (
            ("twilio_account_sid", "twilio_api_url"),
            ("sms_secondary_account_sid", "sms_secondary_api_url"),
        ):
            if self.mode is Mode.LIVE and getattr(self, account) and is_loopback(getattr(self, url)):
                raise ValueError(f"MODE=live refuses a carrier on loopback: set {url.upper()} to the real carrier")
        if self.mode is Mode.LIVE and self.sms_bulk and is_loopback(self.twilio_comms_url):
            raise ValueError("MODE=live refuses a carrier on loopback: set TWILIO_COMMS_URL to the real carrier")
        for name in ("ipaws_url", "ipaws_feed_url"):
            if self.mode is Mode.LIVE and (url := getattr(self, name)) and not is_real(url):
                told = f"set {name.upper()} to the assigned one"
                raise ValueError(f"MODE=live takes an https address beyond this machine: {told}")
        return self

    @model_validator(mode="after")
    def _refuse_what_cannot_go_together(self) -> Self:
        if self.all_clear_eas and self.all_clear_wea:
            raise ValueError(
                "ALL_CLEAR_EAS and ALL_CLEAR_WEA exclude each other: an all-clear goes to EAS as ADR, which phones do"
                " not get; switch one off"
            )
        if self.sms_bulk and (not self.twilio_from or self.twilio_messaging_service_sid):
            raise ValueError(
                "SMS_BULK sends from one number, whose rate is SMS_MPS: set TWILIO_FROM, and no"
                " TWILIO_MESSAGING_SERVICE_SID, or switch SMS_BULK off"
            )
        return self

    @property
    def published(self) -> Path:
        """The folder that holds the public files."""
        return self.publish_dir or self.data_dir / "public"

    @property
    def partners(self) -> dict[str, str]:
        """Whose alerts are taken: PEM certificates by CAP sender."""
        return dict(json.loads(self.cap_partners or "{}"))

    @property
    def callback_address(self) -> str:
        """Where carriers reach our callbacks: CALLBACKS_BASE_URL, or PUBLIC_BASE_URL where one proxy serves all."""
        return self.callbacks_base_url or self.public_base_url

    @property
    def chase_seconds(self) -> tuple[float, ...]:
        """Seconds after a release at which an agency that has not acknowledged is tried another way."""
        return tuple(60.0 * float(minutes) for minutes in self.chase_after.split())

    @property
    def page_seconds(self) -> tuple[float, ...]:
        """Seconds after the first page about a revision at which more people are paged."""
        return tuple(60.0 * float(minutes) for minutes in self.page_after.split())

    @property
    def keyring(self) -> Keyring:
        """SECRET_KEY, and the one before it while links and callbacks of its time may still come back."""
        return Keyring(self.required("secret_key"), self.secret_key_previous)

    @property
    def field_key_bytes(self) -> bytes:
        """The 32 bytes that encrypt personal fields (AES-256-GCM)."""
        return key_bytes(self.required("field_key"))

    @property
    def index_key_bytes(self) -> bytes:
        """The 32 bytes of the blind index (HMAC-SHA-256)."""
        return key_bytes(self.required("index_key"))

    def required(self, name: str) -> str:
        """The setting, or a SettingsError that names it when it is empty."""
        value = str(getattr(self, name) or "")
        if not value:
            raise SettingsError(f"{name.upper()} is not set: set it in the environment, or {name.upper()}_FILE.")
        return value


def load(environ: Mapping[str, str] | None = None) -> Settings:
    """Settings from an environment; raises SettingsError with one sentence that says what to change."""
    env = dict(os.environ if environ is None else environ)
    values: dict[str, str] = {}
    for name in Settings.model_fields:
        upper = name.upper()
        if file := env.get(f"{upper}_FILE"):
            try:
                values[name] = Path(file).read_text(encoding="utf-8").strip()
            except OSError as error:
                raise SettingsError(f"{upper}_FILE names {file}, which cannot be read: {error.strerror}.") from error
        elif env.get(upper, "") != "":
            values[name] = env[upper]
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]).upper()
        message = str(first["msg"]).removeprefix("Value error, ")
        raise SettingsError(f"{where}: {message}." if where else f"{message}.") from error


@cache
def current() -> Settings:
    """The settings of this process, read once."""
    return load()
