"""The real servers of the tests: one Postgres and one Valkey per xdist worker, gone with the session."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from broadcaster.local.postgres import Postgres
from broadcaster.local.valkey import Valkey


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    """A running Postgres with an empty database ``broadcaster``; its address is ``postgres_server.url``."""
    server = Postgres(tmp_path_factory.mktemp("postgres"))
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a running, empty Valkey."""
    server = Valkey(tmp_path_factory.mktemp("valkey"))
    yield server.start()
    server.stop()
