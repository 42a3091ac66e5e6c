"""Whom a release to the public speaks to: a lane for each community and list, and which earlier ones give way."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from broadcaster.alert import alert as heart
from broadcaster.alert.alert import ChannelName, RevisionKind
from broadcaster.alert.lifecycle import AlertKind, Tier
from broadcaster.dispatch import release
from broadcaster.dispatch.release import Releasing
from broadcaster.store.fanout.deliveries import Fanout, Source
from broadcaster.store.fanout.fanouts import LaneSpec
from tests.factories import content, directory

NOW = datetime(2026, 6, 18, 16, 0, tzinfo=UTC)
SIZES = {"town-1": 100, "town-2": 300, "town-3": 200}
PLACES = replace(
    directory(3), communities=tuple(replace(each, population=SIZES[each.code]) for each in directory(3).communities)
)
IDS = {"town-1": 1, "town-2": 2, "town-3": 3}
WORDS = content(answers=tuple(heart.CommunityAnswer(code, heart.Rung.COMMUNITY) for code in IDS))
EARLIER = {"sms": [31, 32], "voice": [41]}


def told(fanout: int, community: int | None = None) -> LaneSpec:
    return LaneSpec(Source.TOLD, 0, community, fanout)


def subscribers(*communities: int) -> list[LaneSpec]:
    return [LaneSpec(Source.SUBSCRIBERS, rank, one) for rank, one in enumerate(communities, start=1)]


BESIDE = LaneSpec(Source.SUBSCRIBERS, 99, 99)
"""Somebody whom another alert told, and who hears the end of this one, too."""


@dataclass
class Store:
    """What the database would say, and what is done to it, in order."""

    on: set[str] = field(default_factory=lambda: {"sms"})
    told: list[str] = field(default_factory=list)
    called: list[str] = field(default_factory=lambda: ["town-1", "town-3"])
    did: list[tuple[object, ...]] = field(default_factory=list)

    def make(self, _: object, fanout: Fanout, queue: str, priority: int, lanes: list[LaneSpec]) -> int:
        assert (fanout.revision_id, fanout.tier, fanout.purpose) == (5, "public", "alert")
        assert fanout.expires_at == WORDS.expires
        self.did.append((fanout.channel, queue, priority, lanes))
        return 50 + len(self.did)

    def supersede_older(self, _: object, alert: int, tier: str, revision: int) -> list[int]:
        self.did.append(("give way", alert, tier, revision))
        return []

    def supersede_communities(self, _: object, earlier: list[int], communities: list[int]) -> None:
        self.did.append(("give way in", list(earlier), list(communities)))

    def hush(self, _: object, revision: Any, words: object) -> None:
        self.did.append(("hush", revision.id))

    def lanes(self, _: object, revision: Any, channel: str, codes: set[str] | None = None) -> list[LaneSpec]:
        self.did.append(("beside", channel, codes))
        return [BESIDE]


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Store:
    """The store's place."""
    made = Store()
    for name in ("make", "supersede_older", "supersede_communities"):
        monkeypatch.setattr(release.fanouts, name, getattr(made, name))
    monkeypatch.setattr(release.beside, "hush", made.hush)
    monkeypatch.setattr(release.beside, "lanes", made.lanes)
    monkeypatch.setattr(release.senders, "is_set_up", lambda _, channel: channel in made.on)
    monkeypatch.setattr(release.directory_load, "community_ids", lambda _: IDS)
    monkeypatch.setattr(
        release.texts, "communities_of", lambda _, revision, form: made.called if form == "voice" else []
    )
    monkeypatch.setattr(
        release.texts, "told_communities", lambda _, alert, but: made.told if (alert, but) == (9, 5) else []
    )
    monkeypatch.setattr(release, "_earlier", lambda _, channel: EARLIER[channel])
    monkeypatch.setattr(release, "_previous", lambda _: SimpleNamespace(content=heart.content_to_json(WORDS)))
    return made


def releasing(kind: RevisionKind = RevisionKind.INITIAL, **changes: object) -> Releasing:
    alert = SimpleNamespace(kind=AlertKind.OUTAGE.value, id=9)
    row: Any = SimpleNamespace(id=5, no=2, kind=kind.value, alert=alert, alert_id=9, findings=[])
    made = Releasing(None, None, None, row, NOW)  # type: ignore[arg-type]
    made.__dict__.update(directory=PLACES, content=replace(WORDS, **changes))  # type: ignore[arg-type]
    return made


HUSH = ("hush", 5)
GIVE_WAY = ("give way", 9, "public", 5)
ALL = [told(31), told(32), *subscribers(2, 3, 1)]
"""Whoever was told before first, then every community, the largest first."""


@pytest.mark.parametrize(
    ("kind", "priority"), [(RevisionKind.INITIAL, 1), (RevisionKind.UPDATE, 3)], ids=["initial", "update"]
)
def test_what_speaks_to_everybody_takes_the_place_of_what_was_said(
    kind: RevisionKind, priority: int, store: Store
) -> None:
    assert release._tell_people(releasing(kind)) == [53]
    assert store.did == [HUSH, GIVE_WAY, ("sms", "sms", priority, ALL)]


def test_landlines_are_called_where_words_of_a_call_were_frozen(store: Store) -> None:
    store.on = {"sms", "voice"}
    release._tell_people(releasing())
    assert store.did[2:] == [("sms", "sms", 1, ALL), ("voice", "urgent", 1, [told(41), *subscribers(3, 1)])]


ENDS = [(RevisionKind.ALL_CLEAR, 2), (RevisionKind.FALSE_ALARM, 1)]


