"""The knobs of the canary, a part of the settings: what it texts, by whose hand, and whom it pages by which own way."""

from __future__ import annotations

import re

from pydantic import BaseModel, Field, field_validator

from broadcaster.values import MAIL_ADDRESS

E164 = re.compile(r"\+[1-9][0-9]{6,14}")
SECRETS = ("CANARY_KEYS", "CANARY_AUTH_TOKEN", "CANARY_SMTP_URL")


class CanarySettings(BaseModel):
    """Off without a phone; `canary_keys` are what `broadcaster users canary` prints, in one line."""

    canary_phone: str = ""
    canary_keys: str = ""
    canary_every: float = Field(default=300.0, gt=0)
    canary_url: str = ""
    canary_account_sid: str = ""
    canary_auth_token: str = ""
    canary_from: str = ""
    canary_page_url: str = ""
    canary_page_to: str = ""
    canary_smtp_url: str = ""
    canary_deadman_url: str = ""

    @field_validator("canary_phone")
    @classmethod
    def _phone(cls, phone: str) -> str:
        if phone and not E164.fullmatch(phone):
            raise ValueError("is no phone number: write it as +16175550123")
        return phone

    @field_validator("canary_page_to")
    @classmethod
    def _mailbox(cls, address: str) -> str:
        if address and not MAIL_ADDRESS.fullmatch(address):
            raise ValueError("is no mail address: write name@host")
        return address

    @field_validator("canary_keys")
    @classmethod
    def _three_words(cls, keys: str) -> str:
        if keys and len(keys.split()) != 3:
            raise ValueError("must be the three words that `broadcaster users canary` prints")
        return keys
