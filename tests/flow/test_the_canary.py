"""The canary: it goes the whole way of an alert and reaches nobody; when a part of the way stops, somebody is woken."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from broadcaster.canary.pages import Mail, Post
from broadcaster.canary.path import Keys
from broadcaster.canary.path import Path as Way
from broadcaster.canary.watch import Diary, Watch
from broadcaster.channels.http import Door
from broadcaster.channels.smtp_pool import Pool, Relay
from broadcaster.dispatch.practice import canary
from broadcaster.local.carrier import Carrier, Faults, Running, start_in_thread
from broadcaster.store import canaries
from broadcaster.store.alerting.alerts import Alert
from broadcaster.store.canaries import Outcome, Run, Step
from broadcaster.store.database import Sessions
from broadcaster.store.fanout.deliveries import Fanout, Lane
from broadcaster.store.timeline.ledger import AuditEvent
from tests.chaos.desk import answers
from tests.chaos.parts import free_port
from tests.factories import SECOND_SENDER, SID, TOKEN, directory, furnish, phones
from tests.fakes.relay import relay
from tests.flow import installation, story
from tests.serving import serving

PHONE = "+16175550100"


@dataclass
class Outside:
    """The world outside: a pager that takes POSTs, a dead-man's switch that takes GETs, a desk that answers 503."""

    url: str = ""
    pages: list[str] = field(default_factory=list)
    alive: int = 0


@contextmanager
def outside() -> Iterator[Outside]:
    """Until the block ends, on a free port."""
    found = Outside()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found.alive += self.path == "/alive"
            self._answer(200 if self.path == "/alive" else 503)

        def do_POST(self) -> None:
            found.pages.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
            self._answer(204)

        def _answer(self, status: int) -> None:
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found.url = f"http://127.0.0.1:{server.server_address[1]}"
    with serving(server):
        yield found


@dataclass
class Sky:
    """An installation of real processes, each of which can be ended and started again, and the canary in it."""

    env: dict[str, str]
    stack: ExitStack
    carrier: Running
    second: Running
    sessions: Sessions
    parts: dict[str, ExitStack] = field(default_factory=dict)

    def start(self, *words: str) -> None:
        part = self.parts[words[0]] = ExitStack()
        self.stack.push(part)
        running = part.enter_context(installation.process(self.env, *words))
        if words[0] == "worker":
            story.until(lambda: len(installation.children(running.pid)) >= 1, 180)

    def end(self, name: str) -> None:
        self.parts[name].close()

    def heal(self) -> None:
        """The carriers work again, and were never given up."""
        for carrier in (self.carrier, self.second):
            carrier.set_faults(share_5xx_refused=0.0, share_hang_refused=0.0)
        with self.sessions.begin() as session:
            session.execute(text("UPDATE sender SET circuit = 'closed', open_until = NULL"))


async def fly(watch: Watch, sky: Sky, patience: float = 20.0) -> Run:
    """One run; its half minute is always a new one."""
    watch.path.patience, watch.path._spent = patience, 0
    with sky.sessions.begin() as session:
        session.execute(text('UPDATE "user" SET totp_counter = 0'))
    return await watch.look()


@pytest.fixture
def sky(sessions: Sessions, database_url: str, valkey: str, tmp_path: Path) -> Iterator[Sky]:
    """Residents who must hear nothing, a desk, the callbacks, a worker and a sweep."""
    house = furnish(sessions, directory(2), {phone: ["town-1"] for phone in phones(3)})
    assert house.issuer
    port, hooks = free_port(), free_port()
    with ExitStack() as stack:
        calm = Faults(share_callbacks_dropped=0.0, delivery_ms=0.0, hang_s=2.0)
        carrier, second = (stack.enter_context(start_in_thread(Carrier(SID, TOKEN, faults=calm))) for _ in range(2))
        env = installation.environment(database_url, valkey, carrier.url, tmp_path)
        base = f"http://localhost:{port}"
        env |= {"PORT": str(port), "CALLBACKS_PORT": str(hooks), "PUBLIC_BASE_URL": base, "CANARY_PHONE": PHONE}
        env |= {"SMS_SECONDARY_ACCOUNT_SID": SID, "SMS_SECONDARY_AUTH_TOKEN": TOKEN}
        env |= {"SMS_SECONDARY_FROM": SECOND_SENDER, "SMS_SECONDARY_API_URL": second.url}
        env["CALLBACKS_BASE_URL"] = f"http://127.0.0.1:{hooks}"
        made = Sky(env, stack, carrier, second, sessions)
        for words in (("web",), ("callbacks",), ("sweep",), ("worker",)):
            made.start(*words)
        story.until(lambda: answers(base) and answers(env["CALLBACKS_BASE_URL"]), 180)
        yield made


