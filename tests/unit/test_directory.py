"""The directory: whom it finds, who must hear, and a ladder without restricted numbers that never ends in nothing."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadcaster.alert.alert import Rung
from broadcaster.alert.phone import AlternateNumber, Visibility
from broadcaster.directory import (
    Agency,
    AgencyRole,
    BrokenDirectory,
    Community,
    CommunityKind,
    Contact,
    ContactChannel,
    County,
    Directory,
    Psap,
    UnknownCommunity,
)

TODAY = date(2026, 6, 18)
SECRET = Visibility.RESTRICTED


def line(last_two: int, visibility: Visibility = Visibility.PUBLIC) -> AlternateNumber:
    return AlternateNumber(f"+161755501{last_two:02}", f"line {last_two}", visibility, TODAY)


def town(code: str, psap: str = "valley", **more: object) -> Community:
    plain = Community(code, code.title(), CommunityKind.MUNICIPALITY, "25017", "America/New_York", psap)
    return replace(plain, **more)


def agency(code: str, *communities: str, statewide: bool = False) -> Agency:
    mail = Contact(ContactChannel.EMAIL, f"{code}@ma.example", 1)
    return Agency(code, code.title(), AgencyRole.POLICE, (mail,), communities, statewide)


PLAIN = Directory(
    counties=(County("25017", "Middlesex"), County("25001", "Barnstable")),
    communities=(
        town("cambridge", zips=("02139", "02140"), population=118_400, places=("Inman Square",)),
        town("carlisle", zips=("01741",), population=5_240),
        town("canton", "lake", name="São Cantón-by-the-Sea", zips=("02140",), population=24_400),
        town("barnstable", "lake", county_fips="25001", population=48_900, places=("Hyannis", "Cotuit")),
    ),
    psaps=(Psap("valley", "Valley Regional", "25017"), Psap("lake", "Lake Regional", "25017")),
    agencies=(agency("state", statewide=True), agency("both", "cambridge", "carlisle"), agency("cape", "barnstable")),
    numbers={"cambridge": (line(1, SECRET), line(2), line(3)), "carlisle": (line(4, SECRET),)},
    county_numbers={"25017": (line(5, SECRET), line(6))},
    state_numbers=(line(7, SECRET), line(8)),
)


@pytest.mark.parametrize(
    ("code", "without", "rung", "number"),
    [
        ("cambridge", (), Rung.COMMUNITY, line(2)),
        ("cambridge", (2,), Rung.SECOND, line(3)),
        ("cambridge", (2, 3), Rung.COUNTY, line(6)),
        ("cambridge", (2, 3, 6), Rung.STATE, line(8)),
        ("cambridge", (2, 3, 6, 8), Rung.WALK_IN, None),
        ("carlisle", (), Rung.COUNTY, line(6)),
        ("canton", (), Rung.COUNTY, line(6)),
        ("barnstable", (), Rung.STATE, line(8)),
        ("barnstable", (8,), Rung.WALK_IN, None),
    ],
)
def test_the_ladder_goes_down_rung_by_rung(code, without, rung, number):
    answer = PLAIN.ladder(code, without={line(each).e164 for each in without})
    assert (answer.community, answer.rung, answer.number) == (code, rung, number)
    assert answer.why
    assert (answer.frozen.community, answer.frozen.rung, answer.frozen.number) == (code, rung, number)


def test_a_line_restricted_in_one_town_is_restricted_everywhere():
    twisted = replace(PLAIN, numbers={"cambridge": (line(1), line(2)), "carlisle": (line(1, SECRET),)})
    assert twisted.ladder("cambridge").number == line(2)


LINES = st.lists(st.builds(line, st.integers(0, 99), st.sampled_from(Visibility)), max_size=4).map(tuple)


@given(own=LINES, county=LINES, state=LINES, failed=st.sets(st.integers(0, 99), max_size=5))
def test_no_answer_is_restricted_and_there_always_is_one(own, county, state, failed):
    directory = replace(PLAIN, numbers={"cambridge": own}, county_numbers={"25017": county}, state_numbers=state)
    secret = {each.e164 for each in (*own, *county, *state) if each.visibility is SECRET}
    rungs = directory.rungs("cambridge")
    assert [answer for answer in rungs if answer.number and answer.number.e164 in secret] == []
    assert [answer.rung for answer in rungs if answer.number is None] == [Rung.WALK_IN] == [rungs[-1].rung]
    chosen = directory.ladder("cambridge", without={line(each).e164 for each in failed})
    assert chosen in rungs
    assert chosen.number is None or chosen.number.e164 not in {line(each).e164 for each in failed}


@pytest.mark.parametrize(
    ("query", "codes"),
    [
        ("Cambridge", ["cambridge"]),
        ("ca", ["cambridge", "carlisle"]),
        ("  cAR lisle ", ["carlisle"]),
        ("sao canton", ["canton"]),
        ("SÃO CANTÓN by the sea", ["canton"]),
        ("hyannis", ["barnstable"]),
        ("Inman", ["cambridge"]),
        ("02139", ["cambridge"]),
        ("02139-1234", ["cambridge"]),
        (" 02140 ", ["cambridge", "canton"]),
        ("c", ["cambridge", "carlisle", "barnstable"]),
    ],
)
def test_find_by_name_place_or_zip(query, codes):
    assert [community.code for community in PLAIN.find(query)] == codes


@pytest.mark.parametrize("query", ["Springfield", "99999", "", "  ", "%", "'; --", "bridge"])
def test_what_is_not_there_is_said(query):
    with pytest.raises(UnknownCommunity, match="five-digit ZIP code"):
        PLAIN.find(query)


def test_looking_up_by_code_county_and_psap():
    assert PLAIN.community("carlisle").name == "Carlisle"
    assert [each.code for each in PLAIN.in_county("25001")] == ["barnstable"]
    assert [each.code for each in PLAIN.served_by("lake")] == ["canton", "barnstable"]
    assert PLAIN.in_county("99999") == PLAIN.served_by("nowhere") == ()
    assert [county.same for county in PLAIN.counties] == ["025017", "025001"]
    with pytest.raises(UnknownCommunity, match="“atlantis”"):
        PLAIN.ladder("atlantis")


@pytest.mark.parametrize(
    ("codes", "told"),
    [
        ((), ["state"]),
        (("canton",), ["state"]),
        (("cambridge", "carlisle"), ["state", "both"]),
        (("carlisle", "barnstable"), ["state", "both", "cape"]),
    ],
)
def test_each_agency_is_named_once(codes, told):
    assert [each.code for each in PLAIN.agencies_for(codes)] == told


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"counties": (County("25017", "Middlesex"),)}, "county “25001”"),
        ({"psaps": (Psap("valley", "Valley", "25017"),)}, "PSAP “lake”"),
        ({"communities": (town("cambridge"), town("cambridge"))}, "community “cambridge” is in the directory twice"),
        ({"numbers": {"atlantis": (line(1),)}}, "community “atlantis”"),
        ({"agencies": (agency("lost", "atlantis"),)}, "community “atlantis”"),
        ({"agencies": (agency("one"), agency("one"))}, "agency “one” is in the directory twice"),
        ({"county_numbers": {"25099": (line(1),)}}, "county “25099”"),
    ],
)
def test_a_directory_that_contradicts_itself_is_refused(change, sentence):
    with pytest.raises(BrokenDirectory, match=sentence):
        replace(PLAIN, **change)
