"""The monthly round, a duty of the sweep: each contact is asked once a month, slowly, and never during an outage."""

from __future__ import annotations

from dataclasses import dataclass

from broadcaster import logs
from broadcaster.alert.delivery import Event
from broadcaster.channels import trouble_link
from broadcaster.channels.contract import Channel, Key, Outgoing
from broadcaster.channels.errors import SendError
from broadcaster.channels.proof import proof
from broadcaster.channels.upkeep_mail import LINK, link
from broadcaster.dispatch.engine import Engine
from broadcaster.dispatch.failpoint import failpoint
from broadcaster.dispatch.waves.wave import DELIVERY
from broadcaster.messages.message import Message
from broadcaster.store.database import now
from broadcaster.store.places import upkeep
from broadcaster.store.places.upkeep import ROUND, AskState, Question

log = logs.get(__name__)
AT_ONCE = 10
"""Questions of one look: with a look every five seconds, 6,000 contacts take under an hour."""
EVERY_S = 5.0
WITHIN_S = 25.0
"""A mail ends by itself within 20 s."""
LIFE_S = 12 * 3600
SHORT = "{authority}: is what we hold of {name}, for when 911 fails, still right? Answer: {link} STOP ends these texts."
SUBJECT = "Please check: is this still how we reach you when 911 fails?"
TEXT = """{name},

when 911 fails, we tell you first, at this address, and we tell the public which of your numbers to call instead.
Once a month we ask: is what we have still right? One click answers, without a password:

{link}

The page shows your numbers and when they were last verified. If something is wrong, write there what is right.

When 911 fails at your end, tell us in two taps, without a password. Keep this address at the desk; it is yours alone:

{trouble}

{authority}
"""


@dataclass
class Round:
    """Asks whoever was not asked this month; each question is claimed by its committed row before it is sent."""

    engine: Engine
    channel: Channel
    authority: str
    base: str
    phones: Channel | None = None
    """By which phones are asked; None: they are not."""

    def look(self) -> int:
        """Ask the next few, one claimed after the other is settled: a sender that dies leaves at most one in the dark.
        Returns how many were asked."""
        asked: list[int] = []
        while len(asked) < AT_ONCE:
            question = self._claimed(asked)
            if question is None:
                break
            failpoint("question claimed")
            self._ask(question)
            asked.append(question.address)
        return len(asked)

    def _claimed(self, but: list[int]) -> Question | None:
        with self.engine.sessions.begin() as session:
            month = now(session).strftime("%Y-%m")
            return upkeep.claim(session, self.engine.sealer, month, but, texts=self.phones is not None)

    def _ask(self, question: Question) -> None:
        """Send one. What surely was not sent is asked again later; what may have been is not."""
        state: AskState | None = AskState.ASKED
        way = self.phones if self.phones is not None and question.channel == "sms" else self.channel
        try:
            self.engine.window.run(way.send(self._written(question)), WITHIN_S)
        except SendError as error:
            state = {Event.NOT_SENT: None, Event.REJECTED: AskState.REFUSED}.get(error.event, AskState.ASKING)
            log.warning("contact_not_asked", ask=question.id, reason=error.reason)
        except TimeoutError:
            state = AskState.ASKING
            log.warning("contact_not_asked", ask=question.id, reason="timeout")
        failpoint("question sent")
        with self.engine.sessions.begin() as session:
            upkeep.settle(session, question.id, state)
        failpoint("question settled")

    def _written(self, question: Question) -> Outgoing:
        key = Key(ROUND, question.id, 1)
        if question.channel == "sms":
            where = link(self.base, self.engine.secret, question.id)
            words = SHORT.format(name=question.name, authority=self.authority, link=where)
            ours = proof(self.engine.secret, DELIVERY, str(key))
            return Outgoing(key, question.to, Message("", words, ""), ours, LIFE_S)
        report = trouble_link.url(self.base, self.engine.secret, question.agency, question.link)
        words = TEXT.format(name=question.name, authority=self.authority, link=LINK, trouble=report)
        return Outgoing(key, question.to, Message(SUBJECT, words, ""), "", 0)
