"""The canary's life: a run every few minutes, what it writes down, whom it wakes, and the sign of life outside."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy.exc import SQLAlchemyError

from broadcaster import logs
from broadcaster.canary import pages
from broadcaster.canary.pages import NotPaged, Page, Way
from broadcaster.canary.path import Path
from broadcaster.channels.errors import SendError
from broadcaster.channels.http import Door, DoorClosed
from broadcaster.settings import Mode, Settings
from broadcaster.store import canaries, database
from broadcaster.store.canaries import Outcome, Run
from broadcaster.store.database import Sessions

log = logs.get(__name__)
MOST_UNWRITTEN = 1000
"""Runs that are remembered while the database is away: three days of them."""


@dataclass
class Diary:
    """Writes runs down for the desk; while the database is away they wait here, and nothing waits for them."""

    sessions: Sessions
    unwritten: list[Run] = field(default_factory=list)

    def misses(self) -> int:
        """How many of the newest runs were missed in a row; 0 while the database is away."""
        try:
            with self.sessions() as session:
                return canaries.missed(session)
        except SQLAlchemyError as error:
            log.warning("canary_remembers_nothing", error=type(error).__name__)
            return 0

    def note(self, run: Run) -> None:
        """Write this run, and those that could not be written before it."""
        self.unwritten = [*self.unwritten, run][-MOST_UNWRITTEN:]
        try:
            with self.sessions.begin() as session:
                for each in self.unwritten:
                    canaries.keep(session, each)
        except SQLAlchemyError as error:
            log.warning("canary_not_written_down", runs=len(self.unwritten), error=type(error).__name__)
            return
        self.unwritten = []


@dataclass
class Watch:
    """Runs the path, counts misses in a row, pages by every way that is due, and gives the sign of life.

    A way that failed is tried again at the next run; one that has heard of misses hears when they are over.
    """

    path: Path
    diary: Diary
    ways: Sequence[Way]
    office: str
    door: Door
    deadman: str = ""
    misses: int = 0
    owed: set[str] = field(default_factory=set)
    alarmed: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, settings: Settings) -> Watch:
        """For an installation; SettingsError names what is missing."""
        door = Door(live=settings.mode is Mode.LIVE)
        sessions = database.sessions(database.connect(settings.required("database_url"), pool_size=1))
        return cls(
            path=Path.of(settings, door),
            diary=Diary(sessions),
            ways=pages.ways(settings, door),
            office=settings.authority_short,
            door=door,
            deadman=settings.canary_deadman_url,
        )

    def remember(self) -> None:
        """Go on where an earlier life ended: whoever was paged then hears when it is over."""
        self.misses = self.diary.misses()
        if self.misses >= pages.BEFORE_A_PAGE:
            self.alarmed = {way.name for way in self.ways}

    async def look(self) -> Run:
        """One run and all that follows from it."""
        run = await self.path.walk()
        log.info("canary", outcome=run.outcome.value, step=run.step.value, why=run.why, seconds=round(run.whole, 3))
        await self.judge(run)
        await asyncio.to_thread(self.diary.note, run)
        return run

    async def judge(self, run: Run) -> None:
        """Count, page, and give the sign of life; a canary that gave way to an alert is no miss and ends none."""
        if run.outcome is Outcome.MISSED:
            self.misses += 1
            if pages.is_due(self.misses):
                self.owed = {way.name for way in self.ways}
        elif run.outcome is Outcome.GOOD:
            self.misses, self.owed = 0, set(self.alarmed)
        for way in self.ways:
            if way.name in self.owed:
                await self._page(way, Page(self.office, self.misses, run))
        if run.outcome is not Outcome.MISSED:
            await self._live()

    async def _page(self, way: Way, page: Page) -> None:
        try:
            await way.send(page)
        except NotPaged as error:
            log.error("canary_not_heard", way=way.name, why=str(error), misses=page.misses)
            return
        self.owed.discard(way.name)
        (self.alarmed.add if page.misses else self.alarmed.discard)(way.name)

    async def _live(self) -> None:
        """The dead-man's switch: whoever waits for this outside pages when it does not come."""
        if not self.deadman:
            return
        try:
            reply = await self.door.request("GET", self.deadman, {"User-Agent": "Broadcaster"})
        except (SendError, DoorClosed, OSError, ValueError) as error:
            log.error("no_sign_of_life", why=str(error))
            return
        if not 200 <= reply.status < 300:
            log.error("no_sign_of_life", why=f"answered {reply.status}")

    async def forever(self, every: float, told: asyncio.Event) -> None:
        """A run every so many seconds, from start to start, until told to end."""
        await asyncio.to_thread(self.remember)
        due = time.monotonic()
        while not told.is_set():
            await self.look()
            due = max(due + every, time.monotonic())
            try:
                await asyncio.wait_for(told.wait(), due - time.monotonic())
            except TimeoutError:
                continue

    async def close(self) -> None:
        """Close the connections."""
        await self.door.close()
