"""Where carriers call us: a process of its own, so that no page and no flood of pages can slow a receipt down.

Law: verified, then durable, then acknowledged. Forged is 403 and changes nothing; Postgres away, or more receipts than
it takes, is 503 (the carrier tries again, and its listing settles the rest); STOP is committed before the answer.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from granian import Granian
from granian.constants import Interfaces, Loops
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from broadcaster import logs
from broadcaster import settings as knobs
from broadcaster.channels import voice_twilio
from broadcaster.channels.proof import proves
from broadcaster.dispatch.office import Office
from broadcaster.dispatch.residents.frontdoor import FrontDoor
from broadcaster.receipts import intake
from broadcaster.receipts.accounts import accounts
from broadcaster.receipts.batch import LONGEST_WAIT_S, Batches, NotKept
from broadcaster.receipts.bounces import LARGEST, Desk
from broadcaster.receipts.intake import UnreadableWebhook
from broadcaster.receipts.signature import Forged, Signed, Webhook
from broadcaster.settings import Settings
from broadcaster.store import database
from broadcaster.store.database import Sessions
from broadcaster.store.fanout import receipts
from broadcaster.store.fanout.receipts import NewReceipt
from broadcaster.store.sealed import Sealer
from broadcaster.tasks import ring
from broadcaster.web import metrics
from broadcaster.web.carriers import voice
from broadcaster.web.carriers.bounces import BOUNCE, Bounces
from broadcaster.web.carriers.phones import Phones
from broadcaster.web.carriers.rsgi import Answer, Exchange, Scope, TooLong, body_of
from broadcaster.web.carriers.voice import ANSWERED, CALL, PRESS, Attempt
from broadcaster.web.missed.bridge import BRIDGE, Bridges

log = logs.get(__name__)
STATUS, INBOUND, VOICE = "/callbacks/twilio/status", "/callbacks/twilio/inbound", "/callbacks/twilio/voice"
DELIVERY = "delivery"
"""The purpose of the proofs that our own status callbacks carry."""
RING_EVERY_S = 0.25
SAY_EVERY_S = 0.1
LISTENERS = 4
"""Threads that hear texts from phones, apart from the receipts' writers: no flood of receipts delays a STOP."""
CONNECTIONS = 16_384
"""Taken at once; more of them wait in the backlog."""
BACKLOG = 4096
LEAVE_WITHIN_S = 8
"""A process whose database does not answer is not waited for any longer; a container is killed after 10 s."""
KEPT = Answer(204)
NOTHING = Answer(404, "There is nothing here.\n")
XML = "application/xml"

Bell = Callable[[], object]
Place = tuple[tuple[str, ...], Callable[[Scope, Exchange], Awaitable[Answer]]]
T = TypeVar("T")


class ReceiptsBell:
    """Tells the workers that receipts wait, at most every `RING_EVERY_S`; nothing depends on it, the sweep applies
    what waits within seconds."""

    def __init__(self) -> None:
        self._next = 0.0

    def __call__(self) -> None:
        """Ring, unless it rang a moment ago; returns at once."""
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + RING_EVERY_S
            ring("receipts")


class Seldom:
    """Lets a line into the log at most every `SAY_EVERY_S`: no flood of forgeries fills a disk or delays a receipt."""

    def __init__(self) -> None:
        self._next, self._kept_back = 0.0, 0

    def __call__(self) -> int | None:
        """How many were kept back since the last line; None when this one is kept back too."""
        if time.monotonic() < self._next:
            self._kept_back += 1
            return None
        kept_back, self._kept_back = self._kept_back, 0
        self._next = time.monotonic() + SAY_EVERY_S
        return kept_back


