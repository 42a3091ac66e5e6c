"""The indexes, read by a reader that knows nothing of us."""

from datetime import timedelta

import feedparser
import pytest
from lxml import etree

from broadcaster.alert.alert import RevisionKind
from broadcaster.feeds import atom, cap, signature
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
DOCUMENTS = {alert.identifier: cap.serialise(alert) for alert in (FIRST, SECOND)}


def test_atom_names_each_document_by_its_own_address_newest_first():
    feed = feedparser.parse(atom.feed_files(FACTS, DOCUMENTS)["cap/index.atom"])
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
    feed = feedparser.parse(atom.feed_files(FACTS, DOCUMENTS)["cap/index.rss"])
    assert not feed.bozo
    assert feed.version == "rss20"
    assert feed.entries[0].link == "https://911.example.gov/cap/MA911-a1-2.xml"
    assert feed.entries[0].id == "MA911-a1-2"
    assert not feed.entries[0].guidislink
    assert {tag.term for tag in feed.entries[0].tags} == {"Infra", "Safety"}


@pytest.mark.parametrize("path", ["cap/index.atom", "cap/index.rss"])
def test_an_empty_feed_is_a_feed(path):
    feed = feedparser.parse(atom.feed_files(FACTS, {})[path])
    assert not feed.bozo
    assert feed.feed.title == "911 alerts"
    assert feed.entries == []


def test_equal_documents_make_equal_bytes():
    again = atom.FeedFacts(FACTS.base, FACTS.title, FACTS.author, NOON + timedelta(hours=1))
    assert atom.feed_files(FACTS, DOCUMENTS) == atom.feed_files(again, DOCUMENTS)


def test_what_is_not_actual_says_so_in_its_title():
    drill = cap.build(facts(status=cap.Status.EXERCISE))
    feed = feedparser.parse(atom.atom_index(FACTS, [drill]))
    assert feed.entries[0].title.startswith("[Exercise] ")


def test_recent_holds_whole_documents_byte_for_byte():
    signed = signature.sign(DOCUMENTS["MA911-a1-1"], *signature.make_demo_certificate(NOON))
    wrapped = atom.recent([signed])
    assert signed.partition(b"?>\n")[2] in wrapped
    root = etree.fromstring(wrapped)
    assert root.tag == "{http://gov.fema.ipaws.services/feed}alerts"
    assert [etree.QName(child).localname for child in root] == ["alert"]
    assert len(etree.fromstring(atom.recent([]))) == 0
