"""Two carriers: each at its own pace, one for the other when it fails, and nobody is texted by both."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from broadcaster.dispatch.engine import Engine
from broadcaster.dispatch.sweep import keep
from broadcaster.dispatch.waves.drain import drain
from broadcaster.local.carrier import Carrier, Faults, Running, start_in_thread
from broadcaster.store.database import Sessions
from broadcaster.store.fanout import senders
from broadcaster.store.fanout.senders import NewSender, Sender
from tests.factories import SECOND_SENDER, SID, TOKEN, House, Ways, directory, engine, furnish, phones
from tests.flow import story

QUIET = {"share_callbacks_dropped": 1.0, "delivery_ms": 0.0, "hang_s": 2.0, "listing_lag_s": 0.5}
EVERYONE = {phone: [f"town-{no % 3 + 1}"] for no, phone in enumerate(phones(150))}
NOBODY = "http://127.0.0.1:1"


def house_of(sessions: Sessions, mps: float = 200.0, weight: float = 1.0) -> House:
    """Three towns, a hundred and fifty people, and a second sender beside the first."""
    house = furnish(sessions, directory(3), EVERYONE, mps=mps)
    with sessions.begin() as session:
        senders.register(session, NewSender("sms", "secondary", SECOND_SENDER, mps, weight))
    return house


@contextmanager
def two(**faults: object) -> Iterator[tuple[Running, Running]]:
    """The first carrier with some faults, and a second one without."""
    with (
        start_in_thread(Carrier(SID, TOKEN, faults=Faults(**{**QUIET, **faults}))) as first,
        start_in_thread(Carrier(SID, TOKEN, faults=Faults(**QUIET))) as second,
    ):
        yield first, second


def by_both(first: Running, second: Running) -> Counter[str]:
    return story.texted(first) + story.texted(second)


def circuit(sessions: Sessions, carrier: str) -> str:
    with sessions() as session:
        return session.query(Sender).filter_by(channel="sms", carrier=carrier).one().circuit


def test_they_share_the_work_each_at_its_own_pace(sessions: Sessions, tmp_path: Path) -> None:
    house = house_of(sessions, mps=60.0)
    with two() as (first, second), engine(sessions, first.url, tmp_path, ways=Ways(second_url=second.url)) as works:
        revision = house.release()
        story.finish(works)
        assert by_both(first, second) == Counter(dict.fromkeys(EVERYONE, 1))
        assert min(len(story.texted(first)), len(story.texted(second))) >= 30
    assert story.sums_close(sessions, revision, len(EVERYONE)).states == {"accepted": len(EVERYONE)}


def test_one_that_stands_by_is_not_used_while_the_other_works(sessions: Sessions, tmp_path: Path) -> None:
    house = house_of(sessions, weight=0.0)
    with two() as (first, second), engine(sessions, first.url, tmp_path, ways=Ways(second_url=second.url)) as works:
        house.release()
        story.finish(works)
        assert story.texted(first) == Counter(dict.fromkeys(EVERYONE, 1))
        assert story.texted(second) == Counter()


@pytest.mark.parametrize("weight", [1.0, 0.0], ids=["beside it", "standing by"])
def test_a_carrier_that_nobody_reaches_is_given_up_for_the_other(
    sessions: Sessions, tmp_path: Path, weight: float
) -> None:
    house = house_of(sessions, weight=weight)
    with two() as (_, second), engine(sessions, NOBODY, tmp_path, ways=Ways(second_url=second.url)) as works:
        revision = house.release()
        story.finish(works)
        assert story.texted(second) == Counter(dict.fromkeys(EVERYONE, 1))
    assert circuit(sessions, "twilio") == "open"
    assert story.sums_close(sessions, revision, len(EVERYONE)).states == {"accepted": len(EVERYONE)}


OUTAGES = {
    "every answer an error, half of them accepted": {"share_5xx_accepted": 0.5, "share_5xx_refused": 0.5},
    "accepted, and never an answer": {"share_accept_then_hang": 1.0},
    "no answer, and never accepted": {"share_hang_refused": 1.0},
}


@pytest.mark.parametrize("outage", OUTAGES)
def test_nobody_is_texted_by_both(sessions: Sessions, tmp_path: Path, outage: str) -> None:
    """What the first may have is asked after; only what was proved absent goes to the second."""
    house = house_of(sessions)
    with (
        two(**OUTAGES[outage]) as (first, second),
        engine(sessions, first.url, tmp_path, ways=Ways(second_url=second.url)) as works,
    ):
        revision = house.release()
        story.finish(works)
        assert by_both(first, second) == Counter(dict.fromkeys(EVERYONE, 1))
        assert story.texted(second)
    assert circuit(sessions, "twilio") == "open"
    assert story.sums_close(sessions, revision, len(EVERYONE)).states == {"accepted": len(EVERYONE)}


def test_one_that_works_again_is_used_again(sessions: Sessions, tmp_path: Path) -> None:
    house = house_of(sessions, mps=10.0)
    with (
        two(share_5xx_refused=1.0) as (first, second),
        engine(sessions, first.url, tmp_path, ways=Ways(second_url=second.url)) as works,
    ):
        house.release()
        sweep_until(works, lambda: circuit(sessions, "twilio") == "open")
        assert story.texted(first) == Counter()
        first.set_faults(share_5xx_refused=0.0)
        sweep_until(works, lambda: circuit(sessions, "twilio") == "closed")
        story.finish(works)
        assert by_both(first, second) == Counter(dict.fromkeys(EVERYONE, 1))
        assert len(story.texted(first)) > 5, "more than the probe"


def sweep_until(works: Engine, true) -> None:
    """Send and sweep until something is true; `story.until` says when it never is."""

    def round_and_look() -> bool:
        drain(works, "sms", seconds=0.2)
        keep(works)
        return true()

    story.until(round_and_look, 60.0)
