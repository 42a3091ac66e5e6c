"""Ready-made parts for tests: people, alerts, an office, an engine on real servers."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from sqlalchemy.orm import Session

from broadcaster.alert.alert import Area, Content, FailureKind
from broadcaster.alert.lifecycle import AlertKind
from broadcaster.alert.phone import AlternateNumber
from broadcaster.channels.agency_email import AgencyEmail, Mailer
from broadcaster.channels.contract import Channel
from broadcaster.channels.handoff import HandoffPrinter
from broadcaster.channels.http import Door
from broadcaster.channels.ipaws import Ipaws, Seat
from broadcaster.channels.mime import Letterhead
from broadcaster.channels.public_feed import PublicFeed
from broadcaster.channels.sms_bulk import BulkAccount, TwilioBulk
from broadcaster.channels.sms_twilio import TwilioSms
from broadcaster.channels.smtp_pool import Relay
from broadcaster.channels.twilio_http import TwilioAccount
from broadcaster.channels.upkeep_mail import CheckPrinter
from broadcaster.channels.voice_twilio import TwilioVoice
from broadcaster.channels.webhook import Webhook
from broadcaster.directory import (
    Agency,
    AgencyRole,
    Community,
    CommunityKind,
    Contact,
    ContactChannel,
    County,
    Directory,
    Psap,
)
from broadcaster.dispatch import actions
from broadcaster.dispatch.actor import Actor
from broadcaster.dispatch.engine import Engine, Scales
from broadcaster.dispatch.office import Office
from broadcaster.dispatch.waves.window import Window
from broadcaster.messages.edition import Voice
from broadcaster.settings import Mode
from broadcaster.store.alerting.alerts import Revision
from broadcaster.store.database import Sessions, public_id
from broadcaster.store.desk import people
from broadcaster.store.desk.people import User
from broadcaster.store.fanout import senders
from broadcaster.store.fanout.senders import NewSender
from broadcaster.store.places import directory_load
from broadcaster.store.public import residents
from broadcaster.store.sealed import Sealer
from broadcaster.values import Keyring, key_bytes
from tests.furnished import furnished

SECRET = "a-secret-of-the-tests-0123456789abcdef"
KEYS = {
    "SECRET_KEY": SECRET,
    "FIELD_KEY": "the-field-key-of-the-tests-0123456789",
    "INDEX_KEY": "the-index-key-of-the-tests-9876543210",
}
SEALER = Sealer(key_bytes(KEYS["FIELD_KEY"]), key_bytes(KEYS["INDEX_KEY"]))
SID, TOKEN, SENDER, SECOND_SENDER = "AC" + "0" * 32, "token-of-the-tests", "+15005550006", "+18885550912"
QUICK = Scales(lease=3.0, settle=6.0, blind=8.0)
"""The three times of the algorithm, scaled to a tenth."""


def office(mode: Mode = Mode.DEMO, signing: tuple[bytes, bytes] | None = None) -> Office:
    """An authority of the tests; unsigned unless it is given a key."""
    voice = Voice("State 911 Department", "State 911", "Massachusetts", "America/New_York", "https://911.example")
    return Office(mode, voice, "25", "http://localhost:8911", "state911@ma.example", "State 911 Department", signing)


def town(no: int, county: str = "25027") -> Community:
    """A small town with a PSAP of its own."""
    return Community(f"town-{no}", f"Town {no}", CommunityKind.MUNICIPALITY, county, "America/New_York", f"psap-{no}")


def police(town: Community, *more: Contact) -> Agency:
    """The police of a town, with a mailbox, and whatever else it is reached by."""
    box = Contact(ContactChannel.EMAIL, f"police@{town.code}.example", 1)
    return Agency(f"{town.code}-police", f"{town.name} Police", AgencyRole.POLICE, (box, *more), (town.code,))


def directory(towns: int = 3) -> Directory:
    """Some towns, each with its own number and its police."""
    places = tuple(town(no) for no in range(1, towns + 1))
    return Directory(
        counties=(County("25027", "Worcester"),),
        communities=places,
        psaps=tuple(Psap(place.psap_code, f"{place.name} dispatch", place.county_fips) for place in places),
        agencies=tuple(police(place) for place in places),
        numbers={
            place.code: (AlternateNumber(f"+1508555{100 + no:04d}", "Police", verified_on=datetime.now(UTC).date()),)
            for no, place in enumerate(places)
        },
        county_numbers={},
        state_numbers=(AlternateNumber("+16175550199", "State Police"),),
        sample=True,
    )


def content(**changes: object) -> Content:
    """A statewide outage that began ten minutes ago."""
    now = datetime.now(UTC).replace(microsecond=0)
    made = Content(
        failure=FailureKind.ALL_CALLS,
        area=Area(statewide=True),
        began=now - timedelta(minutes=10),
        expires=now + timedelta(hours=2),
        next_update=now + timedelta(minutes=30),
    )
    return replace(made, **changes)  # type: ignore[arg-type]


@dataclass
class House:
    """A database with a directory, people, residents; and the office that issues."""

    sessions: Sessions
    office: Office
    issuer: int = 0
    approver: int = 0

    def actor(self, session, user: int | None = None) -> Actor:
        """Somebody who acts in a session, the issuer unless told otherwise."""
        return Actor(session, self.office, SEALER, user or self.issuer, datetime.now(UTC))

    def release(self, words: Content | None = None) -> int:
        """An initial alert all the way through two people; returns the revision's id."""
        with self.sessions.begin() as session:
            revision = actions.new_alert(self.actor(session), AlertKind.OUTAGE, words or content())
            actions.submit(self.actor(session), revision)
            key = revision.id
        self.approve(key)
        return key

    def approve(self, revision: int) -> None:
        """The second person approves a submitted revision."""
        with self.sessions.begin() as session:
            row = session.get_one(Revision, revision)
            actions.approve(self.actor(session, self.approver), row, row.hash)


