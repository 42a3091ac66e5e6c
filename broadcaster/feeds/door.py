"""Where a text to every phone sends people: the one number that an area shares, or the one door; and how long it jams.

No WEA and no EAS text can hold the numbers of 351 towns. LOOKUP_URL comes first, then LOOKUP_SMS, then LOOKUP_VOICE.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from broadcaster.alert.alert import CommunityAnswer
from broadcaster.directory import WALK_IN
from broadcaster.feeds.capvalues import Alert
from broadcaster.feeds.finding import Finding
from broadcaster.feeds.rules import found

SHARE = 0.01
"""The share of all phones that is expected at the door at once (measured in no outage; a careful guess)."""

AT = "/alert/info/parameter[valueName='CMAMtext']"


@dataclass(frozen=True, slots=True)
class Door:
    """One way in: `words` as people read it, and how many of them it serves in a second."""

    words: str
    per_second: float


@dataclass(frozen=True, slots=True)
class Crowd:
    """Who gets the text: how many communities, and how many people by the directory; 0 where it does not say."""

    communities: int
    people: int

    @property
    def at_once(self) -> int:
        """How many come to the door together."""
        return round(self.people * SHARE)


def door_findings(alert: Alert, one: CommunityAnswer | None, doors: Sequence[Door], crowd: Crowd) -> list[Finding]:
    """What phones are told to do, and what comes of it; `one` is the answer that the whole area shares, if it does.

    Nothing where no text goes to phones.
    """
    if not any(info.parameter("CMAMtext") for info in alert.infos):
        return []
    if one is not None:
        return [_shared(one, crowd)]
    if not doors:
        sentence = f"{crowd.communities} communities share no number, and there is no door: set LOOKUP_URL."
        return [found("wea-nowhere", AT, sentence)]
    door = doors[0]
    who = f"Phones are sent to {door.words}, because {crowd.communities} communities share no number."
    return [found("wea-door", AT, f"{who} {_jam(crowd, door)}")]


def _shared(one: CommunityAnswer, crowd: Crowd) -> Finding:
    if one.number is None:
        return found("wea-nowhere", AT, f"The area has no number: phones are told to {WALK_IN}.")
    calls = "how many people that is, the directory does not say"
    if crowd.people:
        calls = f"1 % of {crowd.people:,} phones are {crowd.at_once:,} calls"
    return found("wea-number", AT, f"Phones get {one.number.display}, which the whole area shares: {calls}.")


def _jam(crowd: Crowd, door: Door) -> str:
    if not crowd.people:
        return "How many phones that is, the directory does not say: fill in the population."
    busy = spoken_time(crowd.at_once / door.per_second)
    return f"1 % of {crowd.people:,} phones keep it busy for {busy} at {door.per_second:g} a second."


def spoken_time(seconds: float) -> str:
    """``40 seconds``, ``12 minutes``, ``5 hours``, rounded up."""
    for unit, size, most in (("second", 1, 120), ("minute", 60, 7200), ("hour", 3600, float("inf"))):
        if seconds <= most:
            many = max(1, -int(-seconds // size))
            return f"{many:,} {unit}{'' if many == 1 else 's'}"
    raise ValueError(seconds)
