"""Furnish the database of a containers' demo, once: Massachusetts, its residents, and the two people of the demo."""

from __future__ import annotations

import sys

from sqlalchemy import func, select

from broadcaster.local import home
from broadcaster.local.demo import stage
from broadcaster.settings import Mode
from broadcaster.store import database
from broadcaster.store.desk.people import User

RESIDENTS = 20_000


def main() -> int:
    """Exit code 2 outside MODE=demo: furnishing begins with an empty schema."""
    settings = home.adopt(home.connected(home.environment()))
    if settings.mode is not Mode.DEMO:
        sys.stderr.write(f"MODE is {settings.mode}: only a demo is furnished, because everything in it is replaced.\n")
        return 2
    with database.sessions(database.connect(settings.database_url))() as session:
        if session.scalar(select(func.count()).select_from(User)):
            sys.stdout.write("Furnished already.\n")
            return 0
    cast = stage.furnish(settings, RESIDENTS)
    for email, secret in cast.secrets.items():
        sys.stdout.write(f"{email}   password {stage.PASSWORD}   TOTP secret {secret}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
