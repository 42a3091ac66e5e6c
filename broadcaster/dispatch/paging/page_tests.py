"""The monthly test of the ways to approvers, a duty of the sweep: by day, slowly, and never during an outage.

Every phone that an approver gave is texted and called, every mailbox mailed. A link confirms a text or a mail, a key
on the telephone the call: nobody is in doubt whether the line that rings at night is theirs.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from broadcaster import logs
from broadcaster.alert.delivery import Event
from broadcaster.channels import page_link
from broadcaster.channels.contract import Channel, Key, Outgoing
from broadcaster.channels.errors import SendError
from broadcaster.channels.proof import proof
from broadcaster.dispatch.engine import Engine
from broadcaster.dispatch.waves.wave import DELIVERY
from broadcaster.messages.message import Message
from broadcaster.settings import Settings
from broadcaster.store import database
from broadcaster.store.desk import page_tests
from broadcaster.store.desk.page_tests import NUMBERED_FROM, TEST, Trial, TrialState

log = logs.get(__name__)
WAYS = ("sms", "email", "voice")
AT_ONCE = 5
LOOK_EVERY_S = 60.0
WITHIN_S = 25.0
LIFE_S = 4 * 3600
BY_DAY = range(9, 17)
"""The local hours in which a test is sent: nobody is woken for it."""
TEXT = "TEST {office}: this is how you are called when an alert waits for you. Confirm that it came: {link}"
SUBJECT = "TEST: this is how you are called when an alert waits for your approval"
MAIL = """{name},

once a month we test every way by which you are called when an alert waits for your approval. This one came if you
read it. Confirm it, after you have signed in:

{link}

{office}
"""


@dataclass
class PageTests:
    """Tries whatever was not tried this month; each way is claimed by its committed row before it is."""

    engine: Engine
    office: str
    base: str
    zone: ZoneInfo

    @classmethod
    def of(cls, settings: Settings, engine: Engine) -> PageTests:
        """For an installation, over the carriers of its pages."""
        return cls(engine, settings.authority_short, settings.public_base_url, ZoneInfo(settings.timezone))

    def look(self, moment: datetime | None = None) -> int:
        """Try the next few; returns how many were tried."""
        ways = [channel for channel in WAYS if self.engine.carriers_by_channel.get(channel)]
        with self.engine.sessions.begin() as session:
            now = moment or database.now(session)
            if not ways or now.astimezone(self.zone).hour not in BY_DAY:
                return 0
            trials = page_tests.claim(session, self.engine.sealer, now.strftime("%Y-%m"), ways, AT_ONCE)
        for trial in trials:
            self._try(trial)
        return len(trials)

    def _try(self, trial: Trial) -> None:
        """Send one. What surely was not sent is tried again later; what may have been is not."""
        state: TrialState | None = TrialState.ASKED
        try:
            self.engine.window.run(self._way(trial).send(self._written(trial)), WITHIN_S)
        except SendError as error:
            state = {Event.NOT_SENT: None, Event.REJECTED: TrialState.REFUSED}.get(error.event, TrialState.ASKING)
            log.warning("page_not_tested", test=trial.id, reason=error.reason)
        except TimeoutError:
            state = TrialState.ASKING
            log.warning("page_not_tested", test=trial.id, reason="timeout")
        with self.engine.sessions.begin() as session:
            page_tests.settle(session, trial.id, state)

    def _way(self, trial: Trial) -> Channel:
        """The first and the second phone of somebody are texted over different carriers, month by month."""
        names = self.engine.carriers_by_channel[trial.way]
        return self.engine.carriers[names[trial.id % len(names)]]

    def _written(self, trial: Trial) -> Outgoing:
        key = Key(TEST, NUMBERED_FROM + trial.id, 1)
        said = {
            "office": self.office,
            "name": trial.name,
            "link": page_link.trial_url(self.base, self.engine.secret, trial.id),
        }
        if trial.way == "sms":
            message = Message("", TEXT.format(**said), "")
        elif trial.way == "voice":  # what is said is asked for when somebody picks up
            message = Message("", "", "")
        else:
            message = Message(SUBJECT, MAIL.format(**said), "")
        return Outgoing(key, trial.to, message, proof(self.engine.secret, DELIVERY, str(key)), LIFE_S)
