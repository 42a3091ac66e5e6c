"""The indexes, read by a reader that knows nothing of us."""

from dataclasses import replace
from datetime import timedelta

import feedparser
import pytest
from lxml import etree

from broadcaster.alert.alert import RevisionKind
from broadcaster.feeds import atom, cap
from tests.unit.feeds.samples import NOON, facts

FACTS = atom.FeedFacts("https://911.example.gov", "911 alerts", "State 911 Department", NOON)
FIRST = cap.build(facts())
SECOND = cap.build(
    facts(
        RevisionKind.UPDATE,
        identifier="MA911-a1-2",
        sent=NOON + timedelta(minutes=20),
        references=cap.unexpired([FIRST], NOON),
    )
)
ALERTS = (FIRST, SECOND)


def test_atom_names_each_document_by_its_own_address_newest_first():
    feed = feedparser.parse(atom.feed_files(FACTS, ALERTS)["cap/index.atom"])
    assert not feed.bozo
    assert feed.version == "atom10"
    assert [entry.id for entry in feed.entries] == [
        "https://911.example.gov/cap/MA911-a1-2.xml",
        "https://911.example.gov/cap/MA911-a1-1.xml",
    ]
    first_link = feed.entries[0].links[0]
    assert (first_link.rel, first_link.type, first_link.href) == (
        "alternate",
        "application/cap+xml",
        feed.entries[0].id,
    )
    entry = feed.entries[0]
    assert (entry.cap_msgtype, entry.cap_severity, entry.cap_urgency) == ("Update", "Severe", "Immediate")
    assert entry.cap_event == "911 Telephone Outage Emergency"
    assert entry.updated == "2024-06-18T18:50:00Z"


def test_rss_links_to_the_document_itself():
    feed = feedparser.parse(atom.feed_files(FACTS, ALERTS)["cap/index.rss"])
    assert not feed.bozo
    assert feed.version == "rss20"
    assert feed.entries[0].link == "https://911.example.gov/cap/MA911-a1-2.xml"
    assert feed.entries[0].id == "MA911-a1-2"
    assert not feed.entries[0].guidislink
    assert {tag.term for tag in feed.entries[0].tags} == {"Infra", "Safety"}


@pytest.mark.parametrize("path", ["cap/index.atom", "cap/index.rss"])
def test_an_empty_feed_is_a_feed(path):
    feed = feedparser.parse(atom.feed_files(FACTS, ())[path])
    assert not feed.bozo
    assert feed.feed.title == "911 alerts"
    assert feed.entries == []


def test_equal_documents_make_equal_bytes():
    again = atom.FeedFacts(FACTS.base, FACTS.title, FACTS.author, NOON + timedelta(hours=1))
    assert atom.feed_files(FACTS, ALERTS) == atom.feed_files(again, ALERTS)


def test_what_is_not_actual_says_so_in_its_title():
    drill = cap.build(facts(status=cap.Status.EXERCISE))
    feed = feedparser.parse(atom.atom_index(FACTS, [drill]))
    assert feed.entries[0].title.startswith("[Exercise] ")


@pytest.mark.parametrize("path", ["cap/index.atom", "cap/index.rss"])
@pytest.mark.parametrize("hub", ["", "https://hub.example/"])
def test_a_feed_names_itself_and_its_hub(path, hub):
    facts_with_hub = atom.FeedFacts(FACTS.base, FACTS.title, FACTS.author, NOON, hub)
    feed = feedparser.parse(atom.feed_files(facts_with_hub, ALERTS)[path])
    assert not feed.bozo
    links = {link.rel: link.href for link in feed.feed.links}
    assert links["self"] == f"https://911.example.gov/{path}"
    assert links.get("hub", "") == hub


@pytest.mark.parametrize("path", ["cap/index.atom", "cap/index.rss"])
def test_the_summary_says_what_a_reader_needs_to_decide(path):
    root = etree.fromstring(atom.feed_files(FACTS, [FIRST])[path])
    said = {etree.QName(each).localname: each.text for each in root.iter("{urn:oasis:names:tc:emergency:cap:1.2}*")}
    assert {name: said[name] for name in ("identifier", "sent", "effective", "expires", "status", "value")} == {
        "identifier": "MA911-a1-1",
        "sent": "2024-06-18T14:30:00-04:00",
        "effective": "2024-06-18T14:30:00-04:00",
        "expires": "2024-06-18T16:30:00-04:00",
        "status": "Actual",
        "value": "025013",
    }


def test_fifty_entries_at_most_and_small_enough_for_every_reader():
    """Google takes 900 kB at most and likes 100 (cap-ipaws.md section 8); a statewide alert has the longest words."""
    towns = " ".join(f"Town {no} (call 413-555-{no:04})," for no in range(60))
    long = replace(facts().texts[0], description=towns)
    many = [
        cap.build(facts(identifier=f"MA911-a{no}-1", sent=NOON + timedelta(minutes=no), texts=(long,)))
        for no in range(70)
    ]
    for data in atom.feed_files(FACTS, many).values():
        assert len(feedparser.parse(data).entries) == 50
        assert len(data) < 300_000
