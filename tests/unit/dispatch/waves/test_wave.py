"""The claim and the opening of a wave: how much is worth claiming, from where first, and what each row carries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from broadcaster.channels.proof import proves
from broadcaster.dispatch.engine import Scales
from broadcaster.dispatch.waves import wave
from broadcaster.dispatch.waves.window import OpenedWave
from broadcaster.messages.mail import ACK_TOKEN
from broadcaster.messages.message import Message
from broadcaster.store.fanout.senders import Wait
from broadcaster.store.fanout.waves import ClaimedWave, Intent, Room
from tests.factories import SEALER, SECRET

NOON = datetime(2026, 6, 18, 16, 0, tzinfo=UTC)
BULK = SimpleNamespace(carrier="twilio", most_rows=1000, least_life_s=120.0)


@dataclass
class Works:
    """An engine as far as a claim looks at it: a hundred places at 400 texts a second are worth 210 rows."""

    flying: int = 0
    behind: int = 0
    bulk: object = None
    bulk_is_on: bool = True
    secret: str = SECRET
    carriers_by_channel: dict[str, list[str]] = field(default_factory=lambda: {"sms": ["twilio"], "email": ["smtp"]})
    bodies: dict[int, Message] = field(default_factory=dict)
    scales: Scales = field(default_factory=Scales)
    sealer: object = SEALER
    sessions: object = None

    @property
    def window(self) -> SimpleNamespace:
        return SimpleNamespace(places=lambda _: 100, rate=lambda _: 400.0, bulk_is_on=self.bulk_is_on)

    @property
    def recorder(self) -> SimpleNamespace:
        return SimpleNamespace(flying=lambda _: self.flying, behind=lambda _: self.behind)

    def patched(self, words: str, fanout: int, address: int) -> str:
        return words.replace(ACK_TOKEN, f"/a/{fanout}.{address}") if ACK_TOKEN in words else words


ROOM = {
    "nothing is under way": (Works(), "sms", Room({"twilio": 210})),
    "half of it is": (Works(flying=105), "sms", Room({"twilio": 105})),
    "more than half is": (Works(flying=106), "sms", Room({})),
    "as much is to be written down as may be": (Works(behind=8000), "sms", Room({})),
    "and one less": (Works(behind=7999), "sms", Room({"twilio": 210})),
    "the bulk lane": (Works(bulk=BULK), "sms", Room({"twilio": 210}, {"twilio": 1000}, 120.0)),
    "the bulk lane rests": (Works(bulk=BULK, bulk_is_on=False), "sms", Room({"twilio": 210})),
    "the bulk lane, and no room": (Works(flying=106, bulk=BULK), "sms", Room({})),
    "no mail goes in bulk": (Works(bulk=BULK), "email", Room({"smtp": 210})),
    "a channel that is not set up": (Works(bulk=BULK), "voice", Room({})),
}


@pytest.mark.parametrize("case", ROOM)
def test_how_much_is_worth_claiming(case: str) -> None:
    works, channel, room = ROOM[case]
    assert wave.room(works, channel) == room  # type: ignore[arg-type]


def claimed(*intents: Intent, channel: str = "sms", lives: float = 3600.0) -> ClaimedWave:
    ends = NOON + timedelta(seconds=lives)
    return ClaimedWave(3, 7, channel, "twilio", 5, NOON, ends, 0.25, 0.5, intents, probe=True, bulk=True)


GRANTS: dict[str, tuple[dict[str, object], object, list[str]]] = {
    # what each channel's claim says: what comes of it, who was asked
    "the first that has work": ({"voice": None, "email": claimed()}, 3, ["voice", "email"]),
    "the others are not asked": ({"voice": claimed(), "email": claimed()}, 3, ["voice"]),
    "one waits, another has work": ({"voice": Wait(0.3), "email": claimed()}, 3, ["voice", "email"]),
    "the shortest wait": ({"voice": Wait(0.3), "email": Wait(0.1)}, 0.1, ["voice", "email"]),
    "nothing is open": ({"voice": None, "email": None}, None, ["voice", "email"]),
}


@pytest.mark.parametrize("case", GRANTS)
def test_channels_are_asked_in_the_order_of_their_queue(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    said, found, order = GRANTS[case]
    asked: list[str] = []

    def claim(works: object, channel: str, queue: str, free: Room) -> object:
        assert (queue, free) == ("urgent", Room({channel: 210}))
        asked.append(channel)
        return said[channel]

    monkeypatch.setattr(wave, "_claim", claim)
    works = Works(carriers_by_channel={"email": ["email"], "voice": ["voice"]})
    got = wave.claim_next(works, "urgent")  # type: ignore[arg-type]
    assert (got.id if isinstance(got, OpenedWave) else got.seconds if isinstance(got, Wait) else got) == found
    assert asked == order


def test_without_room_it_is_waited_for_and_nobody_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wave, "_claim", lambda *_: pytest.fail("claimed without room"))
    assert wave.claim_next(Works(flying=200), "sms") == Wait(0.02)  # type: ignore[arg-type]


@pytest.mark.parametrize("again", [claimed(), Wait(0.2), None])
def test_what_is_due_again_goes_before_the_lanes(again: object, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[object, ...]] = []

    def retries(*args: object) -> object:
        seen.append(args)
        return again

    def lanes(*args: object) -> object:
        seen.append(args)
        return "a lane"

    monkeypatch.setattr(wave, "claim_retries", retries)
    monkeypatch.setattr(wave, "claim", lanes)
    works, free = Works(sessions=SimpleNamespace(begin=Transaction)), Room({"twilio": 9})
    assert wave._claim(works, "sms", "sms", free) is (again or "a lane")  # type: ignore[arg-type]
    assert seen == [("session", "sms", free, 30.0), ("session", "sms", "sms", free, 30.0)][: 1 if again else 2]


class Transaction:
    """A session of nothing."""

    def __enter__(self) -> str:
        return "session"

    def __exit__(self, *_: object) -> None:
        """It ends."""


# What each row carries


def intent(address: int, body: int = 1, n: int = 1) -> Intent:
    index = SEALER.index(f"sms:+1508555{address:04}")
    return Intent(address, n, SEALER.seal(f"+1508555{address:04}", index), index, body)


def opened(works: Works, sent: ClaimedWave) -> OpenedWave:
    return wave._open(works, sent, 100.0)  # type: ignore[arg-type]


WORDS = {1: Message("", "911 is down", ""), 2: Message("911", f"Read: {ACK_TOKEN}", f"<a href='{ACK_TOKEN}'>")}


def test_a_row_has_its_number_its_words_and_our_proof() -> None:
    (one, two) = opened(Works(bodies=dict(WORDS)), claimed(intent(11), intent(12, n=3))).rows
    assert (one.to, two.to) == ("+15085550011", "+15085550012")
    assert (str(one.key), str(two.key)) == ("7.11.1", "7.12.3")
    assert one.message is two.message is WORDS[1], "a text is made once for a whole community"
    assert proves(SECRET, "delivery", "7.11.1", one.proof) and proves(SECRET, "delivery", "7.12.3", two.proof)
    assert one.proof != two.proof


def test_a_wave_keeps_what_the_claim_granted() -> None:
    made = opened(Works(bodies=dict(WORDS)), claimed(intent(11)))
    assert (made.id, made.fanout_id, made.carrier, made.sender_id) == (3, 7, "twilio", 5)
    assert (made.born, made.starts_in, made.spread, made.probe, made.bulk) == (100.0, 0.25, 0.5, True, True)


@pytest.mark.parametrize(("lives", "left"), [(3600.0, 3600), (59.9, 59), (0.4, 0), (0.0, 0), (-30.0, 0)])
def test_a_text_may_wait_at_the_carrier_for_the_rest_of_its_alerts_life(lives: float, left: int) -> None:
    """Seconds from the claim to the end of the alert; nobody reads "911 is down" after it."""
    (row,) = opened(Works(bodies=dict(WORDS)), claimed(intent(11), lives=lives)).rows
    assert row.life_s == left


@pytest.mark.parametrize(("channel", "patched"), [("sms", True), ("webhook", True), ("email", False), ("voice", False)])
def test_each_phone_of_an_agency_gets_a_link_of_its_own(channel: str, patched: bool) -> None:
    """A mail is patched where it is printed, with its other half."""
    (row,) = opened(Works(bodies=dict(WORDS)), claimed(intent(11, body=2), channel=channel)).rows
    assert row.message == (Message("", "Read: /a/7.11", "") if patched else WORDS[2])


def test_each_body_is_read_once_and_memory_does_not_grow_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[set[int]] = []

    def bodies(_: object, ids: set[int]) -> dict[int, Message]:
        read.append(set(ids))
        return {key: WORDS[key] for key in ids}

    monkeypatch.setattr(wave, "_read_bodies", bodies)
    monkeypatch.setattr(wave, "REMEMBERED", 1)
    works = Works()
    plan: Sequence[tuple[int, ...]] = ((1, 1), (1,), (1, 2), (2,), (1, 2))
    for wanted in plan:
        rows = opened(works, claimed(*(intent(11 + no, body) for no, body in enumerate(wanted)))).rows
        assert [row.message.text[:4] for row in rows] == [WORDS[body].text[:4] for body in wanted]
    assert read == [{1}, {2}], "each once"
    works.bodies[3] = WORDS[1]
    works.bodies.pop(1)
    opened(works, claimed(intent(11), intent(12, 2)))
    assert (read[2:], sorted(works.bodies)) == ([{1, 2}], [1, 2]), "with too many of them all are read anew"