class Callbacks:
    """The RSGI application; `bell` is rung after commits. SettingsError when a secret is missing."""

    def __init__(self, settings: Settings, sessions: Sessions, bell: Bell) -> None:
        known, base = accounts(settings), settings.callback_address
        self._sessions, self._base = sessions, base
        self._keys = settings.keyring
        self._sealer = Sealer(settings.field_key_bytes, settings.index_key_bytes, settings.field_key_id)
        door = FrontDoor(sessions, Office.of(settings))
        self._phones, self._phrasebook = Phones(sessions, self._sealer, door, VOICE), door.phrasebook
        self._bridges = Bridges(sessions, self._sealer, self._keys, base, settings.twilio_voice_from)
        self._metrics = metrics.Page.of(settings, sessions, time.time)
        self._batches = Batches(self._write, bell)
        self._forgeries = Seldom()
        self._listeners = ThreadPoolExecutor(LISTENERS, thread_name_prefix="inbound")
        paths = (STATUS, INBOUND, VOICE, ANSWERED, CALL, PRESS, BRIDGE)
        self._signed = {path: Webhook(known, base + path) for path in paths}
        self._places: dict[str, Place] = {
            STATUS: (("POST",), self._status),
            INBOUND: (("POST",), self._inbound),
            VOICE: (("POST",), self._voice),
            ANSWERED: (("POST",), self._answered),
            CALL: (("POST",), self._call),
            PRESS: (("POST",), self._pressed),
            BRIDGE: (("POST",), self._bridge),
            "/healthz": (("GET", "HEAD"), _alive),
            "/readyz": (("GET", "HEAD"), self._ready),
            metrics.PATH: (("GET",), self._watched),
        }
        if settings.bounce_token:
            self._bounces = Bounces(settings.bounce_token, Desk.of(settings), sessions)
            self._places[BOUNCE] = (("POST",), self._bounce)

    async def __rsgi__(self, scope: Scope, exchange: Exchange) -> None:
        """Answer one request."""
        methods, answer = self._places.get(scope.path, ((), _alive))
        if not methods:
            said = NOTHING
        elif scope.method not in methods:
            said = Answer(405, f"This place hears {methods[0]}.\n")
        else:
            said = await self._said(scope.path, answer(scope, exchange))
        said.give(exchange)
        self._metrics.count(scope.path if methods else "none", said.status)

    async def _watched(self, scope: Scope, _: Exchange) -> Answer:
        """The page for a monitor; the database being away is on it."""
        if not self._metrics.may(scope.client.rpartition(":")[0].strip("[]"), lambda name: scope.headers.get(name, "")):
            return NOTHING
        return Answer(200, await asyncio.to_thread(self._metrics.text), metrics.KIND)

    async def _said(self, path: str, answer: Awaitable[Answer]) -> Answer:
        """Every failure as a status that the carrier understands, and a line in the log."""
        try:
            return await answer
        except Forged as error:
            if (kept_back := self._forgeries()) is not None:
                log.warning("webhook_forged", path=path, why=str(error), more=kept_back)
            return Answer(403, "This was not signed for this address.\n")
        except UnreadableWebhook as error:
            log.error("webhook_unreadable", path=path, why=str(error))
            return Answer(400, f"{error}\n")
        except TooLong:
            log.warning("webhook_too_long", path=path)
            return Answer(413, "No carrier says so much.\n")
        except NotKept as error:  # the batch has logged it, once for everybody in it
            return Answer(503, f"{error} Nothing was acknowledged.\n")
        except (OperationalError, PoolTimeout, TimeoutError) as error:
            log.error("webhook_not_kept", path=path, why=type(error).__name__)
            return Answer(503, "The database is away: nothing was acknowledged.\n")
        except Exception:
            log.exception("webhook_failed", path=path)
            return Answer(500, "This failed here: nothing was acknowledged.\n")

    async def _status(self, scope: Scope, exchange: Exchange) -> Answer:
        said = await self._read(scope, exchange)
        delivery = said.asked.get("d", "")
        if not self._is_ours(delivery, said):
            raise Forged("the proof does not fit the delivery")
        await self._batches.keep(intake.status_receipt(said, delivery, self._sealer))
        return KEPT

    async def _inbound(self, scope: Scope, exchange: Exchange) -> Answer:
        said = await self._read(scope, exchange)
        return Answer(200, await self.in_a_thread(lambda: self._phones.text(said)), XML)

    async def _voice(self, scope: Scope, exchange: Exchange) -> Answer:
        said = await self._read(scope, exchange)
        return Answer(200, await self.in_a_thread(lambda: self._phones.call(said)), XML)

    async def _answered(self, scope: Scope, exchange: Exchange) -> Answer:
        """Somebody picked up: what is said to them."""
        said, attempt = await self._called(scope, exchange)
        word = voice_twilio.picked_up(said.form.get("AnsweredBy", ""))
        kept, action = self._of_call(said, attempt, word), self._address(PRESS, attempt)

        def work() -> str:
            with self._sessions.begin() as session:
                return voice.picked_up(session, attempt, kept, action, self._phrasebook.read(session))

        return Answer(200, await self.in_a_thread(work), XML)

    async def _pressed(self, scope: Scope, exchange: Exchange) -> Answer:
        """A key was pressed: it is committed before it is thanked for."""
        said, attempt = await self._called(scope, exchange)
        again = self._address(ANSWERED, attempt)

        def work() -> str:
            with self._sessions.begin() as session:
                return voice.pressed(session, attempt, said.form, again, self._phrasebook.read(session))

        return Answer(200, await self.in_a_thread(work), XML)

    async def _bridge(self, scope: Scope, exchange: Exchange) -> Answer:
        """An officer picked up who calls somebody back, or has pressed a key."""
        said = await self._read(scope, exchange)
        return Answer(200, await self.in_a_thread(lambda: self._bridges.answer(said)), XML)

    async def _call(self, scope: Scope, exchange: Exchange) -> Answer:
        """How a call ended."""
        said, attempt = await self._called(scope, exchange)
        await self._batches.keep(self._of_call(said, attempt, intake.call_word(said)))
        return KEPT

    async def _called(self, scope: Scope, exchange: Exchange) -> tuple[Signed, Attempt]:
        """A signed request about a call of ours, and the attempt that our own proof in its address names."""
        said = await self._read(scope, exchange)
        key = said.asked.get("d", "")
        attempt = Attempt.of(key, scope.query_string)
        if attempt is None or not self._is_ours(key, said):
            raise Forged("the proof does not fit the call")
        return said, attempt

    def _is_ours(self, delivery: str, said: Signed) -> bool:
        return self._keys.prove(lambda key: proves(key, DELIVERY, delivery, said.asked.get("m", "")))

    def _of_call(self, said: Signed, attempt: Attempt, word: str) -> NewReceipt:
        ref = intake.call_ref(said)
        return voice.receipt(attempt, said.carrier, ref, word, intake.sealed(self._sealer, ref, said.raw))

    def _address(self, path: str, attempt: Attempt) -> str:
        return f"{self._base}{path}?{attempt.asked}"

    async def _bounce(self, scope: Scope, exchange: Exchange) -> Answer:
        """401 before a byte of the body is read, 413 when it is too long, and what `Bounces.take` says."""
        if not self._bounces.may(scope.headers.get("authorization", "")):
            log.warning("webhook_forged", path=scope.path, why="the token is wrong")
            return Answer(401, "Send BOUNCE_TOKEN as `Authorization: Bearer`.\n")
        raw = await body_of(scope, exchange, LARGEST)
        reply = await self.in_a_thread(lambda: self._bounces.take(raw))
        return Answer(reply.status, f"{reply.sentence}\n" if reply.sentence else "")

    async def _read(self, scope: Scope, exchange: Exchange) -> Signed:
        body = await body_of(scope, exchange)
        return self._signed[scope.path].read(scope.query_string, body, scope.headers.get("x-twilio-signature", ""))

    async def _ready(self, _: Scope, __: Exchange) -> Answer:
        await self.in_a_thread(self._look)
        return Answer(200, "ready\n")

    def _look(self) -> None:
        with self._sessions() as session:
            database.now(session)

    def _write(self, waiting: Sequence[NewReceipt]) -> None:
        with self._sessions.begin() as session:
            receipts.keep(session, waiting)

    async def in_a_thread(self, work: Callable[[], T]) -> T:
        """What the database says; TimeoutError while there is still time for the carrier to try again."""
        async with asyncio.timeout(LONGEST_WAIT_S):
            return await asyncio.get_running_loop().run_in_executor(self._listeners, work)


async def _alive(_: Scope, __: Exchange) -> Answer:
    return Answer(200, "alive\n")


def application() -> Callbacks:
    """The application of this process's environment, for granian."""
    settings = knobs.current()
    logs.configure(settings.log_level)
    return Callbacks(settings, database.sessions(database.connect(settings.database_url)), ReceiptsBell())


def serve(settings: Settings) -> None:
    """Serve the environment's application on `bind` and `callbacks_port` until a signal ends it."""
    server = Granian(
        "broadcaster.web.carriers.callbacks:application",
        address=settings.bind,
        port=settings.callbacks_port,
        interface=Interfaces.RSGI,
        loop=Loops.uvloop,
        factory=True,
        backlog=BACKLOG,
        backpressure=CONNECTIONS,
        workers_kill_timeout=LEAVE_WITHIN_S,
        log_access=False,
        websockets=False,
    )
    server.serve()
