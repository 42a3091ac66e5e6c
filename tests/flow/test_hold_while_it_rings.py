"""The officer presses hold while calls are out: nothing new is dialled, what is out is settled, a resume goes on."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from sqlalchemy import text

from broadcaster.alert.lifecycle import Tier
from broadcaster.dispatch import actions
from broadcaster.dispatch.sweep import keep
from broadcaster.dispatch.telling.escalate import escalate
from broadcaster.dispatch.waves.drain import drain
from broadcaster.receipts import intake
from broadcaster.store.alerting.alerts import Revision
from broadcaster.store.database import Sessions
from broadcaster.store.fanout.deliveries import Delivery, Fanout
from tests.factories import House
from tests.flow import story
from tests.flow.landlines import LANGS, Lines, lines
from tests.flow.test_agencies_are_called import LINE, Line, by_telephone, line

NUMBERS = [f"+14135550{no:03d}" for no in range(100, 108)]
PACE = 4.0
"""Calls a second, so that some are out and some are not when hold is pressed."""
Place = Lines | Line


def press(house: House, revision: int, tier: Tier) -> None:
    with house.sessions.begin() as session:
        actions.hold(house.actor(session), session.get_one(Revision, revision), tier)


def let_go(house: House, revision: int, tier: Tier) -> None:
    with house.sessions.begin() as session:
        row = session.get_one(Revision, revision)
        actions.resume(house.actor(session, house.approver), row, tier, row.hash)


def rows(sessions: Sessions) -> Counter[str]:
    """The calls that were claimed, by state."""
    with sessions() as session:
        voices = session.query(Delivery).join(Fanout, Fanout.id == Delivery.fanout_id)
        return Counter(row.state for row in voices.filter(Fanout.channel == "voice"))


def dial_some(place: Place, before: int = 0) -> None:
    """Until two more calls are out, and others wait."""

    def out() -> bool:
        drain(place.works, "urgent", seconds=0.2)
        return len(place.carrier.calls()) >= before + 2

    story.until(out)


def nothing_new(place: Place) -> None:
    """Whatever was claimed is dialled or waits, and nothing else is dialled however often the queues are looked at."""
    claimed = rows(place.sessions).total()

    def settled() -> bool:
        drain(place.works, "urgent", seconds=0.2)
        place.works.recorder.wait()
        intake.apply_waiting(place.sessions)
        keep(place.works)
        return not rows(place.sessions).keys() & {"sending", "unknown"}

    story.until(settled)
    dialled = len(place.carrier.calls())
    for _ in range(3):
        assert settled()
        assert (rows(place.sessions)["accepted"], rows(place.sessions).total()) == (dialled, claimed)
        assert len(place.carrier.calls()) == dialled


def test_the_first_calls_to_landlines(sessions: Sessions, database_url: str, tmp_path: Path) -> None:
    with lines(sessions, database_url, tmp_path, dict.fromkeys(NUMBERS, "en"), PACE, call_rings_ms=600.0) as town:
        first = town.house.release(LANGS)
        dial_some(town)
        press(town.house, first, Tier.PUBLIC)
        nothing_new(town)
        assert 2 <= len(town.carrier.calls()) < len(NUMBERS)
        let_go(town.house, first, Tier.PUBLIC)
        town.to_the_end(len(NUMBERS))
        assert town.called() == Counter(dict.fromkeys(NUMBERS, 1))
        assert town.row(first)[1].states == {"accepted": len(NUMBERS)}


def test_a_further_round_of_calls(sessions: Sessions, database_url: str, tmp_path: Path) -> None:
    numbers = dict.fromkeys(NUMBERS, "en")
    with lines(sessions, database_url, tmp_path, numbers, 100.0, call_answers="busy") as town:
        first = town.house.release(LANGS)
        town.to_the_end(len(NUMBERS))
        slower(town.sessions)
        assert town.later() == len(NUMBERS)
        dial_some(town, len(NUMBERS))
        press(town.house, first, Tier.PUBLIC)
        nothing_new(town)
        assert len(NUMBERS) + 2 <= len(town.carrier.calls()) < 2 * len(NUMBERS)
        assert town.later() == 0, "no round is opened while it is held"
        let_go(town.house, first, Tier.PUBLIC)
        town.carrier.set_faults(call_answers="human")
        town.to_the_end(2 * len(NUMBERS))
        assert town.called() == Counter(dict.fromkeys(NUMBERS, 2))
        assert town.row(first, "again-1")[1].states == {"accepted": len(NUMBERS)}
        busy = sum(call["status"] == "busy" for call in town.carrier.calls()) - len(NUMBERS)
        assert town.later() == busy, "and who was busy before the hold is called a third time"


def test_calls_of_a_chase(sessions: Sessions, database_url: str, tmp_path: Path) -> None:
    desks = 8
    with line(sessions, database_url, tmp_path, by_telephone(desks), PACE, call_rings_ms=600.0) as place:
        assert escalate(sessions) == desks
        dial_some(place)
        press(place.house, place.revision, Tier.AGENCY)
        nothing_new(place)
        assert 2 <= len(place.carrier.calls()) < desks
        let_go(place.house, place.revision, Tier.AGENCY)
        story.until(lambda: went_on(place, desks))
        assert set(Counter(call["to"] for call in place.carrier.calls()).values()) == {1}
        assert LINE in {call["to"] for call in place.carrier.calls()}
        assert place.answers() == [("read", "by telephone")] * desks


def went_on(place: Line, desks: int) -> bool:
    place.send()
    return place.is_over(desks) and len(place.answers()) == desks


def slower(sessions: Sessions) -> None:
    """The carrier's pace from now on."""
    with sessions.begin() as session:
        session.execute(text("UPDATE sender SET segments_per_s = :pace WHERE channel = 'voice'"), {"pace": PACE})
