"""Whether there is a binder, how old it is, and whether the newest one opens."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from pathlib import Path

from broadcaster.outage.binder import file as binder_file
from broadcaster.settings import Settings
from broadcaster.store.binder import binders
from broadcaster.store.binder.binders import Bound, Standing
from broadcaster.store.database import Sessions, now
from broadcaster.store.sealed_stream import CannotOpen, Opener

OLD = timedelta(hours=26)
OFF = "off: set BINDER_PASSPHRASE, or EXPORT_CERT, or nothing is left when our servers fail."


def look(settings: Settings, sessions: Sessions) -> tuple[bool | None, str]:
    """Whether the binder is good (None: there is to be none), and a sentence about it."""
    if not settings.binder_passphrase and not settings.export_cert:
        return None, OFF
    with sessions() as session:
        stands, moment = binders.standing(session), now(session)
    if stands.newest is None or stands.whole is None:
        return False, stands.trouble or "none was made yet: let `broadcaster sweep` run, or `broadcaster binder make`."
    wrong = stands.trouble or _too_old(stands, moment) or _wrong(settings, stands.newest)
    if wrong:
        return False, wrong
    return True, f"made {stands.newest.at:%Y-%m-%d %H:%M} UTC, sealed, {stands.newest.size}, and it opens."


def _too_old(stands: Standing, moment: datetime) -> str:
    if stands.whole is None or moment - stands.whole.at <= OLD:
        return ""
    return f"the last one with residents is of {stands.whole.at:%Y-%m-%d}: look at the sweep's log for “binder”."


def _wrong(settings: Settings, newest: Bound) -> str:
    """Why the newest one is no good. Without the passphrase it is held against the hash in the ledger."""
    folders = filter(None, (settings.binder_dir, settings.data_dir / "binder"))
    file = next((folder / newest.file for folder in folders if (folder / newest.file).exists()), None)
    if file is None:
        return f"{newest.file} is not where it was written: mount BINDER_DIR, or run `broadcaster binder make`."
    if not settings.binder_passphrase:
        return "" if _sha256(file) == newest.sha256 else f"{file} was changed since it was made: make another one."
    try:
        with binder_file.reading(file, Opener(settings.binder_passphrase)):
            return ""
    except CannotOpen as error:
        return f"{file.name}: {error}"


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
