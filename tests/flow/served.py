"""The desk as `broadcaster web` serves it, in a process of its own, and people who come to it over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from broadcaster.store.database import Sessions
from tests.chaos.desk import answers
from tests.chaos.parts import free_port
from tests.desk import PASSWORD, Browser, Desk, settings
from tests.factories import KEYS
from tests.flow import installation
from tests.flow.story import until
from tests.wire import Wire

TRIES = 2
"""A code turns stale when its half minute ends between reading and sending it: then people type the next one."""


@dataclass(frozen=True)
class Served:
    """A desk that answers here."""

    base: str
    pid: int

    def browser(self, desk: Desk, email: str) -> Browser:
        """A browser in which this person has signed in."""
        made = Browser(Wire(self.base))
        for _ in range(TRIES):
            desk.now = _a_minute_ago()  # a code of the step before still counts, and leaves this one for the approval
            made.open("/desk/").send("sign-in", email=email, password=PASSWORD, code=desk.code(email))
            if made.path == "/desk/":
                return made
        raise AssertionError(made.words)


@contextmanager
def served(database_url: str, folder: Path, **more: str) -> Iterator[Served]:
    """Until the block ends; the bell is broken, and no carrier is there."""
    port = free_port()
    base = f"http://localhost:{port}"
    env = installation.environment(database_url, "redis://127.0.0.1:1/0", "http://127.0.0.1:1", folder)
    with installation.process({**env, "PORT": str(port), "PUBLIC_BASE_URL": base, **more}, "web") as running:
        until(lambda: answers(base), 60)
        yield Served(base, running.pid)


def furnished(sessions: Sessions) -> Desk:
    """A directory, residents and people with the keys of that process; codes are of this minute."""
    keys = {name.lower(): value for name, value in KEYS.items()}
    return Desk(sessions, _a_minute_ago(), settings(**keys))


def _a_minute_ago() -> datetime:
    return datetime.now(UTC).replace(microsecond=0) - timedelta(seconds=60)
