"""Which carriers this installation has: one entry each, made from its settings. What is not set up is off."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import parseaddr
from pathlib import Path
from typing import Any

from broadcaster.channels import webhook
from broadcaster.channels.agency_email import AgencyEmail, Mailer
from broadcaster.channels.checkpoint_mail import CheckpointPrinter
from broadcaster.channels.contract import Channel
from broadcaster.channels.handoff import HandoffPrinter
from broadcaster.channels.http import Door, Limits
from broadcaster.channels.ipaws import Ipaws, Seat
from broadcaster.channels.mime import Letterhead
from broadcaster.channels.public_feed import PublicFeed
from broadcaster.channels.sms_bulk import BulkAccount, TwilioBulk
from broadcaster.channels.sms_twilio import TwilioSms
from broadcaster.channels.smtp_pool import Relay
from broadcaster.channels.twilio_http import TwilioAccount
from broadcaster.channels.upkeep_mail import CheckPrinter
from broadcaster.channels.voice_twilio import TwilioVoice
from broadcaster.settings import Mode, Settings

CALLBACK = "/callbacks/twilio/status"
FILES_PER_S = 50.0
POSTS_PER_S = 5.0
WEBHOOKS_PER_S = 200.0
CANARY_PER_S = 10.0


@dataclass(frozen=True, slots=True)
class WayOut:
    """A carrier, the channel that it serves and its sender: `pace` is in segments, mails or files a second, `weight`
    the share of it that is used, `in_flight` the requests that a process may have open; `missing` says why it is off.
    """

    channel: str
    make: Callable[[Settings], Channel]
    sender: Callable[[Settings], str]
    pace: Callable[[Settings], float]
    missing: Callable[[Settings], str]
    weight: Callable[[Settings], float] = lambda _: 1.0
    in_flight: Callable[[Settings], int] = lambda _: 1000


def _texts(prefix: str, carrier: str) -> WayOut:
    """A Twilio-compatible carrier of texts, from the settings that begin with a prefix."""

    def of(settings: Settings, name: str) -> Any:
        return getattr(settings, f"{prefix}_{name}")

    def sender(settings: Settings) -> str:
        return str(of(settings, "messaging_service_sid") or of(settings, "from"))

    def make(settings: Settings) -> Channel:
        account = TwilioAccount(
            sid=of(settings, "account_sid"),
            token=settings.required(f"{prefix}_auth_token"),
            sender=sender(settings),
            callback_url=settings.callback_address + CALLBACK,
            api_url=of(settings, "api_url"),
            carrier=carrier,
        )
        return TwilioSms(account, Door(live=settings.mode is Mode.LIVE))

    def missing(settings: Settings) -> str:
        without = _missing(settings, f"{prefix}_account_sid", f"{prefix}_auth_token")
        name = prefix.upper()
        return without or ("" if sender(settings) else f"{name}_MESSAGING_SERVICE_SID or {name}_FROM")

    return WayOut("sms", make, sender, PACES[carrier], missing, WEIGHTS[carrier], IN_FLIGHT[carrier])


Reads = Mapping[str, Callable[[Settings], Any]]
PACES: Reads = {"twilio": lambda it: it.sms_mps, "secondary": lambda it: it.sms_secondary_mps}
WEIGHTS: Reads = {"twilio": lambda it: it.sms_weight, "secondary": lambda it: it.sms_secondary_weight}
IN_FLIGHT: Reads = {"twilio": lambda it: it.sms_in_flight, "secondary": lambda it: it.sms_secondary_in_flight}


def _mailer(settings: Settings) -> Mailer:
    return Mailer(
        relay=Relay.of(settings.smtp_url),
        sender=settings.mail_from,
        sender_name=settings.authority,
        public_base_url=settings.public_base_url,
        secret=settings.required("secret_key"),
        live=settings.mode is Mode.LIVE,
        bounces_to=parseaddr(settings.bounce_address)[1],
    )


def _letterhead(mailer: Mailer) -> Letterhead:
    return Letterhead(mailer.sender, mailer.sender_name, mailer.message_id)


def _handoff(settings: Settings) -> Channel:
    """The mail that hands an alert to the agency with the state's seat at IPAWS: the same relay, another print."""
    mailer = _mailer(settings)
    printer = HandoffPrinter(_letterhead(mailer), mailer.public_base_url, mailer.secret)
    return AgencyEmail(mailer, other=("handoff", printer))


def checks(settings: Settings) -> Channel:
    """The mail of the monthly round: the same relay, another print. It is no way out of an alert."""
    mailer = _mailer(settings)
    printer = CheckPrinter(_letterhead(mailer), mailer.public_base_url, mailer.secret)
    return AgencyEmail(mailer, other=("check", printer))


def witness(settings: Settings) -> Channel | None:
    """The mail of the ledger's checkpoints: the same relay, another print; None where no mail is set up."""
    if _missing(settings, "smtp_url", "mail_from"):
        return None
    mailer = _mailer(settings)
    return AgencyEmail(mailer, other=("witness", CheckpointPrinter(_letterhead(mailer))))


def _ipaws(settings: Settings) -> Channel:
    """Our seat at IPAWS-OPEN; its certificate is read when it is used."""
    seat = Seat(
        url=settings.ipaws_url,
        cog=settings.ipaws_cog_id,
        user=settings.ipaws_user,
        key=settings.ipaws_key or Path(),
        cert=settings.ipaws_cert or Path(),
    )
    return Ipaws(seat, Door(live=settings.mode is Mode.LIVE))


def voice(settings: Settings) -> TwilioVoice:
    """Calls over the account of the texts, from a number that can call."""
    account = TwilioAccount(
        sid=settings.twilio_account_sid,
        token=settings.required("twilio_auth_token"),
        sender=settings.twilio_voice_from,
        callback_url=settings.callback_address,
        api_url=settings.twilio_api_url,
        carrier="voice",
    )
    return TwilioVoice(account, Door(live=settings.mode is Mode.LIVE))


