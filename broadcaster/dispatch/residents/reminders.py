"""The duty of quiet days: asks once a year whether people still live there, and sends a card when a number changed."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from broadcaster import logs
from broadcaster.store import retention
from broadcaster.store.database import Sessions, only_one
from broadcaster.store.places import directory_history, directory_load
from broadcaster.store.public import reminders

log = logs.get(__name__)
EVERY_S = 600.0
MOST_COMMUNITIES = 500


@dataclass
class Reminders:
    """The duty of the sweep; `per_day` texts at most. What it queues is sent by `courtesies`, after every alert."""

    sessions: Sessions
    per_day: int

    def look(self) -> tuple[int, int]:
        """Queue what is due and fits into the day: how many cards, how many questions. Nothing while an alert is open:
        numbers that change then are the alert's business."""
        with self.sessions.begin() as session, only_one(session, "reminders") as alone:
            if not alone or retention.an_alert_is_open(session):
                return 0, 0
            _note(session)
            left = self.per_day - reminders.queued_today(session)
            cards = 0
            for _ in range(MOST_COMMUNITIES):
                found, made = reminders.queue_cards(session, left - cards) if left > cards else (False, 0)
                cards += made
                if not found:
                    break
            asked = reminders.queue_yearly(session, left - cards) if left > cards else 0
        if cards or asked:
            log.info("reminders_queued", cards=cards, yearly=asked)
        return cards, asked


def _note(session: Session) -> None:
    """Compare the cards with the directory, as far as its history says that it stands still."""
    directory, ids = directory_load.load(session, agencies=False), directory_load.community_ids(session)
    changing = directory_history.moving(session, reminders.SETTLED)
    lines, moving = {}, []
    for place in directory.communities:
        number = directory.ladder(place.code).number
        lines[ids[place.code]] = number.display if number else ""
        if not changing.isdisjoint({("community", place.code), ("county", place.county_fips), ("state", "")}):
            moving.append(ids[place.code])
    reminders.note_lines(session, lines, moving)
