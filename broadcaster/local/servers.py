"""Postgres and Valkey for every process of an installation: yours by URL, or ours, started once and found by all.

Who starts a server holds an exclusive lock on ``DATA_DIR/<server>/running.json`` (0600: it holds the URL) for as long
as it lives, and alone stops it. The kernel drops the lock with the process, so a killed owner leaves no claim behind.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol
from urllib.parse import urlsplit

from broadcaster import logs
from broadcaster.local.child import POLL, ServerError, answers
from broadcaster.local.postgres import Postgres
from broadcaster.local.valkey import Valkey
from broadcaster.settings import Settings

REVIVE_EVERY = 3.0  # seconds between two attempts to start a server that does not come back
FOUND_WITHIN = 60.0  # seconds to wait for a server that another process is starting


class Embedded(Protocol):
    """What Postgres and Valkey have in common."""

    @property
    def pid(self) -> int | None:
        """The process id, None when it does not run."""

    def start(self) -> str:
        """Start it, or do nothing if it runs; returns its URL."""

    def stop(self) -> None:
        """Stop it in order."""

    def kill(self) -> None:
        """``kill -9``, for drills."""


@dataclass
class Servers:
    """The two URLs to use, and the servers that this process itself started."""

    database_url: str
    redis_url: str
    ours: tuple[Embedded, ...]
    _pause_until: float = 0.0

    def revive(self) -> int:
        """Start again, on the same port, what is ours and has died; returns how many came back.

        Call it often, from the main thread. One that does not start is logged as an error and tried again later: the
        services that can do without it go on.
        """
        if time.monotonic() < self._pause_until:
            return 0
        return sum(self._revived(server) for server in self.ours if server.pid is None)

    def _revived(self, server: Embedded) -> bool:
        try:
            server.start()
        except ServerError as error:
            self._pause_until = time.monotonic() + REVIVE_EVERY
            logs.get("servers").error("server does not come back", why=str(error))
            return False
        return True


@contextmanager
def ensure(settings: Settings) -> Iterator[Servers]:
    """Servers for as long as the block lasts: the settings' URLs as they are, else those that run, else our own.

    Raises ServerError when one cannot be started, or when the process that started it does not bring it up.
    """
    with ExitStack() as stack:
        ours: list[Embedded] = []
        postgres, valkey = _homes(settings)

        def take(home: Path, make: Callable[[Path], Embedded]) -> str:
            url, server = stack.enter_context(_running_or_ours(home, make))
            ours.extend([server] if server else [])
            return url

        database_url = settings.database_url or take(postgres, Postgres)
        redis_url = settings.redis_url or take(valkey, Valkey)
        yield Servers(database_url, redis_url, tuple(ours))


def urls(settings: Settings) -> tuple[str, str] | None:
    """The URLs of database and broker if both are set or running now, else None; starts nothing."""
    postgres, valkey = _homes(settings)
    database_url = settings.database_url or _running_url(postgres)
    redis_url = settings.redis_url or _running_url(valkey)
    return (database_url, redis_url) if database_url and redis_url else None


def _homes(settings: Settings) -> tuple[Path, Path]:
    return settings.data_dir / "postgres", settings.data_dir / "valkey"


@contextmanager
def _running_or_ours(home: Path, make: Callable[[Path], Embedded]) -> Iterator[tuple[str, Embedded | None]]:
    deadline = time.monotonic() + FOUND_WITHIN
    while (claim := _claim(home)) is None:
        if url := _running_url(home):
            yield url, None
            return
        if time.monotonic() >= deadline:
            raise ServerError(f"Another process holds {home} but its server does not answer: stop that process first.")
        time.sleep(POLL)
    with claim:
        server = make(home)
        try:
            url = server.start()
            _announce(claim, url)
            yield url, server
        finally:
            _announce(claim, "")
            server.stop()


def _claim(home: Path) -> IO[str] | None:
    """The right to run the server of this home, held until the file is closed; None if another process has it."""
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = os.fdopen(os.open(home / "running.json", os.O_RDWR | os.O_CREAT, 0o600), "r+", encoding="utf-8")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return None
    _announce(file, "")
    return file


def _announce(claim: IO[str], url: str) -> None:
    claim.seek(0)
    claim.truncate()
    if url:
        json.dump({"url": url, "pid": os.getpid()}, claim)
    claim.flush()


def _running_url(home: Path) -> str:
    """The announced URL if its owner lives and the server accepts connections, else the empty string."""
    try:
        with (home / "running.json").open(encoding="utf-8") as file:
            if not _is_held(file):
                return ""
            text = file.read()
    except FileNotFoundError:
        return ""
    if not text.endswith("}"):  # being written, or not up yet
        return ""
    url = str(json.loads(text)["url"])
    return url if answers(urlsplit(url).port or 0) else ""


def _is_held(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    return False
