"""What follows from the board's numbers, as plain values: sums, who is late, and which fan-out is the newest."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from broadcaster.receipts.counts import (
    HANDSETS,
    STATES,
    AgencyLine,
    Board,
    ChannelCount,
    Clocks,
    CommunityCount,
    Sums,
    Tried,
    json_of,
)

NOON = datetime(2026, 6, 18, 16, 0, tzinfo=UTC)
TODAY = date(2026, 6, 18)
CLOCKS = Clocks(NOON, None, None, None, None, None, None, update_overdue=False, expired_without_all_clear=False)
TEXTS = ChannelCount(
    fanout=7,
    channel="sms",
    tier="public",
    revision_no=1,
    revision_kind="initial",
    state="running",
    ended_as="",
    planned=10,
    expires_at=NOON,
    counts={"accepted": 4, "rejected": 1},
    handsets={"delivered": 2},
)
MAIL = AgencyLine("Lynn Police", "police", "accepted", "", 2, 2, "read", "", NOON)


def board(*channels: ChannelCount, closed_at: datetime | None = None) -> Board:
    clocks = replace(CLOCKS, closed_at=closed_at)
    return Board("abc", "outage", "open", NOON + timedelta(minutes=25), clocks, channels, (MAIL,))


JSON = [
    (NOON, "2026-06-18T16:00:00+00:00"),
    (TODAY, "2026-06-18"),
    ({"a": [NOON, (1, TODAY)]}, {"a": ["2026-06-18T16:00:00+00:00", [1, "2026-06-18"]]}),
    ("words", "words"),
    (None, None),
    (0.5, 0.5),
]


@pytest.mark.parametrize(("value", "plain"), JSON)
def test_a_value_as_json(value: object, plain: object) -> None:
    assert json_of(value) == plain


PLACES: dict[str, tuple[dict[str, int], int, tuple[int, int]]] = {
    # states, waiting: planned, unreached
    "nobody lives here": ({}, 0, (0, 0)),
    "all of them wait": ({}, 3, (3, 3)),
    "who said STOP is no failure": ({"accepted": 2, "suppressed": 3}, 0, (5, 0)),
    "whatever is not accepted is unreached": (
        {"accepted": 2, "sending": 1, "unknown": 1, "queued": 1, "rejected": 1, "expired": 1}, 2, (9, 7),
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", PLACES)
def test_a_community_is_everybody_counted_and_everybody_who_waits(case: str) -> None:
    counts, waiting, (planned, unreached) = PLACES[case]
    place = CommunityCount("lynn", "Lynn", counts, {"delivered": 1}, waiting)
    assert (place.planned, place.unreached) == (planned, unreached)
    plain = place.json()
    assert {name: plain.pop(name) for name in STATES} == {name: counts.get(name, 0) for name in STATES}
    assert plain.pop("handset") == {"sent": 0, "delivered": 1, "undelivered": 0, "failed": 0}
    assert plain == {"code": "lynn", "name": "Lynn", "planned": planned, "waiting": waiting, "unreached": unreached}


@pytest.mark.parametrize(
    ("planned", "left"),
    [(None, None), (10, 5), (5, 0), (4, 0)],
    ids=["counted now", "some wait", "none", "one has gone"],
)
def test_who_is_not_yet_reached(planned: int | None, left: int | None) -> None:
    """People may leave while they are counted: nobody is less than none."""
    texts = replace(TEXTS, planned=planned)
    assert (texts.counted, texts.not_yet_reached, texts.is_over) == (5, left, False)
    assert replace(texts, state="done").is_over


def test_a_channel_as_json_holds_every_state_and_no_word_twice() -> None:
    place = CommunityCount("lynn", "Lynn", {"accepted": 4}, waiting=1)
    plain = replace(TEXTS, per_community=(place,), started_at=NOON, drain_seconds=2.5).json()
    assert {name: plain[name] for name in STATES} == {**dict.fromkeys(STATES, 0), "accepted": 4, "rejected": 1}
    assert plain["handset"] == {**dict.fromkeys(HANDSETS, 0), "delivered": 2}
    assert (plain["planned"], plain["not_yet_reached"], plain["drain_seconds"]) == (10, 5, 2.5)
    assert plain["started_at"] == plain["expires_at"] == "2026-06-18T16:00:00+00:00"
    assert plain["per_community"] == [place.json()]
    assert not {"counts", "handsets"} & plain.keys()


@pytest.mark.parametrize(
    ("verified", "stale"),
    [(None, True), (TODAY, False), (TODAY - timedelta(days=365), False), (date(2025, 6, 17), True)],
)
def test_a_contact_is_verified_once_a_year(verified: date | None, stale: bool) -> None:
    assert replace(MAIL, verified_on=verified).is_unverified(TODAY) is stale
    assert Tried("sms", "accepted", "none", "", verified).is_unverified(TODAY) is stale
    assert not replace(MAIL, verified_on=verified, channel="").is_unverified(TODAY), "none was used"


@pytest.mark.parametrize(
    ("handset", "back"),
    [("none", False), ("sent", False), ("delivered", False), ("undelivered", True), ("failed", True)],
)
def test_what_came_back(handset: str, back: bool) -> None:
    assert replace(MAIL, handset=handset).came_back is back


@pytest.mark.parametrize(("acknowledged", "current"), [(None, False), (1, False), (2, True)])
def test_whether_the_newest_notice_is_acknowledged(acknowledged: int | None, current: bool) -> None:
    assert replace(MAIL, acknowledged_no=acknowledged).is_current is current


def test_how_long_it_has_been_known_until_it_ended() -> None:
    assert board().since_known == timedelta(minutes=25)
    assert board(closed_at=NOON + timedelta(minutes=20)).since_known == timedelta(minutes=20)


def test_of_each_tier_and_channel_the_newest_counts_texts_first_and_the_public_first() -> None:
    newest = replace(TEXTS, fanout=9, revision_no=2)
    mail = replace(TEXTS, fanout=8, channel="email", tier="agency")
    desk = replace(TEXTS, fanout=6, tier="agency")
    feed = replace(TEXTS, fanout=5, channel="feed")
    shown = board(mail, desk, newest, TEXTS, feed)
    assert [each.fanout for each in shown.newest] == [9, 6, 5, 8]
    assert shown.texts is newest
    assert board(mail, desk).texts is None, "texts of agencies are none to the public"


def test_rounds_of_calls_belong_together_and_one_round_is_none() -> None:
    first = replace(TEXTS, channel="voice")
    second, third = replace(first, fanout=8, call_round=2), replace(first, fanout=9, call_round=3)
    others = (replace(first, revision_no=2), replace(first, tier="agency"), TEXTS)
    assert board(first, second, *others, third).rounds(first) == [first, second, third]
    assert board(first, *others).rounds(first) == []


def test_the_whole_board_as_json() -> None:
    plain = board(TEXTS).json()
    assert (plain["alert"], plain["kind"], plain["state"]) == ("abc", "outage", "open")
    assert (plain["as_of"], plain["seconds_since_known"]) == ("2026-06-18T16:25:00+00:00", 1500)
    assert plain["clocks"]["known_since"] == "2026-06-18T16:00:00+00:00" and plain["clocks"]["first_text"] is None
    assert plain["channels"] == [TEXTS.json()]
    ((line,), seat) = plain["agencies"], plain["ipaws"]
    assert (line["name"], line["is_current"], line["acknowledged_at"]) == (
        "Lynn Police", True, "2026-06-18T16:00:00+00:00",
    )  # fmt: skip
    assert seat == {"posted": None, "handed": None}


def test_sums_agree_without_a_difference() -> None:
    assert Sums(7, 5, 5, ()).agree
    assert not Sums(7, 5, 6, ("6 were planned, but 5 are counted",)).agree


@pytest.mark.parametrize(
    ("other", "same"),
    [
        ({"name": "Nahant Police"}, True),
        ({"since": NOON + timedelta(seconds=59)}, True),
        ({"next_step": NOON + timedelta(minutes=5, seconds=1)}, True),
        ({"verified_on": date(2026, 3, 1)}, True),
        ({"since": NOON + timedelta(minutes=1)}, False),
        ({"next_step": None}, False),
        ({"next_step": NOON + timedelta(minutes=6)}, False),
        ({"verified_on": None}, False),
        ({"verified_on": date(2025, 3, 1)}, False),
        ({"role": "psap"}, False),
        ({"reason": "relay-refused"}, False),
        ({"tried": Tried("voice", "accepted", "none", "")}, False),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_of_which_agencies_there_is_the_same_to_say(other: dict[str, object], same: bool) -> None:
    """What the board words once: a second and the day of a good check are not said, everything else is."""
    one = replace(MAIL, since=NOON, next_step=NOON + timedelta(minutes=5), verified_on=date(2026, 5, 1))
    another = replace(one, **other)  # type: ignore[arg-type]
    assert (one.but_its_name(TODAY) == another.but_its_name(TODAY)) is same
