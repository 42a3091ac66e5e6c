"""A sender as a process of its own, so that it can be killed: drains one queue with the engine of the tests."""

from __future__ import annotations

import sys
from pathlib import Path

from broadcaster.dispatch.drain import drain
from broadcaster.store import database
from tests.factories import Ways, engine
from tests.ipaws import Credentials


def main(database_url: str, carrier_url: str, folder: str, lane: str) -> None:
    """Drain the texts once, with a small window; in the lane ``urgent`` a post to the IPAWS-OPEN at `carrier_url`, and
    where the lane is an address calls that are answered there."""
    sessions = database.sessions(database.connect(database_url))
    seat = Credentials(Path(folder)).seat(carrier_url) if lane == "urgent" else None
    calls = lane if lane.startswith("http") else ""
    ways = Ways(bulk=lane == "bulk", ipaws=seat, voice=calls)
    with engine(sessions, carrier_url, Path(folder), in_flight=20, ways=ways) as works:
        drain(works, "urgent" if lane == "urgent" or calls else "sms", seconds=30.0)
        works.recorder.wait()


main(*sys.argv[1:])
