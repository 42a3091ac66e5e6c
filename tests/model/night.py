"""A night of the real store: its own functions on a real database, a dictionary as the carrier, and a clock to turn.

Its clock stands until it is turned (`clock`), so that a night goes the same way however slow the machine is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import NamedTuple

from broadcaster.alert.delivery import MOVES, Event, State
from broadcaster.dispatch.engine import Scales
from broadcaster.dispatch.waves.window import START_WITHIN_S
from broadcaster.store.fanout import evidence, followups, outcomes, receipts, retries, waves
from broadcaster.store.fanout.followups import DueAsk
from broadcaster.store.fanout.outcomes import Outcome
from broadcaster.store.fanout.receipts import NewReceipt
from broadcaster.store.fanout.senders import Wait
from broadcaster.store.fanout.waves import ClaimedWave, Intent, Room
from tests.model import clock
from tests.model.world import CARRIERS_OWN_TIMEOUT_S
from tests.unit.store.ground import HANDSETS, Ground

SCALES = Scales()
LONGEST_LAG_S = 25.0
"""The listing shows a message at the latest so long after it was accepted; SETTLE leaves room for that."""
Key = tuple[int, int]
"""(fan-out, address)."""


class Row(NamedTuple):
    """One delivery as it stands."""

    state: State
    n: int
    ref: str | None


def after(row: Row, event: Event) -> State | None:
    """Where the one table of moves leads; None where it leads nowhere."""
    return MOVES.get((row.state, event))


def ref_of(key: Key, n: int) -> str:
    """The carrier's reference of the text of an attempt."""
    return f"SM-{key[0]}-{key[1]}-{n}"


@dataclass
class Text:
    """What the carrier has from `accepted` on, and lists `lag` seconds later."""

    ref: str
    fanout: int
    address: int
    n: int
    accepted: float
    lag: float


@dataclass
class Job:
    """What a worker has in hand: a row that it claimed at `born`, and its outcome once it has one."""

    wave: ClaimedWave
    intent: Intent
    born: float
    outcome: Outcome | None = None

    @property
    def key(self) -> Key:
        """The delivery that it is about."""
        return self.wave.fanout_id, self.intent.address_id


@dataclass
class Question:
    """What a sweep asked and when, and what the listing showed it."""

    ask: DueAsk
    at: float
    seen: list[str] | None = None


