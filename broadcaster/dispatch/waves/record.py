"""The last step of a wave: what came of its rows is written down, and the carrier is judged by it."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from broadcaster import logs
from broadcaster.alert.delivery import Event
from broadcaster.dispatch.failpoint import failpoint
from broadcaster.dispatch.waves.circuit import Circuits
from broadcaster.dispatch.waves.window import Finished
from broadcaster.store.alerting import ipaws
from broadcaster.store.database import Sessions
from broadcaster.store.fanout import outcomes, senders
from broadcaster.store.fanout.outcomes import Outcome

log = logs.get(__name__)
ANSWERED = frozenset({Event.ACCEPTED, Event.REJECTED})
"""What only a carrier that works says."""


@dataclass
class Clerk:
    """Writes down outcomes for one process; `settle` is in seconds from a wave's start."""

    sessions: Sessions
    settle: float
    circuits: Circuits = field(default_factory=Circuits)
    begun: set[int] = field(default_factory=set)

    def record(self, finished: Sequence[Finished], again: bool) -> None:
        """Record outcomes of any waves in one transaction; recording again changes nothing.

        `again` says that an earlier try may have been committed without our hearing of it: then the rows are not
        counted towards the end of their waves, and the leases close them.
        """
        failpoint("posted")
        doubles = 0
        with self.sessions.begin() as session:
            outcomes.hold_waves(session, {one.wave.id for one in finished})
            for (fanout, carrier), some in _by_fanout(finished):
                doubles += outcomes.record(session, fanout, some, carrier, self.settle).doubles
            opted_out = [one.outcome.address_id for one in finished if one.opted_out]
            if opted_out:
                outcomes.suppress_at_carriers_word(session, opted_out)
            for one in finished:
                if one.operation:
                    outcomes.note_operation(session, one.wave.id, one.operation)
                if one.items:
                    ipaws.note(session, (one.wave.fanout_id, one.outcome.address_id, one.outcome.n), one.items)
            if not again:
                outcomes.close_when_complete(session, Counter(one.wave.id for one in finished))
            failpoint("recording")
        failpoint("recorded")
        if doubles:
            log.warning("double_confirmed", doubles=doubles)

    def judge(self, finished: Sequence[Finished]) -> None:
        """What recorded outcomes say of their fan-out and carrier; what fails here comes up with the next ones."""
        self._note_first(finished)
        self._judge(finished)

    def _note_first(self, finished: Sequence[Finished]) -> None:
        """The moment of a fan-out's first message, in a transaction of its own: a release that supersedes the fan-out
        holds its row, and waits for rows that we hold."""
        for fanout in {one.wave.fanout_id for one in finished if one.outcome.ref is not None} - self.begun:
            with self.sessions.begin() as session:
                outcomes.note_first(session, fanout)
            self.begun.add(fanout)

    def _judge(self, finished: Sequence[Finished]) -> None:
        """Give up a carrier that fails now, and take it back when a probe came through.

        Only what it answered, or failed to answer, counts: a text that missed its second behind others that hang says
        nothing good about it.
        """
        heard = [(one.wave.sender_id, one.blames) for one in finished if one.blames or one.outcome.event in ANSWERED]
        for sender in self.circuits.judge(time.monotonic(), heard):
            with self.sessions.begin() as session:
                if senders.open_circuit(session, sender):
                    log.error("circuit_opened", sender=sender)
        for sender in {one.wave.sender_id for one in finished if one.wave.probe and one.outcome.event in ANSWERED}:
            with self.sessions.begin() as session:
                if senders.close_circuit(session, sender):
                    log.warning("circuit_closed", sender=sender)


def _by_fanout(finished: Sequence[Finished]) -> list[tuple[tuple[int, str], list[Outcome]]]:
    """Outcomes by fan-out and carrier, all in the order of their addresses: equal orders do not deadlock."""
    parts: dict[tuple[int, str], list[Outcome]] = defaultdict(list)
    for one in finished:
        parts[one.wave.fanout_id, one.wave.carrier].append(one.outcome)
    for part in parts.values():
        part.sort(key=lambda outcome: outcome.address_id)
    return sorted(parts.items(), key=lambda part: part[0])
