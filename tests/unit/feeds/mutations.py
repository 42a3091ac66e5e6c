"""One broken message, or several, for each rule of the table."""

import base64
import hashlib
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from broadcaster.feeds import cap
from broadcaster.feeds.capvalues import (
    Category,
    MsgType,
    NameValue,
    Resource,
    ResponseType,
    Scope,
    Severity,
    Status,
    Sureness,
    Urgency,
)
from tests.unit.feeds.samples import NOON, facts

GOOD = cap.build(facts())
EARLIER = cap.Reference("alerts@911.example.gov", "MA911-a1-0", "2024-06-18T14:00:00-04:00")
ZIGZAG = "42.0,-72.0 42.2,-72.2 42.2,-72.0 42.0,-72.2 42.0,-72.0"
SOUND = b"the sound of an alert"


def sha1(data):
    return hashlib.sha1(data, usedforsecurity=False).hexdigest()


def info_with(**changes):
    """The good alert with one thing changed in every language."""
    return replace(GOOD, infos=tuple(replace(info, **changes) for info in GOOD.infos))


def second(**changes):
    """The good alert with one thing changed in Spanish alone."""
    return replace(GOOD, infos=(GOOD.infos[0], replace(GOOD.infos[1], **changes)))


def parameter(name, *values):
    others = tuple(pair for pair in GOOD.infos[0].parameters if pair.name != name)
    return info_with(parameters=(*others, *(NameValue(name, value) for value in values)))


def area(**changes):
    return info_with(areas=(replace(GOOD.infos[0].areas[0], **changes),))


def same(*codes):
    return tuple(NameValue("SAME", code) for code in codes)


def event(*codes):
    return info_with(event_codes=same(*codes))


def update(*references, **changes):
    return replace(GOOD, msg_type=MsgType.UPDATE, references=references, **changes)


def resource(**changes):
    good = Resource("Map", "image/png", uri="https://911.example.gov/map.png")
    return info_with(resources=(replace(good, **changes),))


