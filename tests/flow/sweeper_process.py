"""A duty of the sweep as a process of its own, so that it can be killed: the chase, or further calls to landlines."""

from __future__ import annotations

import sys

from broadcaster.dispatch.telling.escalate import escalate
from broadcaster.dispatch.waves.call_again import call_again
from broadcaster.store import database, tables

DUTIES = {"escalate": escalate, "call again": call_again}
TABLES = tables.Base.metadata


def main(database_url: str, duty: str) -> None:
    """Do it once."""
    DUTIES[duty](database.sessions(database.connect(database_url)))


if __name__ == "__main__":
    main(*sys.argv[1:])
