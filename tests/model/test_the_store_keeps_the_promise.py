"""Random nights of the real store against a carrier's ledger: nobody lost, nobody doubled uncounted, sums that close.

What the model says of the algorithm is said here of the SQL: the same faults, the same laws, any order of steps.
"""

from __future__ import annotations

from dataclasses import replace

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from broadcaster.alert.delivery import OPEN, TERMINAL, Event, State
from broadcaster.store.database import Base, Sessions
from broadcaster.store.fanout import endings, fanouts
from broadcaster.store.fanout.deliveries import Source
from broadcaster.store.fanout.fanouts import LaneSpec
from tests.model import clock
from tests.model.night import Key, Night, Question
from tests.unit.store.ground import phone, prepare

DICE = st.integers(0, 59)
ANSWERS = (
    (Event.ACCEPTED, True), (Event.AMBIGUOUS, True), (Event.AMBIGUOUS, True), (Event.AMBIGUOUS, False),
    (Event.NOT_SENT, False), (Event.REJECTED, False),
)  # fmt: skip
SECONDS = (0.4, 6.0, 31.0, 61.0, 61.0)
ROWS = (
    "SELECT d.fanout_id, d.address_id, d.state, d.n, d.carrier_ref,"
    " (SELECT count(*) FROM past_attempt p WHERE p.fanout_id = d.fanout_id AND p.address_id = d.address_id"
    "   AND p.outcome = 'blind' AND p.n < d.n),"
    " ARRAY(SELECT s.ref FROM sighting s WHERE s.fanout_id = d.fanout_id AND s.address_id = d.address_id)"
    " FROM delivery d"
)


