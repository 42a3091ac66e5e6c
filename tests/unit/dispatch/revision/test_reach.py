"""What the preview says of time: how long the carrier needs, who would come too late, and which towns go first."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from broadcaster import audience
from broadcaster.alert.alert import ChannelName
from broadcaster.dispatch import release
from broadcaster.dispatch.revision import preview
from broadcaster.dispatch.revision.preview import Reach
from broadcaster.dispatch.revision.render import CALL, Text
from broadcaster.messages.message import Message
from broadcaster.store.fanout.deliveries import Source
from broadcaster.store.fanout.fanouts import LaneSpec
from tests.factories import content, directory

NOW = datetime(2026, 6, 18, 16, 0, tzinfo=UTC)
PLACES = directory(3)
IDS = {"town-1": 11, "town-2": 12}
"""Of the third town nobody has signed up: the store does not know it yet."""


def made(*segments: int, calls: bool = False) -> list[Text]:
    """The texts of as many towns, in English; Spanish ones are dearer, and who reads which is not reckoned with."""
    words = Message("", "911", "")
    english = [Text(f"town-{no}", "en", "sms", words, "GSM-7", each) for no, each in enumerate(segments, 1)]
    spanish = [Text(text.audience, "es", "sms", words, "UCS-2", 9) for text in english]
    mail = Text("town-1-police", "en", "mail", words, "", 50)
    return [*english, *spanish, mail, *([Text("town-1", "en", CALL, words, "", 1)] if calls else [])]


def reach(
    monkeypatch: pytest.MonkeyPatch,
    texts: list[Text],
    people: Mapping[str, int],
    paces: Mapping[str, float],
    life_s: float = 3600.0,
    channels: Collection[ChannelName] = tuple(ChannelName),
) -> Reach:
    """What is said of so many people by kind of address, at these paces, of an alert that lives so long."""

    def active(_: object, ids: list[int], kind: str = "sms") -> int:
        assert ids == [11, 12]
        return people.get(kind, 0)

    monkeypatch.setattr(preview.directory_load, "community_ids", lambda _: IDS)
    monkeypatch.setattr(preview.residents, "active_in", active)
    monkeypatch.setattr(preview.senders, "pace", lambda _, channel: paces.get(channel, 0.0))
    said = content(expires=NOW + timedelta(seconds=life_s), channels=tuple(channels))
    told = audience.agencies(said, PLACES, ())
    work = SimpleNamespace(affected=PLACES.communities, content=said, agencies=told)
    by_form = {form: [text for text in texts if text.form == form] for form in ("sms", CALL)}
    words = SimpleNamespace(sms=by_form["sms"], calls=by_form[CALL])
    return preview._reach(None, work, words, NOW)  # type: ignore[arg-type]


TIMES = {
    # segments by town, people, segments a second, life in seconds: segments in all, seconds, people who come too late
    "one segment each": ((1, 1), 600, 10.0, 3600.0, 600, 60.0, 0),
    "two segments take twice as long": ((2, 2), 600, 10.0, 3600.0, 1200, 120.0, 0),
    "one in one town, two in the other": ((1, 2), 600, 10.0, 3600.0, 900, 90.0, 0),
    "just in time": ((1, 1), 600, 10.0, 60.0, 600, 60.0, 0),
    "half of them are late": ((1, 1), 600, 10.0, 30.0, 600, 60.0, 300),
    "of two segments more are late": ((2, 2), 600, 10.0, 30.0, 1200, 120.0, 450),
    "its end is over": ((1, 1), 600, 10.0, -5.0, 600, 60.0, 600),
    "three segments a second": ((1, 1), 100_000, 3.0, 7200.0, 100_000, 33_333.33, 78_400),
    "no sender": ((1, 1), 600, 0.0, 3600.0, 600, 0.0, 0),
    "no text": ((), 600, 10.0, 3600.0, 0, 0.0, 0),
    "nobody": ((1, 1), 0, 10.0, 3600.0, 0, 0.0, 0),
}


@pytest.mark.parametrize("case", TIMES)
def test_how_long_the_carrier_needs_and_who_would_come_too_late(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    segments, people, pace, life_s, in_all, seconds, late = TIMES[case]
    said = reach(monkeypatch, made(*segments), {"sms": people}, {"sms": pace}, life_s)
    assert (said.people, said.segments, said.late) == (people, in_all, late)
    assert said.seconds == pytest.approx(seconds, abs=0.01)
    assert (said.communities, said.agencies) == (3, 3)


@pytest.mark.parametrize(
    ("calls", "pace", "seconds"),
    [(True, 2.0, 10.0), (True, 0.0, 0.0), (False, 2.0, 0.0)],
    ids=["on", "off", "no words"],
)
def test_how_long_the_calls_take(calls: bool, pace: float, seconds: float, monkeypatch: pytest.MonkeyPatch) -> None:
    said = reach(monkeypatch, made(1, calls=calls), {"sms": 5, CALL: 20}, {"sms": 1.0, CALL: pace})
    assert (said.landlines, said.call_seconds) == (20, seconds)


def test_without_mail_no_agency_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    assert reach(monkeypatch, made(1), {}, {}, channels=[ChannelName.SMS]).agencies == 0


# Who goes first


def test_the_towns_with_the_most_people_go_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where an outage hits most people; of two that are as large the code decides, so that it is the same each time."""
    sizes = {"town-1": 500, "town-2": 90_000, "town-3": 500}
    towns = tuple(replace(town, population=sizes[town.code]) for town in PLACES.communities)
    monkeypatch.setattr(release.directory_load, "community_ids", lambda _: {"town-1": 1, "town-2": 2, "town-3": 3})
    works = SimpleNamespace(session=None, directory=replace(PLACES, communities=towns))
    lanes = release._subscriber_lanes(works, ["town-3", "town-1", "town-2"])  # type: ignore[arg-type]
    assert lanes == [LaneSpec(Source.SUBSCRIBERS, rank, town) for rank, town in enumerate((2, 1, 3), 1)]
