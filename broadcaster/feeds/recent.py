"""What EAS boxes and IPAWS clients poll: whole signed alerts by way out, and the older pair of Atom documents.

Every status is served: in `live` there is only Actual, and elsewhere a box may learn to read us. A box must never air
what is not Actual (ECIG guide), whatever it polls. Shapes: cap-ipaws.md section 4.3.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from lxml import etree

from broadcaster.feeds.atom import ATOM, CAP_TYPE, FeedFacts, document, put, rfc3339
from broadcaster.feeds.capvalues import Alert, MsgType

NAMESPACE = "http://gov.fema.ipaws.services/feed"
BLOCKED_BY = {"public": "", "public_non_eas": "PUBLIC", "eas": "EAS", "nwem": "NWEM", "PublicWEA": "CMAS"}
"""Each feed and the BLOCKCHANNEL value that keeps an alert out of it; `public` holds all (cap-ipaws.md 4.3)."""
FOLDER = "recent"


@dataclass(frozen=True, slots=True)
class Held:
    """A published document: its value, and the bytes that were signed."""

    alert: Alert
    data: bytes


def chosen(held: Iterable[Held], feed: str, now: datetime, since: datetime | None = None) -> list[bytes]:
    """The documents of a feed that have not expired, sent at or after `since`, in the order given."""
    return [one.data for one in held if (since is None or one.alert.sent >= since) and is_on(one.alert, feed, now)]


def is_on(alert: Alert, feed: str, now: datetime) -> bool:
    """Whether an alert belongs into a feed at a moment: not expired, not blocked there, and for phones with a text."""
    if alert.expires is not None and alert.expires <= now:
        return False
    if BLOCKED_BY[feed] and any(BLOCKED_BY[feed] in info.parameters_named("BLOCKCHANNEL") for info in alert.infos):
        return False
    needs_text = feed == "PublicWEA" and alert.msg_type is not MsgType.CANCEL
    return not needs_text or any(info.parameter("CMAMtext") for info in alert.infos)


def wrapped(documents: Iterable[bytes]) -> bytes:
    """Whole signed documents in IPAWS's wrapper, byte for byte but for their XML declarations."""
    opening = f'<?xml version="1.0" encoding="UTF-8"?>\n<ns1:alerts xmlns:ns1="{NAMESPACE}">'.encode()
    return opening + b"".join(_without_declaration(each) for each in documents) + b"</ns1:alerts>"


def _without_declaration(data: bytes) -> bytes:
    body = data.removeprefix(b"\xef\xbb\xbf").lstrip()
    return body.partition(b"?>")[2].lstrip() if body.startswith(b"<?xml") else body


def recent_files(facts: FeedFacts, held: Sequence[Held], now: datetime) -> dict[str, bytes]:
    """Every feed by path, whole, for a web server that knows no timestamps; and what older boxes ask for."""
    made = {f"{FOLDER}/{feed}.xml": wrapped(chosen(held, feed, now)) for feed in BLOCKED_BY}
    aired = [one.alert for one in held if is_on(one.alert, "eas", now)]
    return {**made, f"{FOLDER}/feed.atom": eas_feed(facts, aired), f"{FOLDER}/update.atom": eas_feed(facts, aired, ())}


def eas_feed(facts: FeedFacts, alerts: Sequence[Alert], listed: Sequence[Alert] | None = None) -> bytes:
    """The older protocol of EAS boxes: they compare `updated`, then read the entries; without `listed` all of them."""
    feed = etree.Element(f"{{{ATOM}}}feed", nsmap={None: ATOM})  # type: ignore[dict-item]
    put(feed, "id", f"{facts.base}/IPAWSOPEN_EAS_SERVICE/rest/feed")
    put(feed, "title", facts.title)
    put(feed, "updated", rfc3339(max((alert.sent for alert in alerts), default=facts.updated)))
    put(etree.SubElement(feed, f"{{{ATOM}}}author"), "name", facts.author)
    for alert in alerts if listed is None else listed:
        _eas_entry(feed, facts, alert)
    return document(feed)


def _eas_entry(feed: etree._Element, facts: FeedFacts, alert: Alert) -> None:
    """SAGE and EASyCAP boxes look at `statefips` before they open the document."""
    entry = etree.SubElement(feed, f"{{{ATOM}}}entry")
    events = dict.fromkeys(info.same_event for info in alert.infos if info.same_event)
    etree.SubElement(entry, f"{{{ATOM}}}link", rel="alternate", type=CAP_TYPE, href=facts.address(alert))
    put(entry, "id", facts.address(alert))
    put(entry, "title", next(iter(events), alert.identifier))
    put(entry, "updated", rfc3339(alert.sent))
    for event in events:
        etree.SubElement(entry, f"{{{ATOM}}}category", term=event, label="event")
    for state in dict.fromkeys(place[1:3] for info in alert.infos for place in info.same_places):
        etree.SubElement(entry, f"{{{ATOM}}}category", term=state, label="statefips")
