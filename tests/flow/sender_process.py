"""A sender as a process of its own, so that it can be killed: drains one queue with the engine of the tests."""

from __future__ import annotations

import sys
from pathlib import Path

from broadcaster.dispatch.engine import Engine
from broadcaster.dispatch.telling.upkeep import Round
from broadcaster.dispatch.waves.drain import drain
from broadcaster.store import database
from tests.factories import Ways, engine
from tests.ipaws import Credentials


def monthly(works: Engine) -> Round:
    """The monthly round of an engine with a mail relay."""
    return Round(works, works.carriers["check"], "State 911", "http://localhost:8911")


def main(database_url: str, carrier_url: str, folder: str, lane: str) -> None:
    """Drain the texts once, with a small window; in the lane ``urgent`` a post to the IPAWS-OPEN at `carrier_url`,
    where it is an address calls that are answered there, and where it is a mail relay the monthly round looks once."""
    sessions = database.sessions(database.connect(database_url))
    seat = Credentials(Path(folder)).seat(carrier_url) if lane == "urgent" else None
    calls = lane if lane.startswith("http") else ""
    relay = lane if lane.startswith("smtp") else ""
    ways = Ways(bulk=lane == "bulk", ipaws=seat, voice=calls, smtp_url=relay)
    with engine(sessions, carrier_url, Path(folder), in_flight=20, ways=ways) as works:
        if relay:
            monthly(works).look()
            return
        drain(works, "urgent" if lane == "urgent" or calls else "sms", seconds=30.0)
        works.recorder.wait()


if __name__ == "__main__":
    main(*sys.argv[1:])
