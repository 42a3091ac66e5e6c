"""Any order of outcomes, receipts, lost leases, adoptions and endings ends with sums that close."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from broadcaster.alert.delivery import MOVES, OPEN, TERMINAL, Event, State
from broadcaster.store.database import Base, Sessions
from broadcaster.store.fanout import endings, evidence, fanouts, tallies
from broadcaster.store.fanout.followups import DueAsk
from broadcaster.store.fanout.outcomes import Outcome
from broadcaster.store.fanout.waves import ClaimedWave
from tests.unit.store.ground import SETTLE, Ground, ended, phone, prepare

OF_A_SEND = (Event.ACCEPTED, Event.REJECTED, Event.AMBIGUOUS, Event.NOT_SENT)
PAIRS = ", ".join(sorted({f"('{before}', '{after}')" for (before, _), after in MOVES.items()}))
GUARD = f"""CREATE FUNCTION guard_moves() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF OLD.state <> NEW.state AND (OLD.state, NEW.state) NOT IN ({PAIRS}) THEN
    RAISE EXCEPTION 'no event leads from % to %', OLD.state, NEW.state;
  END IF;
  RETURN NEW;
END $$"""
GUARDED = "CREATE TRIGGER guard BEFORE UPDATE ON delivery FOR EACH ROW EXECUTE FUNCTION guard_moves()"
"""The database itself refuses every move that is not in the one table of moves."""
STEPS = (
    "claim", "retry", "outcome", "outcome again", "lose leases", "receipt", "adopt", "absent", "blind", "stop",
    "expire", "supersede", "fold", "finish",
)  # fmt: skip


@dataclass
class Night:
    """A few people, and whatever happens to them in whatever order; `taken` is what the carrier really has."""

    ground: Ground
    waves: list[ClaimedWave] = field(default_factory=list)
    asked: list[DueAsk] = field(default_factory=list)
    told: list[tuple[ClaimedWave, Outcome]] = field(default_factory=list)

    def happens(self, step: str, dice: int) -> None:
        """One step; nothing where it cannot happen now."""
        getattr(self, step.replace(" ", "_"))(dice)

    def claim(self, dice: int) -> None:
        claimed = self.ground.claim(1 + dice % 3)
        if isinstance(claimed, ClaimedWave):
            self.waves.append(claimed)

    def retry(self, dice: int) -> None:
        self.ground.sql("UPDATE followup SET due = clock_timestamp() WHERE kind = 'retry'")
        claimed = self.ground.claim_retries(1 + dice % 3)
        if isinstance(claimed, ClaimedWave):
            self.waves.append(claimed)

    def outcome(self, dice: int) -> None:
        rows = [(wave, intent) for wave in self.waves for intent in wave.intents]
        if rows:
            wave, intent = rows[dice % len(rows)]
            found = ended(intent, OF_A_SEND[dice % 4])
            self.told.append((wave, found))
            self.ground.record(wave, [found])

    def outcome_again(self, dice: int) -> None:
        if self.told:
            wave, found = self.told[dice % len(self.told)]
            self.ground.record(wave, [found])

    def lose_leases(self, _: int) -> None:
        self.ground.lose_leases()

    def receipt(self, dice: int) -> None:
        rows = [intent for wave in self.waves for intent in wave.intents]
        if rows:
            intent = rows[dice % len(rows)]
            status = ("sent", "delivered", "undelivered", "failed", "queued")[dice % 5]
            self.ground.hear((intent.address_id, intent.n, f"SM-{intent.address_id}-{intent.n}", status))

    def _ask(self, dice: int) -> DueAsk | None:
        self.asked += self.ground.asks()
        return self.asked[dice % len(self.asked)] if self.asked else None

    def adopt(self, dice: int) -> None:
        if ask := self._ask(dice):
            with self.ground.sessions.begin() as session:
                ref = f"SM-{ask.address_id}-{ask.n}"
                if not evidence.owned(session, [(ask, ref)]):
                    evidence.adopt(session, [(ask, ref)])

    def absent(self, dice: int) -> None:
        if ask := self._ask(dice):
            self.ground.sql("UPDATE followup SET settle_at = settle_at - interval '1 hour', absences = 1")
            with self.ground.sessions.begin() as session:
                evidence.absent(session, [ask], SETTLE)

    def blind(self, dice: int) -> None:
        if ask := self._ask(dice):
            with self.ground.sessions.begin() as session:
                evidence.blind(session, [ask], 0.0)

    def stop(self, dice: int) -> None:
        self.ground.stop(phone(1, dice % 4))

    def expire(self, dice: int) -> None:
        if dice % 4 == 0:
            self.ground.sql("UPDATE fanout SET expires_at = clock_timestamp()")
            with self.ground.sessions.begin() as session:
                endings.expire_overdue(session)

    def supersede(self, dice: int) -> None:
        if dice % 4 == 0:
            with self.ground.sessions.begin() as session:
                fanouts.supersede_communities(session, [self.ground.fanout], [self.ground.towns["lynn"]])

    def fold(self, _: int) -> None:
        with self.ground.sessions.begin() as session:
            tallies.fold(session)

    def finish(self, _: int) -> None:
        with self.ground.sessions.begin() as session:
            endings.end_queued(session)
            endings.finish(session)

    def ends(self) -> None:
        """Time goes on until nothing is open."""
        self.ground.sql("UPDATE fanout SET expires_at = clock_timestamp()")
        for _ in range(3):
            self.lose_leases(0)
            for ask in self.ground.asks():
                self.ground.sql("UPDATE followup SET settle_at = settle_at - interval '1 hour', absences = 1")
                with self.ground.sessions.begin() as session:
                    evidence.absent(session, [ask], SETTLE)
            with self.ground.sessions.begin() as session:
                endings.expire_overdue(session)
            self.finish(0)


def test_whatever_happens_in_whatever_order_the_sums_close(sessions: Sessions) -> None:
    """No row is lost, no terminal row moves, tallies are the truth after every step, and the end closes the sum."""

    @settings(max_examples=20)
    @given(st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 59)), min_size=5, max_size=25))
    def any_night(steps: list[tuple[str, int]]) -> None:
        empty(sessions)
        night = Night(prepare(sessions, {"lynn": 3, "salem": 1}))
        over: dict[int, str] = {}
        for step, dice in steps:
            night.happens(step, dice)
            over = stays(night.ground, over)
        night.ends()
        stays(night.ground, over)
        closed(night.ground)

    with sessions.begin() as session:
        session.execute(text(GUARD))
        session.execute(text(GUARDED))
    try:
        any_night()
    finally:
        with sessions.begin() as session:
            session.execute(text("DROP FUNCTION guard_moves() CASCADE"))


def empty(sessions: Sessions) -> None:
    """Every table without its rows; the next example begins."""
    with sessions.begin() as session:
        for table in reversed(Base.metadata.sorted_tables):
            session.execute(table.delete())


def stays(ground: Ground, over: dict[int, str]) -> dict[int, str]:
    """What is over stays as it was; tallies are the truth; returns what is over now."""
    ground.counts()
    states = dict(ground.sql("SELECT address_id, state FROM delivery"))
    assert {address: states[address] for address in over} == over
    return {address: state for address, state in states.items() if State(state) in TERMINAL}


def closed(ground: Ground) -> None:
    """Nothing is open, and what was planned is what is counted."""
    assert ground.sql("SELECT state, planned FROM fanout") == [("done", 4)]
    counts = ground.counts()
    assert not set(counts) & {state.value for state in OPEN}
    assert sum(counts.values()) == 4
    assert ground.sql("SELECT count(*) FROM followup") == [0]
