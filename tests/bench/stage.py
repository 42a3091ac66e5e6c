"""The installation under measurement: the embedded servers as the product runs them, and databases full of people."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from time import perf_counter

import psycopg
import redis
from sqlalchemy import make_url

from broadcaster import settings as knobs
from broadcaster.directory import Directory
from broadcaster.dispatch import engine as engines
from broadcaster.local import home, massachusetts, servers
from broadcaster.local.valkey import Valkey
from broadcaster.store import database, schema
from broadcaster.store.database import Sessions
from broadcaster.store.places import directory_load
from tests.bench import people
from tests.bench import sink as sinks
from tests.bench.sink import ROOT, Sink
from tests.factories import KEYS, SEALER, SENDER, SID, TOKEN, House, office, person

FAST = 1_000_000.0
"""Segments a second: the pace is no bound here."""
PATTERN = "pattern"
Say = Callable[[str], None]


@dataclass(frozen=True)
class Audience:
    """A database with so many residents; `first` is the id of the first one's address, `house` who issues there."""

    url: str
    many: int
    first: int
    house: House


@dataclass
class Stage:
    """Servers, the sink, and what was loaded so far; `say` writes a line of progress."""

    folder: Path
    database_url: str
    redis_url: str
    valkey_pid: int
    sink: Sink
    say: Say
    _loaded: dict[int, Audience] = field(default_factory=dict)

    @contextmanager
    def audience(self, many: int) -> Iterator[Audience]:
        """A database in which so many people have signed up and nobody was told anything yet, gone with the block.

        It is a copy: the people are loaded once.
        """
        if many not in self._loaded:
            began = perf_counter()
            self._loaded[many] = self._load(many)
            self.say(f"{many:,} residents loaded in {perf_counter() - began:.1f} s")
        loaded, name = self._loaded[many], f"told_{many}"
        url = self.new_database(name, pattern=f"people_{many}")
        engine = database.connect(url)
        try:
            yield replace(loaded, url=url, house=replace(loaded.house, sessions=database.sessions(engine)))
        finally:
            engine.dispose()
            self.admin(f'DROP DATABASE "{name}" WITH (FORCE)')

    def _load(self, many: int) -> Audience:
        url = self.new_database(f"people_{many}")
        engine = database.connect(url)
        house = furnish(database.sessions(engine))
        with house.sessions() as session:
            ids = directory_load.community_ids(session)
        engine.dispose()
        return Audience(url, many, people.load(url, SEALER, ids, people.homes(many, places())), house)

    def new_database(self, name: str, pattern: str = PATTERN) -> str:
        """A new database made from another one; returns its URL."""
        self.admin(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        self.admin(f'CREATE DATABASE "{name}" TEMPLATE "{pattern}" STRATEGY file_copy')
        return self.url_of(name)

    def admin(self, statement: str) -> None:
        """One statement as the owner of the server, outside any transaction."""
        url = make_url(self.url_of("postgres")).set(drivername="postgresql").render_as_string(hide_password=False)
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(statement.encode())

    def url_of(self, name: str) -> str:
        """The URL of a database of this server."""
        return make_url(self.database_url).set(database=name).render_as_string(hide_password=False)

    def environment(self, database_url: str, *, tls: bool = False, **more: str) -> dict[str, str]:
        """The environment of our processes on one database; what a shell or a `.env` around us sets does not count."""
        unset = {name.upper() + file: "" for name in knobs.Settings.model_fields for file in ("", "_FILE")}
        trusted = str(self.sink.trusted)
        return {
            **os.environ,
            **unset,
            **KEYS,
            "MODE": "demo",
            "DATA_DIR": str(self.folder),
            "DATABASE_URL": database_url,
            "REDIS_URL": self.redis_url,
            "TWILIO_ACCOUNT_SID": SID,
            "TWILIO_AUTH_TOKEN": TOKEN,
            "TWILIO_FROM": SENDER,
            "TWILIO_API_URL": self.sink.url(tls),
            "SSL_CERT_FILE": trusted,
            "REQUESTS_CA_BUNDLE": trusted,
            "SMS_MPS": str(FAST),
            "LOG_LEVEL": "WARNING",
            "PYTHONPATH": str(ROOT),
            **more,
        }

    def enter(self, env: dict[str, str]) -> None:
        """Make this process one of the installation: it approves and rings as the desk does. Old bells go."""
        with redis.Redis.from_url(self.redis_url) as broker:
            broker.flushall()
        engine = database.connect(env["DATABASE_URL"], pool_size=1)
        engines.register_senders(database.sessions(engine), home.adopt(env))
        engine.dispose()

    def log_of(self, name: str) -> Path:
        """Where a process of ours writes."""
        return self.folder / "logs" / f"{name}.log"


@cache
def places() -> Directory:
    """The communities of Massachusetts, without agencies: their mail is measured by itself."""
    return replace(massachusetts.load(datetime.now(UTC).date()), agencies=())


def furnish(sessions: Sessions, directory: Directory | None = None) -> House:
    """Save a directory, and two people who may release."""
    with sessions.begin() as session:
        database.stamp_mode(session, "demo")
        directory_load.save(session, directory or places(), SEALER)
        issuer = person(session, "issuer@ma.example", "issuer").id
        approver = person(session, "approver@ma.example", "approver", "issuer").id
    return House(sessions, office(), issuer, approver)


@contextmanager
def standing(folder: Path, say: Say) -> Iterator[Stage]:
    """Servers of our own (durable: fsync on) and a sink, for as long as the block lasts; what they wrote is removed."""
    data = folder / "data"
    with alone(folder):
        shutil.rmtree(data, ignore_errors=True)
        own = {"DATA_DIR": str(data), "MODE": "demo", "DATABASE_URL": "", "REDIS_URL": "", **KEYS}
        with servers.ensure(knobs.load(own)) as ours, sinks.running(folder / "bin") as sink:
            valkey = next(server.pid for server in ours.ours if isinstance(server, Valkey))
            stage = Stage(data, ours.database_url, ours.redis_url, valkey or 0, sink, say)
            stage.admin(f"CREATE DATABASE {PATTERN}")
            schema.upgrade(stage.url_of(PATTERN))
            yield stage
        shutil.rmtree(data, ignore_errors=True)


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Two runs in one folder would remove each other's databases: SettingsError for the second one."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise knobs.SettingsError(f"Another run measures in {folder}: wait for it, or give --dir.") from error
        yield
