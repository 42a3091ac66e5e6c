"""The press of the button, as a process of its own: reads {"phones": [...]} a line, prints when it pressed."""

from __future__ import annotations

import json
import sys
import time

from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.bench.naive.models import Alert, Base, engine
from tests.bench.naive.tasks import app, release

BODY = "911 is down in Springfield. In an emergency call 413-555-0100. Next update at 4:30 PM. State 911 Department"


def answer(**said: object) -> None:
    """One line of JSON."""
    sys.stdout.write(json.dumps(said) + "\n")
    sys.stdout.flush()


def main() -> None:
    """Make the tables, then a release for every line."""
    Base.metadata.create_all(engine())
    with Session(engine()) as session, app.connection_for_write() as broker:  # as warm as a web process is
        session.execute(select(Alert.id).limit(1))
        broker.ensure_connection(max_retries=3)
    answer(ready=True)
    for line in sys.stdin:
        phones = json.loads(line)["phones"]
        pressed = time.time()
        alert = release(phones, BODY)
        answer(alert=alert, pressed=pressed, queued=time.time())


if __name__ == "__main__":
    main()
