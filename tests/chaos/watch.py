"""Rows that were in flight when something broke, and how long they took to come to an end."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import Self

from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from broadcaster.store.database import Sessions

EVERY_S = 0.1
_SENDING = text("SELECT fanout_id, address_id FROM delivery WHERE state = 'sending'")
_ANY_OPEN = text("SELECT count(*) FROM delivery WHERE state IN ('sending', 'unknown', 'queued')")
_UNSURE = text("SELECT address_id FROM delivery WHERE fanout_id = :f AND state IN ('sending', 'unknown')")
_CONNECTIONS = text("SELECT count(*) FROM pg_stat_activity WHERE application_name = :name")
_ASKED = text(
    "SELECT (SELECT count(*) FROM delivery WHERE reason = 'found_at_carrier')"
    " + (SELECT count(*) FROM past_attempt WHERE outcome = 'absent')"
)
_OPEN = text(
    "SELECT count(*) FROM delivery d JOIN unnest(CAST(:f AS bigint[]), CAST(:a AS bigint[])) AS x(f, a)"
    " ON d.fanout_id = x.f AND d.address_id = x.a WHERE d.state IN ('sending', 'unknown', 'queued')"
)


@dataclass
class _Caught:
    places: list[tuple[int, int]]
    at: float
    settled_s: float | None = None


class Watch:
    """A thread that looks ten times a second, through the judge's own connections."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions
        self._caught: list[_Caught] = []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look_again, name="watch", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def catch(self, least: int) -> int:
        """How many rows are being sent now; from `least` on they are remembered."""
        with self._sessions() as session:
            places = [(row.fanout_id, row.address_id) for row in session.execute(_SENDING)]
        if len(places) >= least:
            self._caught.append(_Caught(places, time.monotonic()))
        return len(places)

    def open_rows(self) -> int:
        """How many rows are not terminal now."""
        with self._sessions() as session:
            return int(session.execute(_ANY_OPEN).scalar_one())

    def unsure(self, fanout: int) -> set[int]:
        """The addresses of a fan-out of which nobody knows now whether they have been told."""
        with self._sessions() as session:
            return set(session.execute(_UNSURE, {"f": fanout}).scalars())

    def sightings(self) -> int:
        """How many doubles are confirmed."""
        with self._sessions() as session:
            return int(session.execute(text("SELECT count(*) FROM sighting")).scalar_one())

    def connections(self, name: str) -> int:
        """How many connections a process of this name (PGAPPNAME) has."""
        with self._sessions() as session:
            return int(session.execute(_CONNECTIONS, {"name": name}).scalar_one())

    def asked_after(self) -> int:
        """How many texts the carrier was asked after, and had or had not."""
        with self._sessions() as session:
            return int(session.execute(_ASKED).scalar_one())

    @property
    def places(self) -> set[tuple[int, int]]:
        """Every fan-out and address that was in flight at some fault."""
        return {place for caught in self._caught for place in caught.places}

    @property
    def settled_s(self) -> float | None:
        """The longest that rows caught in flight took to be terminal; None while some are open."""
        self._look()
        times = [caught.settled_s for caught in self._caught]
        return None if None in times else max((each for each in times if each is not None), default=0.0)

    def _look_again(self) -> None:
        while not self._over.wait(EVERY_S):
            try:
                self._look()
            except OperationalError:  # Postgres is what this row breaks
                continue

    def _look(self) -> None:
        for caught in [each for each in self._caught if each.settled_s is None]:
            values = {"f": [fanout for fanout, _ in caught.places], "a": [address for _, address in caught.places]}
            with self._sessions() as session:
                if session.execute(_OPEN, values).scalar_one() == 0 and caught.settled_s is None:
                    caught.settled_s = time.monotonic() - caught.at
