"""What our group (COG) at IPAWS-OPEN may send, and what of a message it may not: refused early, before anybody waits.

A finding here keeps a message out of IPAWS alone; a WEA or EAS that the group may not send leaves the rest to go.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from broadcaster.feeds.capvalues import Alert
from broadcaster.feeds.finding import Concern, Finding, error, warning

SOURCE = "IPAWS-OPEN getCOGProfile"
AT_EVENT, AT_AREA = "/alert/info/eventCode", "/alert/info/area/geocode"
MOST_NAMED = 5


@dataclass(frozen=True, slots=True)
class CogProfile:
    """The answer to getCOGProfile; None is what it does not say. `places` are SAME codes, PSSCCC."""

    cog: str
    name: str = ""
    enabled: bool | None = None
    eas: bool | None = None
    wea: bool | None = None
    wea_text: bool | None = None
    public: bool | None = None
    every_event: bool = False
    every_place: bool = False
    events: tuple[str, ...] = ()
    places: tuple[str, ...] = ()

    def json(self) -> dict[str, Any]:
        """As plain values."""
        return asdict(self)

    @classmethod
    def of(cls, plain: dict[str, Any]) -> CogProfile:
        """The profile that `json` wrote."""
        return cls(**{**plain, "events": tuple(plain["events"]), "places": tuple(plain["places"])})

    def covers(self, place: str) -> bool:
        """Whether a SAME code lies in the group's area: itself, its county whole, its state, or the whole country."""
        county = f"0{place[1:]}"
        return bool({place, county, f"0{place[1:3]}000", "000000"} & set(self.places))


def check(alert: Alert, profile: CogProfile | None) -> list[Finding]:
    """What the group may not send of this message; errors keep it out of IPAWS, and only out of IPAWS."""
    if profile is None:
        sentence = "IPAWS has not told yet what our group may send: the message goes, and IPAWS decides."
        return [warning("cog-unknown", "/alert", sentence, SOURCE, Concern.IPAWS)]
    return [*_group(profile), *_events(alert, profile), *_places(alert, profile), *_outlets(alert, profile)]


def _group(profile: CogProfile) -> Iterator[Finding]:
    if profile.enabled is False:
        sentence = f"Group {profile.cog} is switched off at IPAWS: call FEMA, and tell people another way."
        yield error("cog-disabled", "/alert", sentence, SOURCE, Concern.IPAWS)


def _events(alert: Alert, profile: CogProfile) -> Iterator[Finding]:
    if profile.every_event or not profile.events:
        return
    for event in sorted({info.same_event for info in alert.infos if info.same_event} - set(profile.events)):
        sentence = f"Group {profile.cog} may not send {event}: ask FEMA to add it to the group's event codes."
        yield error("cog-event", AT_EVENT, sentence, SOURCE, Concern.IPAWS)


def _places(alert: Alert, profile: CogProfile) -> Iterator[Finding]:
    if profile.every_place or not profile.places:
        return
    asked = dict.fromkeys(place for info in alert.infos for place in info.same_places)
    beyond = [place for place in asked if not profile.covers(place)]
    if beyond:
        shown = ", ".join(beyond[:MOST_NAMED]) + (
            f" and {len(beyond) - MOST_NAMED} more" if beyond[MOST_NAMED:] else ""
        )
        sentence = f"Group {profile.cog} may not alert {shown}: leave these counties out, or let their own group alert."
        yield error("cog-place", AT_AREA, sentence, f"{SOURCE}; postCAP status 214", Concern.IPAWS)


def _outlets(alert: Alert, profile: CogProfile) -> Iterator[Finding]:
    blocked = {name for info in alert.infos for name in info.parameters_named("BLOCKCHANNEL")}
    outlets = (
        ("EAS", profile.eas, "cog-eas", "radio and television (EAS)"),
        ("CMAS", _both(profile.wea, profile.wea_text), "cog-wea", "phones (WEA)"),
        ("PUBLIC", profile.public, "cog-public", "the public feed of IPAWS"),
    )
    for channel, allowed, code, where in outlets:
        if allowed is False and channel not in blocked:
            sentence = f"Group {profile.cog} may not alert over {where}: it goes over the others."
            yield warning(code, "/alert", sentence, SOURCE, Concern.IPAWS)


def _both(one: bool | None, other: bool | None) -> bool | None:
    return False if False in (one, other) else one
