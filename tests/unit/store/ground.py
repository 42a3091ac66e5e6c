"""A released alert written row by row, and short words for what happens to it; every step is its own transaction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from broadcaster.alert.delivery import Event
from broadcaster.store.alerting.alerts import Alert, Body, Release, Revision, RevisionText
from broadcaster.store.database import Sessions
from broadcaster.store.desk.people import User
from broadcaster.store.fanout import fanouts, followups, outcomes, receipts, retries, senders, tallies, waves
from broadcaster.store.fanout.deliveries import Fanout, Source
from broadcaster.store.fanout.fanouts import LaneSpec
from broadcaster.store.fanout.followups import DueAsk
from broadcaster.store.fanout.outcomes import Outcome, Recorded
from broadcaster.store.fanout.receipts import NewReceipt
from broadcaster.store.fanout.senders import NewSender, Wait
from broadcaster.store.fanout.waves import ClaimedWave, Intent, Room
from broadcaster.store.places.directory import Community, County
from broadcaster.store.public import residents
from broadcaster.store.sealed import Sealer

SEALER = Sealer(b"f" * 32, b"i" * 32)
LEASE, SETTLE = 30.0, 60.0
HANDSETS = {"sent": "sent", "delivered": "delivered", "undelivered": "undelivered", "failed": "failed"}
LATER = timedelta(hours=2)


@dataclass
class Ground:
    """One alert on air: `fanout` is its first fan-out, `towns` the ids of its communities by name."""

    sessions: Sessions
    alert: int = 0
    user: int = 0
    body: int = 0
    fanout: int = 0
    towns: dict[str, int] = field(default_factory=dict)
    revisions: dict[int, int] = field(default_factory=dict)
    made: int = 0

    # People

    def resident(self, phone: str, *towns: str) -> int:
        """Somebody signs up for some towns; returns the address."""
        with self.sessions.begin() as session:
            there = residents.address(session, SEALER, "sms", phone)
            for town in towns:
                residents.subscribe(session, there, self.towns[town])
            return there

    def stop(self, phone: str) -> None:
        """Somebody says STOP."""
        with self.sessions.begin() as session:
            residents.suppress(session, SEALER.index(f"sms:{phone}"), "test")

    # Revisions

    def revise(self, kind: str, segments: int = 1) -> int:
        """Release a revision to the public, with one text for every town; returns its id."""
        self.made += 1
        with self.sessions.begin() as session:
            now = datetime.now(UTC)
            row = Revision(
                alert_id=self.alert,
                no=self.made,
                kind=kind,
                content={},
                hash=f"{self.made:064}",
                authored_by=self.user,
                frozen_at=now,
            )
            body = Body(sha=f"{self.made:064}", text=f"{kind}: call 413-555-0100.", segments=segments)
            session.add_all([row, body])
            session.flush()
            session.add(
                Release(
                    revision_id=row.id,
                    tier="public",
                    state="released",
                    requested_by=self.user,
                    hash=row.hash or "",
                    at=now,
                )
            )
            for town in self.towns.values():
                session.add(RevisionText(revision_id=row.id, community_id=town, lang="en", form="sms", body_id=body.id))
            self.body = body.id
            return row.id

    def fan_out(
        self, revision: int, lanes: Sequence[LaneSpec], lives: timedelta = LATER, purpose: str = "alert"
    ) -> int:
        """The text fan-out of a revision."""
        with self.sessions.begin() as session:
            made = Fanout(
                revision_id=revision,
                tier="public",
                channel="sms",
                purpose=purpose,
                expires_at=datetime.now(UTC) + lives,
            )
            key = fanouts.make(session, made, "sms", 1, lanes)
            self.revisions[key] = revision
            return key

    def subscribers(self, *towns: str) -> list[LaneSpec]:
        """A lane for the subscribers of each town, in this order."""
        return [LaneSpec(Source.SUBSCRIBERS, rank, self.towns[town]) for rank, town in enumerate(towns, start=1)]

    def supersede(self, revision: int) -> list[int]:
        """A newer revision takes everybody over."""
        with self.sessions.begin() as session:
            return fanouts.supersede_older(session, self.alert, "public", revision)

    # Waves

    def claim(self, most: int = 256) -> ClaimedWave | Wait | None:
        """The next wave of texts."""
        with self.sessions.begin() as session:
            return waves.claim(session, "sms", "sms", Room({"twilio": most}), LEASE)

    def wave(self, most: int = 256) -> ClaimedWave:
        """The next wave, which must be there."""
        return _there(self.claim(most))

    def claim_retries(self, most: int = 256) -> ClaimedWave | Wait | None:
        """The next wave of second attempts."""
        with self.sessions.begin() as session:
            return retries.claim_retries(session, "sms", Room({"twilio": most}), LEASE)

    def retry(self, most: int = 256) -> ClaimedWave:
        """The next wave of second attempts, which must be there, due at once."""
        self.sql("UPDATE followup SET due = clock_timestamp() WHERE kind = 'retry'")
        return _there(self.claim_retries(most))

    def record(self, wave: ClaimedWave, found: Sequence[Outcome]) -> Recorded:
        """Record outcomes of a wave, as a worker does."""
        with self.sessions.begin() as session:
            for outcome in found:
                outcome.wave_id = wave.id
            done = outcomes.record(session, wave.fanout_id, found, "twilio", SETTLE)
            outcomes.close_when_complete(session, Counter({wave.id: len(found)}))
            return done

    def all_end(self, wave: ClaimedWave, event: Event) -> Recorded:
        """Every row of a wave ends alike."""
        return self.record(wave, [ended(intent, event) for intent in wave.intents])

    def send_everything(self) -> int:
        """Claim and accept until no lane is open; returns how many were sent."""
        sent = 0
        while (claimed := self.claim()) is not None:
            if isinstance(claimed, ClaimedWave):
                self.all_end(claimed, Event.ACCEPTED)
                sent += len(claimed.intents)
            else:
                self.pace_again()
        return sent

    def pace_again(self) -> None:
        """The sender's second is over."""
        self.sql("UPDATE sender SET tat = clock_timestamp() - interval '1 second'")

    # Time and truth

    def lose_leases(self) -> int:
        """Every open wave is past its lease."""
        self.sql("UPDATE wave SET lease_until = clock_timestamp() - interval '1 second' WHERE closed_at IS NULL")
        with self.sessions.begin() as session:
            return followups.lose_leases(session, SETTLE)

    def asks(self) -> list[DueAsk]:
        """Everything that is to be asked after, due now."""
        self.sql("UPDATE followup SET due = clock_timestamp() WHERE kind = 'ask'")
        with self.sessions.begin() as session:
            return followups.due_asks(session, SETTLE)

    def hear(self, *said: tuple[int, int, str, str]) -> None:
        """Receipts of this fan-out come in and are applied: (address, n, reference, status)."""
        with self.sessions.begin() as session:
            receipts.keep(
                session, [NewReceipt(self.fanout, a, n, "twilio", ref, status, "", None) for a, n, ref, status in said]
            )
            receipts.apply(session, HANDSETS)

    def sql(self, statement: str, **values: Any) -> list[Any]:
        """Any statement; its rows, or the first column of each when there is one."""
        with self.sessions.begin() as session:
            found = session.execute(text(statement), values)
            if not found.returns_rows:  # type: ignore[attr-defined]
                return []
            rows = [tuple(row) for row in found]
        return [row[0] for row in rows] if rows and len(rows[0]) == 1 else rows

    def states(self, fanout: int | None = None) -> Counter[str]:
        """How many rows stand in which state."""
        return Counter(self.sql("SELECT state FROM delivery WHERE fanout_id = :f", f=fanout or self.fanout))

    def state(self, address: int, fanout: int | None = None) -> str:
        """The state of one row."""
        return self.sql(
            "SELECT state FROM delivery WHERE fanout_id = :f AND address_id = :a", f=fanout or self.fanout, a=address
        )[0]

    def counts(self, fanout: int | None = None) -> Mapping[str, int]:
        """The tallies of a fan-out, which must be the truth."""
        with self.sessions() as session:
            key = fanout or self.fanout
            assert tallies.by_community(session, key) == tallies.truth(session, key)
            return tallies.whole(session, key).states


