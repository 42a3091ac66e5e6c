"""The last step of a wave: what is written down in one transaction, and what it says of the carrier."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from broadcaster.alert.delivery import Event, StatusItem
from broadcaster.dispatch.waves import record
from broadcaster.dispatch.waves.record import Clerk
from broadcaster.dispatch.waves.window import Finished
from broadcaster.store.fanout.outcomes import Outcome, Recorded
from tests.unit.dispatch.waves.test_window import wave

WAVE = wave(0)
"""Of fan-out 7, by sender 1 of Twilio."""
ITEM = StatusItem("EAS", "500", error=False)


@dataclass
class Store:
    """What is written, in the order in which it is; `begun` counts the transactions."""

    said: list[tuple[object, ...]] = field(default_factory=list)
    begun: int = 0
    open: bool = False

    @contextmanager
    def begin(self) -> Iterator[None]:
        self.begun += 1
        self.open = True
        yield
        self.open = False

    def _note(self, *what: object) -> None:
        assert self.open, "outside of a transaction"
        self.said.append(what)

    def hold_waves(self, _: object, waves: Iterable[int]) -> None:
        self._note("hold", sorted(waves))

    def record(self, _: object, fanout: int, some: Sequence[Outcome], carrier: str, settle: float) -> Recorded:
        self._note("record", fanout, carrier, [one.address_id for one in some], settle)
        return Recorded(len(some), 0)

    def suppress_at_carriers_word(self, _: object, addresses: Sequence[int]) -> None:
        self._note("suppress", list(addresses))

    def note_operation(self, _: object, key: int, ref: str) -> None:
        self._note("operation", key, ref)

    def note(self, _: object, place: tuple[int, int, int], items: Sequence[StatusItem]) -> None:
        self._note("items", place, list(items))

    def close_when_complete(self, _: object, recorded: Counter[int]) -> None:
        self._note("close", dict(recorded))

    def note_first(self, _: object, fanout: int) -> None:
        self._note("first", fanout)

    def open_circuit(self, _: object, sender: int) -> bool:
        self._note("given up", sender)
        return True

    def close_circuit(self, _: object, sender: int) -> bool:
        self._note("used again", sender)
        return True


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Store:
    """The store's place."""
    made = Store()
    for module in ("outcomes", "senders", "ipaws"):
        monkeypatch.setattr(record, module, made)
    return made


@pytest.fixture
def clerk(store: Store) -> Clerk:
    """A process's clerk."""
    return Clerk(store, 60.0)  # type: ignore[arg-type]


def over(address: int, event: Event = Event.ACCEPTED, of: Any = WAVE, **more: Any) -> Finished:
    ref = f"SM{address}" if event is Event.ACCEPTED else None
    return Finished(of, Outcome(address, 1, event, "", ref, wave_id=of.id), **more)


def test_outcomes_of_many_waves_share_a_transaction_in_one_order_of_locks(clerk: Clerk, store: Store) -> None:
    other = replace(WAVE, id=2, carrier="secondary")
    third = replace(WAVE, id=3, fanout_id=4)
    clerk.record([over(9), over(5, of=other), over(3), over(1, of=third), over(2, of=other)], again=False)
    assert store.begun == 1
    assert store.said == [
        ("hold", [1, 2, 3]),
        ("record", 4, "twilio", [1], 60.0),
        ("record", 7, "secondary", [2, 5], 60.0),
        ("record", 7, "twilio", [3, 9], 60.0),
        ("close", {1: 2, 2: 2, 3: 1}),
    ]


def test_what_may_have_been_committed_already_is_not_counted_again(clerk: Clerk, store: Store) -> None:
    clerk.record([over(9)], again=True)
    assert [what for what, *_ in store.said] == ["hold", "record"]


def test_what_the_carrier_said_beside_it_is_kept_in_the_same_transaction(clerk: Clerk, store: Store) -> None:
    clerk.record(
        [
            over(1, Event.REJECTED, opted_out=True),
            over(2, Event.AMBIGUOUS, operation="comms_operation_1"),
            over(3, items=(ITEM,)),
            over(4, Event.REJECTED, opted_out=True),
        ],
        again=False,
    )
    assert store.begun == 1
    assert store.said[2:] == [
        ("suppress", [1, 4]), ("operation", 1, "comms_operation_1"), ("items", (7, 3, 1), [ITEM]), ("close", {1: 4}),
    ]  # fmt: skip


def test_the_first_message_of_a_fan_out_is_noted_once_in_a_transaction_of_its_own(clerk: Clerk, store: Store) -> None:
    clerk.judge([over(1, Event.REJECTED), over(2, Event.AMBIGUOUS)])
    assert store.said == []
    clerk.judge([over(3), over(4)])
    clerk.judge([over(5)])
    assert (store.said, store.begun) == ([("first", 7)], 1)


TRIED = replace(WAVE, probe=True)
FAILS = over(1, Event.AMBIGUOUS, blames=True)
WORDS = {
    # what is heard of: what follows for its carrier
    "five fail, and nothing else is heard": ([FAILS] * 5, [("given up", 1)]),
    "four fail": ([FAILS] * 4, []),
    "five fail, and one is accepted": ([*[FAILS] * 5, over(2)], []),
    "five fail, and one is refused: it answers": ([*[FAILS] * 5, over(2, Event.REJECTED)], []),
    "five fail, and others missed their second: that is no good word": (
        [*[FAILS] * 5, *[over(2, Event.NOT_SENT)] * 5], [("given up", 1)],
    ),
    "each carrier by itself": ([*[FAILS] * 5, over(2, of=replace(WAVE, sender_id=2))], [("given up", 1)]),
    "a probe is accepted": ([over(1, of=TRIED)], [("used again", 1)]),
    "a probe is refused: it answers": ([over(1, Event.REJECTED, of=TRIED)], [("used again", 1)]),
    "a probe fails": ([over(1, Event.AMBIGUOUS, of=TRIED, blames=True)], []),
    "a probe is throttled": ([over(1, Event.NOT_SENT, of=TRIED)], []),
    "of several one is accepted": ([over(1, Event.AMBIGUOUS, of=TRIED), over(2, of=TRIED)], [("used again", 1)]),
    "what is no probe takes nobody back": ([over(1)], []),
}  # fmt: skip


@pytest.mark.parametrize("case", WORDS)
def test_what_outcomes_say_of_their_carrier(case: str, clerk: Clerk, store: Store) -> None:
    finished, follows = WORDS[case]
    clerk.begun.add(7)
    clerk.judge(finished)
    assert store.said == follows