def person(session, email: str, *roles: str) -> User:
    """A person of the desk with some roles."""
    user = User(email=email, password_hash="x", handle=public_id())
    user.roles = [people.role(session, name) for name in roles]
    session.add(user)
    session.flush()
    return user


def furnish(sessions: Sessions, places: Directory, everyone: dict[str, list[str]], mps: float = 1000.0) -> House:
    """Fill a database: a directory, an issuer, an approver, a sender, and residents by phone -> community codes."""
    house = House(sessions, office())

    def write(session: Session) -> tuple[int, int]:
        directory_load.save(session, places, SEALER)
        issuer = person(session, "issuer@ma.example", "issuer").id
        approver = person(session, "approver@ma.example", "approver", "issuer").id
        senders.register(session, NewSender("sms", "twilio", SENDER, mps))
        senders.register(session, NewSender("feed", "files", "public", 100.0))
        senders.register(session, NewSender("email", "smtp", "alerts@ma.example", 100.0))
        ids = directory_load.community_ids(session)
        for phone, codes in everyone.items():
            address = residents.address(session, SEALER, "sms", phone)
            for code in codes:
                residents.subscribe(session, address, ids[code])
        return issuer, approver

    house.issuer, house.approver = furnished(sessions, ("house", places, everyone, mps), write)
    return house


def phones(many: int) -> list[str]:
    """Distinct fictional numbers."""
    return [f"+1{201 + no // 100}5550{100 + no % 100}" for no in range(many)]


@dataclass(frozen=True, slots=True)
class Ways:
    """Which ways out an engine has beside its first carrier: a mail relay (also of hand-offs), a second carrier, a seat
    at IPAWS, the bulk lane; where the carriers call back, the address under which calls are answered, and machines."""

    smtp_url: str = ""
    second_url: str = ""
    ipaws: Seat | None = None
    bulk: bool = False
    callback: str = "http://localhost:1/callbacks/twilio/status"
    voice: str = ""
    webhooks: bool = False


@contextmanager
def engine(sessions: Sessions, carrier_url: str, folder, in_flight: int = 50, ways: Ways = Ways()):
    """An engine whose texts go to a simulated carrier, whose mail to a sink, and whose files go to a folder."""
    account = TwilioAccount(SID, TOKEN, SENDER, ways.callback, carrier_url)
    carriers: dict[str, Channel] = {
        "twilio": TwilioSms(account, Door(live=False)),
        "files": PublicFeed(folder),
    }
    if ways.second_url:
        second = TwilioAccount(SID, TOKEN, SECOND_SENDER, ways.callback, ways.second_url, "secondary")
        carriers["secondary"] = TwilioSms(second, Door(live=False))
    if ways.smtp_url:
        mailer = Mailer(
            Relay.of(ways.smtp_url), "alerts@ma.example", "State 911", "http://localhost:8911", SECRET, live=False
        )
        carriers["smtp"] = AgencyEmail(mailer)
        head = Letterhead(mailer.sender, mailer.sender_name, mailer.message_id)
        handed = HandoffPrinter(head, mailer.public_base_url, SECRET)
        carriers["handoff"] = AgencyEmail(mailer, other=("handoff", handed))
        carriers["check"] = AgencyEmail(mailer, other=("check", CheckPrinter(head, mailer.public_base_url, SECRET)))
    if ways.voice:
        calls = TwilioAccount(SID, TOKEN, SENDER, ways.voice, carrier_url, "voice")
        carriers["voice"] = TwilioVoice(calls, Door(live=False))
    if ways.webhooks:
        carriers["webhook"] = Webhook(Keyring(SECRET), Door(live=False))
    if ways.ipaws:
        carriers["ipaws"] = Ipaws(ways.ipaws, Door(live=False))
    bulk = TwilioBulk(BulkAccount(SID, TOKEN, SENDER, carrier_url), Door(live=False)) if ways.bulk else None
    made = Engine(sessions, SEALER, Window(carriers, in_flight, bulk=bulk), Keyring(SECRET), QUICK)
    try:
        yield made
    finally:
        made.close()
