"""The monthly round, a duty of the sweep: one mail per contact and month, slowly, and never during an outage."""

from __future__ import annotations

from dataclasses import dataclass

from broadcaster import logs
from broadcaster.alert.delivery import Event
from broadcaster.channels.contract import Channel, Key, Outgoing
from broadcaster.channels.errors import SendError
from broadcaster.channels.upkeep_mail import LINK
from broadcaster.dispatch.engine import Engine
from broadcaster.messages.message import Message
from broadcaster.store import upkeep
from broadcaster.store.database import now
from broadcaster.store.upkeep import ROUND, AskState, Question

log = logs.get(__name__)
AT_ONCE = 10
"""Questions of one look: with a look every five seconds, 6,000 contacts take under an hour."""
EVERY_S = 5.0
WITHIN_S = 25.0
"""A mail ends by itself within 20 s."""
SUBJECT = "Please check: is this still how we reach you when 911 fails?"
TEXT = """{name},

when 911 fails, we tell you first, at this address, and we tell the public which of your numbers to call instead.
Once a month we ask: is what we have still right? One click answers, without a password:

{link}

The page shows your numbers and when they were last verified. If something is wrong, write there what is right.

{authority}
"""


@dataclass
class Round:
    """Asks whoever was not asked this month; each question is claimed by its committed row before it is sent."""

    engine: Engine
    channel: Channel
    authority: str

    def look(self) -> int:
        """Ask the next few; returns how many were asked."""
        with self.engine.sessions.begin() as session:
            month = now(session).strftime("%Y-%m")
            asked = upkeep.claim(session, self.engine.sealer, month, AT_ONCE)
        for question in asked:
            self._ask(question)
        return len(asked)

    def _ask(self, question: Question) -> None:
        """Send one. What surely was not sent is asked again later; what may have been is not."""
        text = TEXT.format(name=question.name, authority=self.authority, link=LINK)
        out = Outgoing(Key(ROUND, question.id, 1), question.to, Message(SUBJECT, text, ""), "", 0)
        state: AskState | None = AskState.ASKED
        try:
            self.engine.window.run(self.channel.send(out), WITHIN_S)
        except SendError as error:
            state = {Event.NOT_SENT: None, Event.REJECTED: AskState.REFUSED}.get(error.event, AskState.ASKING)
            log.warning("contact_not_asked", ask=question.id, reason=error.reason)
        except TimeoutError:
            state = AskState.ASKING
            log.warning("contact_not_asked", ask=question.id, reason="timeout")
        with self.engine.sessions.begin() as session:
            upkeep.settle(session, question.id, state)
