"""The health check of a container: exit code 0 when its process does its work, 1 with a sentence when it does not.

Usage: ``health.py web|callbacks|window`` asks over HTTP; ``health.py worker`` looks for Celery's sending children,
``health.py canary`` for its process: whether it sings is known outside, by its dead-man's switch;
``health.py sweep`` wants the public files to be fresh, because the sweep rewrites them every PUBLISH_EVERY seconds.
"""

from __future__ import annotations

import http.client
import os
import sys
import time
from pathlib import Path

PORTS = {"web": ("PORT", 8911), "callbacks": ("CALLBACKS_PORT", 8912), "window": ("WINDOW_PORT", 8913)}
STALE_AFTER_S = 60.0
"""The window itself turns loud at this age."""


def answers(server: str) -> str:
    """Why the server of this container is not well, or the empty string."""
    name, usual = PORTS[server]
    connection = http.client.HTTPConnection("127.0.0.1", int(os.environ.get(name) or usual), timeout=4)
    try:
        connection.request("GET", "/healthz", headers={"Host": "localhost"})
        status = connection.getresponse().status
    except OSError as error:
        return f"{server} does not answer: {error}"
    finally:
        connection.close()
    return "" if status == 200 else f"{server} answers {status}"


def has_children() -> str:
    """Why the worker is not well, or the empty string: a Celery parent without a child sends nothing."""
    found = sum(_is_worker(path) for path in Path("/proc").glob("[0-9]*/cmdline"))
    return "" if found >= 2 else f"{found} Celery processes, wanted a parent and at least one child"


def _is_worker(path: Path) -> bool:
    return b"celery" in _command(path)


def _command(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""  # it ended while we looked


def is_there() -> str:
    """Why the canary is not well, or the empty string."""
    found = any(b"\0canary\0" in _command(path) for path in Path("/proc").glob("[0-9]*/cmdline"))
    return "" if found else "the canary does not run"


def is_fresh() -> str:
    """Why the sweep is not well, or the empty string."""
    status = Path(os.environ.get("PUBLISH_DIR", "")) / "status.json"
    try:
        age = time.time() - status.stat().st_mtime
    except OSError as error:
        return f"{status}: {error.strerror}"
    return "" if age < STALE_AFTER_S else f"{status} is {age:.0f} s old"


def main(role: str) -> int:
    """Look once; the sentence goes to standard output, where the engine keeps it."""
    why = {"worker": has_children, "sweep": is_fresh, "canary": is_there}.get(role, lambda: answers(role))()
    sys.stdout.write(f"{why or 'well'}\n")
    return 1 if why else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
