"""Which texts the API takes: the checks of a POST to Messages, in the order in which Twilio's errors appear."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from broadcaster.local.carrier.errors import MAGIC_FROM, MAGIC_OK, MAGIC_TO, Refusal, refusal
from broadcaster.local.carrier.segments import count
from broadcaster.local.carrier.switch import Switch

PHONE = re.compile(r"\+[1-9]\d{6,14}", re.ASCII)
SENDER = re.compile(r"\+[1-9]\d{6,14}|\d{3,8}|(?=.*[A-Za-z])[A-Za-z0-9 ]{1,11}", re.ASCII)
SERVICE = re.compile(r"MG[0-9a-fA-F]{32}")
MOST_CHARACTERS = 1600


def refusal_of(switch: Switch, form: Mapping[str, str]) -> Refusal | None:
    """Why this text cannot be taken, or None."""
    return _parameters(form) or recipient_refusal(switch, form["To"]) or _queue(switch, form)


def trial_refusal(form: Mapping[str, str]) -> Refusal | None:
    """Why test credentials cannot send this text, or None: the parameters count, and the magic numbers; nothing else
    of the account does (twilio.com/docs/iam/test-credentials)."""
    if found := _parameters(form):
        return found
    if (sender := form.get("From", "")) != MAGIC_OK:
        return refusal(21606, sender)
    to = form["To"]
    if to in MAGIC_TO:
        return refusal(MAGIC_TO[to], to)
    return None if PHONE.fullmatch(to) else refusal(21211, to)


def _parameters(form: Mapping[str, str]) -> Refusal | None:
    sender, service, body = form.get("From", ""), form.get("MessagingServiceSid", ""), form.get("Body", "")
    if not form.get("To"):
        return refusal(21604)
    if not sender and not service:
        return refusal(21603)
    if service and not SERVICE.fullmatch(service):
        return refusal(21701, service)
    if sender and not SENDER.fullmatch(sender):
        return refusal(21212, sender)
    if sender in MAGIC_FROM:
        return refusal(MAGIC_FROM[sender], sender)
    if not body:
        return refusal(21602)
    if len(body) > MOST_CHARACTERS:
        return refusal(21617)
    return _options(form)


def _options(form: Mapping[str, str]) -> Refusal | None:
    validity, callback = form.get("ValidityPeriod", ""), form.get("StatusCallback", "")
    if validity and not (validity.isascii() and validity.isdigit() and 1 <= int(validity) <= 36_000):
        return refusal(21624, validity)
    if callback and not _is_url(callback):
        return refusal(21609, callback)
    if form.get("SendAt") or form.get("MediaUrl"):
        return refusal(20001, "This simulator neither schedules messages (SendAt) nor sends media (MediaUrl).")
    return None


def recipient_refusal(switch: Switch, to: str) -> Refusal | None:
    """Why nothing can be sent to a phone, or None."""
    if to in MAGIC_TO:
        return refusal(MAGIC_TO[to], to)
    if not PHONE.fullmatch(to):
        return refusal(21211, to)
    if not to.startswith(switch.config.permitted):
        return refusal(21408, to)
    return refusal(21610) if to in switch.ledger.opted_out else None


def _queue(switch: Switch, form: Mapping[str, str]) -> Refusal | None:
    """A full queue refuses a From; through a Messaging Service the text is taken and fails with 30001."""
    if form.get("MessagingServiceSid") or not switch.panel.rate(form["From"]):
        return None
    return refusal(21611) if switch.network.full(form["From"], count(form["Body"])) else None


def _is_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0 and text.isascii()
    except ValueError:
        return False
