"""A small directory with every rung of the ladder, and editions of every kind of outage in it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from broadcaster.alert.alert import Area, CommunityAnswer, Content, FailureKind, RevisionKind
from broadcaster.alert.phone import AlternateNumber, Visibility
from broadcaster.directory import Agency, AgencyRole, Community, CommunityKind, County, Directory, Psap
from broadcaster.messages.compose import Edition, Voice

ISSUED = datetime(2024, 6, 18, 18, 30, tzinfo=UTC)
"""2:30 PM in Boston."""

SECRET = AlternateNumber("+16175550199", "back room", Visibility.RESTRICTED)


def community(code: str, name: str, county: str) -> Community:
    return Community(code, name, CommunityKind.MUNICIPALITY, county, "America/New_York", "psap")


def number(last: str, label: str = "") -> AlternateNumber:
    return AlternateNumber(f"+1413555{last}", label, verified_on=date(2024, 3, 1))


DIRECTORY = Directory(
    counties=(County("25013", "Hampden"), County("25015", "Hampshire"), County("25007", "Dukes")),
    communities=(
        community("springfield", "Springfield", "25013"),
        community("chicopee", "Chicopee", "25013"),
        community("holyoke", "Holyoke", "25013"),
        community("ware", "Ware", "25015"),
        community("amherst", "Amherst", "25015"),
        community("gosnold", "Gosnold", "25007"),
    ),
    psaps=(Psap("psap", "Valley Regional", "25013"),),
    agencies=(
        Agency("springfield-police", "Springfield Police", AgencyRole.POLICE, (), ("springfield",)),
        Agency("state-police", "State Police", AgencyRole.STATE_POLICE, (), statewide=True),
        Agency("ct", "Connecticut 911", AgencyRole.NEIGHBOUR_STATE, (), statewide=True),
    ),
    numbers={
        "springfield": (SECRET, number("0101", "Springfield Police, business line")),
        "chicopee": (number("0102"),),
        "ware": (SECRET,),
    },
    county_numbers={"25015": (SECRET, number("0115", "Hampshire Control, dispatch"))},
)

VOICE = Voice(
    authority="Massachusetts State 911 Department",
    authority_short="State 911",
    state_name="Massachusetts",
    timezone="America/New_York",
    lookup_url="https://mass.gov/911",
    lookup_sms="+16175550188",
    lookup_voice="+16175550189",
    watch_phone="+16175550177",
    watch_email="watch@state911.example",
)

CONTENT = Content(
    failure=FailureKind.ALL_CALLS,
    area=Area(communities=("springfield", "chicopee")),
    began=ISSUED - timedelta(minutes=75),
    expires=ISSUED + timedelta(hours=2),
    next_update=ISSUED + timedelta(minutes=30),
)


def edition(kind: RevisionKind, failure: FailureKind = FailureKind.ALL_CALLS, **more: object) -> Edition:
    """Springfield is restored where a restoration in part is told, and nobody otherwise."""
    restored = ("springfield",) if kind is RevisionKind.RESTORED_IN_PART else ()
    content = replace(CONTENT, **{"failure": failure, "restored": restored, **more})
    return Edition(kind, content, VOICE, ISSUED, earlier=ISSUED - timedelta(minutes=20))


def places(*codes: str) -> list[Community]:
    return [DIRECTORY.community(code) for code in codes]


def answer(code: str) -> CommunityAnswer:
    return DIRECTORY.ladder(code).frozen
