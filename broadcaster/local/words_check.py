"""Whether the wordings that an authority approved still fit this version of the program, as the doctor sees it."""

from __future__ import annotations

from broadcaster.messages.book import ENGLISH_NAMES
from broadcaster.store.alerting import wordings
from broadcaster.store.alerting.wordings import Unfit
from broadcaster.store.database import Sessions


def look(sessions: Sessions) -> tuple[bool, str]:
    """Whether every wording in use fits, and a sentence; what no sweep has judged yet is read now."""
    with sessions() as session:
        unfit = wordings.unfit(session, thorough=True)
    if not unfit:
        return True, "every wording in use fits this version."
    return False, " ".join(map(words, unfit))


def words(one: Unfit) -> str:
    """Which wording, why, what is used instead, and what to do."""
    what = f"{ENGLISH_NAMES[one.lang]} ({one.volume})"
    more = f" and {len(one.problems) - 1} more" if len(one.problems) > 1 else ""
    where = f"“{one.problems[0].name}”: " if one.problems[0].name else ""
    return (
        f"The wording of {what} no longer fits this version, and the shipped one is used: {where}"
        f"{one.problems[0].sentence.rstrip('.')}{more}. Correct it at the desk under Words and languages."
    )