MUTATIONS = {
    "unwritable": [
        replace(GOOD, sent=NOON.replace(tzinfo=None)), info_with(headline="911\x00"), info_with(categories=()),
    ],
    "identifier": [replace(GOOD, identifier=name) for name in ("MA 911", "", "a,b", "a<b", "a&b")],
    "identifier-plain": [replace(GOOD, identifier="MA/911")],
    "sender": [replace(GOOD, sender=name) for name in ("State 911", "", "a,b@c.gov")],
    "sender-plain": [replace(GOOD, sender="somebody")],
    "exercise-note": [replace(GOOD, status=Status.EXERCISE)],
    "error-note": [update(EARLIER, note="")],
    "restriction-scope": [replace(GOOD, restriction="police"), replace(GOOD, scope=Scope.RESTRICTED)],
    "addresses": [replace(GOOD, scope=Scope.PRIVATE), replace(GOOD, scope=Scope.PRIVATE, addresses=" ")],
    "quotes": [replace(GOOD, incidents='"one two'), replace(GOOD, addresses='"a b" "c')],
    "references-missing": [replace(GOOD, msg_type=kind) for kind in MsgType if kind is not MsgType.ALERT],
    "references-in-alert": [replace(GOOD, references=(EARLIER,))],
    "references-form": [update(EARLIER, cap.Reference("", "one,two", ""))],
    "reference-time": [update(replace(EARLIER, sent="2024-06-18T14:00:00Z"))],
    "reference-circular": [update(replace(EARLIER, identifier="MA911-a1-1"))],
    "reference-postdated": [update(replace(EARLIER, sent="2024-06-18T14:30:01-04:00"))],
    "reference-twice": [update(EARLIER, EARLIER)],
    "ipaws-code": [replace(GOOD, codes=codes) for codes in ((), ("IPAWSv1.0", "IPAWSv1.0"), ("ipawsv1.0",))],
    "no-info": [replace(GOOD, infos=())],
    "scope": [replace(GOOD, scope=Scope.RESTRICTED, restriction="police")],
    "status": [replace(GOOD, status=status, note="x") for status in Status if status is not Status.ACTUAL],
    "live-code-in-test": [replace(GOOD, status=Status.TEST)],
    "large": [info_with(description="911 is down. " * 5_000)],
    "too-large": [info_with(description="911 is down. " * 50_000)],
    "language": [info_with(language=tag) for tag in ("en_US", "12345", "toolonglang", "??")],
    "event-empty": [info_with(event=" ")],
    "assess-public": [info_with(response_types=(ResponseType.ASSESS,))],
    "web": [info_with(web=web) for web in ("911.example.gov", "/status", "https://[", "https:")],
    "web-plain": [info_with(web="http://911.example.gov/")],
    "headline-long": [info_with(headline="x" * 161)],
    "markup": [
        info_with(description="<b>911</b> is down."), info_with(instruction="Police &amp; fire"),
        info_with(headline="<br/>"),
    ],
    "expires-past": [info_with(expires=NOON), info_with(expires=NOON - timedelta(days=1))],
    "expires-early": [info_with(onset=NOON + timedelta(hours=2)), info_with(effective=NOON + timedelta(hours=3))],
    "value-name": [info_with(event_codes=(NameValue("S.A.M.E.", "TOE"),)), area(geocodes=(NameValue("zip", "01103"),))],
    "value-empty": [parameter("", "x"), parameter("EAS-ORG", " "), area(geocodes=(NameValue("ZIP", ""),))],
    "not-translated": [second(headline=GOOD.infos[0].headline), second(event=GOOD.infos[0].event)],
    "resource-type": [resource(mime_type=kind) for kind in ("picture/png", "png", "")],
    "resource-uri": [resource(uri="map.png"), resource(uri="//x.example/map.png")],
    "resource-bytes": [resource(deref_uri="no base64!")],
    "resource-size": [resource(size=-1)],
    "resource-digest": [
        resource(digest="12ab"),
        resource(deref_uri=base64.b64encode(SOUND).decode(), digest=sha1(b"other")),
    ],
    "categories-differ": [second(categories=(Category.INFRA,))],
    "event-codes-differ": [second(event_codes=same("LAE"))],
    "expires-missing": [info_with(expires=None)],
    "same-event": [event("TOE", "LAE"), event(), info_with(event_codes=(NameValue("NationalWeatherService", "TOE"),))],
    "same-event-form": [event("toe"), event("TOES"), event("T0E")],
    "same-event-unknown": [event("XYZ")],
    "effective-later": [info_with(effective=NOON + timedelta(seconds=1)), info_with(onset=NOON + timedelta(seconds=1))],
    "description-empty": [info_with(description=" ")],
    "instruction-empty": [info_with(instruction="")],
    "parameter-unknown": [parameter("CMAMtext-Spanish", "El 911 no funciona"), parameter("cmamtext", "x")],
    "timezone": [parameter("timezone"), parameter("timezone", "-05:00"), parameter("timezone", "America")],
    "blockchannel": [parameter("BLOCKCHANNEL", "TV"), parameter("BLOCKCHANNEL", "EAS", "cmas")],
    "blocked-everywhere": [parameter("BLOCKCHANNEL", "EAS", "NWEM", "CMAS", "PUBLIC")],
    "language-twice": [second(language="en-US"), second(language=""), second(language="EN-us")],
    "parameter-twice": [parameter("CMAMtext", "One.", "Two.")],
    "eas-org": [parameter("EAS-ORG", "GOV"), parameter("EAS-ORG"), parameter("EAS-ORG", "civ")],
    "eas-stn-id": [parameter("EAS-STN-ID", "MA911")],
    "eas-must-carry": [parameter("EAS-Must-Carry", "yes"), parameter("EAS-Must-Carry", "False")],
    "eas-sender-name": [info_with(sender_name="")],
    "eas-long": [info_with(description="911 is down. " * 160), parameter("EASText", "911 is down. " * 160)],
    "eas-lifetime": [info_with(expires=NOON + timedelta(hours=6, seconds=1))],
    "eas-audio": [resource(desc="EAS Broadcast Content", mime_type="audio/mpeg")],
    "wea-handling": [parameter("WEAHandling", "Broadcast")],
    "wea-handling-missing": [parameter("WEAHandling"), parameter("WEAHandling", "")],
    "wea-class": [
        info_with(severity=Severity.MODERATE),
        info_with(urgency=Urgency.FUTURE),
        info_with(certainty=Sureness.POSSIBLE),
    ],
    "wea-drill": [event("DMO"), event("RMT"), parameter("WEAHandling", "WEA Test")],
    "wea-event": [event("ADR"), event("AVA")],
    "wea-text-missing": [
        info_with(parameters=tuple(pair for pair in GOOD.infos[0].parameters if not pair.name.startswith("CMAM"))),
    ],
    "wea-short-missing": [parameter("CMAMtext"), parameter("CMAMtext", "")],
    "wea-long": [
        parameter("CMAMtext", "9" * 91), parameter("CMAMlongtext", "9" * 361), parameter("CMAMtext", "[" * 46),
    ],
    "wea-characters": [parameter("CMAMlongtext", "El número no está"), parameter("CMAMtext", "911 📵")],
    "wea-newline": [parameter("CMAMtext", f"911 is down.{mark}Call 413-555-0100.") for mark in "\n\r"],
    "wea-language": [info_with(language="pt-BR")],
    "wea-expires": [info_with(expires=NOON + timedelta(hours=24, seconds=1))],
    "wea-area": [area(geocodes=(NameValue("FIPS6", "025013"),)), info_with(areas=())],
    "area-missing": [info_with(areas=())],
    "area-desc": [area(desc=" ")],
    "area-shapeless": [area(geocodes=())],
    "same-too-many": [area(geocodes=same(*(f"025{number:03}" for number in range(32))))],
    "same-missing": [area(geocodes=()), area(geocodes=(NameValue("FIPS6", "025013"),))],
    "same-form": [area(geocodes=same(code)) for code in ("25013", "0250130", "02501a", "٠٢٥٠١٣")],
    "same-state": [area(geocodes=same(code)) for code in ("003001", "099013", "079000")],
    "polygon-form": [
        area(polygons=(ring,))
        for ring in (
            "42.1,-72.5  42.2,-72.5 42.2,-72.6 42.1,-72.5",
            "3,4 a,b 5,6 3,4",
            "300,200 1,2 3,4 300,200",
            "-72.5,181 1,2 3,4 -72.5,181",
            "",
            "1,2 3,4 5,6 1,2 ",
        )
    ],
    "polygon-open": [area(polygons=(ring,)) for ring in ("42.1,-72.5 42.2,-72.5 42.2,-72.6 42.1,-72.6", "1,2 3,4 1,2")],
    "polygon-crossed": [area(polygons=(ZIGZAG,))],
    "polygon-nodes": [area(polygons=(" ".join(["42.1,-72.5"] * 101),))],
    "polygon-decimals": [area(polygons=("42.1234567,-72.5 42.2,-72.5 42.2,-72.6 42.1234567,-72.5",))],
    "circle": [area(circles=(text,)) for text in ("42.1,-72.5 -3", "invalid", "1, 2 3", "1,2", "91,0 3")],
    "ceiling": [area(ceiling=Decimal(100)), area(ceiling=Decimal(0))],
    "ceiling-low": [area(ceiling=Decimal(99), altitude=Decimal(100))],
}  # fmt: skip
MUTATIONS["error-note"] = [replace(one, msg_type=MsgType.ERROR) for one in MUTATIONS["error-note"]]
