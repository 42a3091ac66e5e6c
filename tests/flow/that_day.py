"""An installation on 18 June 2024: the database's clock is set to each hour and goes on, the desk's stands.

A worker and the callbacks are processes of their own; a carrier and a mail relay are simulated.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from celery import Celery
from sqlalchemy import func, select

from broadcaster import worker
from broadcaster.dispatch.engine import Engine
from broadcaster.dispatch.sweep import keep
from broadcaster.local import mailbox
from broadcaster.local.carrier import Carrier, Faults, Running, start_in_thread
from broadcaster.store.database import Sessions
from broadcaster.store.fanout import senders
from broadcaster.store.fanout.deliveries import Fanout
from broadcaster.store.fanout.senders import NewSender
from broadcaster.store.places import directory_load
from broadcaster.store.public import residents
from tests.calls import HOME
from tests.desk import Desk, settings
from tests.factories import KEYS, SENDER, SID, TOKEN, Ways, engine
from tests.flow import another_day, installation, story
from tests.flow.another_day import Clock
from tests.flow.test_911_trouble import places
from tests.flow.test_the_report_of_a_night import NOBODYS, STOPPED
from tests.flow.test_what_comes_back import free_port, knock

THAT_DAY = date(2024, 6, 18)
MANY = 60
FAULTS = Faults(share_callbacks_dropped=0.0, listing_lag_s=0.0, delivery_ms=20.0, share_undelivered=0.1)


@dataclass
class Day:
    """An installation on that day; `ahead` is how far its clock is from ours."""

    desk: Desk
    clock: Clock
    works: Engine
    bell: Celery
    carrier: Running
    post: mailbox.Mailboxes
    ahead: timedelta = timedelta(0)

    def at(self, hour: str) -> None:
        """It is this hour in Massachusetts."""
        moment = at(hour)
        assert moment >= self.desk.now
        self.desk.now, self.ahead = moment, self.clock.set(moment)

    def goes_out(self) -> list[dict[str, Any]]:
        """The worker is rung for, and everything comes to its end; the texts that the carrier took meanwhile."""
        before = len(self.carrier.ledger()["messages"])
        with self.bell.connection_for_write() as line:
            for queue in ("urgent", "sms"):
                self.bell.send_task("drain", args=[queue], queue=queue, connection=line)

        def over() -> bool:
            keep(self.works)
            with self.desk.sessions() as store:
                return not store.scalar(select(func.count()).select_from(Fanout).where(Fanout.state != "done"))

        story.until(over, 60.0)
        rows = self.carrier.ledger()["messages"][before:]
        return [row | {"at": datetime.fromtimestamp(row["at"], UTC) + self.ahead} for row in rows]


def at(hour: str) -> datetime:
    """An hour of that day in Massachusetts."""
    return datetime.combine(THAT_DAY, time.fromisoformat(hour), HOME).astimezone(UTC)


@contextmanager
def lived(sessions: Sessions, database_url: str, valkey: str, tmp_path: Path) -> Iterator[Day]:
    """A desk, seventy residents, six agencies with a mailbox; a carrier, a relay, a worker and its callbacks."""
    clock, port = another_day.begun(database_url), free_port()
    with ExitStack() as stack:
        stack.callback(clock.engine.dispose)
        carrier = stack.enter_context(start_in_thread(Carrier(SID, TOKEN, faults=FAULTS)))
        post = stack.enter_context(mailbox.start_in_thread())
        env = installation.environment(database_url, valkey, carrier.url, tmp_path)
        env |= {"SMTP_URL": post.smtp_url, "MAIL_FROM": "alerts@ma.example", "CALLBACKS_PORT": str(port)}
        env["CALLBACKS_BASE_URL"] = f"http://127.0.0.1:{port}"
        running = stack.enter_context(installation.process(env, "worker"))
        stack.enter_context(installation.process(env, "callbacks"))
        clock.set(at("12:50"))
        works = stack.enter_context(
            engine(sessions, carrier.url, tmp_path, ways=Ways(smtp_url=post.smtp_url))  # to keep house with
        )
        bell = worker.make()
        bell.conf.broker_url = valkey
        made = Day(furnished(sessions), clock, works, bell, carrier, post)
        story.until(lambda: len(installation.children(running.pid)) >= 1, 60.0)
        story.until(lambda: knock(f"{env['CALLBACKS_BASE_URL']}/readyz") == 200, 60.0)
        yield made


def furnished(sessions: Sessions) -> Desk:
    """Who is there at ten to one; one number is nobody's, and one person has said STOP."""
    keys = {name.lower(): value for name, value in KEYS.items()}
    desk = Desk(sessions, at("12:50"), settings(**keys), places=places())
    with sessions.begin() as store:
        senders.register(store, NewSender("sms", "twilio", SENDER, 500.0))
        senders.register(store, NewSender("feed", "files", "public", 50.0))
        ids = directory_load.community_ids(store)
        towns = [ids[code] for code in ("ayer", "groton", "harvard", "salem")]
        for no, phone in enumerate([NOBODYS, STOPPED, *(f"+1978556{no:04d}" for no in range(MANY))]):
            residents.subscribe(store, residents.address(store, desk.sealer, "sms", phone), towns[no % 4])
        residents.suppress(store, desk.sealer.index(f"sms:{STOPPED}"), "phone")
    return desk
