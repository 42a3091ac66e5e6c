"""The table of rules that a CAP document can break: one row each, from which findings and the handbook are made."""

from __future__ import annotations

from dataclasses import dataclass

from broadcaster.feeds.finding import Concern, Finding, Level


@dataclass(frozen=True, slots=True)
class Rule:
    """`code` is stable for ever, `demands` says in a few words what holds for a good document."""

    code: str
    concern: Concern
    level: Level
    demands: str
    source: str


_CAP, _FEED, _IPAWS, _EAS, _WEA = Concern.CAP, Concern.FEED, Concern.IPAWS, Concern.EAS, Concern.WEA
_E, _W = Level.ERROR, Level.WARNING
_CAP_ALERT, _CAP_INFO = "CAP 1.2 section 3.2.1", "CAP 1.2 section 3.2.2"
_CAP_RESOURCE, _CAP_AREA = "CAP 1.2 section 3.2.3", "CAP 1.2 section 3.2.4"
_GOOGLE = "Google CAP validator"
_PROFILE = "IPAWS USA Profile v1.0"
_ECIG = "ECIG CAP-to-EAS guide"
_FEMA = "FEMA guidance"

_ALERT = (
    ("unwritable", _CAP, _E, "every time has an offset, every text holds characters of XML", "CAP 1.2 section 3.3.2"),
    ("identifier", _CAP, _E, "no space, comma, < or & in the identifier, and not empty", _CAP_ALERT),
    ("sender", _CAP, _E, "no space, comma, < or & in the sender, and not empty", _CAP_ALERT),
    ("sender-plain", _FEED, _W, "the sender is a domain name or a mail address", _CAP_ALERT),
    ("identifier-plain", _FEED, _W, "the identifier holds letters, digits and - _ . : only", "stricter schemas in use"),
    ("exercise-note", _CAP, _W, "an exercise is explained in a note", _CAP_ALERT),
    ("error-note", _CAP, _W, "an Error says in a note what was wrong", _CAP_ALERT),
    ("restriction-scope", _CAP, _E, "a restriction stands where the scope is Restricted, and only there", _GOOGLE),
    ("addresses", _CAP, _E, "a private message has addresses", _CAP_ALERT),
    ("quotes", _CAP, _W, "quotes in addresses and incidents are closed", _CAP_ALERT),
    ("references-missing", _CAP, _E, "Update, Cancel, Ack and Error name the messages they are about", _CAP_ALERT),
    ("references-in-alert", _CAP, _W, "a first message refers to none", _CAP_ALERT),
    ("references-form", _CAP, _E, "references are sender,identifier,sent with spaces between them", _CAP_ALERT),
    ("reference-time", _CAP, _E, "the time of a reference is a CAP time", _CAP_ALERT),
    ("reference-circular", _CAP, _E, "a message does not refer to itself", f"{_GOOGLE}: CIRCULAR_REFERENCE"),
    ("reference-postdated", _CAP, _E, "what is referred to was sent before", f"{_GOOGLE}: POSTDATED_REFERENCE"),
    ("reference-twice", _CAP, _W, "a message is referred to once", _CAP_ALERT),
    ("ipaws-code", _IPAWS, _E, "the code IPAWSv1.0 stands exactly once", f"{_PROFILE}, rule 1"),
    ("references-incomplete", _IPAWS, _E, "all unexpired messages of the thread are named", f"{_PROFILE}, rule 3"),
    ("reference-expired", _IPAWS, _E, "no message that has expired is referred to", "IPAWS-OPEN error 209"),
    ("no-info", _IPAWS, _E, "there is an info block", _PROFILE),
    ("scope", _IPAWS, _W, "the scope is Public: nothing else is passed on", f"{_PROFILE}, rule 11"),
    ("status", _IPAWS, _W, "the status is Actual: nothing else is passed on", f"{_PROFILE}, rule 11"),
    ("sent-stale", _IPAWS, _E, "sent lies within 5 minutes of the arrival", "IPAWS-OPEN error 303"),
    ("live-code-in-test", _IPAWS, _E, "a message of status Test carries DMO, RWT, RMT or NPT", "47 CFR 11.31(e)"),
    ("large", _FEED, _W, "the document has 100 KB at most", "Google Public Alerts"),
    ("too-large", _FEED, _E, "the document has 900 KB at most", "Google Public Alerts"),
)  # fmt: skip

