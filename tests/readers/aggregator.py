"""An alert aggregator: it follows a feed, fetches each entry's id as the CAP document, and keeps what concerns people.

As the IFRC's hub and WMO's feed fetcher do (cap-ipaws.md section 8): an entry's id is its key for ever, an entry that
changes is not looked at again, the feed is asked for with its ETag and date.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

import feedparser
from lxml import etree

from tests.readers import web

CAP = "{urn:oasis:names:tc:emergency:cap:1.2}"
ACCEPTED = ("application/cap+xml", "application/xml", "text/xml")


@dataclass(frozen=True, slots=True)
class Kept:
    """One document that it shows, with the documents that it replaces."""

    url: str
    identifier: str
    kind: str
    headline: str
    polygons: tuple[str, ...]
    references: tuple[str, ...]


@dataclass
class Aggregator:
    """Follows one feed, Atom or RSS; `base` stands for the public address, which the tests serve on loopback."""

    feed: str
    public: str
    base: str
    kept: dict[str, Kept] = field(default_factory=dict)
    ignored: dict[str, str] = field(default_factory=dict)
    statuses: list[int] = field(default_factory=list)
    fetched: int = 0
    _validators: dict[str, str] = field(default_factory=dict)

    def poll(self, now: datetime) -> None:
        """Look at the feed once; what it has seen it does not fetch again."""
        answer = web.get(self._here(self.feed), self._validators)
        self.statuses.append(answer.status)
        if answer.status != 200:
            return
        self._validators = {"If-None-Match": answer.headers["etag"]}
        if "last-modified" in answer.headers:
            self._validators["If-Modified-Since"] = answer.headers["last-modified"]
        parsed = feedparser.parse(answer.body, response_headers={"content-type": answer.headers["content-type"]})
        assert not parsed.bozo, parsed.bozo_exception
        for entry in parsed.entries:
            url = entry.id if parsed.version.startswith("atom") else entry.link
            if url not in self.kept and url not in self.ignored:
                self._fetch(url, now)

    def _here(self, url: str) -> str:
        assert url.startswith(f"{self.public}/"), f"{url} is not at the public address"
        return self.base + url.removeprefix(self.public)

    def _fetch(self, url: str, now: datetime) -> None:
        answer = web.get(self._here(url))
        self.fetched += 1
        if answer.status != 200 or answer.headers["content-type"].partition(";")[0] not in ACCEPTED:
            self.ignored[url] = f"no document: {answer.status}"
            return
        alert = etree.fromstring(answer.body)
        why = self._of_no_concern(alert, now)
        if why:
            self.ignored[url] = why
        else:
            self.kept[url] = _kept(url, alert)

    @staticmethod
    def _of_no_concern(alert: etree._Element, now: datetime) -> str:
        status = alert.findtext(f"{CAP}status", "")
        if status != "Actual":
            return f"status {status}"
        ends = [datetime.fromisoformat(each.text or "") for each in alert.findall(f"{CAP}info/{CAP}expires")]
        return "expired" if ends and max(ends) <= now else ""


def _kept(url: str, alert: etree._Element) -> Kept:
    references = (alert.findtext(f"{CAP}references") or "").split()
    return Kept(
        url=url,
        identifier=alert.findtext(f"{CAP}identifier", ""),
        kind=alert.findtext(f"{CAP}msgType", ""),
        headline=alert.findtext(f"{CAP}info/{CAP}headline", ""),
        polygons=tuple(each.text or "" for each in alert.findall(f"{CAP}info/{CAP}area/{CAP}polygon")),
        references=tuple(each.split(",")[1] for each in references),
    )
