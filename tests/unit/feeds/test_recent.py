"""What boxes poll: what belongs to which way out, until when, and byte for byte."""

from dataclasses import replace
from datetime import timedelta

import feedparser
import pytest
from lxml import etree

from broadcaster.alert.alert import FailureKind, RevisionKind
from broadcaster.feeds import cap, recent, signature
from broadcaster.feeds.atom import FeedFacts
from broadcaster.feeds.capvalues import NameValue
from broadcaster.feeds.recent import BLOCKED_BY, Held, chosen, recent_files, wrapped
from tests.unit.feeds.samples import NOON, content, facts

FACTS = FeedFacts("https://911.example.gov", "911 alerts", "State 911 Department", NOON - timedelta(days=9))
FIRST = cap.build(facts())
LESSER = cap.build(facts(identifier="MA911-b1-1", content=content(failure=FailureKind.TEXT_TO_911)))
LATER = NOON + timedelta(minutes=1)
REFERENCES = cap.unexpired([FIRST], LATER)
ENDED = facts(RevisionKind.ALL_CLEAR, identifier="MA911-a1-2", sent=LATER, references=REFERENCES)
CLEAR = cap.build(replace(ENDED, clear_on=frozenset({"EAS"})))
VOID = cap.build(facts(RevisionKind.FALSE_ALARM, identifier="MA911-a1-3", sent=LATER, references=REFERENCES))


def held(*alerts):
    return [Held(alert, cap.serialise(alert)) for alert in alerts]


def blocked(alert, *channels):
    """The alert with more channels blocked."""
    more = tuple(NameValue("BLOCKCHANNEL", channel) for channel in channels)
    return replace(alert, infos=tuple(replace(info, parameters=info.parameters + more) for info in alert.infos))


ALL = frozenset(BLOCKED_BY)
WHERE = [
    ("an outage", FIRST, ALL),
    ("a lesser one has no text for phones", LESSER, ALL - {"PublicWEA"}),
    ("an all-clear to boxes is no WEA", CLEAR, ALL - {"PublicWEA"}),
    ("an all-clear goes to no box unasked", cap.build(ENDED), ALL - {"PublicWEA", "eas", "nwem"}),
    ("kept from EAS", blocked(FIRST, "EAS"), ALL - {"eas"}),
    ("kept from NWEM and phones", blocked(FIRST, "NWEM", "CMAS"), ALL - {"nwem", "PublicWEA"}),
    ("kept from everything public: `public` has it all the same", blocked(FIRST, "PUBLIC"), ALL - {"public_non_eas"}),
]


@pytest.mark.parametrize(("alert", "feeds"), [row[1:] for row in WHERE], ids=[row[0] for row in WHERE])
def test_an_alert_stands_where_it_is_not_blocked(alert, feeds):
    assert {feed for feed in BLOCKED_BY if chosen(held(alert), feed, NOON)} == feeds


def test_a_cancel_reaches_the_boxes_that_have_to_log_it():
    assert chosen(held(VOID), "eas", LATER)


@pytest.mark.parametrize("feed", BLOCKED_BY)
def test_the_end_is_the_end_to_the_second(feed):
    ends = FIRST.expires
    assert chosen(held(FIRST), feed, ends - timedelta(seconds=1))
    assert not chosen(held(FIRST), feed, ends)


@pytest.mark.parametrize(("since", "many"), [(-1, 2), (0, 2), (1, 1), (60, 1), (61, 0)])
def test_since_a_moment_includes_that_second(since, many):
    found = chosen(held(FIRST, CLEAR), "public", NOON, NOON + timedelta(seconds=since))
    assert len(found) == many


def test_documents_are_whole_and_their_signatures_hold_out_of_the_wrapper():
    keys = signature.make_demo_certificate(NOON)
    signed = [signature.sign(one.data, *keys) for one in held(FIRST, CLEAR)]
    root = etree.fromstring(wrapped([signed[0], b"\xef\xbb\xbf" + signed[1]]))
    assert root.tag == "{http://gov.fema.ipaws.services/feed}alerts"
    assert len(root) == 2
    for document in signed:
        assert document.partition(b"?>\n")[2] in wrapped(signed)
    for alert in root:
        signature.verify(etree.tostring(alert, with_tail=False), keys[1], NOON)
    assert len(etree.fromstring(wrapped([]))) == 0


def test_every_feed_is_a_file_for_a_web_server_without_timestamps():
    made = recent_files(FACTS, held(FIRST, LESSER), NOON)
    assert set(made) == {f"recent/{feed}.xml" for feed in BLOCKED_BY} | {"recent/update.atom", "recent/feed.atom"}
    assert [alert[0].text for alert in etree.fromstring(made["recent/PublicWEA.xml"])] == ["MA911-a1-1"]
    assert len(etree.fromstring(made["recent/eas.xml"])) == 2
    expired = recent_files(FACTS, held(FIRST), FIRST.expires)
    assert {len(etree.fromstring(expired[f"recent/{feed}.xml"])) for feed in BLOCKED_BY} == {0}


def test_older_boxes_compare_a_date_and_then_read_entries_of_their_state():
    made = recent_files(FACTS, held(FIRST, blocked(CLEAR, "EAS")), LATER)
    update, feed = (feedparser.parse(made[f"recent/{name}.atom"]) for name in ("update", "feed"))
    assert not update.bozo and not feed.bozo
    assert update.entries == [] and update.feed.updated == feed.feed.updated == "2024-06-18T18:30:00Z"
    (entry,) = feed.entries
    assert (entry.title, entry.link) == ("TOE", "https://911.example.gov/cap/MA911-a1-1.xml")
    assert {(tag.term, tag.label) for tag in entry.tags} == {("TOE", "event"), ("25", "statefips")}


def test_with_nothing_on_air_the_date_stands_still():
    made = [recent_files(FACTS, [], NOON + timedelta(minutes=no)) for no in range(2)]
    assert made[0] == made[1]
    assert feedparser.parse(made[0]["recent/update.atom"]).feed.updated == "2024-06-09T18:30:00Z"
    assert recent.FOLDER == "recent"
