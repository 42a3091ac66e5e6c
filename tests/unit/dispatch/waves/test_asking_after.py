"""Whom nobody has heard of: what a listing gives to which attempt, and what is done where nobody can be asked."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from broadcaster.channels.contract import Key, Seen
from broadcaster.channels.errors import Ambiguous
from broadcaster.dispatch.waves import followup
from broadcaster.store.fanout.followups import DueAsk
from broadcaster.store.fanout.namesakes import Listed

NOON = datetime(2026, 6, 18, 16, 0, tzinfo=UTC)
ASK = DueAsk(7, 1, 1, "twilio", 3, False, None, b"", b"", "911 is down", NOON, NOON + timedelta(seconds=60))
TWO, OTHER = replace(ASK, address_id=2), replace(ASK, address_id=3, carrier="second")


def test_each_carrier_is_asked_about_its_own() -> None:
    assert followup._by_carrier([ASK, OTHER, TWO]) == {"twilio": [ASK, TWO], "second": [OTHER]}


def test_what_fits_no_attempt_is_not_ours() -> None:
    seen = [Seen(Key(*ASK.attempt), "SM1", NOON), Seen(Key(7, 1, 2), "SM2", NOON), Seen(Key(7, 9, 1), "SM3", NOON)]
    assert followup._listed([ASK, TWO], seen) == [Listed(ASK, "SM1", NOON)]


ONE_EACH = {
    # what was seen: what is taken
    "one of each": ([(ASK, "a"), (TWO, "b")], [(ASK, "a"), (TWO, "b")]),
    "two for one: the first": ([(ASK, "a"), (ASK, "b")], [(ASK, "a")]),
    "one for two: the first has it": ([(ASK, "a"), (TWO, "a")], [(ASK, "a")]),
    "crosswise": ([(ASK, "a"), (TWO, "a"), (ASK, "b"), (TWO, "b")], [(ASK, "a"), (TWO, "b")]),
    "nothing": ([], []),
}


@pytest.mark.parametrize("case", ONE_EACH)
def test_one_reference_for_each_attempt(case: str) -> None:
    seen, taken = ONE_EACH[case]
    assert followup._one_each(seen) == taken


@dataclass
class Evidence:
    """What is decided about rows, in the place of the store."""

    said: list[tuple[object, ...]] = field(default_factory=list)

    def blind(self, _: object, asks: Sequence[DueAsk], blind: float) -> int:
        self.said.append(("blind", list(asks), blind))
        return len(asks)

    def send_again_unchanged(self, _: object, asks: Sequence[DueAsk]) -> int:
        self.said.append(("again", list(asks)))
        return len(asks)

    def end_asking(self, _: object, asks: Sequence[DueAsk], settle: float) -> None:
        self.said.append(("end", list(asks), settle))


def asked(monkeypatch: pytest.MonkeyPatch, channel: object, asks: Sequence[DueAsk]) -> list[tuple[object, ...]]:
    """What comes of asking a carrier."""
    evidence = Evidence()
    monkeypatch.setattr(followup, "evidence", evidence)
    works = SimpleNamespace(
        carriers={"twilio": channel} if channel else {},
        sessions=SimpleNamespace(begin=nullcontext),
        scales=SimpleNamespace(settle=60.0, blind=120.0),
        questions=list,
        window=SimpleNamespace(run=lambda work, within: work(within)),
    )
    followup._ask(works, "twilio", asks)  # type: ignore[arg-type]
    return evidence.said


def way(*, listing: bool, idempotent: bool, error: Exception | None = None) -> SimpleNamespace:
    """A carrier that fails in this way when it is asked."""

    def find(_: object) -> object:
        def work(within: float) -> object:
            assert within == 30.0
            raise error or AssertionError("it has no listing")

        return work

    return SimpleNamespace(traits=SimpleNamespace(listing=listing, idempotent=idempotent), find=find)


YOUNG = replace(ASK, asked_at=NOON + timedelta(seconds=59.9))


@pytest.mark.parametrize("error", [Ambiguous("http_500"), TimeoutError()], ids=["says 500", "says nothing"])
def test_a_listing_that_is_down(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    down = way(listing=True, idempotent=False, error=error)
    assert asked(monkeypatch, down, [ASK, YOUNG]) == [("blind", [ASK, YOUNG], 120.0)]
    twice_is_once = way(listing=True, idempotent=True, error=error)
    assert asked(monkeypatch, twice_is_once, [ASK, YOUNG]) == [("again", [ASK])], "once it is settled, and not before"


def test_a_carrier_without_a_listing(monkeypatch: pytest.MonkeyPatch) -> None:
    assert asked(monkeypatch, way(listing=False, idempotent=True), [ASK]) == [("again", [ASK])]
    assert asked(monkeypatch, way(listing=False, idempotent=False), [ASK]) == [("end", [ASK], 60.0)]


def test_a_carrier_that_is_not_set_up_any_more(monkeypatch: pytest.MonkeyPatch) -> None:
    assert asked(monkeypatch, None, [ASK]) == [("blind", [ASK], 120.0)]
