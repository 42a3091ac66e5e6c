"""Whose webhooks we believe: the accounts at the carriers, each with the token that signs what it posts to us."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from broadcaster.settings import Settings


@dataclass(frozen=True, slots=True)
class Account:
    """The name that a carrier's receipts are kept under, and the secret that it signs with."""

    carrier: str
    token: str


def accounts(settings: Settings) -> Mapping[str, Account]:
    """AccountSid -> account, one entry for each carrier that is set up; SettingsError when a secret is missing.

    The name is the one that `TwilioAccount.carrier` gives to what is sent over the same account.
    """
    found = {settings.required("twilio_account_sid"): Account("twilio", settings.required("twilio_auth_token"))}
    if settings.sms_secondary_account_sid:
        token = settings.required("sms_secondary_auth_token")
        found[settings.sms_secondary_account_sid] = Account("secondary", token)
    return found
