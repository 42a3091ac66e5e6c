"""The fields of a notice by the labels that providers give them, in any order and spelling; what fits none is kept.

Nothing is thrown away: a label that nobody knows, a time that nobody can read, a line beside them are `unread`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from broadcaster.messages.template import plain
from broadcaster.outage.notice.rule import LONGEST, Confidential, Notice, Open
from broadcaster.outage.notice.times import moment
from broadcaster.store.agencies.provider_notices import NoticeKind

LABELS: Mapping[str, Sequence[str]] = {
    "ticket": (
        "unique outage identifier", "outage identifier", "unique identifier", "outage id", "outage number",
        "identifier", "ticket", "ticket number", "ticket no", "ticket id", "trouble ticket", "incident",
        "incident number", "incident id", "reference", "reference number", "reference no", "case number", "event id",
        "master ticket",
    ),
    "contact_name": ("contact", "contact name", "name", "point of contact", "follow up contact", "contact person"),
    "contact_phone": (
        "phone", "telephone", "phone number", "telephone number", "contact phone", "contact telephone",
        "contact number", "contact phone number", "callback number", "call back number",
    ),
    "contact_email": ("email", "e mail", "email address", "e mail address", "contact email", "contact e mail"),
    "provider": (
        "provider", "providers", "provider s", "service provider", "provider name", "name of provider", "carrier",
        "company", "company name", "originating service provider", "provider experiencing the outage",
        "providers experiencing the outage", "provider s experiencing the outage", "provider affected",
        "providers affected", "provider s affected",
    ),
    "began": (
        "began", "start", "start time", "started", "start date time", "start date and time", "outage began",
        "outage start", "outage start time", "date and time outage began", "date and time the outage began",
        "date time of outage", "date and time it began", "event start", "time began", "outage start date time",
    ),
    "discovered": (
        "discovered", "discovery", "discovered at", "time of discovery", "time discovered", "discovery time",
        "date and time of discovery", "date time of discovery", "date and time discovered", "outage discovered",
    ),
    "services": (
        "services", "service", "services affected", "service affected", "affected services", "type of service",
        "types of service", "communications services affected", "communications service affected",
        "types of communications service affected", "types of communications services affected",
        "type of communications service affected", "service type",
    ),
    "area": (
        "area", "areas", "area affected", "affected area", "geographic area", "geographic area affected", "location",
        "locations", "locations affected", "counties affected", "affected counties", "communities affected",
        "psaps affected", "affected psaps", "impacted area", "area impacted",
    ),
    "effect": (
        "effect", "effect on 911", "impact", "911 impact", "impact to 911", "impact on 911", "how 911 is affected",
        "effect on the 911 special facility", "effect on 911 special facility", "statement of effect",
        "statement of how the outage may affect the 911 special facility", "psap impact", "impact description",
        "description of impact", "description", "how it affects 911",
    ),
    "expected": (
        "expected restoration", "expected restoral", "estimated restoration", "estimated time of restoration", "etr",
        "estimated restoration time", "expected date and time of restoration", "estimated date and time of restoration",
        "expected restoration time", "expected restoration date and time", "restoration", "eta",
    ),
    "cause": (
        "cause", "best known cause", "root cause", "apparent cause", "best known cause of the outage", "reason",
        "reason for outage", "rfo", "cause of outage", "cause of the outage",
    ),
    "kind": (
        "type", "kind", "notice", "notice type", "type of notice", "notification", "notification type",
        "type of notification", "status", "assessment", "initial update or final", "initial update final",
    ),
    "nors": ("nors", "nors number", "nors id", "nors no", "fcc nors number", "nors report number", "nors report"),
    "circuits": (
        "circuit", "circuits", "circuit id", "circuit ids", "equipment", "equipment name", "equipment affected",
        "trunk", "trunks", "trunk group", "trunk groups", "switch", "switches", "facilities", "facilities affected",
    ),
    "user_minutes": (
        "user minutes", "user minutes lost", "users affected", "users potentially affected",
        "potentially affected user minutes", "customers affected", "subscribers affected",
    ),
}  # fmt: skip
"""The ten items of 47 CFR 4.9(h)(2), the time of discovery, and what of a NORS report strays into a notice."""
FIELD_OF = {label: name for name, labels in LABELS.items() for label in labels}
CONFIDENTIAL = ("contact_name", "contact_phone", "contact_email", "cause", "nors", "circuits", "user_minutes")
TIMES = ("began", "discovered", "expected")
KINDS = {
    NoticeKind.FINAL: ("final", "closed", "closure", "resolved", "restored", "all clear", "cleared"),
    NoticeKind.UPDATE: ("update", "follow up", "followup", "ongoing", "interim"),
    NoticeKind.INITIAL: ("initial", "first", "new", "preliminary"),
}
UNKNOWN = {"unknown", "not known", "n a", "na", "none", "tbd", "to be determined", "pending", "under investigation"}
"""Words by which providers say that they do not know: the field is empty, which the rule allows."""
MOST_SERVICES = 10


def spelt(label: str) -> str:
    """A label without case, numbering and punctuation."""
    bare = re.sub(r"^\W*(\(?\d{1,2}[.):]\s*)?", "", label.casefold())
    return " ".join(re.findall(r"[a-z0-9]+", bare.replace("9-1-1", "911").replace("9 1 1", "911")))


def is_unknown(text: str) -> bool:
    """Whether a value says nothing: no letter or digit of any script, or that nobody knows."""
    return not any(character.isalnum() for character in text) or spelt(text) in UNKNOWN


@dataclass
class Fields:
    """Values by field, as they were written; the first one of each counts, and every other line is `unread`."""

    found: dict[str, str] = field(default_factory=dict)
    unread: list[str] = field(default_factory=list)

    def take(self, label: str, value: str) -> bool:
        """Whether the label is one of ours; a second value for a field is kept as unread."""
        name = FIELD_OF.get(spelt(label))
        if name is None:
            return False
        if name in self.found and plain(value) != plain(self.found[name]):
            self.unread.append(f"{label.strip()}: {value.strip()}")
        else:
            self.found.setdefault(name, value.strip())
        return True


def notice(fields: Fields, zone: ZoneInfo, told: datetime) -> Notice:
    """The notice that the fields say, to whom it was `told` then."""
    unread = [line for line in fields.unread if line.strip()]
    moments = {name: _moment(fields, name, zone, told, unread) for name in TIMES}
    opened = Open(
        provider=_words(fields, "provider"),
        ticket=_words(fields, "ticket"),
        kind=kind(fields.found.get("kind", "")),
        services=_listed(fields.found.get("services", "")),
        area=_lines(fields, "area"),
        effect=_words(fields, "effect"),
        **moments,
    )
    if fields.found.get("kind", "").strip() and opened.kind is None:
        unread.append(f"Type: {fields.found['kind']}")
    secrets = {name: _words(fields, name) for name in CONFIDENTIAL}
    return Notice(opened, Confidential(**secrets, unread="\n".join(_clean(line) for line in unread)[: 10 * LONGEST]))


def kind(text: str) -> NoticeKind | None:
    """Which of the three a word means; the last assessment where it names several."""
    words = f" {spelt(text)} "
    named = [kind for kind, marks in KINDS.items() if any(f" {mark} " in words for mark in marks)]
    return named[0] if len(named) == 1 else None


def _moment(fields: Fields, name: str, zone: ZoneInfo, told: datetime, unread: list[str]) -> datetime | None:
    text = fields.found.get(name, "")
    if is_unknown(text):
        return None
    made = moment(text, zone, told)
    if made is None:
        unread.append(f"{name.capitalize()}: {text}")
    return made


def _words(fields: Fields, name: str) -> str:
    text = plain(fields.found.get(name, ""))[:LONGEST]
    return "" if is_unknown(text) else text


def _lines(fields: Fields, name: str) -> str:
    """Words of several lines, of which each may be a place."""
    lines = map(plain, fields.found.get(name, "").splitlines())
    return "\n".join(line for line in lines if not is_unknown(line))[:LONGEST]


def _listed(text: str) -> tuple[str, ...]:
    parts: Iterable[str] = (plain(part)[:120] for part in re.split(r"[\n,;/]+|\band\b", text))
    return tuple(dict.fromkeys(part for part in parts if not is_unknown(part)))[:MOST_SERVICES]


def _clean(line: str) -> str:
    return "\n".join(plain(part) for part in line.splitlines())
