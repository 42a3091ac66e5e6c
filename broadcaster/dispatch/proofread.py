"""After an upgrade the wordings in use are read again by its linter, a duty of the sweep and the end of `db upgrade`.

Law: what no longer fits gives way to the shipped words, and everybody who chooses a language is told so. No release
waits for this.
"""

from __future__ import annotations

from dataclasses import dataclass

from broadcaster import logs
from broadcaster.store import database
from broadcaster.store.alerting import word_checks, wordings
from broadcaster.store.alerting.wordings import Wording
from broadcaster.store.database import Sessions
from broadcaster.store.timeline import ledger

log = logs.get(__name__)
EVERY_S = 5.0
MACHINE = "machine:proofreader"


@dataclass
class Proofreader:
    """The duty."""

    sessions: Sessions

    def look(self) -> int:
        """Read the next book that these rules have not judged; one a look, for it takes up to a second. Returns how
        many were read."""
        with self.sessions() as session:
            row = next(iter(wordings.unjudged(session)), None)
        if row is None:
            return 0
        self._judge(row)
        return 1

    def read_all(self) -> int:
        """Read every book that these rules have not judged; returns how many."""
        read = 0
        while self.look():
            read += 1
        return read

    def _judge(self, row: Wording) -> None:
        """Read it outside of any transaction, then keep the verdict; only a refusal is an event."""
        problems = row.kind.check(row.kind.edited(row.lang, row.sentences))
        with self.sessions.begin() as session:
            new = word_checks.keep(session, row.id, problems, database.now(session))
            if new and problems:
                said = {"version": str(row.id), "problems": [each.sentence for each in problems[:5]]}
                ledger.append(session, MACHINE, "wording-unfit", row.subject, said)
                log.error("wording_no_longer_fits", wording=row.subject, problems=len(problems))
