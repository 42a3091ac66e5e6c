"""Who is told: areas to communities, answers with their overrides, whose line changed, and why."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from broadcaster.alert.alert import Area, CommunityAnswer, Content, FailureKind, Rung, Withheld
from broadcaster.alert.phone import AlternateNumber, Visibility
from broadcaster.audience import (
    RestrictedOverride,
    affected,
    agencies,
    agency_lists,
    answers,
    changed,
    unanswered,
    why,
    why_agency,
    withheld,
)
from broadcaster.directory import (
    Agency,
    AgencyRole,
    Community,
    CommunityKind,
    County,
    Directory,
    Psap,
    UnknownCommunity,
)

NOON = datetime(2026, 6, 18, 16, tzinfo=UTC)


def town(code: str, county: str, psap: str, *others: str) -> Community:
    return Community(
        code, code.title(), CommunityKind.MUNICIPALITY, county, "America/New_York", psap, other_psaps=others
    )


def number(last: int, visibility: Visibility = Visibility.PUBLIC) -> AlternateNumber:
    return AlternateNumber(f"+161755501{last:02}", visibility=visibility)


DIRECTORY = Directory(
    counties=(County("25017", "Middlesex"), County("25013", "Hampden")),
    communities=(
        town("ware", "25013", "valley"),
        town("ayer", "25017", "nashoba"),
        town("groton", "25017", "lake", "nashoba"),
        town("acton", "25017", "lake"),
    ),
    psaps=(
        Psap("valley", "Valley Regional", "25013"),
        Psap("nashoba", "Nashoba Regional", "25017"),
        Psap("lake", "Lake Regional", "25017"),
    ),
    agencies=(
        Agency("state", "State Police", AgencyRole.STATE_POLICE, (), statewide=True),
        Agency("nh", "New Hampshire 911", AgencyRole.NEIGHBOUR_STATE, (), statewide=True),
        Agency("ayer", "Ayer Police", AgencyRole.POLICE, (), ("ayer", "groton")),
        Agency("ware", "Ware Police", AgencyRole.POLICE, (), ("ware",)),
    ),
    numbers={"ayer": (number(1),), "groton": (number(2, Visibility.RESTRICTED),), "acton": (number(3),)},
    county_numbers={"25017": (number(4),)},
)


def content(area: Area, **more: object) -> Content:
    plain = Content(FailureKind.ALL_CALLS, area, NOON, NOON + timedelta(hours=2))
    return replace(plain, **more)


STATE = content(Area(statewide=True))


@pytest.mark.parametrize(
    ("area", "codes"),
    [
        (Area(statewide=True), ("acton", "ayer", "groton", "ware")),
        (Area(counties=("25017",)), ("acton", "ayer", "groton")),
        (Area(communities=("ware", "ayer")), ("ayer", "ware")),
        (Area(psaps=("nashoba",)), ("ayer", "groton")),
        (Area(psaps=("lake",), communities=("ware", "acton")), ("acton", "groton", "ware")),
        (Area(), ()),
    ],
)
def test_an_area_becomes_the_codes_of_its_communities(area: Area, codes: tuple[str, ...]) -> None:
    assert affected(area, DIRECTORY) == codes


@pytest.mark.parametrize(
    "area", [Area(counties=("99999",)), Area(communities=("atlantis",)), Area(psaps=("ayer",), statewide=True)]
)
def test_what_the_directory_does_not_know_is_refused(area: Area) -> None:
    with pytest.raises(UnknownCommunity):
        affected(area, DIRECTORY)


def test_an_override_wins_over_the_ladder() -> None:
    told = content(Area(counties=("25017",)), overrides=(("groton", number(50)), ("ware", number(51))))
    assert answers(told, DIRECTORY) == (
        CommunityAnswer("acton", Rung.COMMUNITY, number(3)),
        CommunityAnswer("ayer", Rung.COMMUNITY, number(1)),
        CommunityAnswer("groton", Rung.OVERRIDE, number(50)),
    )


def test_a_restricted_override_is_refused_without_naming_the_number() -> None:
    secret = number(60, Visibility.RESTRICTED)
    with pytest.raises(RestrictedOverride, match="Ayer") as refused:
        answers(content(Area(communities=("ayer",)), overrides=(("ayer", secret),)), DIRECTORY)
    assert secret.display not in str(refused.value)


def test_nobody_is_left_without_an_answer_and_who_lacks_a_number_is_named() -> None:
    assert unanswered(STATE, DIRECTORY) == ("groton", "ware")
    rungs = {answer.community: answer.rung for answer in answers(STATE, DIRECTORY)}
    assert (rungs["groton"], rungs["ware"]) == (Rung.COUNTY, Rung.WALK_IN)
    given = replace(STATE, overrides=(("groton", number(70)), ("ware", number(71))))
    assert unanswered(given, DIRECTORY) == ()


FROZEN = replace(STATE, answers=answers(STATE, DIRECTORY))
NEW_LINE = tuple(
    replace(answer, number=number(80)) if answer.community == "acton" else answer for answer in FROZEN.answers
)


@pytest.mark.parametrize(
    ("new", "codes"),
    [
        (FROZEN, ()),
        (replace(FROZEN, note="Still looking.", expires=NOON + timedelta(hours=3)), ()),
        (replace(FROZEN, answers=NEW_LINE), ("acton",)),
        (replace(FROZEN, restored=("ayer", "ware")), ("ayer", "ware")),
        (replace(FROZEN, answers=FROZEN.answers[1:]), ("acton",)),
        (replace(FROZEN, failure=FailureKind.INTERMITTENT), ("acton", "ayer", "groton", "ware")),
    ],
)
def test_whose_line_changed(new: Content, codes: tuple[str, ...]) -> None:
    assert changed(FROZEN, new) == codes
    assert changed(new, FROZEN) == codes


def test_agencies_hear_once_the_local_ones_first_and_neighbours_last() -> None:
    told = agencies(content(Area(counties=("25017",))), DIRECTORY)
    assert [agency.code for agency in told] == ["ayer", "state", "nh"]


@pytest.mark.parametrize(
    ("area", "code", "sentence"),
    [
        (Area(statewide=True), "ware", "Ware is told because the whole state was chosen."),
        (Area(communities=("ware",)), "ware", "Ware is told because it was chosen by name."),
        (Area(counties=("25017",)), "ayer", "Ayer is told because Middlesex County was chosen."),
        (Area(psaps=("nashoba",)), "ayer", "Ayer is told because Nashoba Regional answers its 911 calls."),
        (Area(psaps=("nashoba",)), "groton", "Groton is told because Nashoba Regional answers some of its 911 calls."),
    ],
)
def test_why_a_community_is_told(area: Area, code: str, sentence: str) -> None:
    assert why(area, DIRECTORY, code) == sentence


def test_why_an_agency_is_told() -> None:
    state, neighbour, local, _ = DIRECTORY.agencies
    told = affected(Area(psaps=("nashoba",)), DIRECTORY)
    assert why_agency(local, told, DIRECTORY) == "Ayer Police is told because it serves Ayer, Groton."
    assert why_agency(state, told, DIRECTORY).endswith("it hears of every outage in the state.")
    assert why_agency(neighbour, told, DIRECTORY).endswith("alerts and calls cross the state line.")
    with pytest.raises(UnknownCommunity):
        why(Area(psaps=("nashoba",)), DIRECTORY, "ware")


def test_the_lists_of_agencies_by_role_and_county_and_one_mail_for_two_lists() -> None:
    both = Agency("amr", "Valley Ambulance", AgencyRole.EMS, (), ("ware", "ayer"))
    places = replace(DIRECTORY, agencies=(*DIRECTORY.agencies, both))
    told = content(Area(statewide=True))
    lists = agency_lists(told, places)
    assert [
        (one.role.value, one.county, [each.name for each in one.agencies]) for one in lists if both in one.agencies
    ] == [
        ("ems", "Hampden", ["Valley Ambulance"]),
        ("ems", "Middlesex", ["Valley Ambulance"]),
    ]
    assert agencies(told, places).count(both) == 1
    assert {one.county for one in lists if one.role is AgencyRole.STATE_POLICE} == {""}
    assert {each for one in lists for each in one.agencies} == set(agencies(told, places)), "nobody is on no list"


AMBULANCE = Agency("amr", "Valley Ambulance", AgencyRole.EMS, (), ("ware", "ayer"))


@pytest.mark.parametrize(
    ("left_out", "silent"),
    [
        (Withheld(), []),
        (Withheld(lists=("police",)), ["ayer", "ware"]),
        (Withheld(lists=("police/25013",)), ["ware"]),
        (Withheld(lists=("state_police",)), ["state"]),
        (Withheld(lists=("state_police/25013",)), []),
        (Withheld(lists=("ems/25013",)), []),
        (Withheld(lists=("ems/25013", "ems/25017")), ["amr"]),
        (Withheld(agencies=("nh", "nobody")), ["nh"]),
    ],
)
def test_whom_an_officer_leaves_out(left_out: Withheld, silent: list[str]) -> None:
    places = replace(DIRECTORY, agencies=(*DIRECTORY.agencies, AMBULANCE))
    told = content(Area(statewide=True), withheld=left_out)
    assert [one.code for one in withheld(told, places)] == silent
    assert {one.code for one in agencies(told, places)} == {"state", "nh", "ayer", "ware", "amr"} - set(silent)


def test_a_list_of_the_only_county_that_is_meant_leaves_out_who_serves_two() -> None:
    places = replace(DIRECTORY, agencies=(AMBULANCE,))
    one_town = content(Area(communities=("ware",)), withheld=Withheld(lists=("ems/25013",)))
    assert agencies(one_town, places) == []
    assert agencies(one_town, places, told=("ayer",)) == [AMBULANCE], "another list still brings it in"


def test_a_list_holds_only_the_counties_of_the_outage() -> None:
    both = Agency("amr", "Valley Ambulance", AgencyRole.EMS, (), ("ware", "ayer"))
    places = replace(DIRECTORY, agencies=(both,))
    (only,) = agency_lists(content(Area(communities=("ayer",))), places)
    assert (only.county, only.agencies) == ("Middlesex", (both,))
