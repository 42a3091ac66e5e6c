"""A clean database for each story."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from broadcaster.local.postgres import Postgres
from broadcaster.store.database import Sessions
from tests import onair


@pytest.fixture
def sessions(postgres_server: Postgres) -> Iterator[Sessions]:
    """Sessions of the newest schema, empty."""
    with onair.clean(postgres_server) as made:
        yield made
