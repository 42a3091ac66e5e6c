"""What became of a wave in one request: by its operation, or where it was lost by the listing before anything else."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from random import Random
from types import SimpleNamespace
from typing import Any

import pytest

from broadcaster.alert.delivery import Event, Handset
from broadcaster.channels.contract import Accepted, Asked, Key, Operation, Progress, Told
from broadcaster.channels.errors import Ambiguous, NotSent, Rejected, SendError, Throttled
from broadcaster.dispatch.waves import followup_bulk
from broadcaster.store.fanout.evidence import Sight
from broadcaster.store.fanout.followups import DueAsk
from broadcaster.store.fanout.outcomes import Outcome
from tests.unit.dispatch.waves.test_asking_after import ASK, NOON

REF = "comms_operation_1"
ONE, TWO, THREE = (replace(ASK, address_id=no, bulk=True, wave_id=9, wave_ref=REF) for no in (1, 2, 3))
LOST = [replace(ask, wave_ref=None) for ask in (ONE, TWO, THREE)]


def told(ask: DueAsk, ref: str, answer: Accepted | SendError | None = None, operation: str = REF) -> Told:
    return Told(Key(*ask.attempt), ref, NOON, answer or Accepted(ref), Handset.NONE, operation)


@dataclass
class Lane:
    """The carrier's side: an operation that is whole or not, and the messages that are there."""

    there: Sequence[Told] = ()
    whole: bool = True
    error: Exception | None = None
    asked: list[str] = field(default_factory=list)

    async def operation(self, ref: str) -> Operation:
        self.asked.append(f"operation {ref}")
        if self.error is not None:
            raise self.error
        return Operation(ref, Progress.COMPLETED if self.whole else Progress.PROCESSING, 3, 3)

    async def messages(self, ref: str, asked: Sequence[Asked]) -> Sequence[Told]:
        self.asked.append(f"messages {ref} of {len(asked)}")
        return self.there

    async def find(self, asked: Sequence[Asked]) -> Sequence[Told]:
        self.asked.append(f"the listing, for {len(asked)}")
        if self.error is not None:
            raise self.error
        return self.there


@dataclass
class Store:
    """What is written down, in the place of the database."""

    recorded: list[Outcome] = field(default_factory=list)
    operations: list[tuple[int, str]] = field(default_factory=list)
    others: list[Sight] = field(default_factory=list)
    absences: list[DueAsk] = field(default_factory=list)
    later: list[DueAsk] = field(default_factory=list)
    wrote: int = 0

    def record(self, _: object, fanout: int, found: Sequence[Outcome], carrier: str, settle: float) -> None:
        assert (fanout, carrier, settle) == (7, "twilio", 60.0)
        self.wrote += 1
        self.recorded += found

    def note_operation(self, _: object, wave: int, ref: str) -> None:
        self.operations.append((wave, ref))

    def note_others(self, _: object, seen: Sequence[Sight], carrier: str) -> int:
        assert carrier == "twilio"
        self.others += seen
        return 0

    def absent(self, _: object, asks: Sequence[DueAsk], settle: float) -> int:
        assert settle == 60.0
        self.absences += asks
        return 0

    def ask_again(self, _: object, asks: Sequence[DueAsk], settle: float) -> None:
        assert settle == 60.0
        self.later += asks


def asked(monkeypatch: pytest.MonkeyPatch, lane: Lane | None, asks: Sequence[DueAsk]) -> Store:
    """What comes of asking after a wave."""
    store = Store()
    monkeypatch.setattr(followup_bulk, "outcomes", store)
    monkeypatch.setattr(followup_bulk, "evidence", store)

    def run(work: Coroutine[Any, Any, Any], within: float) -> Any:
        assert within == 30.0
        return asyncio.run(work)

    works = SimpleNamespace(
        bulk=lane,
        questions=lambda some: [Asked(Key(*one.attempt), "+1", "911", NOON) for one in some],
        window=SimpleNamespace(run=run, dice=Random(1)),
        sessions=SimpleNamespace(begin=nullcontext),
        scales=SimpleNamespace(settle=60.0),
    )
    followup_bulk.ask(works, "twilio", asks)  # type: ignore[arg-type]
    return store


