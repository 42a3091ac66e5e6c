"""Which ways out this installation has: one entry each, made from its settings. What is not set up is off."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from broadcaster.channels.agency_email import AgencyEmail, Mailer, Relay
from broadcaster.channels.contract import Channel
from broadcaster.channels.http import Door
from broadcaster.channels.public_feed import PublicFeed
from broadcaster.channels.sms_twilio import TwilioAccount, TwilioSms
from broadcaster.settings import Mode, Settings

CALLBACK = "/callbacks/twilio/status"
FILES_PER_S = 50.0


@dataclass(frozen=True, slots=True)
class WayOut:
    """A channel and its sender: `pace` is in segments, mails or files a second; `missing` says why it is off."""

    make: Callable[[Settings], Channel]
    sender: Callable[[Settings], str]
    pace: Callable[[Settings], float]
    missing: Callable[[Settings], str]


def _text_sender(settings: Settings) -> str:
    return settings.twilio_messaging_service_sid or settings.twilio_from


def _texts(settings: Settings) -> Channel:
    account = TwilioAccount(
        sid=settings.twilio_account_sid,
        token=settings.required("twilio_auth_token"),
        sender=_text_sender(settings),
        callback_url=settings.callback_address + CALLBACK,
        api_url=settings.twilio_api_url,
    )
    return TwilioSms(account, Door(live=settings.mode is Mode.LIVE))


def _mails(settings: Settings) -> Channel:
    mailer = Mailer(
        relay=Relay.of(settings.smtp_url),
        sender=settings.mail_from,
        sender_name=settings.authority,
        public_base_url=settings.public_base_url,
        secret=settings.required("secret_key"),
        live=settings.mode is Mode.LIVE,
    )
    return AgencyEmail(mailer)


def _missing(settings: Settings, *names: str) -> str:
    return ", ".join(name.upper() for name in names if not getattr(settings, name))


WAYS_OUT: dict[str, WayOut] = {
    "sms": WayOut(
        _texts,
        _text_sender,
        lambda settings: settings.sms_mps,
        lambda settings: (
            _missing(settings, "twilio_account_sid", "twilio_auth_token")
            or ("" if _text_sender(settings) else "TWILIO_MESSAGING_SERVICE_SID or TWILIO_FROM")
        ),
    ),
    "email": WayOut(
        _mails,
        lambda settings: settings.mail_from,
        lambda settings: settings.mail_per_second,
        lambda settings: _missing(settings, "smtp_url", "mail_from"),
    ),
    "feed": WayOut(
        lambda settings: PublicFeed(settings.published),
        lambda settings: "published files",
        lambda settings: FILES_PER_S,
        lambda settings: "",
    ),
}


def build(settings: Settings) -> dict[str, Channel]:
    """The channels that are set up, by name."""
    return {name: way.make(settings) for name, way in WAYS_OUT.items() if not way.missing(settings)}


def off(settings: Settings) -> dict[str, str]:
    """The channels that are off, and the settings that each of them lacks."""
    return {name: missing for name, way in WAYS_OUT.items() if (missing := way.missing(settings))}
