"""The duty of quiet days after an outage: what agencies said of their lines stands in the directory from then on.

A line of which its own agency said that it is not theirs was found answered by nobody: the next alert says so before it
is published (`cap_document`), and the list of the stale begins with it. Nothing while an alert is open: the page and
the texts of that one follow the words of agencies at once, by `lines.unanswered`.
"""

from __future__ import annotations

from broadcaster import logs
from broadcaster.store import retention
from broadcaster.store.database import Sessions, only_one
from broadcaster.store.places import lines
from broadcaster.store.timeline import ledger

log = logs.get(__name__)
EVERY_S = 600.0


def learn(sessions: Sessions) -> int:
    """Take what is new into the directory; returns how many numbers were touched."""
    with sessions.begin() as session, only_one(session, "known lines") as alone:
        if not alone or retention.an_alert_is_open(session):
            return 0
        many = lines.learn(session)
        if many:
            ledger.append(session, "machine:sweep", "lines-learned", "directory", dict(many))
            log.info("lines_learned", **many)
    return sum(many.values())
