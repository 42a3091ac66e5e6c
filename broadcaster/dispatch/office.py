"""Who issues: the authority of this installation, as the documents and messages need it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from broadcaster import logs
from broadcaster.feeds import certificates
from broadcaster.feeds.cap import Status
from broadcaster.feeds.certificates import CertificateRefused
from broadcaster.feeds.door import Door
from broadcaster.messages.edition import Voice
from broadcaster.settings import Mode, Settings

log = logs.get(__name__)
STATUSES = {Mode.LIVE: Status.ACTUAL, Mode.DEMO: Status.EXERCISE, Mode.TRAINING: Status.TEST}
"""CAP status by the installation's mode (interface.md, MODE)."""


@dataclass(frozen=True, slots=True)
class DoorRates:
    """How many people a second each way to the one door serves: its page, its texts, its calls."""

    url: float = 500.0
    sms: float = 1.0
    voice: float = 0.2


@dataclass(frozen=True, slots=True)
class Office:
    """One authority per installation.

    `signing` is (key PEM, certificates PEM), or None: then documents go unsigned and the preview says so, with
    `unsigned_why` where a key was set up and cannot sign. `test_event` is the SAME code of tests, `clear_on` the
    outlets of IPAWS that an ending is sent to (EAS, CMAS). `handoff_to` is the mailbox of the agency that has the
    state's seat at IPAWS, or empty; `chase_after` the seconds after which an agency's further contacts are tried;
    `canary_phone` the one phone that the canary may text, or empty.
    """

    mode: Mode
    voice: Voice
    state_fips: str
    public_base_url: str
    cap_sender: str
    cap_sender_name: str
    signing: tuple[bytes, bytes] | None = None
    rates: DoorRates = DoorRates()
    test_event: str = "DMO"
    clear_on: frozenset[str] = frozenset()
    unsigned_why: str = ""
    websub_hub: str = ""
    handoff_to: str = ""
    handoff_name: str = ""
    chase_after: tuple[float, ...] = (300.0, 900.0, 1800.0)
    canary_phone: str = ""

    @classmethod
    def of(cls, settings: Settings) -> Office:
        """The office that the settings describe."""
        signing, why = _signing(settings)
        host = urlsplit(settings.public_base_url).hostname or "localhost"
        voice = Voice(
            authority=settings.authority,
            authority_short=settings.authority_short,
            state_name=settings.state_name,
            timezone=settings.timezone,
            lookup_url=settings.lookup_url,
            lookup_sms=settings.lookup_sms,
            lookup_voice=settings.lookup_voice,
            watch_phone=settings.watch_phone,
            watch_email=settings.watch_email,
            training=settings.mode is Mode.TRAINING,
        )
        return cls(
            mode=settings.mode,
            voice=voice,
            state_fips=settings.state_fips,
            public_base_url=settings.public_base_url,
            cap_sender=settings.cap_sender or f"state911@{host}",
            cap_sender_name=settings.cap_sender_name or settings.authority,
            signing=signing,
            unsigned_why=why,
            rates=DoorRates(
                settings.lookup_url_per_second, settings.lookup_sms_per_second, settings.lookup_voice_per_second
            ),
            test_event=settings.cap_test_event,
            clear_on=frozenset(
                name for name, on in (("EAS", settings.all_clear_eas), ("CMAS", settings.all_clear_wea)) if on
            ),
            websub_hub=settings.websub_hub,
            handoff_to=settings.handoff_email,
            handoff_name=settings.handoff_name,
            chase_after=settings.chase_seconds,
            canary_phone=settings.canary_phone,
        )

    @property
    def doors(self) -> list[Door]:
        """The ways to the one door that are set up, in the order in which texts name them."""
        ways = (
            (self.voice.lookup_url, self.rates.url),
            (self.voice.lookup_sms, self.rates.sms),
            (self.voice.lookup_voice, self.rates.voice),
        )
        return [Door(words, rate) for words, rate in ways if words]

    def certificate_warning(self, now: datetime) -> str:
        """What people must do about the signing certificate now, or ``""``."""
        if self.signing is None:
            return f"CAP documents go out unsigned. {self.unsigned_why}" if self.unsigned_why else ""
        return certificates.expiry_warning(self.signing[1], now)

    @property
    def status(self) -> Status:
        """The CAP status of everything that this installation says."""
        return STATUSES[self.mode]


def _signing(settings: Settings) -> tuple[tuple[bytes, bytes] | None, str]:
    """Key and certificates, or why there are none: what cannot sign is said loudly, and never stops an alert."""
    if settings.cap_signing_key is None or settings.cap_signing_cert is None:
        return None, ""
    try:
        pair = settings.cap_signing_key.read_bytes(), settings.cap_signing_cert.read_bytes()
        certificates.check_pair(*pair)
    except OSError as error:
        why = f"{error.filename} cannot be read: {error.strerror}."
    except CertificateRefused as refused:
        why = f"CAP_SIGNING_KEY and CAP_SIGNING_CERT cannot sign. {refused}"
    else:
        return pair, ""
    log.error("cap_cannot_be_signed", why=why)
    return None, why
