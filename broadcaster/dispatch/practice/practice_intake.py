"""Practice of the training installation arrives at the live one: believed by its signature, kept once, and no more.

Law: no word of it reaches an alert, a number or a person's rights. It says when somebody last practised.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from broadcaster.settings import Settings, SettingsError
from broadcaster.store.desk import people, practice_records
from broadcaster.store.desk.practice import RED
from broadcaster.store.desk.practice_records import NoPractice, Practised
from broadcaster.store.timeline import ledger
from broadcaster.store.timeline.signed_note import BadNote, PublicKey

FUTURE = timedelta(minutes=5)
"""How far the other clock may be ahead."""


class Contradiction(ValueError):
    """Another record of the same key was kept already; the message is a sentence."""


def pinned(settings: Settings) -> PublicKey | None:
    """Whose practice is believed; None: nobody's. SettingsError when PRACTICE_KEY is no key."""
    try:
        return PublicKey.read(settings.practice_key) if settings.practice_key else None
    except BadNote as error:
        raise SettingsError(
            "PRACTICE_KEY is no public key: set it to what `broadcaster practice key` prints at the training desk."
        ) from error


def receive(session: Session, key: PublicKey, note: str, now: datetime) -> tuple[Practised, bool]:
    """Keep a record, and whether it is new. BadNote: another key, or changed; NoPractice: it cannot be kept;
    Contradiction. Nothing was kept then."""
    said, origin = Practised.read(note, key)
    if said.at > now + FUTURE:
        raise NoPractice("It is from the future: set the clock of the training installation.")
    if said.at <= now - RED:
        raise NoPractice(f"It is older than {RED.days} days, and counts no more.")
    user = people.by_email(session, said.person)
    if user is None or not user.active:
        raise NoPractice("Nobody has this mail address at the live desk: make the account, or correct the address.")
    row, new = practice_records.keep(session, said, user.id, origin, now)
    if (row.user_id, row.did, row.at, row.origin) != (user.id, said.did.value, said.at, origin):
        raise Contradiction("Another record with this key was kept before.")
    if new:
        told = {"key": said.key, "did": said.did.value, "at": said.at.isoformat()}
        ledger.append(session, f"training:{origin}", "practised", f"user:{user.id}", told)
    return said, new
