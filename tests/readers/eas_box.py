"""A box at a broadcaster: it polls `recent`, trusts one certificate, and airs what it must and nothing else.

Written from the ECIG CAP-to-EAS guide and 47 CFR 11.31 (cap-ipaws.md sections 2.5, 3 and 4.3), without our feeds.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from lxml import etree
from signxml import SignatureConfiguration, XMLVerifier
from signxml.exceptions import InvalidInput, SignXMLException

from tests.readers import web

CAP = "{urn:oasis:names:tc:emergency:cap:1.2}"
SIGNATURE = "{http://www.w3.org/2000/09/xmldsig#}Signature"
ROOM = 1800
KNOWN = {"TOE": "911 Telephone Outage Emergency", "ADR": "Administrative Message", "DMO": "Practice/Demo Warning"}


@dataclass(frozen=True, slots=True)
class Aired:
    """What went over the air: the header and the spoken text of one message in one language."""

    identifier: str
    header: str
    text: str


@dataclass(frozen=True, slots=True)
class Dropped:
    """What did not, and why."""

    identifier: str
    why: str


@dataclass
class EasBox:
    """`places` are the SAME codes of its region, `cert_pem` the only signer it trusts; state and time are its own."""

    base: str
    cert_pem: bytes
    places: dict[str, str]
    station: str = "WXYZ/FM "
    timezone: str = "America/New_York"
    language: str = "en"
    aired: list[Aired] = field(default_factory=list)
    dropped: list[Dropped] = field(default_factory=list)
    since: datetime | None = None
    _messages: set[tuple[str, ...]] = field(default_factory=set)
    _headers: set[str] = field(default_factory=set)

    def poll(self, now: datetime) -> int:
        """Ask for everything since the last poll, or of the last half hour at the first; the HTTP status."""
        since = self.since or now - timedelta(minutes=30)
        answer = web.get(f"{self.base}/IPAWSOPEN_EAS_SERVICE/rest/eas/recent/{since:%Y-%m-%dT%H:%M:%SZ}")
        if answer.status == 200:
            self.hear(answer.body, now)
            self.since = now - timedelta(minutes=2)  # it asks for a little more, and knows what it has
        return answer.status

    def hear(self, wrapped: bytes, now: datetime) -> None:
        """A whole answer of the feed."""
        for alert in etree.fromstring(wrapped):
            self._one(etree.tostring(alert, with_tail=False), now)

    def _one(self, document: bytes, now: datetime) -> None:
        signed = self._signed_part(document, now)
        if signed is None:
            name = etree.fromstring(document).findtext(f"{CAP}identifier", "?")
            self.dropped.append(Dropped(name, "not signed by the trusted certificate"))
            return
        key = tuple(signed.findtext(f"{CAP}{tag}", "") for tag in ("sender", "identifier", "sent"))
        if key in self._messages:
            return
        self._messages.add(key)
        why = self._unfit(signed, now)
        if why:
            self.dropped.append(Dropped(key[1], why))
        else:
            self._air(signed, key[1])

    def _signed_part(self, document: bytes, now: datetime) -> etree._Element | None:
        root = etree.fromstring(document)
        if len(root.findall(f".//{SIGNATURE}")) != 1:
            return None
        expected = SignatureConfiguration(location="./", expect_references=1, verification_time=now)
        try:
            part = XMLVerifier().verify(root, x509_cert=self.cert_pem.decode(), expect_config=expected)
        except (SignXMLException, InvalidInput, ValueError):
            return None
        signed = part[0].signed_xml if isinstance(part, list) else part.signed_xml
        return signed if signed is not None and signed.tag == f"{CAP}alert" else None

    def _unfit(self, alert: etree._Element, now: datetime) -> str:
        """Why a message must not air; ``""`` when it must."""
        status, kind = alert.findtext(f"{CAP}status"), alert.findtext(f"{CAP}msgType")
        info = self._info(alert)
        if status != "Actual":
            return f"status {status}"
        if kind == "Cancel":
            return "logged: Cancel"
        if info is None:
            return "nothing to say"
        if "EAS" in _parameters(info, "BLOCKCHANNEL"):
            return "blocked for EAS"
        if _event(info) not in KNOWN:
            return f"unknown event {_event(info)}"
        if _time(info, "expires") <= now:
            return "expired"
        if not self._mine(info):
            return "not in this region"
        header = _header(alert, info, "")
        if header in self._headers:
            return "duplicate of what was aired"
        self._headers.add(header)
        return ""

    def _info(self, alert: etree._Element) -> etree._Element | None:
        """The first block of its language; an absent language is English."""
        blocks = alert.findall(f"{CAP}info")
        return next((one for one in blocks if one.findtext(f"{CAP}language", "en").startswith(self.language)), None)

    def _mine(self, info: etree._Element) -> bool:
        """Whether the message names a place of its region, or the whole state around one (CCC 000)."""
        wanted = set(self.places) | {f"{code[:3]}000" for code in self.places}
        return not wanted.isdisjoint(_places(info))

    def _air(self, alert: etree._Element, identifier: str) -> None:
        info = self._info(alert)
        assert info is not None
        header = _header(alert, info, self.station)
        self.aired.append(Aired(identifier, header, self._words(alert, info)))

    def _words(self, alert: etree._Element, info: etree._Element) -> str:
        zone = ZoneInfo(self.timezone)
        sent = _time(alert, "sent")
        ends = sent + _purge(sent, _time(info, "expires"))
        places = "; ".join(self.places.get(code, code) for code in _places(info))
        first = (
            f"The Civil Authorities have issued a {KNOWN[_event(info)]} for {places} at {_hour(sent.astimezone(zone))}"
            f" on {sent.astimezone(zone):%b} {sent.astimezone(zone).day}, {sent.astimezone(zone).year}"
            f" effective until {_hour(ends.astimezone(zone))}."
        )
        own = _parameters(info, "EASText")
        said = own[0] if own else " ".join(
            (f"Message from {info.findtext(f'{CAP}senderName', '')}.",
             info.findtext(f"{CAP}description", ""), info.findtext(f"{CAP}instruction", ""))
        )  # fmt: skip
        whole = f"{first} {' '.join(said.split())}"
        return whole if len(whole) <= ROOM else f"{whole[: ROOM - 3]}***"


def _header(alert: etree._Element, info: etree._Element, station: str) -> str:
    sent = _time(alert, "sent")
    minutes = _purge(sent, _time(info, "expires")) // timedelta(minutes=1)
    places = "-".join(_places(info)[:31])
    return (
        f"ZCZC-{_parameters(info, 'EAS-ORG')[0]}-{_event(info)}-{places}+{minutes // 60:02}{minutes % 60:02}"
        f"-{sent.astimezone(UTC):%j%H%M}-{station}-"
    )


def _purge(sent: datetime, expires: datetime) -> timedelta:
    """Up to 45 minutes in steps of 15, then of 30, rounded up."""
    minutes = (expires - sent) / timedelta(minutes=1)
    step = 15 if minutes <= 45 else 30
    return timedelta(minutes=min(360, math.ceil(minutes / step) * step))


def _time(element: etree._Element, tag: str) -> datetime:
    return datetime.fromisoformat(element.findtext(f"{CAP}{tag}", ""))


def _parameters(info: etree._Element, name: str) -> list[str]:
    pairs = info.findall(f"{CAP}parameter")
    return [one.findtext(f"{CAP}value", "") for one in pairs if one.findtext(f"{CAP}valueName") == name]


def _event(info: etree._Element) -> str:
    codes = info.findall(f"{CAP}eventCode")
    return next(one.findtext(f"{CAP}value", "") for one in codes if one.findtext(f"{CAP}valueName") == "SAME")


def _places(info: etree._Element) -> list[str]:
    codes = info.findall(f"{CAP}area/{CAP}geocode")
    found = (one.findtext(f"{CAP}value", "") for one in codes if one.findtext(f"{CAP}valueName") == "SAME")
    return list(dict.fromkeys(found))


def _hour(moment: datetime) -> str:
    return f"{moment.hour % 12 or 12}:{moment:%M} {'AM' if moment.hour < 12 else 'PM'}"
