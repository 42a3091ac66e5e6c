"""The stage of one row: servers and simulators with proxies before them, our processes, a released alert, an end."""

from __future__ import annotations

import threading
import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any, Self

import redis

from broadcaster import worker
from broadcaster.alert.alert import Area, ChannelName, RevisionKind
from broadcaster.alert.lifecycle import AlertKind, Tier
from broadcaster.dispatch import actions
from broadcaster.local.carrier import Running
from broadcaster.local.postgres import Postgres
from broadcaster.local.valkey import Valkey
from broadcaster.store.alerting.alerts import Revision
from broadcaster.store.database import Sessions
from broadcaster.store.fanout.deliveries import Fanout
from tests.chaos import parts
from tests.chaos.ground import Ground
from tests.chaos.parts import BESIDE, MAIN
from tests.chaos.processes import Player
from tests.chaos.row import TERMINAL_WITHIN_S, Setting
from tests.chaos.watch import Watch
from tests.factories import House, content
from tests.faults.proxy import Proxy
from tests.unit.dispatch import night

RELEASE_WITHIN_S = 5.0
"""The operator can: rows that promise a shorter time measure it themselves."""

REST_S = 1.5


class Void(AssertionError):
    """The fault hit nothing: the row proves nothing and fails."""


@dataclass(frozen=True, slots=True)
class Aired:
    """A released alert: its texts' fan-out, who has to hear, and the second since 1970 of its commit."""

    revision: int
    fanout: int
    wanted: frozenset[str]
    at: float


@dataclass(frozen=True, slots=True)
class Figure:
    """A measured number and the most it may be, or None where it only informs."""

    value: float
    most: float | None = None


