"""Whether practice at the training desk reaches the live one, as the doctor of either sees it."""

from __future__ import annotations

from datetime import datetime

from broadcaster.dispatch.practice import practice_intake, practice_posts
from broadcaster.settings import Mode, Settings, SettingsError
from broadcaster.store.database import Sessions, now
from broadcaster.store.desk import practice_records
from broadcaster.store.desk.practice_records import Posted

OFF = "off: set PRACTICE_KEY to what `broadcaster practice key` prints at the training desk, and practice there counts."
OFF_HERE = "off: set PRACTICE_URL to the live installation on this machine, and practice here counts there."
OWN = "PRACTICE_KEY is this installation's own, so both share SECRET_KEY: give each one of its own."


def look(settings: Settings, sessions: Sessions, moment: datetime | None = None) -> tuple[bool | None, str]:
    """Whether practice comes through (None: it is not set up), and a sentence about it."""
    if settings.mode is Mode.TRAINING:
        return _posting(sessions, moment) if settings.practice_url else (None, OFF_HERE)
    try:
        key = practice_intake.pinned(settings)
    except SettingsError as error:
        return False, str(error)
    if key is None:
        return None, OFF
    if key == practice_posts.signer_of(settings).public:
        return False, OWN
    return True, f"of {settings.practice_key.partition('+')[0]} counts here."


def _posting(sessions: Sessions, moment: datetime | None) -> tuple[bool, str]:
    with sessions() as session:
        posted = practice_records.standing(session, moment or now(session))
    return not posted.answer, words(posted)


def words(posted: Posted) -> str:
    """How the posting stands, in a sentence."""
    taken = f"{posted.taken:,} taken by the live desk, {posted.waiting:,} on the way."
    return f"{taken} The last answer was: {posted.answer}" if posted.answer else taken
