"""What those who receive a message will make of it: the words of an EAS box, the text on a phone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from broadcaster.directory import County
from broadcaster.feeds import same
from broadcaster.feeds.capvalues import Alert, CapRefused, Info, MsgType, Status
from broadcaster.feeds.places import county_title
from broadcaster.feeds.profile_words import MOST_EAS_TEXT
from broadcaster.messages.fit import septets
from broadcaster.said import Said

CUT = "***"


@dataclass(frozen=True, slots=True)
class Spoken:
    """What a box sends and says in one language; `silent` is why it will say nothing, and then it is what it would."""

    lang: str
    header: str
    text: str
    silent: str = ""

    @property
    def is_cut(self) -> bool:
        """Whether the box leaves something out, marked by ``***`` (ECIG guide)."""
        return CUT in self.text

    @property
    def room(self) -> int:
        """Characters that a box speaks, the FCC sentence included."""
        return MOST_EAS_TEXT


@dataclass(frozen=True, slots=True)
class Screen:
    """The alert on a phone in one language: 90 characters on older phones, 360 on the others (47 CFR 10.430)."""

    lang: str
    short: str
    long: str

    @property
    def short_length(self) -> int:
        """GSM-7 characters, an extended one counted twice."""
        return septets(self.short)

    @property
    def long_length(self) -> int:
        """GSM-7 characters, an extended one counted twice."""
        return septets(self.long)


def place_names(counties: Iterable[County], state_fips: str, state_name: str) -> dict[str, str]:
    """What a box calls each SAME location of a state."""
    named = {county.same: f"{county_title(county.name)}, {state_name}" for county in counties}
    return {**named, f"0{state_fips}000": state_name}


def spoken(alert: Alert, names: Mapping[str, str], timezone: str) -> list[Spoken]:
    """For each language what a box makes of it; a box reads the first info block of its language only."""
    first = {info.language.partition("-")[0] or "en": info for info in reversed(alert.infos)}
    order = dict.fromkeys(info.language.partition("-")[0] or "en" for info in alert.infos)
    return [_spoken(alert, first[lang], lang, names, timezone) for lang in order]


def _spoken(alert: Alert, info: Info, lang: str, names: Mapping[str, str], timezone: str) -> Spoken:
    try:
        header = same.header(alert, info)
        return Spoken(lang, header, same.spoken(alert, info, names, timezone), _silent(alert, info))
    except CapRefused as refused:
        return Spoken(lang, "", "", str(refused))


def _silent(alert: Alert, info: Info) -> str:
    if alert.msg_type is MsgType.CANCEL:
        return "Boxes log a Cancel and say nothing."
    if alert.status is not Status.ACTUAL:
        return Said("The status is %(status)s: no box airs it. As Actual it would be this.", status=alert.status)
    return Said("EAS is blocked: no box airs it.") if "EAS" in info.parameters_named("BLOCKCHANNEL") else ""


def screens(alert: Alert) -> list[Screen]:
    """The texts that phones show, for each language that has one; none where the message is kept from phones."""
    made = (Screen(info.language, info.parameter("CMAMtext"), info.parameter("CMAMlongtext")) for info in alert.infos)
    return [screen for screen in made if screen.short]
