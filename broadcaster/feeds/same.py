"""What an EAS box makes of a message: the SAME header (47 CFR 11.31) and the words it speaks (ECIG guide)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from math import ceil
from zoneinfo import ZoneInfo

from broadcaster.feeds.capvalues import Alert, CapRefused, Info
from broadcaster.feeds.events import EVENTS
from broadcaster.feeds.profile_words import MOST_EAS_TEXT, spoken_part

ORIGINATORS = {
    "CIV": "The Civil Authorities",
    "WXR": "The National Weather Service",
    "PEP": "A Primary Entry Point System",
    "EAS": "An EAS Participant",
}
MOST_PLACES = 31
LONGEST = timedelta(hours=6)
END_OF_MESSAGE = "NNNN"


def header(alert: Alert, info: Info, station: str = "LLLLLLLL") -> str:
    """``ZCZC-CIV-TOE-025000+0200-1701830-LLLLLLLL-``; JJJHHMM is `sent` in UTC. CapRefused when no box would air it."""
    if not re.fullmatch(r"[^-]{8}", station):
        raise CapRefused("A station id has eight characters and no hyphen.")
    if not info.same_event or not info.same_places:
        raise CapRefused("Without a SAME event and a SAME place there is no EAS header.")
    places = "-".join(info.same_places[:MOST_PLACES])
    start = f"{alert.sent.astimezone(UTC):%j%H%M}"
    origin = info.parameter("EAS-ORG")
    return f"ZCZC-{origin}-{info.same_event}-{places}+{purge_time(alert.sent, info.expires)}-{start}-{station}-"


def purge_time(sent: datetime, expires: datetime | None) -> str:
    """TTTT: up to 45 minutes in steps of 15, then of 30, rounded up, six hours at most; CapRefused when it is over."""
    whole = _purge(sent, expires) // timedelta(minutes=1)
    return f"{whole // 60:02}{whole % 60:02}"


def _purge(sent: datetime, expires: datetime | None) -> timedelta:
    minutes = (min(expires - sent, LONGEST) if expires else timedelta(0)) / timedelta(minutes=1)
    if minutes <= 0:
        raise CapRefused("The message has ended: no box would air it.")
    step = 15 if minutes <= 45 else 30
    return timedelta(minutes=ceil(minutes / step) * step)


def spoken(alert: Alert, info: Info, names: Mapping[str, str], timezone: str) -> str:
    """The words of a box, 1,800 characters at most; `names` maps SAME places to names. Cuts end in ``***``."""
    sentence = fcc_sentence(alert, info, names, timezone)
    whole = f"{sentence} {spoken_part(info)}"
    if len(whole) <= MOST_EAS_TEXT:
        return whole
    who = f"Message from {info.sender_name}."
    room = MOST_EAS_TEXT - len(sentence) - len(who) - 3
    if info.parameter("EASText"):
        return f"{sentence} {_cut(spoken_part(info), MOST_EAS_TEXT - len(sentence) - 1)}"
    described, told = (re.sub(r"\s+", " ", text).strip() for text in (info.description, info.instruction))
    half = max(room // 2, room - len(told))
    described = _cut(described, half)
    return f"{sentence} {who} {described} {_cut(told, room - len(described))}"


def fcc_sentence(alert: Alert, info: Info, names: Mapping[str, str], timezone: str) -> str:
    """Who has issued what for where and until when, in the words that boxes use (47 CFR 11.51).

    A box makes it from the header, so the end is the header's, rounded up; CapRefused when it is over.
    """
    zone = ZoneInfo(timezone)
    places = "; ".join(names.get(code, code) for code in info.same_places[:MOST_PLACES])
    who = ORIGINATORS.get(info.parameter("EAS-ORG"), "The Civil Authorities")
    have = "have" if who.endswith("Authorities") else "has"
    what = EVENTS.get(info.same_event, info.event)
    sent = alert.sent.astimezone(zone)
    ends = f" effective until {_hour(sent + _purge(alert.sent, info.expires))}" if info.expires else ""
    return f"{who} {have} issued {what} for {places} at {_hour(sent)} on {sent:%b} {sent.day}, {sent.year}{ends}."


def _hour(moment: datetime) -> str:
    return f"{moment.hour % 12 or 12}:{moment:%M} {'AM' if moment.hour < 12 else 'PM'}"


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 3] + "***"