@dataclass
class Night:
    """The store, the carrier's ledger, and everything that is under way; `heard` are the references we were told."""

    ground: Ground
    now: float = 0.0
    ledger: dict[str, Text] = field(default_factory=dict)
    jobs: list[Job] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)
    heard: set[str] = field(default_factory=set)
    born: dict[tuple[Key, int], float] = field(default_factory=dict)
    absences: Counter[tuple[Key, int]] = field(default_factory=Counter)
    blindly: Counter[Key] = field(default_factory=Counter)
    uncertain: set[int] = field(default_factory=set)

    # The carrier

    def held(self) -> list[Text]:
        """The texts that the carrier has accepted by now."""
        return [text for text in self.ledger.values() if text.accepted <= self.now]

    def texts(self, key: Key) -> int:
        """How many texts of one delivery the carrier has."""
        return sum((text.fanout, text.address) == key for text in self.held())

    def listed(self, ask: DueAsk) -> list[str]:
        """The references that a listing shows for a phone and words, newest first."""
        shown = [
            text
            for text in self.held()
            if (text.fanout, text.address) == (ask.fanout_id, ask.address_id) and text.accepted + text.lag <= self.now
        ]
        return [text.ref for text in sorted(shown, key=lambda text: -text.accepted)]

    # Workers

    def take(self, claimed: ClaimedWave | Wait | None) -> list[Job]:
        """A worker takes what it claimed."""
        if not isinstance(claimed, ClaimedWave):
            return []
        intents = sorted(claimed.intents, key=lambda intent: intent.address_id)
        taken = [Job(claimed, intent, self.now) for intent in intents]
        self.jobs += taken
        self.born.update({(job.key, job.intent.n): job.born for job in taken})
        return taken

    def claim(self, most: int) -> list[Job]:
        """Claim the next wave of any open lane."""
        self.ground.pace_again()
        with self.ground.sessions.begin() as session:
            return self.take(waves.claim(session, "sms", "sms", Room({"twilio": most}), SCALES.lease))

    def claim_retries(self, most: int) -> list[Job]:
        """Claim what is due to be sent again: only what is queued, and with the next number."""
        self.ground.pace_again()
        before = self.rows()
        with self.ground.sessions.begin() as session:
            taken = self.take(retries.claim_retries(session, "sms", Room({"twilio": most}), SCALES.lease))
        for job in taken:
            assert before[job.key][:2] == (State.QUEUED, job.intent.n - 1), (before[job.key], job.intent.n)
        return taken

    def post(self, job: Job, event: Event, accepted: bool, late: float, lag: float) -> None:
        """The deadline check and the POST: the carrier takes it, now or `late` seconds on, or it does not."""
        intent = job.intent
        ref = ref_of(job.key, intent.n)
        if self.now - job.born > START_WITHIN_S:
            event, accepted = Event.NOT_SENT, False
        if accepted:
            assert ref not in self.ledger, "one attempt was posted twice"
            took = 0.0 if event is Event.ACCEPTED else late * CARRIERS_OWN_TIMEOUT_S
            self.ledger[ref] = Text(
                ref, job.wave.fanout_id, intent.address_id, intent.n, self.now + took, lag * LONGEST_LAG_S
            )
        told = ref if event is Event.ACCEPTED else None
        wait = 5.0 if event is Event.NOT_SENT else 0.0
        job.outcome = Outcome(intent.address_id, intent.n, event, "", told, wait, job.wave.id)

    def record(self, job: Job) -> None:
        """Record an outcome; in a wave that may have been recorded unheard no row counts (`dispatch.waves.drain`)."""
        outcome, wave = job.outcome, job.wave
        assert outcome is not None

        def wanted(key: Key, row: Row) -> State | None:
            return after(row, outcome.event) if (key, row.n) == (job.key, outcome.n) else None

        with self.moving(wanted), self.ground.sessions.begin() as session:
            outcomes.record(session, wave.fanout_id, [outcome], "twilio", SCALES.settle)
            heard_of = Counter() if wave.id in self.uncertain else Counter([wave.id])
            outcomes.close_when_complete(session, heard_of)
        if outcome.ref:
            self.heard.add(outcome.ref)

    # Evidence

    def rows(self) -> dict[Key, Row]:
        """Every delivery as it stands."""
        found = self.ground.sql("SELECT fanout_id, address_id, state, n, carrier_ref FROM delivery")
        return {(fanout, address): Row(State(state), n, ref) for fanout, address, state, n, ref in found}

    @contextmanager
    def moving(self, wanted: Callable[[Key, Row], State | None]) -> Iterator[None]:
        """Every row moves to where `wanted` says, and stays where it says None."""
        before = self.rows()
        yield
        now = self.rows()
        for key, row in before.items():
            assert now[key].state == (wanted(key, row) or row.state), f"{key} was {row}, is {now[key]}"

    def age(self, key: Key, row: Row) -> float:
        """Seconds since an attempt was claimed."""
        return self.now - self.born[key, row.n]

    def lose_leases(self) -> None:
        """One round of a sweep over the leases."""
        before = self.rows()
        with self.ground.sessions.begin() as session:
            followups.lose_leases(session, SCALES.settle)
        for key, row in self.rows().items():
            if row != before[key]:
                assert row.state is after(before[key], Event.LEASE_LOST)
                assert self.age(key, row) >= SCALES.lease, f"{key} was given up after {self.age(key, row)} s"

    def ask(self) -> None:
        """A sweep begins to ask after everything that is due."""
        with self.ground.sessions.begin() as session:
            due = followups.due_asks(session, SCALES.settle)
        due.sort(key=lambda ask: (ask.fanout_id, ask.address_id))
        self.questions += [Question(ask, self.now) for ask in due]

    def settle(self, question: Question) -> None:
        """Act upon what the listing showed, as `dispatch.waves.followup` does."""
        ask, seen = question.ask, question.seen or []
        asked_after = (ask.fanout_id, ask.address_id)
        with self.ground.sessions.begin() as session:
            taken = evidence.owned(session, [(ask, ref) for ref in seen])
        free = [ref for ref in seen if ref not in taken]

        def wanted(key: Key, row: Row) -> State | None:
            if (key, row.n) != (asked_after, ask.n):
                return None
            if free:
                return after(row, Event.ACCEPTED)
            return after(row, Event.PROVED_ABSENT) if absent else None

        absent = False
        with self.moving(wanted):
            if free:
                self._adopt(ask, free)
            else:
                absent = self._absent(question)
        self.heard.update(free if self.rows()[asked_after].n == ask.n else ())

    def _adopt(self, ask: DueAsk, free: list[str]) -> None:
        with self.ground.sessions.begin() as session:
            evidence.adopt(session, [(ask, free[0])])
            evidence.note_others(session, [(ask, ref) for ref in free], "twilio")

    def _absent(self, question: Question) -> bool:
        """Whether absence is proved: never before SETTLE, and never by one listing."""
        ask = question.ask
        key, before = (ask.fanout_id, ask.address_id), self.rows()
        with self.ground.sessions.begin() as session:
            proved = bool(evidence.absent(session, [ask], SCALES.settle))
        late = question.at - self.born[key, ask.n] >= SCALES.settle
        self.absences[key, ask.n] += late
        if proved:
            assert late, f"{key} was proved absent {question.at - self.born[key, ask.n]} s after its claim"
            assert self.absences[key, ask.n] >= 2, f"{key} was proved absent by one listing"
            assert (before[key].state, before[key].n) == (State.UNKNOWN, ask.n)
        return proved

    def blind(self, question: Question) -> None:
        """The listing does not answer."""
        key = (question.ask.fanout_id, question.ask.address_id)
        before = self.rows()[key]
        with self.ground.sessions.begin() as session:
            if evidence.blind(session, [question.ask], SCALES.blind):
                assert (before.state, before.n) == (State.UNKNOWN, question.ask.n)
                assert self.age(key, before) >= SCALES.blind, f"{key} was sent again after {self.age(key, before)} s"
                self.blindly[key] += 1

    def callback(self, told: Sequence[tuple[Text, str]]) -> None:
        """Receipts come in together and are applied together."""
        refs = {text.ref for text, _ in told}

        def wanted(key: Key, row: Row) -> State | None:
            own = ref_of(key, row.n)
            return after(row, Event.ACCEPTED) if own in refs and row.ref in (None, own) else None

        with self.moving(wanted), self.ground.sessions.begin() as session:
            kept = [NewReceipt(t.fanout, t.address, t.n, "twilio", t.ref, status, "", None) for t, status in told]
            receipts.keep(session, kept)
            receipts.apply(session, HANDSETS)
        self.heard.update(refs)

    # Time

    def later(self, seconds: float) -> None:
        """Time passes."""
        self.now += seconds
        clock.turn(self.ground.sessions, seconds)