def _canary(settings: Settings) -> Channel:
    """The canary's one text: over the account of the texts, or over the carrier's test credentials beside it."""
    account = TwilioAccount(
        sid=settings.canary_account_sid or settings.twilio_account_sid,
        token=settings.canary_auth_token if settings.canary_account_sid else settings.required("twilio_auth_token"),
        sender=_canary_sender(settings),
        callback_url=settings.callback_address + CALLBACK,
        api_url=settings.twilio_api_url,
        carrier="canary",
    )
    return TwilioSms(account, Door(live=settings.mode is Mode.LIVE), "canary")


def _second_canary(settings: Settings) -> Channel:
    """The same text over the second carrier, which nobody else tries before the first one fails."""
    account = TwilioAccount(
        sid=settings.sms_secondary_account_sid,
        token=settings.required("sms_secondary_auth_token"),
        sender=WAYS_OUT["secondary"].sender(settings),
        callback_url=settings.callback_address + CALLBACK,
        api_url=settings.sms_secondary_api_url,
        carrier="canary-second",
    )
    return TwilioSms(account, Door(live=settings.mode is Mode.LIVE), "canary-second")


def _second_canary_missing(settings: Settings) -> str:
    return _missing(settings, "canary_phone") or WAYS_OUT["secondary"].missing(settings)


def _canary_sender(settings: Settings) -> str:
    own = settings.twilio_messaging_service_sid or settings.twilio_from
    return settings.canary_from if settings.canary_account_sid else own


def _canary_missing(settings: Settings) -> str:
    own = ("twilio_account_sid", "twilio_auth_token")
    names = ("canary_auth_token", "canary_from") if settings.canary_account_sid else own
    return _missing(settings, "canary_phone", *names) or (
        "" if _canary_sender(settings) else "TWILIO_MESSAGING_SERVICE_SID or TWILIO_FROM"
    )


def _webhook(settings: Settings) -> Channel:
    limits = Limits(public=True, total_s=webhook.TOTAL_S, longest=webhook.LONGEST_ANSWER)
    return webhook.Webhook(settings.keyring, Door(live=settings.mode is Mode.LIVE, limits=limits))


def _missing(settings: Settings, *names: str) -> str:
    return ", ".join(name.upper() for name in names if not getattr(settings, name))


WAYS_OUT: dict[str, WayOut] = {
    "twilio": _texts("twilio", "twilio"),
    "secondary": _texts("sms_secondary", "secondary"),
    "smtp": WayOut(
        "email",
        lambda settings: AgencyEmail(_mailer(settings)),
        lambda settings: settings.mail_from,
        lambda settings: settings.mail_per_second,
        lambda settings: _missing(settings, "smtp_url", "mail_from"),
    ),
    "voice": WayOut(
        "voice",
        voice,
        lambda settings: settings.twilio_voice_from,
        lambda settings: settings.voice_calls_per_second,
        lambda settings: _missing(settings, "twilio_account_sid", "twilio_auth_token", "twilio_voice_from"),
    ),
    "webhook": WayOut(
        "webhook",
        _webhook,
        lambda settings: "signed with SECRET_KEY",
        lambda settings: WEBHOOKS_PER_S,
        lambda settings: _missing(settings, "secret_key"),
    ),
    "files": WayOut(
        "feed",
        lambda settings: PublicFeed(settings.published),
        lambda settings: "published files",
        lambda settings: FILES_PER_S,
        lambda settings: "",
    ),
    "ipaws": WayOut(
        "ipaws",
        _ipaws,
        lambda settings: settings.ipaws_cog_id,
        lambda settings: POSTS_PER_S,
        lambda settings: _missing(settings, "ipaws_url", "ipaws_cog_id", "ipaws_user", "ipaws_key", "ipaws_cert"),
    ),
    "canary": WayOut("canary", _canary, _canary_sender, lambda settings: CANARY_PER_S, _canary_missing),
    "canary-second": WayOut(
        "canary-second",
        _second_canary,
        lambda settings: WAYS_OUT["secondary"].sender(settings),
        lambda settings: CANARY_PER_S,
        _second_canary_missing,
    ),
    "handoff": WayOut(
        "handoff",
        _handoff,
        lambda settings: settings.mail_from,
        lambda settings: POSTS_PER_S,
        lambda settings: _missing(settings, "handoff_email", "smtp_url", "mail_from"),
    ),
}
"""Every carrier by its name, which waves, receipts and sightings bear."""


def build(settings: Settings) -> dict[str, Channel]:
    """The carriers that are set up, by name."""
    return {name: way.make(settings) for name, way in WAYS_OUT.items() if not way.missing(settings)}


def in_flight(settings: Settings) -> dict[str, int]:
    """The requests that a process may have open at each carrier."""
    return {name: way.in_flight(settings) for name, way in WAYS_OUT.items()}


def bulk(settings: Settings) -> TwilioBulk | None:
    """The fast lane of the texts; None unless SMS_BULK is on and texts are set up."""
    if not settings.sms_bulk or WAYS_OUT["twilio"].missing(settings):
        return None
    account = BulkAccount(
        sid=settings.twilio_account_sid,
        token=settings.required("twilio_auth_token"),
        sender=settings.twilio_from,
        comms_url=settings.twilio_comms_url,
    )
    return TwilioBulk(account, Door(live=settings.mode is Mode.LIVE))


def off(settings: Settings) -> dict[str, str]:
    """The carriers that are off, and the settings that each of them lacks."""
    return {name: missing for name, way in WAYS_OUT.items() if (missing := way.missing(settings))}
