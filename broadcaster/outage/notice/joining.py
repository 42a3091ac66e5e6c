"""A notice without a ticket goes on with the one that it is about: of the same provider, the same discovery and place.

A machine joins it and says why; a person separates it again with one click. Whatever is not surely the same stays a
notice of its own: two that are one cost a look, one that is two hides an outage.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from broadcaster.directory import Directory
from broadcaster.outage import record
from broadcaster.outage.notice import trust
from broadcaster.outage.notice.area import mapped
from broadcaster.outage.notice.rule import Open, name_key
from broadcaster.said import Said
from broadcaster.store.agencies import provider_notices
from broadcaster.store.agencies.provider_notices import NoticeKind, ProviderNotice
from broadcaster.store.places import directory_load

WITHIN = timedelta(hours=24)
"""So long after, or before, the newest other word: an outage that comes back within a day is the same one."""
SAME_MINUTE = timedelta(minutes=1)
FURTHER = (NoticeKind.UPDATE, NoticeKind.FINAL)
SAME_HOUR_AND_AREA = Said(
    "Joined to this notice because it gives no ticket and has the same provider, the same time of discovery and the"
    " same area, within 24 hours."
)
SAME_HOUR = Said(
    "Joined to this notice because it gives no ticket and has the same provider, the same time of discovery and no"
    " other area, within 24 hours."
)
SAME_AREA = Said(
    "Joined to this notice because it gives no ticket and has the same provider, the same area, and calls itself an"
    " update or final, within 24 hours."
)


@dataclass(frozen=True, slots=True)
class Earlier:
    """The notice that a word without a ticket goes on with, and the sentence that says why."""

    notice: ProviderNotice
    why: str


def earlier(session: Session, said: Open, at: datetime, state: str) -> Earlier | None:
    """The one notice that a word without a ticket is about; None where there is none, or more than one."""
    provider = name_key(said.provider)
    rows = provider_notices.of_provider(session, provider, at - WITHIN, at + WITHIN) if provider else []
    if not rows:
        return None
    directory = directory_load.load(session, agencies=False)
    found = [Earlier(row, why) for row in rows if (why := _same(session, row, said, directory, state))]
    return found[0] if len(found) == 1 else None


def _same(session: Session, row: ProviderNotice, said: Open, directory: Directory, state: str) -> str:
    """Why a word goes on with this notice, or ``""``."""
    known = trust.newest(row, trust.relied_on(session, row))
    place = _place(known.area, said.area, directory, state)
    if place is False:
        return ""
    if said.discovered and known.discovered:
        if abs(said.discovered - known.discovered) >= SAME_MINUTE:
            return ""
        return SAME_HOUR_AND_AREA if place else SAME_HOUR
    further = said.kind in FURTHER and said.discovered is None
    return SAME_AREA if place and further else ""


def _place(known: str, said: str, directory: Directory, state: str) -> bool | None:
    """Whether two areas share a place; None where one of them is not said."""
    if not known or not said:
        return None
    if name_key(known) == name_key(said):
        return True
    both = [set(record.communities(mapped(words, directory, state).area, directory)) for words in (known, said)]
    return not both[0].isdisjoint(both[1])
