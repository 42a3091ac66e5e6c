"""IPAWS beside the other channels: it keeps none of them back; what it may not send is refused early, for it alone."""

from __future__ import annotations

from pathlib import Path

from broadcaster.alert.alert import ChannelName, RevisionKind
from broadcaster.dispatch.waves.drain import drain
from broadcaster.feeds.cog import CogProfile
from broadcaster.local.carrier import Carrier, start_in_thread
from broadcaster.local.ipaws import start_in_thread as start_exchange
from broadcaster.store.alerting import ipaws as rows
from broadcaster.store.database import Sessions
from tests import ipaws
from tests.factories import SID, TOKEN, content, phones
from tests.flow import ipaws_story as story
from tests.flow import story as texts
from tests.unit.dispatch.night import confirmed, follow

QUIET = (ChannelName.FEED, ChannelName.IPAWS)


def test_texts_go_while_the_path_is_down_and_it_is_posted_when_it_is_back(sessions: Sessions, tmp_path: Path) -> None:
    everyone = {phone: ["town-1"] for phone in phones(20)}
    house = story.authority(sessions, everyone)
    with start_exchange(ipaws.group()) as gone:
        url, port = gone.url, int(gone.base.rpartition(":")[2])
    with start_in_thread(Carrier(SID, TOKEN)) as carrier, story.works(sessions, url, tmp_path, carrier.url) as works:
        revision = house.release()
        drain(works, "urgent", seconds=0.5)
        drain(works, "sms", seconds=5.0)
        works.recorder.wait()
        assert len(texts.texted(carrier)) == 20
        waiting = story.row(sessions, revision)
        assert (waiting.state, waiting.reason) == ("queued", "no_connection")
        with start_exchange(ipaws.group(), port=port) as back:
            story.finish(works)
            story.once(back, story.document(sessions, revision))
    assert story.row(sessions, revision).state == "accepted"


def test_what_the_group_may_not_send_is_refused_before_anything_is_posted(sessions: Sessions, tmp_path: Path) -> None:
    house = story.authority(sessions)
    with sessions.begin() as session:
        rows.keep_profile(session, CogProfile(ipaws.COG, places=("033011",), every_event=True).json())
    with ipaws.exchange() as exchange, story.works(sessions, exchange.url, tmp_path) as works:
        revision = house.release()
        story.finish(works, "ipaws", "feed")
        assert exchange.posts() == []
    refused = story.row(sessions, revision)
    assert (refused.state, refused.reason) == ("rejected", "cog-place")
    assert story.row(sessions, revision, "feed").state == "accepted"


def test_unsigned_documents_are_not_posted(sessions: Sessions, tmp_path: Path) -> None:
    house = story.authority(sessions, signing=None)  # type: ignore[arg-type]
    with ipaws.exchange() as exchange, story.works(sessions, exchange.url, tmp_path) as works:
        revision = house.release()
        story.finish(works, "ipaws", "feed")
        assert exchange.posts() == []
    assert story.row(sessions, revision).reason == "ipaws-unsigned"


def test_an_all_clear_refers_to_everything_that_is_there(sessions: Sessions, tmp_path: Path) -> None:
    house = story.authority(sessions)
    with ipaws.exchange() as exchange, story.works(sessions, exchange.url, tmp_path) as works:
        first = house.release(content(channels=QUIET))
        story.finish(works)
        second = follow(house, first, RevisionKind.UPDATE)
        story.finish(works)
        last = follow(house, first, RevisionKind.ALL_CLEAR, confirmations=confirmed())
        story.finish(works)
        posts = exchange.posts()
    made = [story.document(sessions, revision) for revision in (first, second, last)]
    named = [f"{each.sender},{each.identifier},{each.sent_text}" for each in made]
    assert [post.references.split() for post in posts] == [[], named[:1], named[:2]]
    assert [post.msg_type for post in posts] == ["Alert", "Update", "Update"]
    assert all(post.taken for post in posts)
    assert "AllClear" in posts[2].xml and posts[2].event == "ADR"


def test_nothing_refers_to_what_ipaws_never_had(sessions: Sessions, tmp_path: Path) -> None:
    """The first alert came too late (303): an update that names it would be refused (207), so it does not."""
    house = story.authority(sessions)
    with ipaws.exchange() as exchange, story.works(sessions, exchange.url, tmp_path) as works:
        exchange.set_faults(codes={"IPAWS": "303"})
        first = house.release(content(channels=QUIET))
        story.finish(works)
        assert story.row(sessions, first) == story.Row("rejected", "303", 1, "")
        exchange.set_faults(codes={})
        second = follow(house, first, RevisionKind.UPDATE)
        story.finish(works)
        posts = exchange.posts()
    assert story.row(sessions, second).state == "accepted"
    assert (posts[1].msg_type, posts[1].references) == ("Alert", "")
    assert "<incidents>" in posts[1].xml


def test_a_post_that_still_waits_gives_way_to_the_next(sessions: Sessions, tmp_path: Path) -> None:
    house = story.authority(sessions)
    first = house.release(content(channels=QUIET))
    second = follow(house, first, RevisionKind.UPDATE)
    with ipaws.exchange() as exchange, story.works(sessions, exchange.url, tmp_path) as works:
        story.finish(works)
        (post,) = exchange.posts()
    assert post.identifier == story.document(sessions, second).identifier
    assert (post.msg_type, post.taken) == ("Alert", True)


def test_chosen_alone_it_is_posted_and_stays_out_of_the_feed(sessions: Sessions, tmp_path: Path) -> None:
    house = story.authority(sessions)
    with ipaws.exchange() as exchange, story.works(sessions, exchange.url, tmp_path) as works:
        revision = house.release(content(channels=(ChannelName.IPAWS,)))
        story.finish(works)
        story.once(exchange, story.document(sessions, revision))
    assert story.document(sessions, revision).kind == "cap-ipaws"


def test_not_chosen_nothing_is_posted(sessions: Sessions, tmp_path: Path) -> None:
    house = story.authority(sessions)
    with ipaws.exchange() as exchange, story.works(sessions, exchange.url, tmp_path) as works:
        house.release(content(channels=(ChannelName.FEED,)))
        story.finish(works, "ipaws", "feed")
        assert exchange.posts() == []