class AnyNight(RuleBasedStateMachine):
    """Everything that can happen to three people in two towns, one of whom lives in both."""

    sessions: Sessions

    @initialize(chapter=st.sampled_from(("released", "answers in hand", "given up blindly", "on their second way")))
    def release(self, chapter: str) -> None:
        """A night may begin late: the workers still hold the answers of first attempts that others gave up."""
        clock.set_right(self.sessions)
        with self.sessions.begin() as session:
            for table in reversed(Base.metadata.sorted_tables):
                session.execute(table.delete())
        ground = prepare(self.sessions, {"lynn": 1, "salem": 1})
        ground.resident(phone(1, 50), "lynn", "salem")
        self.night = Night(ground)
        self.listing = True
        self.stopped: set[int] = set()
        self.closed: set[int] = set()
        self.over: dict[Key, str] = {}
        self.states: set[str] = {"unclaimed"}
        if chapter != "released":
            for job in self.night.claim(3):
                self.night.post(job, Event.ACCEPTED, True, 0.0, 0)
            self.night.later(31.0)
            self.night.lose_leases()
        if chapter in ("given up blindly", "on their second way"):
            self.night.later(121.0)
            self.night.ask()
            for question in self.night.questions:
                self.night.blind(question)
        if chapter == "on their second way":
            self.night.claim_retries(3)

    # Workers

    @precondition(lambda self: self.states & {"queued", "unclaimed"})
    @rule(most=st.integers(1, 3))
    def claim(self, most: int) -> None:
        taken = self.night.claim_retries(most) if "queued" in self.states else []
        for job in taken or self.night.claim(most):
            assert job.intent.address_id not in self.stopped, "claimed after a STOP"
            assert job.wave.fanout_id not in self.closed, "claimed after a hold or an ending"

    @precondition(lambda self: any(job.outcome is None for job in self.night.jobs))
    @rule(
        dice=DICE, answer=st.sampled_from(ANSWERS), late=st.sampled_from((0.0, 0.5, 1.0)), lag=st.sampled_from((0, 1))
    )
    def post(self, dice: int, answer: tuple[Event, bool], late: float, lag: int) -> None:
        waiting = [job for job in self.night.jobs if job.outcome is None]
        self.night.post(waiting[dice % len(waiting)], *answer, late, lag)

    @precondition(lambda self: any(job.outcome for job in self.night.jobs))
    @rule(dice=DICE, fate=st.sampled_from(("recorded", "recorded", "unheard", "again", "killed")))
    def record(self, dice: int, fate: str) -> None:
        answered = [job for job in self.night.jobs if job.outcome]
        job = answered[dice % len(answered)]
        if fate == "again":
            self.night.uncertain.add(job.wave.id)
        if fate != "killed":
            self.night.record(job)
        if fate == "unheard":
            self.night.uncertain.add(job.wave.id)
        else:
            self.night.jobs.remove(job)

    # Evidence

    @precondition(lambda self: "unknown" in self.states)
    @rule(read=st.booleans())
    def ask(self, read: bool) -> None:
        self.night.ask()
        for question in list(self.night.questions) if read else ():
            self._read(question)

    def _read(self, question: Question) -> None:
        if self.listing:
            question.seen = self.night.listed(question.ask)
        else:
            self.night.questions.remove(question)
            self.night.blind(question)

    @precondition(lambda self: self.night.questions)
    @rule(dice=DICE)
    def hear_the_listing(self, dice: int) -> None:
        question = self.night.questions[dice % len(self.night.questions)]
        if question.seen is None:
            self._read(question)
        else:
            self.night.questions.remove(question)
            self.night.settle(question)

    @precondition(lambda self: self.night.held())
    @rule(dice=DICE, status=st.sampled_from(("queued", "sent", "delivered", "failed")), both=st.booleans())
    def callback(self, dice: int, status: str, both: bool) -> None:
        held = self.night.held()
        told = held if both else [held[dice % len(held)]]
        self.night.callback([(text, status) for text in told])

    # Time and people

    @rule(seconds=st.sampled_from(SECONDS), swept=st.booleans())
    def later(self, seconds: float, swept: bool) -> None:
        self.night.later(seconds)
        self.night.lose_leases()
        if swept:
            self.keep()

    def keep(self) -> None:
        with self.sessions.begin() as session:
            self.closed.update(endings.expire_overdue(session))
            endings.end_queued(session)
            endings.finish(session)

    @rule(what=st.sampled_from(("listing", "listing", "stop", "stop", "hold", "update", "all_clear")))
    def people_and_trouble(self, what: str) -> None:
        if what == "listing":
            self.listing = not self.listing
        elif what == "stop":
            self.night.ground.stop((phone(1, 0), phone(2, 0), phone(1, 50))[len(self.stopped) % 3])
            stopped = "SELECT a.id FROM address a JOIN suppression USING (value_index)"
            self.stopped.update(self.night.ground.sql(stopped))
        elif what == "hold":
            self._hold_or_go_on()
        elif len(self.night.ground.revisions) == 1:
            self._supersede(what)

    def _hold_or_go_on(self) -> None:
        ground = self.night.ground
        (state,) = ground.sql("SELECT state FROM fanout WHERE id = :f", f=ground.fanout)
        with ground.sessions.begin() as session:
            if state == "running":
                fanouts.hold(session, [ground.fanout])
                self.closed.add(ground.fanout)
            elif state == "held":
                fanouts.resume(session, [ground.fanout])
                self.closed.discard(ground.fanout)

    def _supersede(self, kind: str) -> None:
        ground = self.night.ground
        newer = ground.revise(kind)
        self.closed.update(ground.supersede(newer))
        told = [LaneSpec(Source.TOLD, 0, None, ground.fanout)]
        ground.fan_out(newer, told + (ground.subscribers("lynn", "salem") if kind == "update" else []))

    # The laws

    @invariant()
    def nobody_is_doubled_uncounted_and_no_fact_is_dropped(self) -> None:
        self.night.ground.counts()
        now: dict[Key, str] = {}
        for fanout, address, state, _, ref, possible, sightings in self.night.ground.sql(ROWS):
            key = (fanout, address)
            now[key] = state
            texts = self.night.texts(key)
            assert texts <= 1 + possible, f"{key}: {texts} texts, {possible} of them blindly"
            assert possible <= self.night.blindly[key]
            assert state != State.ACCEPTED or ref in self.night.ledger, f"{key} is accepted and the carrier has nothing"
            known = {text.ref for text in self.night.held() if (text.fanout, text.address) == key} & self.night.heard
            assert known <= {ref, *sightings}, f"{key}: {known} was heard and is written nowhere"
        assert {key: now[key] for key in self.over} == self.over, "what was over has moved"
        self.states = {*now.values(), *self._unclaimed()}
        self.over = {key: state for key, state in now.items() if State(state) in TERMINAL}

    def _unclaimed(self) -> list[str]:
        return self.night.ground.sql("SELECT DISTINCT 'unclaimed' FROM lane WHERE state = 'open'")

    def teardown(self) -> None:
        """Every worker and every sweep dies, the listing is back, the alert expires: all comes to its end."""
        if not hasattr(self, "night"):
            return
        self.night.jobs, self.night.questions = [], []
        self.night.later(7300.0)
        for _ in range(6):
            self.night.lose_leases()
            self.night.ask()
            for question in self.night.questions:
                self.night.settle(replace(question, seen=self.night.listed(question.ask)))
            self.night.questions = []
            self.keep()
            self.night.later(61.0)
        self.nobody_is_doubled_uncounted_and_no_fact_is_dropped()
        self._closed()

    def _closed(self) -> None:
        ground = self.night.ground
        assert set(ground.sql("SELECT state FROM fanout")) == {"done"}
        assert ground.sql("SELECT count(*) FROM followup") == [0]
        for fanout, planned in ground.sql("SELECT id, planned FROM fanout"):
            counts = ground.counts(fanout)
            assert sum(counts.values()) == planned
            assert not set(counts) & set(map(str, OPEN))


def test_any_night_ends_with_nobody_lost_and_every_double_counted(sessions: Sessions) -> None:
    calm = settings(max_examples=40, stateful_step_count=40, suppress_health_check=list(HealthCheck))
    clock.stand_still(sessions)
    AnyNight.sessions = sessions
    run_state_machine_as_test(AnyNight, settings=calm)