async def test_whatever_stops_is_noticed_and_paged(sky: Sky) -> None:
    keys = installation.run(sky.env, "users", "canary").stdout.strip()
    with outside() as world:
        async with relay() as mail:
            door = Door(live=False)
            pool = Pool(Relay.of(mail.url), live=False, size=1, hello="canary.example")
            watch = Watch(
                path=Way(door, sky.env["PUBLIC_BASE_URL"], Keys(*keys.split())),
                diary=Diary(sky.sessions),
                ways=(Post(f"{world.url}/page", door), Mail(pool, "ops@state.example")),
                office="State 911",
                door=door,
                deadman=f"{world.url}/alive",
            )

            good = await fly(watch, sky)
            assert (good.outcome, list(good.seconds)) == (Outcome.GOOD, [step.value for step in Step]), good
            assert (world.alive, world.pages, mail.mails) == (1, [], [])
            assert story.texted(sky.carrier) == story.texted(sky.second) == {PHONE: 1}
            it_was_told_to_nobody_else(sky, good)

            sky.second.set_faults(share_5xx_refused=1.0)
            missed = await fly(watch, sky, 1.0)
            assert (missed.step, watch.misses) == (Step.CARRIER, 1)
            assert "the carrier; over the second carrier it is" in missed.why, missed.why
            sky.heal()
            await works_again(watch, sky)

            sky.carrier.set_faults(share_5xx_refused=1.0)
            await missed_twice(watch, sky, Step.CARRIER, "no worker has handed the text to the carrier")
            assert (len(world.pages), len(mail.mails), world.alive) == (1, 1, 2)
            assert "2 canaries missed, at the step carrier" in world.pages[0]
            assert b"2 canaries missed, at the step carrier" in mail.mails[0]
            sky.carrier.set_faults(share_5xx_refused=0.0, share_hang_refused=1.0)
            assert (await fly(watch, sky, 0.5)).step is Step.CARRIER
            sky.heal()
            await works_again(watch, sky)
            assert (len(world.pages), len(mail.mails), world.alive) == (2, 2, 3)
            assert "works again" in world.pages[1] and b"works again" in mail.mails[1]

            sky.end("worker")
            await missed_twice(watch, sky, Step.CARRIER, "waiting to be taken up")
            sky.start("worker")
            await works_again(watch, sky)
            sky.end("callbacks")
            await missed_twice(watch, sky, Step.CALLBACK, "has not reported its delivery")
            assert len(world.pages) == 5

            sky.end("web")
            await missed_twice(watch, sky, Step.WEB, "cannot be reached", since=2)
            assert len(world.pages) == 6
            watch.path.base, watch.misses = world.url, 0
            await missed_twice(watch, sky, Step.WEB, "answered 503")
            assert (len(world.pages), len(mail.mails), world.alive) == (7, 7, 4)
            await watch.close()
            await pool.close()
    with sky.sessions() as session:
        assert Counter(run.outcome for run in canaries.newest(session, 99)) == {Outcome.GOOD: 4, Outcome.MISSED: 12}
    assert set(story.texted(sky.carrier)) == set(story.texted(sky.second)) == {PHONE}
    once = installation.run(
        {**sky.env, "CANARY_KEYS": keys, "CANARY_PAGE_URL": "http://127.0.0.1:1/"}, "canary", "--once"
    )
    assert once.returncode == 1 and once.stdout.startswith("missed at web in"), once.stdout + once.stderr


async def missed_twice(watch: Watch, sky: Sky, step: Step, why: str, since: int = 0) -> None:
    """Two runs in a row end at this step."""
    for number in (1, 2):
        run = await fly(watch, sky, 5.0 if step is Step.CALLBACK else 1.0)
        assert (run.outcome, run.step, watch.misses) == (Outcome.MISSED, step, since + number), run
        assert why in run.why, run.why


async def works_again(watch: Watch, sky: Sky) -> None:
    """The next run goes all the way; the ones that were late may land before it."""
    run = await fly(watch, sky)
    assert (run.outcome, watch.misses) == (Outcome.GOOD, 0), run


def it_was_told_to_nobody_else(sky: Sky, run: Run) -> None:
    """A fan-out for each carrier, of one lane behind everything; no document, no notice, no file, no event."""
    with sky.sessions() as session:
        alert = session.query(Alert).filter_by(public_id=run.alert).one()
        assert (alert.kind, alert.state) == ("canary", "closed")
        made = session.query(Fanout).order_by(Fanout.id).all()
        assert [each.channel for each in made] == ["canary", "canary-second"]
        assert all(each.purpose == "canary" and each.planned in (None, 1) for each in made)
        assert {lane.priority for lane in session.query(Lane)} == {canary.PRIORITY}
        assert session.execute(text("SELECT count(*) FROM document")).scalar_one() == 0
        about = [row.object for row in session.query(AuditEvent) if row.object.endswith(f":{run.alert}")]
        assert about == [f"canary:{run.alert}"]
    published = Path(sky.env["DATA_DIR"]) / "public"
    assert not any(run.alert.encode() in path.read_bytes() for path in published.rglob("*") if path.is_file())
