"""Practice goes from the training installation to the live one, a duty of the sweep: signed, until it is taken.

Nobody at the training desk waits for it, and a live installation that is away loses nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from broadcaster import logs
from broadcaster.channels.errors import Rejected, SendError
from broadcaster.channels.http import Door, DoorClosed
from broadcaster.channels.practice_post import LiveDesk
from broadcaster.dispatch.waves.window import Window
from broadcaster.said import Said
from broadcaster.settings import Settings
from broadcaster.store import database
from broadcaster.store.database import Sessions
from broadcaster.store.desk import practice_records
from broadcaster.store.desk.practice_records import Due
from broadcaster.store.timeline.signed_note import Signer

log = logs.get(__name__)
EVERY_S = 10.0
WITHIN_S = 12.0
"""A request ends after 10 s by itself."""
AT_ONCE = 20
SILENT = Said("The live desk does not answer.")
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=30), timedelta(hours=1)


def signer_of(settings: Settings) -> Signer:
    """Who signs the practice of this installation. SettingsError when SECRET_KEY is missing."""
    host = urlsplit(settings.public_base_url).hostname or "localhost"
    return Signer.of(settings.required("secret_key"), host, "practice")


@dataclass
class PracticePosts:
    """The duty."""

    sessions: Sessions
    window: Window
    live: LiveDesk
    signer: Signer

    @classmethod
    def of(cls, settings: Settings, sessions: Sessions, window: Window) -> PracticePosts:
        """To the live installation of the settings, through a door that opens to this machine alone."""
        return cls(sessions, window, LiveDesk(settings.practice_url, Door(live=False)), signer_of(settings))

    def look(self, moment: datetime | None = None) -> int:
        """Post what is due; returns how many were taken. One that finds nobody there ends the round."""
        with self.sessions.begin() as session, database.only_one(session, "practice-posts") as alone:
            now = moment or database.now(session)
            if alone:
                practice_records.gather(session, now)
        taken = 0
        for _ in range(AT_ONCE):
            with self.sessions.begin() as session:
                due = practice_records.claim(session, now, FIRST_PAUSE, LONGEST_PAUSE)
            if due is None:
                break
            answer, heard = self._posted(due)
            with self.sessions.begin() as session:
                practice_records.settle(session, due.id, answer, now)
            if not heard:
                break
            taken += not answer
        return taken

    def close(self) -> None:
        """Close the connection, before the window's loop ends."""
        self.window.run(self.live.close(), 5.0)

    def _posted(self, due: Due) -> tuple[str, bool]:
        """Why it was not taken, or nothing; and whether anybody answered at all."""
        try:
            self.window.run(self.live.post(due.said.signed(self.signer)), WITHIN_S)
        except Rejected as error:
            log.warning("practice_refused", post=due.id, reason=error.reason)
            return error.reason, True
        except (SendError, DoorClosed, TimeoutError) as error:
            log.warning("practice_not_posted", post=due.id, reason=str(error) or "timeout")
            return SILENT, False
        return "", True
