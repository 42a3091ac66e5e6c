"""Massachusetts as sample input: the facts are counted, and nothing in it can reach anybody."""

import re
from collections import Counter
from datetime import date

import phonenumbers
import pytest

from broadcaster.alert.alert import Rung
from broadcaster.alert.phone import Visibility
from broadcaster.directory import CommunityKind, ContactChannel
from broadcaster.local.massachusetts import load
from broadcaster.local.massachusetts.residents import Resident, expected, residents
from broadcaster.local.massachusetts.tables import table

TODAY = date(2026, 6, 18)
AREA_CODES = ["339", "351", "413", "508", "617", "774", "781", "857", "978"]
FICTIONAL = re.compile(rf"\+1(?:{'|'.join(AREA_CODES)})55501\d\d")
PUBLIC = Visibility.PUBLIC

# name: FIPS code, municipalities, inhabitants (2020 Census, Public Law 94-171)
COUNTIES = {
    "Barnstable": ("25001", 15, 228_996),
    "Berkshire": ("25003", 32, 129_026),
    "Bristol": ("25005", 20, 579_200),
    "Dukes": ("25007", 7, 20_600),
    "Essex": ("25009", 34, 809_829),
    "Franklin": ("25011", 26, 71_029),
    "Hampden": ("25013", 23, 465_825),
    "Hampshire": ("25015", 20, 162_308),
    "Middlesex": ("25017", 54, 1_632_002),
    "Nantucket": ("25019", 1, 14_255),
    "Norfolk": ("25021", 28, 725_981),
    "Plymouth": ("25023", 27, 530_819),
    "Suffolk": ("25025", 4, 797_936),
    "Worcester": ("25027", 60, 862_111),
}


@pytest.fixture(scope="module")
def state():
    return load(TODAY)


@pytest.fixture(scope="module")
def towns(state):
    return [community for community in state.communities if community.kind is CommunityKind.MUNICIPALITY]


@pytest.fixture(scope="module")
def people():
    return list(residents())


def test_fourteen_counties_and_351_municipalities(state, towns):
    assert {county.name: county.fips for county in state.counties} == {name: row[0] for name, row in COUNTIES.items()}
    assert Counter(town.county_fips for town in towns) == {fips: count for fips, count, _ in COUNTIES.values()}
    assert len(towns) == len({town.name for town in towns}) == 351
    assert len(state.communities) - len(towns) == 6


@pytest.mark.parametrize("name", COUNTIES)
def test_the_towns_of_a_county_add_up_to_its_census(name, towns):
    fips, _, inhabitants = COUNTIES[name]
    assert sum(town.population for town in towns if town.county_fips == fips) == pytest.approx(inhabitants, rel=0.002)


def test_it_says_that_it_is_a_sample(state):
    assert state.sample


def test_every_community_is_answered_and_has_an_answer(state):
    assert len(state.psaps) == 204
    for community in state.communities:
        assert community in state.served_by(community.psap_code)
        assert state.ladder(community.code).number is not None
        assert community.timezone == "America/New_York"
    assert all(state.served_by(psap.code) for psap in state.psaps if not psap.code.startswith("state-police-"))


def test_every_town_has_a_zip_and_is_found_by_it(state, towns):
    for town in towns:
        assert town in state.find(town.zips[0])
        assert state.find(town.name)[0] == town
        assert all(re.fullmatch(r"0[12]\d{3}", zip_code) for zip_code in town.zips)


@pytest.mark.parametrize(
    ("query", "code"),
    [("02139", "cambridge"), ("Hyannis", "barnstable"), ("vineyard haven", "tisbury"), ("DORCHESTER", "boston")],
)
def test_people_search_by_the_name_they_use(query, code, state):
    assert state.find(query)[0].code == code


