"""Other agencies' alerts: believed by their signature, judged by the profile, kept once, decided about by a person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy.orm import Session

from broadcaster.alert.alert import Area, Certainty, Content, FailureKind
from broadcaster.alert.lifecycle import AlertKind, LifecycleRefused
from broadcaster.directory import Directory
from broadcaster.dispatch import actions
from broadcaster.dispatch.actions import DEFAULT_LIFE, DEFAULT_NEXT_UPDATE
from broadcaster.dispatch.actor import Actor
from broadcaster.feeds import profile, signature
from broadcaster.feeds.capvalues import Alert, CapRefused, Status
from broadcaster.feeds.capxml import parse
from broadcaster.feeds.finding import Concern, Finding
from broadcaster.feeds.profile import Profile
from broadcaster.feeds.signature import SignatureRefused
from broadcaster.messages.template import plain
from broadcaster.said import Said
from broadcaster.store.alerting import incoming
from broadcaster.store.alerting.alerts import Revision
from broadcaster.store.alerting.incoming import Incoming, IncomingState
from broadcaster.store.places import directory_load
from broadcaster.store.timeline import ledger

OLDEST, FUTURE = timedelta(hours=24), timedelta(minutes=5)
"""How long after it was sent a message is taken, and how far a partner's clock may be ahead."""


LONGEST_TITLE = 160


class Unbelieved(ValueError):
    """A message whose sender is no partner, or that the partner has not signed; the message is a sentence."""


class Unusable(ValueError):
    """A believed message that cannot be kept: `findings` say what is wrong with it, if its words are."""

    def __init__(self, sentence: str, findings: tuple[Finding, ...] = ()) -> None:
        super().__init__(sentence)
        self.findings = findings


class Contradiction(ValueError):
    """Another message of the same sender, identifier and time was kept already; the message is a sentence."""


@dataclass(frozen=True, slots=True)
class Received:
    """A message that is kept, what was found, and whether it came for the first time."""

    row: Incoming
    findings: tuple[Finding, ...]
    new: bool


def receive(session: Session, partners: Mapping[str, bytes], data: bytes, now: datetime) -> Received:
    """Keep a partner's message for a person. `partners` are senders and what is pinned of them, in PEM.

    Unbelieved, Unusable, Contradiction, or CapRefused for what is no CAP at all; nothing was kept then. Only the
    signed part is read from here on.
    """
    sender = parse(data).sender
    if sender not in partners:
        raise Unbelieved(f"{sender[:80]} is no partner of ours: ask to be listed in CAP_PARTNERS.")
    try:
        alert = parse(signature.verify(data, partners[sender], now))
    except SignatureRefused as refused:
        raise Unbelieved(str(refused)) from refused
    if alert.sender != sender:
        raise Unbelieved("The signed part names another sender.")
    found = _usable(alert, now)
    row, new = _kept(session, alert, data, found)
    return Received(row, found, new)


def _usable(alert: Alert, now: datetime) -> tuple[Finding, ...]:
    if not now - OLDEST <= alert.sent <= now + FUTURE:
        raise Unusable("It was sent more than a day ago, or in the future: send it again with the time of now.")
    if alert.expires is not None and alert.expires <= now:
        raise Unusable("It has ended already.")
    found = tuple(profile.check(alert, Profile.IPAWS if "IPAWSv1.0" in alert.codes else Profile.CAP))
    errors = tuple(profile.blocking(found, Concern.CAP))
    if errors:
        raise Unusable("The message breaks rules of CAP 1.2; nothing was kept.", errors)
    return found


def _kept(session: Session, alert: Alert, data: bytes, found: tuple[Finding, ...]) -> tuple[Incoming, bool]:
    row, new = incoming.keep(
        session,
        sender=alert.sender,
        identifier=alert.identifier,
        sent=alert.sent,
        expires=alert.expires,
        title=_title(alert),
        bytes=data,
        sha=sha256(data).hexdigest(),
        findings=[{name: str(value) for name, value in asdict(finding).items()} for finding in found],
    )
    if message(row) != alert:
        sentence = "Another message with this sender, identifier and time was kept before: use a new identifier."
        raise Contradiction(sentence)
    if new:
        ledger.append(session, f"partner:{alert.sender}", "received", f"incoming:{row.public_id}", {"sha": row.sha})
    return row, new


def _title(alert: Alert) -> str:
    """What the desk lists, so that no list depends on reading what others wrote."""
    info = alert.infos[0] if alert.infos else None
    words = (info.headline or info.event) if info else f"{alert.msg_type} of {alert.identifier}"
    return f"{'' if alert.status is Status.ACTUAL else f'[{alert.status}] '}{plain(words)}"[:LONGEST_TITLE]


def message(row: Incoming) -> Alert:
    """What a kept message says."""
    return parse(row.bytes)


def take(actor: Actor, public: str) -> Revision:
    """Begin an alert of ours from it: a draft, prefilled with its area and times, which two people must still release.

    LifecycleRefused when somebody has decided about it already, or when it cannot be read any more.
    """
    row = _undecided(actor, public)
    content = _content(message(row), directory_load.load(actor.session, agencies=False), actor.now)
    revision = actions.new_alert(actor, AlertKind.OUTAGE, content, known_since=row.received_at)
    row.alert_id = revision.alert_id
    _decide(actor, row, IncomingState.TAKEN)
    return revision


def dismiss(actor: Actor, public: str) -> None:
    """It is nothing for us; LifecycleRefused when somebody has decided about it already."""
    _decide(actor, _undecided(actor, public), IncomingState.DISMISSED)


def _undecided(actor: Actor, public: str) -> Incoming:
    row = incoming.locked(actor.session, public)
    if row is None:
        raise LifecycleRefused(Said("There is no such message: open the desk again."))
    if row.state != IncomingState.WAITING:
        raise LifecycleRefused(Said("Somebody has decided about this message already: open the desk again."))
    return row


def _decide(actor: Actor, row: Incoming, state: IncomingState) -> None:
    row.state, row.decided_by, row.decided_at = state.value, actor.user_id, actor.now
    said = {"sender": row.sender, "identifier": row.identifier, "sha": row.sha}
    ledger.append(actor.session, f"user:{actor.user_id}", state.value, f"incoming:{row.public_id}", said)
    actor.session.flush()


def _content(alert: Alert, directory: Directory, now: datetime) -> Content:
    """A first content for a person to correct: never more certain than a report, never longer than an alert's life."""
    info = alert.infos[0] if alert.infos else None
    began = min(now, (info.onset if info else None) or alert.sent)
    places = info.same_places if info else ()
    counties = tuple(county.fips for county in directory.counties if county.same[1:] in {code[1:] for code in places})
    state = {county.fips[:2] for county in directory.counties}
    statewide = any(code[1:3] in state and code[3:] == "000" for code in places)
    return Content(
        failure=FailureKind.ALL_CALLS,
        area=Area(statewide=True) if statewide else Area(counties=counties),
        began=began,
        expires=now + DEFAULT_LIFE,
        certainty=Certainty.REPORTED,
        next_update=now + DEFAULT_NEXT_UPDATE,
    )


__all__ = ["CapRefused", "Contradiction", "Received", "Unbelieved", "Unusable", "dismiss", "message", "receive", "take"]