@pytest.mark.parametrize(("kind", "priority"), ENDS, ids=["all-clear", "false alarm"])
def test_an_end_goes_to_those_who_were_told_and_to_nobody_else(kind: RevisionKind, priority: int, store: Store) -> None:
    release._tell_people(releasing(kind))
    lanes = [told(31), told(32), BESIDE]
    assert store.did == [
        HUSH, GIVE_WAY, ("beside", "sms", None), ("sms", "sms", priority, lanes), ("beside", "voice", None),
    ]  # fmt: skip


@pytest.mark.parametrize("kind", [RevisionKind.ALL_CLEAR, RevisionKind.FALSE_ALARM])
def test_an_end_without_texts_stops_them_all_the_same(kind: RevisionKind, store: Store) -> None:
    assert release._tell_people(releasing(kind, channels=(ChannelName.FEED,))) == []
    assert store.did[:2] == [HUSH, GIVE_WAY]


OTHER = (("town-2", PLACES.numbers["town-3"][0]),)
"""Another number for town 2."""


def changed(*codes: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The line of these communities is another one than before."""
    monkeypatch.setattr(release.audience, "changed", lambda before, now: codes if before == WORDS else ())


def test_a_change_of_the_line_speaks_only_where_it_changed(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    changed("town-2", "town-3", monkeypatch=monkeypatch)
    store.on = {"sms", "voice"}
    assert len(release._tell_people(releasing(RevisionKind.NUMBER_CHANGE))) == 2
    texts = [told(31, 2), told(31, 3), told(32, 2), told(32, 3), BESIDE, *subscribers(2, 3)]
    assert store.did == [
        HUSH,
        ("give way in", [31, 32], [2, 3]),
        ("beside", "sms", set()),
        ("sms", "sms", 1, texts),
        ("give way in", [41], [2, 3]),
        ("beside", "voice", set()),
        ("voice", "urgent", 1, [told(41, 3), BESIDE, *subscribers(3)]),
    ]


def test_where_it_works_again_only_those_who_were_told_hear_of_it(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed("town-1", "town-2", monkeypatch=monkeypatch)
    release._tell_people(releasing(RevisionKind.RESTORED_IN_PART, restored=("town-1",)))
    lanes = [told(31, 1), told(31, 2), told(32, 1), told(32, 2), BESIDE, *subscribers(2)]
    assert store.did[1:4] == [
        ("give way in", [31, 32], [1, 2]), ("beside", "sms", {"town-1"}), ("sms", "sms", 3, lanes),
    ]  # fmt: skip


@pytest.mark.parametrize("off", ["by the officer", "by the installation"])
def test_an_update_without_texts_stops_only_what_is_not_true_any_more(
    off: str, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed("town-2", monkeypatch=monkeypatch)
    store.on = {"sms"} if off == "by the officer" else set()
    channels = (ChannelName.FEED,) if off == "by the officer" else tuple(ChannelName)
    assert release._tell_people(releasing(RevisionKind.UPDATE, channels=channels)) == []
    assert [what for what in store.did if what[0] == "give way in"] == [
        ("give way in", [31, 32], [2]), ("give way in", [41], [2]),
    ]  # fmt: skip
    assert GIVE_WAY not in store.did


def test_without_anything_said_before_all_of_it_is_a_change(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(release, "_previous", lambda _: None)
    assert release._changed(releasing()) == ["town-1", "town-2", "town-3"]


@pytest.mark.parametrize(
    ("told_before", "area", "frozen"),
    [
        ([], {"statewide": True}, ["town-1", "town-2", "town-3"]),
        ([], {"communities": ("town-2",)}, ["town-1", "town-2", "town-3"]),
        (["town-1"], {"communities": ("town-2",)}, ["town-2", "town-3"]),
        (["town-2"], {"communities": ("town-2",)}, ["town-1", "town-2", "town-3"]),
    ],
    ids=["all of it", "the directory moved two towns since", "told before, and left out now", "told before, and in"],
)
def test_the_area_is_that_of_the_submit(
    told_before: list[str], area: dict[str, Any], frozen: list[str], store: Store
) -> None:
    store.told = told_before
    assert release._frozen_area(releasing(area=heart.Area(**area))) == frozen


# Short lists, and the feed


@pytest.mark.parametrize(
    ("channel", "queue", "purpose", "expires"),
    [("sms", "sms", "alert", None), ("email", "urgent", "escalation-1", NOW + timedelta(minutes=5))],
)
def test_a_short_list_goes_before_everybody(
    channel: str, queue: str, purpose: str, expires: datetime | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    did: list[Any] = []
    monkeypatch.setattr(release.fanouts, "make", lambda _, *made: did.append(made) or 60)
    monkeypatch.setattr(release.fanouts, "add_targets", lambda _, *listed: did.append(listed))
    rows = [(1, 7, 3), (2, None, 3)]
    assert release.listed(releasing(), Tier.AGENCY, channel, rows, purpose, expires) == 60
    ((fanout, *made), targets) = did
    assert (fanout.channel, fanout.tier, fanout.purpose) == (channel, "agency", purpose)
    assert fanout.expires_at == (expires or WORDS.expires)
    assert (made, targets) == ([queue, 0, [LaneSpec(Source.TARGETS, 0)]], (60, rows))


@pytest.mark.parametrize(
    ("chosen", "blocked", "published"), [(True, False, True), (True, True, False), (False, False, False)]
)
def test_the_feed_is_written_unless_a_finding_keeps_it_out(
    chosen: bool, blocked: bool, published: bool, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(release, "_publish", lambda _: 70)
    monkeypatch.setattr(release.plan, "blocked", lambda *_: blocked)
    channels = tuple(name for name in ChannelName if chosen or name is not ChannelName.FEED)
    assert release.to_the_public(releasing(channels=channels)) == [53, *([70] if chosen and not blocked else [])]