def test_no_number_can_reach_anybody(state):
    numbers = [*state.numbers.values(), *state.county_numbers.values(), state.state_numbers]
    published = [number.e164 for each in numbers for number in each]
    contacts = [contact for agency in state.agencies for contact in agency.contacts]
    calls = [contact.value for contact in contacts if contact.channel is not ContactChannel.EMAIL]
    mails = [contact.value for contact in contacts if contact.channel is ContactChannel.EMAIL]
    assert [number for number in (*published, *calls) if not FICTIONAL.fullmatch(number)] == []
    assert len(published) == len(set(published))
    assert [mail for mail in mails if not re.fullmatch(r"[a-z0-9-]+@[a-z0-9.-]+\.example", mail)] == []
    assert len(mails) == len(set(mails)) == len(state.agencies)


def test_the_sample_shows_the_whole_ladder(state):
    rungs = Counter(state.ladder(community.code).rung for community in state.communities)
    assert rungs[Rung.COMMUNITY] >= 340
    assert rungs[Rung.COUNTY] >= 5
    assert rungs[Rung.STATE] >= 5
    first = [numbers[0] for numbers in state.numbers.values()]
    restricted = [number for each in state.numbers.values() for number in each if number.visibility is not PUBLIC]
    assert sum(number.is_stale(TODAY) for number in first) == 20
    assert any(number.verified_on is None for number in first)
    assert len(restricted) == 20


def test_no_answer_is_restricted(state):
    for community in state.communities:
        for answer in state.rungs(community.code):
            assert answer.number is None or answer.number.visibility is PUBLIC


def test_every_town_has_its_police_and_the_neighbours_always_hear(state):
    told = {agency.code for agency in state.agencies_for(["boston"])}
    assert {"police-boston", "fire-boston", "boston-psap", "state-911-vendor", "neighbour-nh"} <= told
    assert not {"police-chelsea", "harbor-medical-center"} <= told
    assert all(state.agencies_for([community.code]) for community in state.communities)
    police = {agency.code for agency in state.agencies if agency.role.value == "police"}
    assert len(police) == 351 + 3


def test_residents_are_many_unique_and_the_same_each_time(people, towns):
    assert len(people) == len({person.phone for person in people}) == 20_000
    assert people == list(residents())
    assert people != list(residents(seed=1))
    homes = Counter(person.communities[0] for person in people)
    assert min(homes[town.code] for town in towns) >= 5
    assert homes["boston"] == max(homes.values()) > 1_000


def test_residents_have_fictional_numbers_that_the_directory_does_not_use(people):
    codes = {row["area_code"] for row in table("area_codes")}
    assert codes.isdisjoint(AREA_CODES)
    assert {person.phone[2:5] for person in people} == codes
    assert [person for person in people if not re.fullmatch(r"\+1\d{3}55501\d\d", person.phone)] == []
    parsed = [phonenumbers.parse(f"+1{code}5550100") for code in codes]
    assert [number for number in parsed if not phonenumbers.is_possible_number(number)] == []


def test_residents_speak_and_move_and_leave_as_people_do(people):
    languages = Counter(person.lang for person in people)
    assert languages["en"] / len(people) == pytest.approx(0.85, abs=0.01)
    assert languages["es"] / len(people) == pytest.approx(0.12, abs=0.01)
    assert set(languages) == {"en", "es", "pt", "ht", "zh-Hans"}
    assert sum(len(person.communities) == 2 for person in people) == pytest.approx(600, abs=100)
    assert sum(person.opted_out for person in people) == pytest.approx(300, abs=60)


@pytest.mark.parametrize("n", [0, 1, 350, 2_000])
def test_there_are_as_many_residents_as_asked_for(n):
    assert len(list(residents(n))) == n


def test_there_are_only_so_many_fictional_numbers():
    with pytest.raises(ValueError, match=r"40,600 fictional residents, not for 50,000"):
        next(residents(50_000))


def test_who_should_be_texted():
    here, both = Resident("+12015550100", "en", ("acton",)), Resident("+12015550101", "es", ("lynn", "acton"))
    left, away = Resident("+12015550102", "en", ("acton",), opted_out=True), Resident("+12015550103", "en", ("lee",))
    everyone = [here, both, left, away]
    assert expected(everyone, ["acton"]) == {here.phone: {"acton"}, both.phone: {"acton"}}
    assert expected(everyone, ["acton", "lynn"])[both.phone] == {"acton", "lynn"}
    assert expected(everyone, []) == {}
