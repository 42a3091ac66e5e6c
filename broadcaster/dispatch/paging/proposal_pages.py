"""What the detector proposes is texted and mailed once to whoever is on call, a duty of the sweep.

A proposal about a single PSAP waits at the desk alone. The committed `paged_at` is the claim: nobody is woken twice. A
page that was surely not taken goes to the next carrier, and one of unknown outcome is not sent again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from broadcaster import logs
from broadcaster.alert.delivery import Event
from broadcaster.alert.lifecycle import Role
from broadcaster.channels.contract import Key, Outgoing
from broadcaster.channels.errors import SendError
from broadcaster.channels.proof import proof
from broadcaster.dispatch.engine import Engine
from broadcaster.dispatch.waves.wave import DELIVERY
from broadcaster.messages.message import Message
from broadcaster.said import Said
from broadcaster.settings import Settings
from broadcaster.store import database
from broadcaster.store.alerting import areas
from broadcaster.store.desk import contacts, roster
from broadcaster.store.desk.contacts import What
from broadcaster.store.desk.people import User
from broadcaster.store.outage import proposals
from broadcaster.store.outage.proposals import Proposal, ProposalSign
from broadcaster.store.timeline import ledger

log = logs.get(__name__)
LOOK_EVERY_S = 5.0
WITHIN_S = 25.0
LIFE_S = 900
FRESH = timedelta(minutes=15)
"""An older proposal was there before the sweep came back: it is found at the desk."""
PAGE = 0
"""Stands for the fan-out in what names such a page: it belongs to no alert."""
NUMBERED_FROM = 2 * 10**12
"""Their numbers in references, beyond those of the monthly tests; a thousand to each proposal."""
SIGNS = {
    ProposalSign.SILENCE: Said("no 911 call has arrived"),
    ProposalSign.FALL: Said("far fewer 911 calls than usual"),
    ProposalSign.FLOOD: Said("far more 911 calls than usual"),
    ProposalSign.RETRIES: Said("callers dial 911 again and again"),
}
TEXT = "{office}: is 911 down? {place}: {what} since {hour}. Read and decide: {link}"
SUBJECT = "Is 911 down? {place}: {what} since {hour}"
MAIL = """The detector proposes an outage. Nothing was sent to anybody.

{place}: {what} since {hour}; {calls} of {expected} expected calls.

Read the evidence, ask a PSAP by another line, then make a draft or dismiss it:

{link}

{office}
"""


@dataclass(frozen=True, slots=True)
class Letter:
    """One page: by which channel, to which address, and its words."""

    way: str
    to: str
    message: Message


@dataclass
class ProposalPages:
    """Pages whoever is on call; where nobody is, every issuer."""

    engine: Engine
    office: str
    base: str
    zone: ZoneInfo

    @classmethod
    def of(cls, settings: Settings, engine: Engine) -> ProposalPages:
        """For an installation."""
        return cls(engine, settings.authority_short, settings.public_base_url, ZoneInfo(settings.timezone))

    def look(self, moment: datetime | None = None) -> int:
        """Page about what is new; returns how many pages were accepted."""
        with self.engine.sessions.begin() as session, database.only_one(session, "proposal-pages") as alone:
            now = moment or database.now(session)
            due = proposals.unpaged(session, now - FRESH) if alone else []
            letters = [(row.id, list(self._letters(session, row, now))) for row in due]
        return hand_over(self.engine, NUMBERED_FROM, letters)

    def _letters(self, session: Session, row: Proposal, now: datetime) -> Iterator[Letter]:
        called = _people(session, now)
        row.paged_at = now
        said = {"people": [user.email for user in called]}
        ledger.append(session, "machine:sweep", "proposal_paged", f"proposal:{row.public_id}", said)
        words = self._words(session, row)
        for user in called:
            ways = contacts.of(session, self.engine.sealer, user.id)
            for what in (What.PHONE, What.SECOND_PHONE):
                if what in ways:
                    yield Letter("sms", ways[what].value, Message("", TEXT.format(**words), ""))
            box = ways[What.MAIL].value if What.MAIL in ways else user.email
            yield Letter("email", box, Message(SUBJECT.format(**words), MAIL.format(**words), ""))

    def _words(self, session: Session, row: Proposal) -> dict[str, str]:
        place = areas.place(session, row.area)
        return {
            "office": self.office,
            "place": place[:1].upper() + place[1:],
            "what": SIGNS[ProposalSign(row.sign)],
            "hour": f"{row.began.astimezone(self.zone):%H:%M}",
            "calls": str(row.evidence["calls"]),
            "expected": f"{row.evidence['expected']:.0f}",
            "link": f"{self.base}/desk/detector/{row.public_id}",
        }


def hand_over(engine: Engine, numbered_from: int, letters: Iterable[tuple[int, Sequence[Letter]]]) -> int:
    """Hand over the pages about each row, by its id, numbered from there; returns how many a carrier took."""
    return sum(
        _handed_over(engine, Key(PAGE, numbered_from + about * 1000 + no % 1000, 1), one)
        for about, some in letters
        for no, one in enumerate(some)
    )


def _handed_over(engine: Engine, key: Key, one: Letter) -> bool:
    """Hand a page over to the first carrier that takes it; False when none did, or nobody knows. `key` names it."""
    again = (Event.NOT_SENT, Event.REJECTED)
    ours = proof(engine.secret, DELIVERY, str(key))
    for name in engine.carriers_by_channel.get(one.way, ()):
        try:
            way = engine.carriers[name]
            engine.window.run(way.send(Outgoing(key, one.to, one.message, ours, LIFE_S)), WITHIN_S)
        except SendError as error:
            log.warning("page_not_taken", page=str(key), carrier=name, reason=error.reason)
            if error.event not in again:
                return False
        except TimeoutError:
            log.warning("page_not_taken", page=str(key), carrier=name, reason="timeout")
            return False
        else:
            return True
    return False


def _people(session: Session, now: datetime) -> Sequence[User]:
    """Everybody on call who may write or approve; where nobody is, every issuer."""
    staff = list(session.scalars(select(User).where(User.active).order_by(User.name, User.id)))
    able = [user for user in staff if user.role_names & {Role.ISSUER, Role.APPROVER}]
    on_call = roster.on_call(session, now)
    return [user for user in able if user.id in on_call] or [user for user in able if Role.ISSUER in user.role_names]
