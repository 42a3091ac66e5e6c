"""Sends what is no alert: one after the other, by connections of its own, and nothing while an alert's texts go out."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from broadcaster import logs
from broadcaster.alert.delivery import Event
from broadcaster.alert.phone import PhoneRefused, parse
from broadcaster.channels.contract import Channel, Key, Outgoing
from broadcaster.channels.errors import OptedOut, SendError
from broadcaster.channels.http import Door
from broadcaster.channels.proof import placed, proof
from broadcaster.channels.registry import CALLBACK, WAYS_OUT
from broadcaster.channels.sms_twilio import TwilioSms
from broadcaster.channels.twilio_http import TwilioAccount
from broadcaster.dispatch.engine import Engine
from broadcaster.dispatch.office import Office
from broadcaster.dispatch.residents.frontdoor import FrontDoor
from broadcaster.feeds import replies
from broadcaster.messages.message import Message
from broadcaster.settings import Mode, Settings
from broadcaster.store.database import Sessions, now
from broadcaster.store.fanout import courtesies
from broadcaster.store.fanout.courtesies import CourtesyState, Due, Purpose
from broadcaster.store.public import residents, signups
from broadcaster.store.sealed import Sealer

log = logs.get(__name__)
DELIVERY = "delivery"
MINE = "resident"
"""The purpose of the proofs in links to somebody's own page."""
STRANGERS = (Purpose.VERIFY, Purpose.MISSED)
"""What is sent to numbers that are not signed up."""
LINK_LIVES_S = 48 * 3600
LIFE_S = 3600
"""So long a courtesy may wait at the carrier."""
FORGET_EVERY_S = 60.0


def channel(settings: Settings) -> Channel | None:
    """The way of the courtesies: the first carrier's account, from the number that people text (LOOKUP_SMS) where it is
    one, by connections of its own. None where no carrier is set up."""
    if WAYS_OUT["twilio"].missing(settings):
        return None
    account = TwilioAccount(
        sid=settings.twilio_account_sid,
        token=settings.required("twilio_auth_token"),
        sender=_sender(settings),
        callback_url=settings.callback_address + CALLBACK,
        api_url=settings.twilio_api_url,
    )
    return TwilioSms(account, Door(live=settings.mode is Mode.LIVE))


def _sender(settings: Settings) -> str:
    try:
        return parse(settings.lookup_sms) if settings.lookup_sms else WAYS_OUT["twilio"].sender(settings)
    except PhoneRefused:
        return WAYS_OUT["twilio"].sender(settings)


@dataclass
class Courtesies:
    """The duty of the sweep; `most` a round."""

    sessions: Sessions
    sealer: Sealer
    secret: str
    office: Office
    way: Channel
    most: int = 1
    runner: asyncio.Runner = field(default_factory=asyncio.Runner)

    def __post_init__(self) -> None:
        self._door = FrontDoor(self.sessions, self.office)

    @classmethod
    def of(cls, settings: Settings, engine: Engine, way: Channel) -> Courtesies:
        """For an installation, at the rate of the number that people text."""
        most = max(1, int(settings.lookup_sms_per_second))
        return cls(engine.sessions, engine.sealer, engine.secret, Office.of(settings), way, most)

    def look(self) -> int:
        """Send a few; returns how many were taken. An alert that is going out comes before all of them."""
        with self.sessions.begin() as session:
            signups.forget_old(session)
            if courtesies.an_alert_is_going_out(session):
                return 0
            due = courtesies.claim(session, self.sealer, self.most)
        for one in due:
            self._send(one)
        return len(due)

    def _send(self, one: Due) -> None:
        words = self._words(one)
        if not words:
            self._end(one, CourtesyState.DROPPED, "suppressed" if one.suppressed else "nobody")
            return
        key = Key(0, one.id, 1)
        out = Outgoing(key, one.phone, Message("", words, ""), proof(self.secret, DELIVERY, str(key)), LIFE_S)
        try:
            accepted = self.runner.run(self.way.send(out))
        except SendError as error:
            ambiguous = error.event is Event.AMBIGUOUS
            self._end(one, CourtesyState.UNKNOWN if ambiguous else CourtesyState.FAILED, error.reason)
            if isinstance(error, OptedOut):
                with self.sessions.begin() as session:
                    residents.suppress(session, one.index, "carrier")
        else:
            self._end(one, CourtesyState.SENT, ref=accepted.ref)

    def _end(self, one: Due, state: CourtesyState, reason: str = "", ref: str | None = None) -> None:
        with self.sessions.begin() as session:
            courtesies.end(session, one.id, state, reason, ref)
        log.info("courtesy", purpose=one.purpose.value, state=state.value, reason=reason)

    def _words(self, one: Due) -> str:
        """Nothing for whoever said STOP; to a number that nobody knows only the question of a sign-up, and the word to
        somebody whom 911 did not connect."""
        if one.suppressed or (not one.address and one.purpose not in STRANGERS):
            return ""
        return words(self._door, one, self.link(one.address))

    def link(self, address: int) -> str:
        """A link to somebody's own page that works for two days."""
        with self.sessions() as session:
            until = int(now(session).timestamp()) + LINK_LIVES_S
        return f"{self.office.public_base_url}/subscribe/me/{placed(self.secret, MINE, address, until)}"

    def close(self) -> None:
        """Close the connections."""
        self.runner.run(self.way.close())
        self.runner.close()


def words(door: FrontDoor, one: Due, link: str) -> str:
    """The text of a courtesy, in the person's language."""
    desk = door.reception()
    towns = desk.named(one.places)
    place = replies.names(towns)
    link = replies.shown(desk, one.lang, link)
    made: dict[Purpose, Callable[[], Sequence[str]]] = {
        Purpose.VERIFY: lambda: [desk.say(one.lang, "verify", place=place)],
        Purpose.LINK: lambda: [desk.say(one.lang, "link_text", link=link)],
        Purpose.YEARLY: lambda: [desk.say(one.lang, "yearly", place=place, link=link)],
        Purpose.CARD: lambda: replies.cards(desk, one.lang, towns),
        Purpose.MISSED: lambda: replies.not_connected(desk, one.lang, towns),
    }
    if one.purpose is not Purpose.LINK and not towns:
        return ""
    return replies.printed(desk, one.lang, made[one.purpose]())