_INFO = (
    ("language", _CAP, _E, "the language is a tag such as en-US", "RFC 3066"),
    ("event-empty", _CAP, _E, "the event has a name", _CAP_INFO),
    ("assess-public", _CAP, _W, "Assess is not asked of the public", _CAP_INFO),
    ("web", _CAP, _E, "the web address is whole", f"{_GOOGLE}: INVALID_WEB"),
    ("web-plain", _FEED, _W, "the web address begins with https", "Google Public Alerts"),
    ("headline-long", _CAP, _W, "the headline has 160 characters at most", _CAP_INFO),
    ("markup", _CAP, _W, "texts are plain, without mark-up and doubly escaped characters", "CAP 1.2 section 3.3"),
    ("expires-past", _CAP, _E, "it ends after it is sent", _ECIG),
    ("expires-early", _CAP, _W, "it ends after it begins", _CAP_INFO),
    ("value-name", _CAP, _W, "SAME, FIPS, UGC and ZIP are written in capitals", _CAP_INFO),
    ("value-empty", _CAP, _W, "names and values are not empty", _CAP_INFO),
    ("not-translated", _CAP, _W, "two languages do not share their words", f"{_GOOGLE}: SAME_TEXT_DIFFERENT_LANGUAGE"),
    ("resource-type", _CAP, _E, "a resource has a media type", f"{_GOOGLE}, RFC 2046"),
    ("resource-uri", _CAP, _E, "a relative address comes with the bytes (derefUri)", _CAP_RESOURCE),
    ("resource-bytes", _CAP, _E, "derefUri is base64", _CAP_RESOURCE),
    ("resource-size", _CAP, _E, "the size is not negative", _CAP_RESOURCE),
    ("resource-digest", _CAP, _E, "the digest is SHA-1, 40 hex digits, of the bytes that came along", _CAP_RESOURCE),
    ("categories-differ", _IPAWS, _E, "all languages have the same categories", f"{_PROFILE}, rule 4"),
    ("event-codes-differ", _IPAWS, _E, "all languages have the same event codes", f"{_PROFILE}, rule 4"),
    ("expires-missing", _IPAWS, _E, "every info block says when it ends", f"{_PROFILE}, rule 5"),
    ("same-event", _IPAWS, _E, "there is exactly one SAME event code", f"{_PROFILE}, rule 6"),
    ("same-event-form", _IPAWS, _E, "the SAME event is three capital letters", "47 CFR 11.31(e)"),
    ("same-event-unknown", _IPAWS, _E, "the SAME event is in the list of Part 11", "47 CFR 11.31(e)"),
    ("effective-later", _IPAWS, _W, "it holds at once: effective and onset are not read", f"{_PROFILE}, rule 8"),
    ("description-empty", _IPAWS, _W, "there is a description", f"{_PROFILE}, rule 9"),
    ("instruction-empty", _IPAWS, _W, "there is an instruction", f"{_PROFILE}, rule 9"),
    ("parameter-unknown", _IPAWS, _W, "parameters have names that IPAWS knows, case included", _PROFILE),
    ("timezone", _IPAWS, _W, "timezone names a zone by letters, such as EST", f"{_PROFILE} section 2.2"),
    ("blockchannel", _IPAWS, _E, "BLOCKCHANNEL names EAS, NWEM, CMAS or PUBLIC", f"{_PROFILE} section 2.2"),
    ("blocked-everywhere", _IPAWS, _W, "some channel is left open", f"{_PROFILE} section 2.2"),
    ("language-twice", _EAS, _W, "a language stands once: boxes read the first", _ECIG),
    ("parameter-twice", _EAS, _W, "a parameter stands once: boxes read the first", _ECIG),
    ("eas-org", _EAS, _E, "EAS-ORG names the originator: CIV, WXR, PEP or EAS", f"{_PROFILE}, rule 10"),
    ("eas-stn-id", _EAS, _W, "EAS-STN-ID is not sent: boxes put in their own", _ECIG),
    ("eas-must-carry", _EAS, _W, "EAS-Must-Carry is True or is not there", _ECIG),
    ("eas-sender-name", _EAS, _W, "senderName is there: boxes say “Message from” it", _ECIG),
    ("eas-long", _EAS, _W, "the spoken text fits in 1,800 characters", _ECIG),
    ("eas-lifetime", _EAS, _W, "it lasts six hours at most, the longest that a header can say", "47 CFR 11.31"),
    ("eas-audio", _EAS, _E, "EAS audio is MP3 or WAV under its own media type", _ECIG),
    ("wea-handling", _WEA, _E, "WEAHandling is Imminent Threat, Public Safety or WEA Test", "47 CFR 10.400"),
    ("wea-handling-missing", _WEA, _E, "a text to phones comes with WEAHandling", "47 CFR 10.400"),
    ("wea-class", _WEA, _E, "an imminent threat is soon, bad and sure", "47 CFR 10.400"),
    ("wea-drill", _WEA, _E, "a test event goes to phones as WEA Test, and no other does", "47 CFR 10.350"),
    ("wea-event", _WEA, _E, "the event is one that phones get: ADR and AVA are not", "FEMA event code fact sheet"),
    ("wea-text-missing", _WEA, _W, "the text to phones is our own", _FEMA),
    ("wea-short-missing", _WEA, _E, "a long text to phones comes with the short one", _FEMA),
    ("wea-long", _WEA, _E, "CMAMtext has 90 characters at most, CMAMlongtext 360", "47 CFR 10.430"),
    ("wea-characters", _WEA, _E, "texts to phones hold GSM-7 characters only", _FEMA),
    ("wea-newline", _WEA, _E, "texts to phones are one line", _FEMA),
    ("wea-language", _WEA, _W, "texts to phones are in English or Spanish", "47 CFR 10.480"),
    ("wea-expires", _WEA, _E, "a text to phones lasts 24 hours at most", "47 CFR 10.450; FEMA guidance"),
    ("wea-area", _WEA, _E, "a text to phones has a polygon, a circle or a SAME place", "47 CFR 10.450"),
)  # fmt: skip