def _there(claimed: ClaimedWave | Wait | None) -> ClaimedWave:
    assert isinstance(claimed, ClaimedWave), claimed
    return claimed


def ended(intent: Intent, event: Event, ref: str | None = None, wait: float = 0.0) -> Outcome:
    """An outcome of one row; an accepted one has a reference of its own."""
    if event is Event.ACCEPTED and ref is None:
        ref = f"SM-{intent.address_id}-{intent.n}"
    return Outcome(intent.address_id, intent.n, event, "", ref, wait)


def phone(town: int, no: int) -> str:
    """A fictional number."""
    return f"+1{413 + town}555{no:04}"


def prepare(
    sessions: Sessions, people: Mapping[str, int], *, pace: float = 1000.0, segments: int = 1, lives: timedelta = LATER
) -> Ground:
    """A statewide initial alert on air for some towns with so many people each."""
    ground = Ground(sessions)
    with sessions.begin() as session:
        _places(session, ground, list(people))
        user = User(email="ida@example.gov", password_hash="x", handle="k")
        session.add(user)
        session.flush()
        ground.user = user.id
        alert = Alert(state="open", made_by=user.id)
        session.add(alert)
        session.flush()
        ground.alert = alert.id
        senders.register(session, NewSender("sms", "twilio", "+18885550911", pace))
        for town, many in people.items():
            for no in range(many):
                there = residents.address(session, SEALER, "sms", phone(ground.towns[town], no))
                residents.subscribe(session, there, ground.towns[town])
    ground.pace_again()
    ground.fanout = ground.fan_out(ground.revise("initial", segments), ground.subscribers(*people), lives)
    return ground


def _places(session: Session, ground: Ground, towns: Sequence[str]) -> None:
    session.add(County(fips="25009", name="Essex"))
    session.flush()
    for town in towns:
        row = Community(code=town, name=town, kind="municipality", county_fips="25009", timezone="America/New_York")
        session.add(row)
        session.flush()
        ground.towns[town] = row.id
