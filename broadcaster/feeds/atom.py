"""The indexes of the CAP documents: Atom, RSS, and the `recent` shape that EAS boxes and IPAWS clients poll.

An entry's id is the https address of that very document: aggregators fetch it, and never look twice (cap-ipaws.md
section 8). Plain lxml, because feedgen loses the type of an entry's links.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime

from lxml import etree

from broadcaster.feeds.capvalues import NAMESPACE, Alert, Info
from broadcaster.feeds.capxml import format_time, parse

ATOM = "http://www.w3.org/2005/Atom"
RECENT = "http://gov.fema.ipaws.services/feed"
CAP_TYPE = "application/cap+xml"
MOST_ENTRIES = 50
_DECLARATION_END = b"?>"


@dataclass(frozen=True, slots=True)
class FeedFacts:
    """Who publishes, and where: `base` is the https address without a slash at its end."""

    base: str
    title: str
    author: str
    updated: datetime

    def address(self, alert: Alert) -> str:
        """Where the document of an alert is, for ever."""
        return f"{self.base}/cap/{alert.identifier}.xml"


def feed_files(facts: FeedFacts, documents: Mapping[str, bytes]) -> dict[str, bytes]:
    """The two indexes, by path, over documents by identifier; newest first, 50 at most."""
    alerts = sorted((parse(document) for document in documents.values()), key=lambda alert: alert.sent, reverse=True)
    newest = alerts[:MOST_ENTRIES]
    return {"cap/index.atom": atom_index(facts, newest), "cap/index.rss": rss_index(facts, newest)}


def atom_index(facts: FeedFacts, alerts: Sequence[Alert]) -> bytes:
    """An Atom feed (RFC 4287), valid when empty; the link to the CAP document stands first in each entry."""
    feed = etree.Element(f"{{{ATOM}}}feed", nsmap={None: ATOM, "cap": NAMESPACE})  # type: ignore[dict-item]
    here = f"{facts.base}/cap/index.atom"
    _put(feed, "id", here)
    _put(feed, "title", facts.title)
    _put(feed, "updated", _rfc3339(max((alert.sent for alert in alerts), default=facts.updated)))
    author = etree.SubElement(feed, f"{{{ATOM}}}author")
    _put(author, "name", facts.author)
    etree.SubElement(feed, f"{{{ATOM}}}link", rel="self", type="application/atom+xml", href=here)
    etree.SubElement(feed, f"{{{ATOM}}}link", rel="alternate", type="text/html", href=f"{facts.base}/")
    for alert in alerts:
        _atom_entry(feed, facts, alert)
    return _document(feed)


def rss_index(facts: FeedFacts, alerts: Sequence[Alert]) -> bytes:
    """An RSS 2.0 channel; each item's link is the CAP document itself."""
    rss = etree.Element("rss", version="2.0", nsmap={"atom": ATOM, "cap": NAMESPACE})
    channel = etree.SubElement(rss, "channel")
    for tag, text in (("title", facts.title), ("link", f"{facts.base}/"), ("description", facts.title)):
        etree.SubElement(channel, tag).text = text
    here = f"{facts.base}/cap/index.rss"
    etree.SubElement(channel, f"{{{ATOM}}}link", rel="self", type="application/rss+xml", href=here)
    for alert in alerts:
        _rss_item(channel, facts, alert)
    return _document(rss)


def recent(documents: Iterable[bytes]) -> bytes:
    """Whole signed documents in IPAWS's wrapper, byte for byte but for their XML declarations."""
    opening = f'<?xml version="1.0" encoding="UTF-8"?>\n<ns1:alerts xmlns:ns1="{RECENT}">'.encode()
    return opening + b"".join(_without_declaration(document) for document in documents) + b"</ns1:alerts>"


def _without_declaration(document: bytes) -> bytes:
    body = document.removeprefix(b"\xef\xbb\xbf").lstrip()
    return body.partition(_DECLARATION_END)[2].lstrip() if body.startswith(b"<?xml") else body


def _atom_entry(feed: etree._Element, facts: FeedFacts, alert: Alert) -> None:
    entry = etree.SubElement(feed, f"{{{ATOM}}}entry")
    address, info = facts.address(alert), _first_info(alert)
    etree.SubElement(entry, f"{{{ATOM}}}link", rel="alternate", type=CAP_TYPE, href=address)
    _put(entry, "id", address)
    _put(entry, "title", _title(alert))
    _put(entry, "updated", _rfc3339(alert.sent))
    _put(entry, "published", _rfc3339(alert.sent))
    _put(entry, "summary", info.description if info else alert.note)
    if info:
        etree.SubElement(entry, f"{{{ATOM}}}category", term=info.same_event, label="event")
    for tag, text in _summary(alert):
        etree.SubElement(entry, f"{{{NAMESPACE}}}{tag}").text = text


def _rss_item(channel: etree._Element, facts: FeedFacts, alert: Alert) -> None:
    item, info = etree.SubElement(channel, "item"), _first_info(alert)
    etree.SubElement(item, "title").text = _title(alert)
    etree.SubElement(item, "link").text = facts.address(alert)
    etree.SubElement(item, "description").text = info.description if info else alert.note
    for category in info.categories if info else ():
        etree.SubElement(item, "category").text = str(category)
    etree.SubElement(item, "guid", isPermaLink="false").text = alert.identifier
    etree.SubElement(item, "pubDate").text = format_datetime(alert.sent.astimezone(UTC), usegmt=True)
    for tag, text in _summary(alert):
        etree.SubElement(item, f"{{{NAMESPACE}}}{tag}").text = text


def _summary(alert: Alert) -> Iterator[tuple[str, str]]:
    """The cap:* fields that readers show without opening the document."""
    yield "status", str(alert.status)
    yield "msgType", str(alert.msg_type)
    info = _first_info(alert)
    if not info:
        return
    yield "event", info.event
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


def _put(parent: etree._Element, tag: str, text: str) -> None:
    etree.SubElement(parent, f"{{{ATOM}}}{tag}").text = text


def _rfc3339(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _document(root: etree._Element) -> bytes:
    return bytes(etree.tostring(root, encoding="UTF-8", xml_declaration=True))
