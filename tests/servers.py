"""The real servers of the tests: one Postgres and one Valkey per xdist worker, gone with the session."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from broadcaster.local.postgres import Postgres
from broadcaster.local.valkey import Valkey

MEMORY = Path("/dev/shm")  # noqa: S108  (the folder there is made by mkdtemp)
ROOM = 2 * 1024**3
"""Bytes that the databases of one worker may take there, with their log."""


@pytest.fixture(scope="session")
def memory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder in memory where there is one: a thousand databases are made and dropped, ten megabytes each."""
    if not MEMORY.is_dir() or shutil.disk_usage(MEMORY).free < ROOM:
        yield tmp_path_factory.mktemp("postgres")
        return
    made = Path(tempfile.mkdtemp(prefix="broadcaster-tests-", dir=MEMORY))
    made.chmod(0o755)
    yield made / "postgres"
    shutil.rmtree(made)


@pytest.fixture(scope="session")
def postgres_server(memory: Path) -> Iterator[Postgres]:
    """A running Postgres with an empty database ``broadcaster``; its address is ``postgres_server.url``."""
    server = Postgres(memory)
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a running, empty Valkey."""
    server = Valkey(tmp_path_factory.mktemp("valkey"))
    yield server.start()
    server.stop()
