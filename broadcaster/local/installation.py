"""The whole installation on one machine: servers, schema, then every process in order; stopped in reverse order."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from broadcaster import logs
from broadcaster.dispatch import engine as engines
from broadcaster.local import borders, home, servers
from broadcaster.local.servers import Servers
from broadcaster.local.supervisor import Service, Supervisor, listening
from broadcaster.settings import Settings
from broadcaster.store import database, schema

SENDERS_STOP_S = 30.0
"""A sender finishes what is in flight: a POST lasts at most 10 s, a drain claims for 10 s."""


@contextmanager
def standing(env: Mapping[str, str]) -> Iterator[tuple[Settings, Servers, dict[str, str]]]:
    """Servers up, schema current, mode stamped, senders known; yields settings, servers and the full environment."""
    full = dict(env)
    settings = home.adopt(full)
    with servers.ensure(settings) as running:
        full["DATABASE_URL"], full["REDIS_URL"] = running.database_url, running.redis_url
        settings = home.adopt(full)
        schema.upgrade(settings.database_url)
        sessions = database.sessions(database.connect(settings.database_url))
        with sessions.begin() as session:
            database.stamp_mode(session, settings.mode.value)
            borders.install(session, settings.state_fips)
        engines.register_senders(sessions, settings)
        sessions.kw["bind"].dispose()
        yield settings, running, full


def command(*words: str) -> list[str]:
    """The argv of one of our own commands, with this interpreter."""
    return [sys.executable, "-m", "broadcaster", *words]


def _at_once() -> bool:
    return True


def services(settings: Settings, env: Mapping[str, str], senders: int = 1) -> list[Service]:
    """Our processes in the order of their start; `senders` is the number of sending processes of the texts."""

    def service(name: str, *words: str, ready: Callable[[], bool] = _at_once, stop: float = 10.0) -> Service:
        return Service(name, command(*words), env, ready, stop)

    return [
        service("sweep", "sweep", stop=SENDERS_STOP_S),
        service("worker-urgent", "worker", "urgent", stop=SENDERS_STOP_S),
        service("worker-sms", "worker", "sms", "--concurrency", str(senders), stop=SENDERS_STOP_S),
        service("worker-receipts", "worker", "receipts", "housekeeping"),
        service("callbacks", "callbacks", ready=listening(settings.callbacks_port)),
        service("window", "window", ready=listening(settings.window_port)),
        service("web", "web", ready=listening(settings.port)),
        *([service("canary", "canary")] if settings.canary_phone else []),
    ]


def run(env: Mapping[str, str], before: Sequence[Service] = ()) -> None:
    """Everything, until Ctrl-C or SIGTERM."""
    with standing(env) as (settings, running, full):
        logs.configure(settings.log_level)
        supervisor = Supervisor(
            [*before, *services(settings, full)], settings.data_dir / "logs", each_tick=running.revive
        )
        logs.get("up").info("starting", desk=f"{settings.public_base_url}/desk", logs=str(settings.data_dir / "logs"))
        supervisor.run()