_AREA = (
    ("area-desc", _CAP, _E, "an area has a description", _CAP_AREA),
    ("polygon-form", _CAP, _E, "a polygon is lat,lon pairs with single spaces, on Earth", _CAP_AREA),
    ("polygon-open", _CAP, _E, "a polygon has four points or more and ends where it began", _CAP_AREA),
    ("polygon-crossed", _CAP, _W, "a polygon does not cross itself", _CAP_AREA),
    ("circle", _CAP, _E, "a circle is lat,lon and a radius in kilometres", _CAP_AREA),
    ("ceiling", _CAP, _E, "a ceiling comes with an altitude", f"{_GOOGLE}: INVALID_AREA"),
    ("ceiling-low", _CAP, _E, "a ceiling is not below its altitude", f"{_GOOGLE}: INVALID_ALTITUDE_CEILING_RANGE"),
    ("area-shapeless", _FEED, _W, "an area has a polygon, a circle or a code, not words alone", "Google Public Alerts"),
    ("polygon-decimals", _FEED, _W, "coordinates have six decimals at most", "Google Public Alerts"),
    ("area-missing", _IPAWS, _E, "every info block says where", f"{_PROFILE}, rule 7"),
    ("same-missing", _IPAWS, _W, "every area has a SAME place", f"{_PROFILE}, rule 7"),
    ("same-form", _IPAWS, _E, "a SAME place is six digits, PSSCCC", "47 CFR 11.31(c)"),
    ("same-state", _IPAWS, _E, "a SAME place lies in a state, a territory or a marine area", "47 CFR 11.31(f)"),
    ("polygon-nodes", _IPAWS, _E, "a polygon has 100 points at most", "FEMA software requirements"),
    ("same-too-many", _EAS, _W, "there are 31 SAME places at most: boxes read the first", "47 CFR 11.31(c)"),
)  # fmt: skip

_HOUSE = (
    ("UNSIGNED", _CAP, _W, "the document is signed", "IPAWS-OPEN and ECIG: receivers check a signature"),
    ("certificate", _CAP, _W, "the signing certificate is good for more than 60 days", "FEMA: renewed by hand"),
    ("wea-number", _WEA, _W, "it is said that phones get the one number which the whole area shares", "Broadcaster"),
    ("wea-door", _WEA, _W, "it is said that phones get the one door, and how long it would be jammed", "Broadcaster"),
    ("wea-nowhere", _WEA, _W, "an area that shares no number has a door: LOOKUP_URL or the others", "Broadcaster"),
)  # fmt: skip
"""What Broadcaster says of its own documents only."""

RULES = {row[0]: Rule(*row) for row in (*_ALERT, *_INFO, *_AREA, *_HOUSE)}
"""Every rule by its code."""

OF_OUR_OWN = frozenset(row[0] for row in _HOUSE)


def found(code: str, xpath: str, sentence: str) -> Finding:
    """A finding by the rule of this code; `sentence` says what is wrong here and what to do."""
    rule = RULES[code]
    return Finding(code, rule.level, xpath, sentence, rule.source, rule.concern)