class Stage:
    """Everything that a row plays with; a context manager. `sessions` are the judge's own, past every proxy."""

    carrier: Running
    carriers: tuple[Running, ...]
    """The carrier that breaks, and after it the one that stands by where the setting has one."""
    valkey: Valkey
    postgres: Postgres
    sessions: Sessions
    house: House
    watch: Watch
    env: dict[str, str]
    proxies: dict[str, Proxy]
    everyone: dict[str, str]

    def __init__(self, setting: Setting, ground: Ground, folder: Path, seed: int) -> None:
        self.setting, self.folder, self.dice = setting, folder, Random(seed)
        self.alerts: list[Aired] = []
        self.hits: Counter[str] = Counter()
        self.figures: dict[str, Figure] = {}
        self.broken: list[str] = []
        self.beside: Aired | None = None
        self.endings: dict[int, tuple[int, set[int]]] = {}
        """All-clears by fan-out: the fan-out that they end, and the addresses of which nobody knew at that moment."""
        self._ground, self._seed = ground, seed
        self._stack = ExitStack()
        self._bell = worker.make()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            built = parts.build(stack, self.setting, self._ground, self.folder, self._seed)
            self.carriers, self.valkey, self.postgres = built.carriers, built.valkey, built.postgres
            self.carrier = built.carriers[0]
            self.sessions, self.env, self.proxies = built.sessions, built.env, built.proxies
            self.everyone, self.house = parts.furnished(stack, built, self.setting)
            self.watch = stack.enter_context(Watch(self.sessions))
            self._bell.conf.broker_url = self.valkey.url if self.setting.redis else self.env["REDIS_URL"]
            stack.callback(self._bell.close)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def start(self, *words: str, before: tuple[str, ...] = (), **env: str) -> Player:
        """Start one of our commands; `before` is put before it, `env` is added to its environment."""
        player = Player({**self.env, **env}, words, self.folder / f"{'-'.join(words[:2])}.log", before)
        self._stack.callback(player.kill)
        return player

    def worker(self, sending: int = 2, **env: str) -> Player:
        """Celery's worker for texts with so many sending processes; wait for `ready` before the alert."""
        return self.start("worker", "sms", "--concurrency", str(sending), **env)

    def usual(self, sending: int = 2) -> Player:
        """A worker and a sweep that serve; returns the worker."""
        return self.usual_both(sending)[0]

    def usual_both(self, sending: int = 2) -> tuple[Player, Player]:
        """A worker and a sweep that serve; returns both."""
        player = self.worker(sending)
        sweep = self.sweep()
        player.ready(sending)
        with redis.Redis.from_url(self.valkey.url) as broker:
            self._ring("sms")
            self.until(lambda: broker.llen("sms") == 0, 20, "a worker that listens")
        return player, sweep

    def sweep(self) -> Player:
        """A sweep that has begun: its threads are at the database."""
        name = f"sweep-{time.monotonic():.3f}"
        player = self.start("sweep", PGAPPNAME=name)
        self.until(lambda: self.watch.connections(name) >= 2, 30, "a sweep that has begun")
        return player

    def draft(self, codes: tuple[str, ...] = MAIN, kind: AlertKind = AlertKind.OUTAGE) -> int:
        """An alert that waits for the second person; the revision's id."""
        words = content(area=Area(communities=codes), channels=(ChannelName.SMS,))
        with self.house.sessions.begin() as session:
            made = actions.new_alert(self.house.actor(session), kind, words)
            return actions.submit(self.house.actor(session), made).id

    def release(self, codes: tuple[str, ...] = MAIN, kind: AlertKind = AlertKind.OUTAGE) -> Aired:
        """An alert all the way through two people, and the bell; the approval is measured as `release`."""
        draft = self.draft(codes, kind)
        began = time.monotonic()
        self.house.approve(draft)
        at = time.time()
        self.measure("release", time.monotonic() - began, RELEASE_WITHIN_S)
        self.ring()
        return self.aired(draft, codes, at)

    def all_clear(self, first: Aired) -> Aired:
        """End an alert, through two people. Who must hear of it is judged by who heard the first words."""
        codes = tuple({self.everyone[phone] for phone in first.wanted})
        draft = night.waiting(self.house, first.revision, RevisionKind.ALL_CLEAR, confirmations=night.confirmed(*codes))
        unsure = self.watch.unsure(first.fanout)
        self.house.approve(draft)
        made = self.aired(draft, codes, time.time())
        self.endings[made.fanout] = (first.fanout, unsure)
        self.ring()
        return made

    def aired(self, revision: int, codes: tuple[str, ...], at: float) -> Aired:
        """Note a released revision for the judge."""
        with self.sessions() as session:
            fanout = session.query(Fanout).filter_by(revision_id=revision, channel="sms").one().id
        made = Aired(revision, fanout, frozenset(self.people(*codes)), at)
        self.alerts.append(made)
        return made

    def forgive(self, alert: Aired, phones: set[str]) -> None:
        """These said STOP in mid-send: whether they heard before it is not judged."""
        heard = {each["to"] for each in self.book()["messages"] if each["direction"] == "outbound-api"}
        self.alerts[self.alerts.index(alert)] = replace(alert, wanted=alert.wanted - (phones - heard))

    def people(self, *codes: str) -> list[str]:
        """The phones of some towns."""
        return [phone for phone, home in self.everyone.items() if home in codes]

    def operate(self) -> None:
        """The operator releases a second alert and holds it, once, while the fault lasts; `finish` resumes it."""
        if self.beside is None and self.setting.operator:
            self.beside = self.release((BESIDE,))
            began = time.monotonic()
            with self.house.sessions.begin() as session:
                row = session.get_one(Revision, self.beside.revision)
                actions.hold(self.house.actor(session), row, Tier.PUBLIC)
            self.measure("hold", time.monotonic() - began, RELEASE_WITHIN_S)

    def resume(self) -> None:
        """The second person lets the operator's alert go on."""
        if self.beside is not None:
            with self.house.sessions.begin() as session:
                row = session.get_one(Revision, self.beside.revision)
                actor = self.house.actor(session, self.house.approver)
                actions.resume(actor, row, Tier.PUBLIC, row.hash or "")
            self.ring()

    def ring(self, queue: str = "sms") -> None:
        """Ring the bell as the desk does: from a thread, and nobody minds when it is not heard."""
        threading.Thread(target=self._ring, args=(queue,), name="bell", daemon=True).start()

    def in_flight(self, least: int = 10, posts: int = 5) -> int:
        """Wait until so many rows are `sending` and the carrier sees POSTs, and keep an eye on them; Void if never."""
        end, seen = time.monotonic() + 20.0, self.posts()
        caught = 0
        while self.posts() < seen + posts or (caught := self.watch.catch(least)) < least:
            if time.monotonic() > end:
                raise Void(f"only {caught} rows were in flight")
            time.sleep(0.02)
        self.hits["rows in flight"] += caught
        return caught

    def posts(self) -> int:
        """How many POSTs the carriers have seen."""
        return sum(int(each.summary()["attempts"]) for each in self.carriers)

    def accepted(self) -> int:
        """How many texts the carriers have taken."""
        return sum(int(each.summary()["accepted"]) for each in self.carriers)

    def book(self) -> dict[str, list[dict[str, Any]]]:
        """What the judge reads: the messages and attempts in the ledgers of all carriers together."""
        ledgers = [each.ledger() for each in self.carriers]
        return {kind: [row for each in ledgers for row in each[kind]] for kind in ("messages", "attempts")}

    def until(self, true: Any, seconds: float, what: str) -> float:
        """Wait for something; the seconds it took. What does not come in time breaks the row."""
        began = time.monotonic()
        while not true():
            if time.monotonic() - began > seconds:
                self.broken.append(f"{what}: not within {seconds:.0f} s")
                break
            time.sleep(0.02)
        return time.monotonic() - began

    def must(self, holds: object, sentence: str) -> None:
        """What a row asks beyond what every row is judged by."""
        if not holds:
            self.broken.append(sentence)

    def measure(self, name: str, value: float, most: float | None = None) -> None:
        """A figure of this row; of several the largest is kept."""
        known = self.figures.get(name)
        if known is None or value > known.value:
            self.figures[name] = Figure(round(value, 3), most)

    def finish(self) -> None:
        """Resume the operator's alert and wait until every fan-out of texts is done."""
        self.resume()
        seconds = self.until(self.all_done, TERMINAL_WITHIN_S, "every row terminal")
        self.measure("terminal", seconds, TERMINAL_WITHIN_S)
        self._come_to_rest()

    def _come_to_rest(self) -> None:
        """Whoever was frozen may still post, and write down what came of it: wait until that is over."""
        seen = -1
        while seen != (seen := self.posts()):
            time.sleep(REST_S)

    def all_done(self) -> bool:
        """Whether no alert of this row is open."""
        return self.done(*self.alerts)

    def done(self, *alerts: Aired) -> bool:
        """Whether the texts of these alerts are done."""
        fanouts = [alert.fanout for alert in alerts]
        with self.sessions() as session:
            return not session.query(Fanout).filter(Fanout.id.in_(fanouts), Fanout.state != "done").count()

    def _ring(self, queue: str) -> None:
        try:
            self._bell.send_task("drain", args=[queue], queue=queue)
        except Exception as error:
            self.unheard = str(error)
