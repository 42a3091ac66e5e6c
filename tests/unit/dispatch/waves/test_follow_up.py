"""A round of questions: which carrier is asked about what, and what is made of what it shows."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import timedelta
from types import SimpleNamespace

import pytest

from broadcaster.channels.contract import Key, Seen
from broadcaster.channels.errors import Ambiguous
from broadcaster.dispatch.waves import followup
from broadcaster.store.fanout.evidence import Sight
from broadcaster.store.fanout.followups import DueAsk
from broadcaster.store.fanout.namesakes import Listed
from tests.unit.dispatch.waves.test_asking_after import ASK, NOON, OTHER, TWO

BULK = replace(ASK, address_id=4, bulk=True, wave_id=9)
SCALES = SimpleNamespace(settle=60.0, blind=120.0)


@dataclass
class Store:
    """What is decided about rows; `taken` are the references that some attempt owns, `others` those of namesakes."""

    taken: set[str] = field(default_factory=set)
    others: set[str] = field(default_factory=set)
    said: dict[str, object] = field(default_factory=dict)

    def without_others(self, _: object, listed: Sequence[Listed]) -> list[Sight]:
        return [one.sight for one in listed if one.ref not in self.others]

    def owned(self, _: object, seen: Sequence[Sight]) -> set[str]:
        return {ref for _, ref in seen} & self.taken

    def adopt(self, _: object, found: Sequence[Sight]) -> int:
        self.said["adopted"] = list(found)
        return len(found)

    def note_others(self, _: object, seen: Sequence[Sight], carrier: str) -> int:
        self.said["also there"] = (list(seen), carrier)
        return 0

    def absent(self, _: object, asks: Sequence[DueAsk], settle: float) -> int:
        self.said["absent"] = (list(asks), settle)
        return 0


class Sessions:
    """Sessions of nothing."""

    def __call__(self) -> AbstractContextManager[None]:
        return nullcontext()

    begin = __call__


def works(**more: object) -> SimpleNamespace:
    return SimpleNamespace(sessions=Sessions(), scales=SCALES, questions=list, **more)


def seen(ask: DueAsk, ref: str) -> Seen:
    return Seen(Key(*ask.attempt), ref, NOON)


SETTLED: dict[str, tuple[Store, list[Seen], list[Sight], list[Sight], list[DueAsk]]] = {
    # what is listed: what is adopted, what else is counted, whose absence is noted
    "one is there": (Store(), [seen(ASK, "a")], [(ASK, "a")], [(ASK, "a")], [TWO]),
    "both are": (Store(), [seen(ASK, "a"), seen(TWO, "b")], [(ASK, "a"), (TWO, "b")], [(ASK, "a"), (TWO, "b")], []),
    "one is there twice": (
        Store(), [seen(ASK, "a"), seen(ASK, "b")], [(ASK, "a")], [(ASK, "a"), (ASK, "b")], [TWO],
    ),
    "it belongs to an attempt already": (Store(taken={"a"}), [seen(ASK, "a")], [], [], [ASK, TWO]),
    "it is another alert's": (Store(others={"a"}), [seen(ASK, "a")], [], [], [ASK, TWO]),
    "of two one is taken": (
        Store(taken={"a"}), [seen(ASK, "a"), seen(ASK, "b")], [(ASK, "b")], [(ASK, "b")], [TWO],
    ),
    "nothing is": (Store(), [], [], [], [ASK, TWO]),
}  # fmt: skip


@pytest.mark.parametrize("case", SETTLED)
def test_what_a_listing_settles(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    store, listed, adopted, also, missing = SETTLED[case]
    monkeypatch.setattr(followup, "evidence", store)
    monkeypatch.setattr(followup, "namesakes", store)
    followup._settle(works(), "twilio", [ASK, TWO], listed)  # type: ignore[arg-type]
    assert store.said == {"adopted": adopted, "also there": (also, "twilio"), "absent": (missing, 60.0)}


def test_each_carrier_is_asked_once_and_each_bulk_wave_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, str, list[DueAsk]]] = []
    other_wave = replace(BULK, address_id=5, wave_id=10)
    same_wave = replace(BULK, address_id=6)
    due = [ASK, BULK, OTHER, other_wave, TWO, same_wave]
    monkeypatch.setattr(followup.followups, "lose_leases", lambda _, settle: asked.append(("leases", str(settle), [])))
    monkeypatch.setattr(followup.followups, "due_asks", lambda _, settle: due if settle == 60.0 else [])
    monkeypatch.setattr(followup, "_ask", lambda _, carrier, asks: asked.append(("one by one", carrier, asks)))
    monkeypatch.setattr(followup.followup_bulk, "ask", lambda _, carrier, asks: asked.append(("bulk", carrier, asks)))
    assert followup.follow_up(works()) == 6  # type: ignore[arg-type]
    assert asked == [
        ("leases", "60.0", []),
        ("one by one", "twilio", [ASK, TWO]),
        ("bulk", "twilio", [BULK, same_wave]),
        ("one by one", "second", [OTHER]),
        ("bulk", "twilio", [other_wave]),
    ]


@dataclass
class Way:
    """A carrier whose listing shows what a test says, or fails."""

    carrier: str
    listing: bool = True
    error: Exception | None = None
    asked: list[object] = field(default_factory=list)

    @property
    def traits(self) -> SimpleNamespace:
        return SimpleNamespace(listing=self.listing, idempotent=False)

    def find(self, asks: Sequence[DueAsk]) -> object:
        self.asked.append(list(asks))
        return self.error or [seen(ask, f"late-{ask.address_id}") for ask in asks]


def heard(answer: object, within: float) -> object:
    assert within == 30.0
    if isinstance(answer, Exception):
        raise answer
    return answer


def test_what_was_found_is_settled(monkeypatch: pytest.MonkeyPatch) -> None:
    settled: list[tuple[object, ...]] = []
    monkeypatch.setattr(followup, "_settle", lambda _, *args: settled.append(args))
    carriers = {"twilio": Way("twilio")}
    followup._ask(works(carriers=carriers, window=SimpleNamespace(run=heard)), "twilio", [ASK])  # type: ignore[arg-type]
    assert settled == [("twilio", [ASK], [seen(ASK, "late-1")])]


@pytest.mark.parametrize("error", [Ambiguous("http_500"), TimeoutError()])
def test_who_gave_way_is_looked_for_once_more_where_a_carrier_can_be_asked(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One listing is down, one carrier has none, one is not set up any more: that keeps nobody from the others."""
    looked: list[tuple[object, ...]] = []
    third = replace(ASK, address_id=7, carrier="third")
    gone = replace(ASK, address_id=8, carrier="gone")
    mail = replace(ASK, address_id=9, carrier="smtp", started_at=NOON - timedelta(hours=1))
    ways = {"twilio": Way("twilio"), "second": Way("second", error=error), "smtp": Way("smtp", listing=False)}
    ways["third"] = Way("third")
    monkeypatch.setattr(
        followup.hindsight, "gave_way", lambda _, settle: [mail, ASK, OTHER, gone, TWO, third] if settle == 60.0 else []
    )
    monkeypatch.setattr(followup.hindsight, "looked", lambda _, *args: looked.append(args) or len(args[0]))
    assert followup.look_again(works(carriers=ways, window=SimpleNamespace(run=heard))) == 3  # type: ignore[arg-type]
    assert looked == [
        ([ASK, TWO], [Listed(ASK, "late-1", NOON), Listed(TWO, "late-2", NOON)], "twilio"),
        ([third], [Listed(third, "late-7", NOON)], "third"),
    ]
    assert (ways["second"].asked, ways["smtp"].asked) == ([[OTHER]], [])
