"""From an environment to settings that work on this machine: keys of a demo, addresses of the embedded servers."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from broadcaster import logs
from broadcaster import settings as knobs
from broadcaster.local import keys, servers
from broadcaster.settings import Mode, Settings, SettingsError
from broadcaster.store import database


def read_env_file(path: Path) -> dict[str, str]:
    """NAME=value lines of a ``.env`` file; empty when there is none."""
    if not path.exists():
        return {}
    lines = (line.strip() for line in path.read_text(encoding="utf-8").splitlines())
    pairs = (line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))
    return {name.strip(): value.strip().strip("'\"") for name, value in pairs}


def environment(environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of a command: ``.env`` below what is set, and outside live the installation's own keys."""
    env = {**read_env_file(Path(".env")), **(os.environ if environ is None else environ)}
    first = knobs.load(env)
    if first.mode is not Mode.LIVE:
        for name, value in keys.ensure_keys(first.data_dir, first.mode).items():
            if not env.get(name) and not env.get(f"{name}_FILE"):
                env[name] = value
    return env


def connected(env: Mapping[str, str]) -> dict[str, str]:
    """The environment with the addresses of running servers; SettingsError when nothing runs and nothing is set."""
    full = dict(env)
    chosen = knobs.load(full)
    if chosen.database_url and chosen.redis_url:
        return full
    running = servers.urls(chosen)
    if running is None:
        raise SettingsError(
            "No database is running here: start `broadcaster up` in another terminal,"
            " or set DATABASE_URL and REDIS_URL."
        )
    full["DATABASE_URL"], full["REDIS_URL"] = running
    return full


def vetted(settings: Settings) -> Settings:
    """The settings, once their database was seen to belong to this mode; WrongInstallation when it does not.

    A database that is away keeps nobody from starting: pages stay up and say so.
    """
    engine = database.connect(settings.database_url, pool_size=1)
    try:
        with database.sessions(engine)() as session:
            database.check_mode(session, settings.mode.value)
    except DBAPIError as error:
        logs.get(__name__).error("database_not_checked", error=str(error.orig)[:200])
    finally:
        engine.dispose()
    return settings


def adopt(env: Mapping[str, str]) -> Settings:
    """Make an environment this process's own, and read the settings from it once."""
    os.environ.update(env)
    knobs.current.cache_clear()
    return knobs.current()
