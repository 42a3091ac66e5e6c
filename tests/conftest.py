"""What every test may ask for."""

from __future__ import annotations

from tests.servers import postgres_server, valkey

__all__ = ["postgres_server", "valkey"]
