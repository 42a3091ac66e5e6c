"""The indexes of the CAP documents: Atom and RSS, with a hub where one is set (WebSub).

An entry's id is the https address of that very document: aggregators fetch it, and never look twice (cap-ipaws.md
section 8). Plain lxml, because feedgen loses the type of an entry's links.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime

from lxml import etree

from broadcaster.feeds.capvalues import NAMESPACE, Alert, Info
from broadcaster.feeds.capxml import format_time

ATOM = "http://www.w3.org/2005/Atom"
CAP_TYPE = "application/cap+xml"
ATOM_INDEX, RSS_INDEX = "cap/index.atom", "cap/index.rss"
MOST_ENTRIES = 50


@dataclass(frozen=True, slots=True)
class FeedFacts:
    """Who publishes, and where: `base` is the https address without a slash at its end; `updated` is for an empty feed.

    `hub` is told of news and tells its readers (WebSub); ``""``: there is none.
    """

    base: str
    title: str
    author: str
    updated: datetime
    hub: str = ""

    def address(self, alert: Alert) -> str:
        """Where the document of an alert is, for ever."""
        return f"{self.base}/cap/{alert.identifier}.xml"


def feed_files(facts: FeedFacts, alerts: Iterable[Alert]) -> dict[str, bytes]:
    """The two indexes, by path; newest first, 50 at most."""
    newest = sorted(alerts, key=lambda alert: alert.sent, reverse=True)[:MOST_ENTRIES]
    return {ATOM_INDEX: atom_index(facts, newest), RSS_INDEX: rss_index(facts, newest)}


def atom_index(facts: FeedFacts, alerts: Sequence[Alert]) -> bytes:
    """An Atom feed (RFC 4287), valid when empty; the link to the CAP document stands first in each entry."""
    feed = etree.Element(f"{{{ATOM}}}feed", nsmap={None: ATOM, "cap": NAMESPACE})  # type: ignore[dict-item]
    here = f"{facts.base}/{ATOM_INDEX}"
    put(feed, "id", here)
    put(feed, "title", facts.title)
    put(feed, "updated", rfc3339(max((alert.sent for alert in alerts), default=facts.updated)))
    author = etree.SubElement(feed, f"{{{ATOM}}}author")
    put(author, "name", facts.author)
    etree.SubElement(feed, f"{{{ATOM}}}link", rel="self", type="application/atom+xml", href=here)
    if facts.hub:
        etree.SubElement(feed, f"{{{ATOM}}}link", rel="hub", href=facts.hub)
    etree.SubElement(feed, f"{{{ATOM}}}link", rel="alternate", type="text/html", href=f"{facts.base}/")
    for alert in alerts:
        _atom_entry(feed, facts, alert)
    return document(feed)


def rss_index(facts: FeedFacts, alerts: Sequence[Alert]) -> bytes:
    """An RSS 2.0 channel; each item's link is the CAP document itself."""
    rss = etree.Element("rss", version="2.0", nsmap={"atom": ATOM, "cap": NAMESPACE})
    channel = etree.SubElement(rss, "channel")
    for tag, text in (("title", facts.title), ("link", f"{facts.base}/"), ("description", facts.title)):
        etree.SubElement(channel, tag).text = text
    here = f"{facts.base}/{RSS_INDEX}"
    etree.SubElement(channel, f"{{{ATOM}}}link", rel="self", type="application/rss+xml", href=here)
    if facts.hub:
        etree.SubElement(channel, f"{{{ATOM}}}link", rel="hub", href=facts.hub)
    for alert in alerts:
        _rss_item(channel, facts, alert)
    return document(rss)


def _atom_entry(feed: etree._Element, facts: FeedFacts, alert: Alert) -> None:
    entry = etree.SubElement(feed, f"{{{ATOM}}}entry")
    address, info = facts.address(alert), _first_info(alert)
    etree.SubElement(entry, f"{{{ATOM}}}link", rel="alternate", type=CAP_TYPE, href=address)
    put(entry, "id", address)
    put(entry, "title", _title(alert))
    put(entry, "updated", rfc3339(alert.sent))
    put(entry, "published", rfc3339(alert.sent))
    put(entry, "summary", info.description if info else alert.note)
    if info:
        etree.SubElement(entry, f"{{{ATOM}}}category", term=info.same_event, label="event")
    _summarise(entry, alert)


def _rss_item(channel: etree._Element, facts: FeedFacts, alert: Alert) -> None:
    item, info = etree.SubElement(channel, "item"), _first_info(alert)
    etree.SubElement(item, "title").text = _title(alert)
    etree.SubElement(item, "link").text = facts.address(alert)
    etree.SubElement(item, "description").text = info.description if info else alert.note
    for category in info.categories if info else ():
        etree.SubElement(item, "category").text = str(category)
    etree.SubElement(item, "guid", isPermaLink="false").text = alert.identifier
    etree.SubElement(item, "pubDate").text = format_datetime(alert.sent.astimezone(UTC), usegmt=True)
    _summarise(item, alert)


def _summarise(parent: etree._Element, alert: Alert) -> None:
    """The cap:* fields that readers show without opening the document; polygons stay there, for the feed's size."""
    for tag, text in _summary(alert):
        etree.SubElement(parent, f"{{{NAMESPACE}}}{tag}").text = text
    info = _first_info(alert)
    for place in info.same_places if info else ():
        code = etree.SubElement(parent, f"{{{NAMESPACE}}}geocode")
        etree.SubElement(code, f"{{{NAMESPACE}}}valueName").text = "SAME"
        etree.SubElement(code, f"{{{NAMESPACE}}}value").text = place


def _summary(alert: Alert) -> Iterator[tuple[str, str]]:
    yield "identifier", alert.identifier
    yield "sender", alert.sender
    yield "sent", format_time(alert.sent)
    yield "status", str(alert.status)
    yield "msgType", str(alert.msg_type)
    info = _first_info(alert)
    if not info:
        return
    yield "event", info.event
    yield "effective", format_time(info.effective or alert.sent)
    if info.expires:
        yield "expires", format_time(info.expires)
    yield "category", str(info.categories[0])
    yield "urgency", str(info.urgency)
    yield "severity", str(info.severity)
    yield "certainty", str(info.certainty)
    yield "areaDesc", "; ".join(area.desc for area in info.areas)


def _first_info(alert: Alert) -> Info | None:
    return next(iter(alert.infos), None)


def _title(alert: Alert) -> str:
    info = _first_info(alert)
    title = (info.headline or info.event) if info else alert.identifier
    return title if alert.status == "Actual" else f"[{alert.status}] {title}"


def put(parent: etree._Element, tag: str, text: str) -> None:
    """An element of Atom with a text."""
    etree.SubElement(parent, f"{{{ATOM}}}{tag}").text = text


def rfc3339(moment: datetime) -> str:
    """A moment as Atom writes it, in UTC and whole seconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def document(root: etree._Element) -> bytes:
    """A whole XML document in UTF-8."""
    return bytes(etree.tostring(root, encoding="UTF-8", xml_declaration=True))