def short(outcomes: Sequence[Outcome]) -> list[tuple[int, Event, str, str | None, int]]:
    return [(one.address_id, one.event, one.reason, one.ref, one.wave_id) for one in outcomes]


def test_what_the_operation_shows_is_recorded_and_what_it_lacks_at_its_end_is_absent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lane = Lane([told(THREE, "c"), told(ONE, "a")])
    store = asked(monkeypatch, lane, [ONE, TWO, THREE])
    assert lane.asked == [f"operation {REF}", f"messages {REF} of 3"]
    assert short(store.recorded) == [(1, Event.ACCEPTED, "", "a", 9), (3, Event.ACCEPTED, "", "c", 9)], "in their order"
    assert (store.absences, store.later, store.operations) == ([TWO], [], [])
    assert store.others == [(THREE, "c"), (ONE, "a")]


def test_while_the_carrier_is_at_it_a_row_that_is_not_there_is_asked_after_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store = asked(monkeypatch, Lane([told(ONE, "a")], whole=False), [ONE, TWO])
    assert (store.absences, store.later) == ([], [TWO])


def test_a_lost_operation_is_looked_for_in_the_listing_before_anything_else(monkeypatch: pytest.MonkeyPatch) -> None:
    lane = Lane([told(LOST[0], "a", operation=""), told(LOST[1], "b")])
    store = asked(monkeypatch, lane, LOST)
    assert lane.asked == ["the listing, for 3"]
    assert store.operations == [(9, REF)], "it is known from now on"
    assert [one.address_id for one in store.recorded] == [1, 2]
    assert store.absences == [LOST[2]]


@pytest.mark.parametrize("there", [[], [told(LOST[0], "a", operation="")]])
def test_one_that_nobody_names_stays_lost(there: list[Told], monkeypatch: pytest.MonkeyPatch) -> None:
    assert asked(monkeypatch, Lane(there), LOST).operations == []


ANSWERS = {
    "refused": (Rejected("21614"), Event.REJECTED, "21614", (0.0, 1.0)),
    "not attempted": (NotSent("not_attempted"), Event.NOT_SENT, "not_attempted", (0.25, 0.5)),
    "throttled": (Throttled("20429", wait=7.0), Event.NOT_SENT, "20429", (7.0, 7.5)),
}


@pytest.mark.parametrize("what", ANSWERS)
def test_each_row_has_the_answer_of_its_message(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    error, event, reason, (least, most) = ANSWERS[what]
    (row,) = asked(monkeypatch, Lane([told(ONE, "a", error)]), [ONE]).recorded
    assert (row.event, row.reason, row.ref, row.wave_id) == (event, reason, None, 9)
    assert least <= row.wait <= most


def test_of_two_messages_for_a_row_the_first_is_its_own_and_the_other_is_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    strange = Told(Key(7, 99, 1), "z", NOON, Accepted("z"), Handset.NONE, REF)
    store = asked(monkeypatch, Lane([told(ONE, "a"), told(ONE, "b"), strange]), [ONE])
    assert [one.ref for one in store.recorded] == ["a"]
    assert store.others == [(ONE, "a"), (ONE, "b")], "what is of no row of ours is not ours to count"


@pytest.mark.parametrize("error", [Ambiguous("listing_http_503"), TimeoutError()])
@pytest.mark.parametrize("asks", [[ONE], LOST], ids=["known", "lost"])
def test_a_carrier_that_cannot_be_asked_proves_nothing(
    error: Exception, asks: list[DueAsk], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert asked(monkeypatch, Lane(error=error), asks) == Store()


def test_without_the_lane_nothing_is_decided(monkeypatch: pytest.MonkeyPatch) -> None:
    assert asked(monkeypatch, None, [ONE]) == Store()
