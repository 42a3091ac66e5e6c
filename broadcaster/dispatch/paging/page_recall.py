"""Pages to approvers are taken back once somebody has decided: a call that rings is ended, a text that waits not sent.

What was queued here ends with the decision itself (`store.desk.paging.stop`); a mail is not taken back, and its link
leads to what was decided.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from broadcaster import logs
from broadcaster.dispatch.engine import Engine
from broadcaster.dispatch.waves import recall
from broadcaster.store.fanout import recalls
from broadcaster.store.fanout.recalls import Pages, Waiting
from broadcaster.store.timeline import ledger

log = logs.get(__name__)
LOOK_EVERY_S = 1.0
LOT = 500


@dataclass
class PageRecall:
    """Asks the carriers once for each page that may still ring or wait."""

    engine: Engine
    _asked: set[str] = field(default_factory=set)

    def look(self) -> int:
        """One round over everything that is decided; returns how many pages were taken back. A carrier that does not
        answer is asked again next time."""
        with self.engine.sessions() as session:
            found = recalls.pages(session)
            waiting = [one for each in found for one in recalls.waiting(session, each.fanout, LOT)]
        fresh = [one for one in waiting if one.ref not in self._asked]
        back = recall.taken_back(self.engine, fresh) if found else []
        if back is None:
            return 0
        self._asked = {one.ref for one in waiting}
        self._settle(found, back)
        return len(back)

    def _settle(self, found: list[Pages], back: list[Waiting]) -> None:
        many = Counter(one.fanout_id for one in back)
        for each in found:
            with self.engine.sessions.begin() as session:
                recalls.mark(session, each.fanout, [one.address_id for one in back if one.fanout_id == each.fanout])
                if each.done:
                    recalls.close(session, each.fanout)
                if many[each.fanout]:
                    said = {"no": each.no, "fanout": each.fanout, "pages": many[each.fanout]}
                    ledger.append(session, "machine:sweep", "pages_taken_back", f"alert:{each.alert}", said)
                    log.info("pages_taken_back", **said)
