"""Commands that serve: each makes place for the server that it starts, and imports little before that."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from broadcaster import logs
from broadcaster.local import home
from broadcaster.settings import Settings
from broadcaster.web import pools


def ready() -> Settings:
    """This process's settings, with its servers found; logging as set."""
    settings = home.adopt(home.connected(home.environment()))
    logs.configure(settings.log_level)
    return home.vetted(settings)


@click.command()
def web() -> None:
    """Serve the desk and the public window on PORT.

    Example: PORT=8911 broadcaster web
    """
    settings = ready()
    argv = [sys.executable, "-m", "gunicorn", "-k", f"{pools.__name__}.{pools.ClassWorker.__name__}", "--workers", "1"]
    argv += ["--worker-connections", str(pools.CONNECTIONS), "--backlog", str(pools.BACKLOG)]
    argv += [
        "--bind",
        f"{settings.bind}:{settings.port}",
        "--timeout",
        "60",
        "--no-control-socket",
        "broadcaster.web.wsgi:application()",
    ]
    os.execv(sys.executable, argv)  # noqa: S606 - our own server, with a list of arguments


@click.command()
@click.option("--port", type=int, help="Default: WINDOW_PORT.")
@click.option("--dir", "folder", type=click.Path(path_type=Path), help="Default: PUBLISH_DIR.")
def window(port: int | None, folder: Path | None) -> None:
    """Serve the published files alone: no database, no Redis, no desk.

    Example: PUBLISH_DIR=/srv/public broadcaster window
    """
    settings = home.adopt(home.environment())
    os.environ["PUBLISH_DIR"] = str(folder or settings.published)
    argv = [sys.executable, "-m", "gunicorn", "-k", "gthread", "--threads", "32", "--workers", "1"]
    argv += [
        "--bind",
        f"{settings.bind}:{port or settings.window_port}",
        "--no-control-socket",
        "broadcaster.window.wsgi:application()",
    ]
    os.execv(sys.executable, argv)  # noqa: S606 - our own server, with a list of arguments


COMMANDS = (web, window)
