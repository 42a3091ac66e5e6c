"""A house whose chase can be hurried on, and what was mailed and texted."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy import text

from broadcaster.alert.lifecycle import AlertKind
from broadcaster.directory import Contact, ContactChannel, Directory
from broadcaster.dispatch import actions
from broadcaster.dispatch.engine import Engine
from broadcaster.dispatch.sweep import keep
from broadcaster.dispatch.telling.escalate import escalate
from broadcaster.dispatch.waves.drain import drain
from broadcaster.local import mailbox
from broadcaster.local.carrier import Carrier, Faults, start_in_thread
from broadcaster.store.agencies.chases import Chase
from broadcaster.store.database import Sessions
from broadcaster.web import create_app
from tests import onair
from tests.factories import SECRET, SID, TOKEN, House, Ways, content, directory, engine, furnish, police

QUIET = {"share_callbacks_dropped": 1.0, "delivery_ms": 0.0}
DESK, CHIEF, BACKUP = "police@town-1.example", "+16175550101", "backup@town-1.example"


def chased(towns: int = 1) -> Directory:
    """Towns whose police have a mailbox, then a second one, then a third."""
    places = directory(towns)
    more = (Contact(ContactChannel.EMAIL, BACKUP, 2), Contact(ContactChannel.EMAIL, "chief@town-1.example", 3))
    first, *others = places.communities
    return replace(places, agencies=(police(first, *more), *map(police, others)))


@dataclass
class Story:
    """A house whose chase can be hurried on, and what was mailed and texted."""

    sessions: Sessions
    house: House
    works: Engine
    post: mailbox.Running
    carrier: object

    def release(self, **changes: object) -> int:
        with self.sessions.begin() as session:
            revision = actions.new_alert(self.house.actor(session), AlertKind.OUTAGE, content(**changes))
            actions.submit(self.house.actor(session), revision)
            actions.release_agencies(self.house.actor(session), revision)
        self.send()
        return revision.id

    def send(self) -> None:
        for queue in ("urgent", "sms"):
            drain(self.works, queue)
        self.works.recorder.wait()
        keep(self.works)

    def time_passes(self) -> None:
        """Whatever is due next is due now."""
        with self.sessions.begin() as session:
            session.execute(text("UPDATE chase SET due = clock_timestamp() WHERE due IS NOT NULL"))

    def seconds_left(self) -> float:
        """Until the next step."""
        with self.sessions() as session:
            due = session.execute(text("SELECT extract(epoch FROM due - clock_timestamp()) FROM chase"))
            return float(due.scalar_one())

    def step(self) -> int:
        self.time_passes()
        made = escalate(self.sessions)
        self.send()
        return made

    def heard(self) -> list[str]:
        """Who was told, in order."""
        return [mail.to for mail in self.post.mails()]

    def chase(self) -> Chase:
        with self.sessions() as session:
            return session.query(Chase).one()

    def links(self) -> list[str]:
        """The links of every mail so far, as a scanner finds them."""
        words = " ".join(mail.text for mail in self.post.mails())
        return [word[word.index("/ack/") :] for word in words.split() if "/ack/" in word]

    def web(self):
        return create_app(onair.settings(secret_key=SECRET), self.sessions).test_client()


@contextmanager
def started(sessions: Sessions, folder: Path, places: Directory) -> Iterator[Story]:
    house = furnish(sessions, places, {})
    with (
        start_in_thread(Carrier(SID, TOKEN, faults=Faults(**QUIET))) as carrier,
        mailbox.start_in_thread() as post,
        engine(sessions, carrier.url, folder, ways=Ways(smtp_url=post.smtp_url)) as works,
    ):
        yield Story(sessions, house, works, post, carrier)
